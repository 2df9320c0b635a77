// Requests from other sites: links work, forms do not.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { choosePassword, enter, signIn } from './support/acts.mjs';
import { startSite } from './support/elsewhere.mjs';
import { NEW_PASSWORD, PASSWORD, newPerson, canSignIn, resetLink } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();
const sites = [];
after(() => sites.forEach((site) => site.stop()));

async function elsewhere(pages) {
  const site = await startSite(pages);
  sites.push(site);
  return site;
}

test('a reset link on another site works', async () => {
  const person = await newPerson(world.service);
  const link = await resetLink(world.service, person);
  const site = await elsewhere({ '/mail': `<a href="${link}">Choose a new password</a>` });
  const page = await world.open();
  await page.goto(`${site.url}/mail`);
  await page.getByRole('link').click();
  await page.locator('#new-password:focus').waitFor();
  await choosePassword(page, NEW_PASSWORD);
  await page.waitForURL('**/password-reset/done');
  assert.ok(await canSignIn(world.service, person, NEW_PASSWORD));
});

test('a link on another site keeps the session', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await signIn(page, person);
  const site = await elsewhere({ '/': `<a href="${world.service.url}/account">Account</a>` });
  await page.goto(site.url);
  await page.getByRole('link').click();
  await page.waitForURL('**/account');
});

const FORMS = {
  '/login': { email: 'member@example.com', password: PASSWORD },
  '/signup': { email: 'forged@example.com', username: 'forged', password: PASSWORD },
  '/password-reset': { email: 'member@example.com' },
  '/logout': {},
  '/account/password': { current_password: PASSWORD, password: 'x', password_confirm: 'x' },
  '/account/sessions/revoke-others': {},
  '/admin/settings': { host: 'smtp.example.com' },
  '/preferences/theme': { theme: 'dark', back: '/login' },
  '/preferences/language': { language: 'de', back: '/login' },
};

test('forms of other sites are rejected on all pages', async () => {
  const inputs = (fields) =>
    Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
  const pages = Object.entries(FORMS).map(([path, fields]) => [
    path,
    `<form method="post" action="${world.service.url}${path}">${inputs(fields).join('')}
     <button>Send</button></form>`,
  ]);
  const site = await elsewhere(Object.fromEntries(pages));
  const person = await newPerson(world.service);
  const page = await world.open();
  await enter(page, person);
  for (const path of Object.keys(FORMS)) {
    await page.goto(`${site.url}${path}`);
    await page.getByRole('button').click();
    await page.waitForURL((url) => url.origin === world.service.url);
    assert.equal(page.document.status(), 403, path);
    assert.match(page.document.headers()['content-security-policy'], /default-src 'none'/);
  }
  assert.ok(await canSignIn(world.service, person, PASSWORD));
  await page.goto('/account');
  assert.equal(new URL(page.url()).pathname, '/account');
});

/** Posts a form with the given headers only; returns the status. */
async function status(headers, form = { email: 'unknown@example.com' }) {
  const body = new URLSearchParams(form);
  const url = `${world.service.url}/password-reset`;
  const answer = await fetch(url, { method: 'POST', body, headers, redirect: 'manual' });
  return answer.status;
}

test('a form without proof of its origin is rejected', async () => {
  const own = world.service.url;
  // Pages with `no-referrer` send `null` with same-origin forms too.
  assert.equal(await status({ origin: 'null', 'sec-fetch-site': 'same-origin' }), 303);
  for (const [headers, why] of [
    [{ 'sec-fetch-site': 'cross-site', origin: own }, 'cross-site'],
    [{ 'sec-fetch-site': 'same-site', origin: own }, 'same-site'],
    [{ 'sec-fetch-site': 'none' }, 'none'],
    [{ origin: 'null' }, 'null alone'],
    [{ origin: 'https://other.example' }, 'another origin'],
    [{ origin: `${own}.other.example` }, 'an origin that begins alike'],
    [{}, 'nothing'],
    [{ referer: `${own}/password-reset` }, 'a referrer alone'],
  ]) {
    assert.equal(await status(headers), 403, why);
  }
});

test('without fetch metadata a form needs its token', async () => {
  const page = await world.open();
  const token = async () => {
    await page.goto('/password-reset');
    return page.locator('[name=form_token]').first().inputValue();
  };
  const status = async (form_token) => {
    const form = { email: 'unknown@example.com', form_token };
    const options = { form, maxRedirects: 0 };
    return (await page.request.post('/password-reset', options)).status();
  };
  const own = await token();
  assert.equal(await status(own), 303);
  assert.equal(await status(''), 403);
  assert.equal(await status(own.replace(/./g, '0')), 403);
  await enter(page, await newPerson(world.service));
  assert.equal(await status(own), 403, 'a token from before signing in');
  assert.equal(await status(await token()), 303);

  const other = await world.open();
  await other.goto('/password-reset');
  const foreign = await other.locator('[name=form_token]').first().inputValue();
  assert.equal(await status(foreign), 403, 'a token of another browser');
});

test('other sites cannot frame a page', async () => {
  const site = await elsewhere({ '/': `<iframe src="${world.service.url}/login"></iframe>` });
  const page = await world.open();
  await page.goto(site.url);
  const frame = page.frames().find((one) => one !== page.mainFrame());
  assert.equal(await frame.locator('#email').count(), 0);
});

test('sign-in never redirects to another site', async () => {
  const person = await newPerson(world.service);
  for (const next of [
    'https://other.example/',
    '//other.example/',
    '/\\other.example/',
    '\\/other.example/',
    '/%5cother.example/',
    'javascript:alert(1)',
    ' //other.example',
    '/\t/other.example',
    '/logout',
  ]) {
    const page = await world.open();
    await signIn(page, person, { next: `?next=${encodeURIComponent(next)}` });
    assert.equal(new URL(page.url()).origin, world.service.url, next);
    assert.deepEqual(page.complaints, [], next);
    await page.context().close();
  }
  const page = await world.open();
  await signIn(page, person, { next: '?next=%2Faccount%23change-password' });
  assert.equal(new URL(page.url()).pathname, '/account');
});
