// Every page in every state and language: accessibility in light and dark, layout, HTML, headers, and
// the accessibility tree against its snapshot.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { violations } from './support/axe.mjs';
import { problems } from './support/document.mjs';
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
        note(language, await problems(page, name));
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme });
          note(`${language}, ${colorScheme}`, await violations(page));
        }
        if (language === 'en') {
          seen = await snapshot(page);
        } else {
          // German has the longest words, Arabic runs from right to left.
          note(language, await misfits(page));
        }
        await page.context().close();
      }
      assert.deepEqual(found, []);
      assert.equal(seen, await golden(name, seen));
    });
  }
});

test('forced colours cause no violations', async () => {
  for (const name of ['request, wrong in the browser', 'reset', 'account', 'settings']) {
    const open = Object.fromEntries(STATES)[name];
    const page = await open(world, { forcedColors: 'active' });
    assert.deepEqual(await violations(page), [], name);
    await page.context().close();
  }
});

test('every snapshot belongs to a state', async () => {
  assert.deepEqual(await strays(STATES.map(([name]) => name)), []);
});
