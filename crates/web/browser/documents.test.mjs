// Every answer that is a page is valid HTML, carries all headers, and breaks no policy.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HtmlValidate } from 'html-validate';
import { STATES, WORLD } from './support/states.mjs';
import { suite } from './support/suite.mjs';

const world = suite(WORLD);

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    + "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
  'x-frame-options': 'DENY',
  'content-type': 'text/html; charset=utf-8',
};

/** Pages that search engines must leave alone. */
const PRIVATE = /^(reset|account|set-up|settings|users|mail|failure)/;

const html = new HtmlValidate({
  extends: ['html-validate:standard'],
  elements: [
    'html5',
    // Apple's hint for generated passwords; not in the standard.
    { input: { attributes: { passwordrules: {} } } },
  ],
  rules: {
    'no-inline-style': 'error',
    'no-redundant-role': 'off',
    // The banner takes the focus when the page opens; the skip link stays the first stop.
    'no-autofocus': 'off',
    // Blanks are the template's business.
    'no-trailing-whitespace': 'off',
    'long-title': 'off',
  },
});

describe('sound documents', { concurrency: 2 }, () => {
  for (const [name, open] of STATES) {
    test(name, async () => {
      const page = await open(world, {});
      const [headers, text] = [page.document.headers(), await page.document.text()];
      for (const [header, value] of Object.entries(HEADERS)) {
        assert.equal(headers[header], value, header);
      }
      assert.equal(headers['x-robots-tag'], PRIVATE.test(name) ? 'noindex' : undefined);
      assert.equal(headers['strict-transport-security'], undefined, 'the public URL is http');
      assert.match(headers['x-request-id'], /./);
      assert.equal(headers['content-language'], 'en');

      const { results } = await html.validateString(text);
      const mistakes = results.flatMap(({ messages }) =>
        messages.map(({ line, ruleId, message }) => `${line}: ${ruleId}: ${message}`),
      );
      assert.deepEqual(mistakes, []);
      assert.doesNotMatch(text, /<[^>]+\s(?:style|on[a-z]+)=/i);
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }
});

test('every cookie is for the server alone and is not sent along from other sites', async () => {
  for (const [name, open] of STATES) {
    if (!/^(request, sent|login|reset, done|account, password changed)$/.test(name)) {
      continue;
    }
    const page = await open(world, {});
    for (const cookie of await page.context().cookies()) {
      assert.equal(cookie.httpOnly, true, `${name}: ${cookie.name}`);
      assert.equal(cookie.sameSite, 'Lax', `${name}: ${cookie.name}`);
      assert.equal(cookie.path, '/', `${name}: ${cookie.name}`);
    }
    await page.context().close();
  }
});

test('assets may be kept for ever, and only under the name of their content', async () => {
  const page = await world.open();
  const assets = [];
  page.on('response', (answer) => answer.url().includes('/assets/') && assets.push(answer));
  await page.goto('/login');
  assert.ok(assets.length >= 2);
  for (const asset of assets) {
    const headers = asset.headers();
    assert.equal(asset.status(), 200, asset.url());
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    const renamed = asset.url().replace(/\.[0-9a-f]+\./, '.0000000000000000.');
    assert.notEqual(renamed, asset.url());
    assert.equal((await page.request.get(renamed)).status(), 404);
  }
});
