// Compares accessibility trees with the files in `snapshots`.
//
// UPDATE_GOLDEN=1 updates the files; review the difference.

import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';

const FOLDER = new URL('../snapshots/', import.meta.url);
const UPDATE = process.env.UPDATE_GOLDEN === '1';

const file = (state) => `${state.replaceAll(/[^a-z0-9]+/g, '-')}.yml`;

/** Returns the snapshot of a state, after updating it if requested. */
export async function golden(state, seen) {
  const path = new URL(file(state), FOLDER);
  if (UPDATE) {
    await mkdir(FOLDER, { recursive: true });
    await writeFile(path, seen);
  }
  return readFile(path, 'utf8').catch(() => 'none; run with UPDATE_GOLDEN=1\n');
}

/** Returns the files of unknown states; UPDATE_GOLDEN=1 deletes them. */
export async function strays(states) {
  const known = new Set(states.map(file));
  const found = (await readdir(FOLDER)).filter((name) => !known.has(name));
  if (!UPDATE) {
    return found;
  }
  await Promise.all(found.map((name) => rm(new URL(name, FOLDER))));
  return [];
}

/** Returns title, focus and accessibility tree, without times and other parts that vary. */
export async function snapshot(page) {
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
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\b[0-9a-f]{32}\b/g, '(id)')
    .replaceAll(/Chrome \d+|HeadlessChrome \d+/g, 'Chrome N');
}
