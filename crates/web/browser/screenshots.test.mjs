// The screenshots of the README. UPDATE_SCREENSHOTS=1 updates them.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PASSWORD, resetLink } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const FOLDER = new URL('../../../docs/screenshots/', import.meta.url);
const UPDATE = process.env.UPDATE_SCREENSHOTS === '1';
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

const ADA = { email: 'ada@example.com', username: 'ada', password: PASSWORD };

const world = suite({
  prepare: async ({ service }) => {
    const { status } = await service.api('/api/v1/auth/signup', ADA);
    assert.equal(status, 201);
  },
});

for (const colorScheme of ['light', 'dark']) {
  test(`the ${colorScheme} screenshot exists`, async () => {
    const page = await world.open({
      colorScheme,
      viewport: { width: 1000, height: 790 },
      deviceScaleFactor: 2,
    });
    await page.goto(await resetLink(world.service, ADA));
    await page.locator('#new-password:focus').waitFor();
    await page.locator('#new-password').blur();
    const file = fileURLToPath(new URL(`${colorScheme}.png`, FOLDER));
    if (UPDATE) {
      await mkdir(FOLDER, { recursive: true });
      await page.screenshot({ path: file, animations: 'disabled', caret: 'hide' });
    }
    const picture = await readFile(file);
    assert.deepEqual(picture.subarray(0, 4), PNG);
    // Larger files only slow down clones; the README scales the screenshot down.
    assert.ok(picture.length < 300_000, `${picture.length} bytes`);
  });
}
