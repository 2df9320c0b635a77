// Well-known and unknown addresses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOGIN, enter, submit } from './support/acts.mjs';
import { newPerson } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const CONTACT = 'mailto:security@example.com';

const world = suite({ service: { variables: { VESTIBULE_SERVER__SECURITY_CONTACT: CONTACT } } });
const get = (path) => fetch(`${world.service.url}${path}`, { redirect: 'manual' });

test('/.well-known/change-password redirects to the password form', async () => {
  const answer = await get('/.well-known/change-password');
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get('location'), '/account#change-password');

  const person = await newPerson(world.service);
  const page = await world.open();
  await enter(page, person);
  await page.goto('/.well-known/change-password');
  assert.match(page.url(), /\/account#change-password$/);
  await page.locator('#change-password').waitFor();
});

test('without a session, the password form follows sign-in', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto('/.well-known/change-password');
  await page.waitForURL(LOGIN);
  await page.locator('#email').fill(person.email);
  await page.locator('#password').fill(person.password);
  await submit(page, '/login').click();
  await page.waitForURL('**/account*');
  await page.locator('#change-password').waitFor();
});

test('unknown addresses are 404', async () => {
  for (const path of [
    '/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200',
    '/.well-known/nonsense',
    '/account/x.css',
    '/account;.js',
    '/account%2f.png',
    '/assets/none.css',
    '/index.php',
  ]) {
    assert.equal((await get(path)).status, 404, path);
  }
});

test('security.txt has the contact', async () => {
  const answer = await get('/.well-known/security.txt');
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^text\/plain/);
  const text = await answer.text();
  assert.ok(text.includes(`Contact: ${CONTACT}\n`), text);
  const [, expires] = text.match(/^Expires: (\S+)$/m);
  assert.ok(Date.parse(expires) > Date.now());
});

test('the legacy request address redirects signed-in users', async () => {
  const page = await world.open();
  await enter(page, await newPerson(world.service));
  const answer = await page.request.get('/reset_password_request', { maxRedirects: 0 });
  assert.deepEqual([answer.status(), answer.headers().location], [303, '/']);
});

test('the sign-in page redirects signed-in users to their account', async () => {
  const page = await world.open();
  await enter(page, await newPerson(world.service));
  await page.goto('/login');
  assert.equal(new URL(page.url()).pathname, '/account');
});
