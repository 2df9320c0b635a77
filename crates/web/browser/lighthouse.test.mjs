// What Lighthouse makes of the five main pages: nothing to complain of, and fast.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import lighthouse from 'lighthouse';
import { chromium } from 'playwright-core';
import { enter } from './support/acts.mjs';
import { CHROMIUM, FLAGS } from './support/browser.mjs';
import { newAdmin, newPerson, resetLink } from './support/people.mjs';
import { freePort } from './support/port.mjs';
import { startService } from './support/service.mjs';

/** Scores the pages must reach. Findability is left out: most of them ask not to be found. */
const LEAST = { performance: 95, accessibility: 100, 'best-practices': 100 };

/** A machine that is busy otherwise makes a page slow; the best of these counts. */
const ATTEMPTS = 3;

let service, context, profile, port;

before(async () => {
  [service, profile, port] = await Promise.all([
    startService(),
    mkdtemp(join(tmpdir(), 'vestibule-lighthouse-')),
    freePort(),
  ]);
  // Lighthouse talks to the browser by itself, and finds in its profile who is signed in.
  context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: [...FLAGS, `--remote-debugging-port=${port}`],
    baseURL: service.url,
  });
});

after(async () => {
  await Promise.all([context?.close(), service?.stop()]);
  await rm(profile, { recursive: true, force: true });
});

/** Looks at a page until its scores are good enough. */
async function measured(path) {
  const url = new URL(path, service.url).href;
  const options = {
    port,
    output: 'json',
    logLevel: 'silent',
    onlyCategories: Object.keys(LEAST),
    disableStorageReset: true,
  };
  let misses;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { lhr } = await lighthouse(url, options);
    misses = Object.values(lhr.categories)
      .map(({ id, score }) => [id, Math.round(score * 100)])
      .filter(([id, score]) => score < LEAST[id])
      .map(([id, score]) => `${id} ${score}: ${faults(lhr, id)}`);
    const shift = lhr.audits['cumulative-layout-shift'].numericValue;
    if (shift > 0) {
      misses.push(`layout shift ${shift}`);
    }
    if (new URL(lhr.finalDisplayedUrl).pathname !== new URL(url).pathname) {
      misses.push(`it is another page: ${lhr.finalDisplayedUrl}`);
    }
    if (misses.length === 0) {
      return [];
    }
  }
  return misses;
}

/** The audits a category lost points by. */
function faults(lhr, category) {
  const lost = lhr.categories[category].auditRefs
    .filter(({ id, weight }) => weight > 0 && (lhr.audits[id].score ?? 1) < 1)
    .map(({ id }) => `${id} ${lhr.audits[id].displayValue ?? ''}`.trim());
  return lost.join(', ');
}

test('the request step', async () => assert.deepEqual(await measured('/password-reset'), []));

test('the reset step', async () => {
  const link = await resetLink(service, await newPerson(service));
  assert.deepEqual(await measured(link), []);
});

test('sign-in', async () => assert.deepEqual(await measured('/login'), []));

test('settings and account', async () => {
  const page = context.pages()[0] ?? (await context.newPage());
  await enter(page, await newAdmin(service));
  assert.deepEqual(await measured('/admin/settings'), []);
  assert.deepEqual(await measured('/account'), []);
});
