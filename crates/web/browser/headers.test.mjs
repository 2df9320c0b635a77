// Attributes of cookies, and caching of assets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefer, requestLink, signIn, success } from './support/acts.mjs';
import { newPerson } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const BY_HTTPS = {
  dev: false,
  variables: { VESTIBULE_SERVER__PUBLIC_URL: 'https://accounts.example.com' },
};

const world = suite({ services: { secure: BY_HTTPS } });

test('every cookie is HttpOnly and SameSite=Lax', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await requestLink(page, person.email);
  await success(page).waitFor();
  await prefer(page, 'theme', 'dark');
  await prefer(page, 'language', 'en');
  const cookies = await page.context().cookies();
  await signIn(page, person);
  cookies.push(...(await page.context().cookies()));
  const names = new Set(cookies.map((cookie) => cookie.name));
  const kinds = ['flash', 'form', 'language', 'session', 'theme'];
  assert.deepEqual([...names].sort(), kinds.map((kind) => `vestibule_${kind}`));
  for (const cookie of cookies) {
    assert.equal(cookie.httpOnly, true, cookie.name);
    assert.equal(cookie.sameSite, 'Lax', cookie.name);
    assert.equal(cookie.path, '/', cookie.name);
  }
});

test('with https, cookies are Secure and HSTS is set', async () => {
  const answer = await fetch(`${world.secure.url}/login?lang=de`);
  const cookies = answer.headers.getSetCookie();
  assert.equal(cookies.length, 2);
  for (const cookie of cookies) {
    assert.match(cookie, /^__Host-vestibule_(form|language)=/);
    assert.match(cookie, /; Secure(;|$)/);
  }
  assert.match(answer.headers.get('strict-transport-security'), /max-age=31536000/);
});

test('assets are immutable and served under fingerprinted names only', async () => {
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
    const { pathname } = new URL(asset.url());
    const renamed = pathname.replace(/\.[0-9a-f]+\./, '.0000000000000000.');
    assert.notEqual(renamed, pathname);
    assert.equal((await page.request.get(renamed)).status(), 404);
  }
});
