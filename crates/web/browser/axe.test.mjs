// No page has a barrier that axe knows: every state, in light and dark, in every language.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { barriers } from './support/axe.mjs';
import { STATES, WORLD } from './support/states.mjs';
import { suite } from './support/suite.mjs';

const world = suite(WORLD);

describe('without barriers', { concurrency: 2 }, () => {
  for (const [name, open] of STATES) {
    test(name, async () => {
      const found = [];
      for (const locale of ['en', 'de', 'ar']) {
        const page = await open(world, { locale });
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme });
          const lines = await barriers(page);
          found.push(...lines.map((line) => `${locale}, ${colorScheme}: ${line}`));
        }
        await page.context().close();
      }
      assert.deepEqual(found, []);
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
