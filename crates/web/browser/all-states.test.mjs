// Every page in every state, in every language: without barriers in light and dark, fitting every
// window, valid, with all headers, and found by a screen reader as it was before.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { barriers } from './support/axe.mjs';
import { faults } from './support/document.mjs';
import { golden, snapshot, strays } from './support/golden.mjs';
import { misfits } from './support/layout.mjs';
import { STATES, WORLD } from './support/states.mjs';
import { suite } from './support/suite.mjs';

const world = suite(WORLD);

describe('every page in every state', { concurrency: 2 }, () => {
  for (const [name, open] of STATES) {
    test(name, async () => {
      const found = [];
      const note = (where, lines) => found.push(...lines.map((line) => `${where}: ${line}`));
      let seen;
      for (const language of ['en', 'de', 'ar']) {
        const page = await open(world, { language });
        assert.equal(await page.locator('html').getAttribute('lang'), language);
        note(language, await faults(page, name));
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme });
          note(`${language}, ${colorScheme}`, await barriers(page));
        }
        if (language === 'en') {
          seen = await snapshot(page);
        } else {
          // German has the longest words, Arabic the other direction.
          note(language, await misfits(page));
        }
        await page.context().close();
      }
      assert.deepEqual(found, []);
      assert.equal(seen, await golden(name, seen));
    });
  }
});

test('forced colours add no barrier', async () => {
  for (const name of ['request, wrong in the browser', 'reset', 'account', 'settings']) {
    const open = Object.fromEntries(STATES)[name];
    const page = await open(world, { forcedColors: 'active' });
    assert.deepEqual(await barriers(page), [], name);
    await page.context().close();
  }
});

test('no golden file is left of a state that is gone', async () => {
  assert.deepEqual(await strays(STATES.map(([name]) => name)), []);
});
