// The pictures in the README are of the page as it is. UPDATE_SCREENSHOTS=1 takes them anew.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { suite } from './support/suite.mjs';

const FOLDER = new URL('../../../docs/screenshots/', import.meta.url);
const UPDATE = process.env.UPDATE_SCREENSHOTS === '1';
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

const world = suite();

for (const colorScheme of ['light', 'dark']) {
  test(`the ${colorScheme} picture is there`, async () => {
    const page = await world.open({
      colorScheme,
      viewport: { width: 1000, height: 720 },
      deviceScaleFactor: 2,
    });
    await page.goto('/login');
    await page.locator('#email').fill('ada@example.com');
    await page.locator('#email').blur();
    const file = fileURLToPath(new URL(`${colorScheme}.png`, FOLDER));
    if (UPDATE) {
      await mkdir(FOLDER, { recursive: true });
      await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
    }
    const picture = await readFile(file);
    assert.deepEqual(picture.subarray(0, 4), PNG);
    // The README shows it scaled down; a larger one only makes the clone slow.
    assert.ok(picture.length < 300_000, `${picture.length} bytes`);
  });
}
