// Checks the response of a page: headers, HTML and messages of the browser.

import { HtmlValidate } from 'html-validate';

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
  // The public URL of these services is http.
  'strict-transport-security': undefined,
};

/** States that search engines must not index. */
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
    // Banners take the focus on load; the skip link stays the first tab stop.
    'no-autofocus': 'off',
    // Whitespace of templates does not matter.
    'no-trailing-whitespace': 'off',
    'long-title': 'off',
  },
});

/** Returns the problems of the response of a state, one line each. */
export async function problems(page, state) {
  const [headers, text] = [page.document.headers(), await page.document.text()];
  const wanted = { ...HEADERS, 'x-robots-tag': PRIVATE.test(state) ? 'noindex' : undefined };
  const found = Object.entries(wanted)
    .filter(([name, value]) => headers[name] !== value)
    .map(([name]) => `${name}: ${headers[name]}`);
  for (const name of ['x-request-id', 'content-language']) {
    if (!headers[name]) {
      found.push(`${name} is missing`);
    }
  }
  const { results } = await html.validateString(text);
  for (const { line, ruleId, message } of results.flatMap(({ messages }) => messages)) {
    found.push(`line ${line}: ${ruleId}: ${message}`);
  }
  const inline = text.match(/<[^>]+\s(?:style|on[a-z]+)=/i);
  return [...found, ...(inline ?? []), ...page.complaints];
}
