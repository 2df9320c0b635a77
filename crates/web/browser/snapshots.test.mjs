// What a screen reader finds on every page, held against the files in `snapshots`.
//
// UPDATE_GOLDEN=1 writes them anew; the difference is then for a person to read.

import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { STATES, WORLD } from './support/states.mjs';
import { suite } from './support/suite.mjs';

const FOLDER = new URL('snapshots/', import.meta.url);
const UPDATE = process.env.UPDATE_GOLDEN === '1';

const world = suite(WORLD);
const file = (name) => `${name.replaceAll(/[^a-z0-9]+/g, '-')}.yml`;

describe('as a screen reader finds it', { concurrency: 2 }, () => {
  for (const [name, open] of STATES) {
    test(name, async () => {
      const page = await open(world, {});
      const seen = await snapshot(page);
      await page.context().close();
      const path = new URL(file(name), FOLDER);
      if (UPDATE) {
        await mkdir(FOLDER, { recursive: true });
        await writeFile(path, seen);
      }
      const golden = await readFile(path, 'utf8').catch(() => 'none; run with UPDATE_GOLDEN=1\n');
      assert.equal(seen, golden);
    });
  }
});

test('no file is left of a state that is gone', async () => {
  const known = new Set(STATES.map(([name]) => file(name)));
  const strays = (await readdir(FOLDER)).filter((name) => !known.has(name));
  if (UPDATE) {
    await Promise.all(strays.map((name) => rm(new URL(name, FOLDER))));
  } else {
    assert.deepEqual(strays, []);
  }
});

/** Title, focus and accessibility tree, without what differs from run to run. */
async function snapshot(page) {
  await page.evaluate(() => {
    for (const time of document.querySelectorAll('time')) {
      time.textContent = '(time)';
    }
  });
  const focus = await page.evaluate(() => {
    const { tagName, id, className } = document.activeElement;
    return [tagName.toLowerCase(), id && `#${id}`, className && `.${className}`].join('');
  });
  const tree = await page.locator('body').ariaSnapshot();
  return `title: ${await page.title()}\nfocus: ${focus}\n${tree}\n`
    .replaceAll(/\b([a-z-]+)-\d+(?=@example\.com|\b(?!-))/g, '$1-N')
    .replaceAll(/token=[\w.~-]+/g, 'token=T')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, '(id)')
    .replaceAll(/Chrome \d+|HeadlessChrome \d+/g, 'Chrome N');
}
