// One Chromium for each file of tests, and a fresh profile for each test.

import { chromium } from 'playwright-core';

export const CHROMIUM = process.env.VESTIBULE_TEST_CHROMIUM || '/usr/bin/chromium';

/** Nothing that talks to the world, needs a graphics card or a user's rights. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** How long a step may take on a busy machine. */
const PATIENCE = 15_000;

export async function startBrowser(options = {}) {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS, ...options });
}

/**
 * Opens a page in a profile of its own.
 *
 * `page.complaints` has what must never happen: errors, warnings, breaches of the policy.
 * `page.document` is the answer that holds what is shown. `options` are those of a browser context:
 * `colorScheme`, `locale`, `javaScriptEnabled`, .. ; and `language`, the one that was chosen before.
 */
export async function openPage(browser, service, { language, ...options } = {}) {
  const context = await browser.newContext({
    baseURL: service.url,
    locale: 'en',
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  if (language) {
    const choice = { name: 'vestibule_language', value: language, url: service.url };
    await context.addCookies([choice]);
  }
  const page = await context.newPage();
  page.complaints = [];
  page.on('response', (answer) => {
    if (answer.request().isNavigationRequest() && answer.frame() === page.mainFrame()) {
      page.document = answer;
    }
  });
  page.on('pageerror', (error) => page.complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !isExpected(message)) {
      page.complaints.push(`${message.type()}: ${message.text()}`);
    }
  });
  if (options.javaScriptEnabled !== false) {
    await context.exposeBinding('noteViolation', (_, what) => page.complaints.push(what));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        noteViolation(`violation: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
  }
  return page;
}

/** Chromium logs every page that answers 4xx or 5xx; such pages are asked for on purpose. */
function isExpected(message) {
  const { url } = message.location();
  return /^Failed to load resource: the server responded with a status of/.test(message.text())
    && !/\/(assets|verify)/.test(url);
}
