// Chromium for each test file, and a fresh profile for each test.

import { chromium } from 'playwright-core';

export const CHROMIUM = process.env.VESTIBULE_TEST_CHROMIUM || '/usr/bin/chromium';

/** No network access of its own, no graphics card and no user namespaces needed. */
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

/** Timeout of a step on a busy machine. */
const TIMEOUT = 15_000;

export async function startBrowser(options = {}) {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS, ...options });
}

/**
 * Opens a page in a new profile.
 *
 * `page.complaints` has all errors, warnings and violations of the content security policy; there
 * must be none. `page.document` is the response of the current page. `options` are those of a browser
 * context, such as `colorScheme`, `locale` and `javaScriptEnabled`, and `language`, which sets the
 * language cookie.
 */
export async function openPage(browser, service, { language, ...options } = {}) {
  const context = await browser.newContext({
    baseURL: service.url,
    locale: 'en',
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(TIMEOUT);
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

/** Returns `true` for what Chromium logs for every 4xx and 5xx page: tests request them on purpose. */
function isExpected(message) {
  const { url } = message.location();
  return /^Failed to load resource: the server responded with a status of/.test(message.text())
    && !/\/(assets|verify)/.test(url);
}
