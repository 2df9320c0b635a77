// Lighthouse scores of the five main pages.

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

/** Minimum scores. SEO is left out: most pages must not be indexed. */
const LEAST = { performance: 95, accessibility: 100, 'best-practices': 100 };

/** The best of these attempts counts, because a busy machine slows pages down. */
const ATTEMPTS = 3;

let service, context, profile, port;

before(async () => {
  [service, profile, port] = await Promise.all([
    startService(),
    mkdtemp(join(tmpdir(), 'vestibule-lighthouse-')),
    freePort(),
  ]);
  // Lighthouse connects to the browser itself, and uses the session of its profile.
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

/** Measures a page until it reaches its scores; returns what it misses. */
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
      misses.push(`another page was shown: ${lhr.finalDisplayedUrl}`);
    }
    if (misses.length === 0) {
      return [];
    }
  }
  return misses;
}

/** Returns the failed audits of a category. */
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
