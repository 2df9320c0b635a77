// Banners stay until the next action.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changePassword, enter, requestLink, submit, success, summary } from './support/acts.mjs';
import { NEW_PASSWORD, PASSWORD, newPerson, unknownAddress } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

test('the success banner of a request stays until the next submit', async () => {
  const email = unknownAddress();
  const page = await world.open();
  await requestLink(page, email);
  await success(page).and(page.locator(':focus')).waitFor();
  assert.match(await success(page).innerText(), new RegExp(`Check your e-mail.*${email}`, 's'));
  assert.equal(await success(page).getAttribute('role'), 'status');
  assert.equal(await success(page).getByRole('heading').count(), 1);

  await page.locator('#email').fill('invalid');
  assert.equal(await success(page).isVisible(), true);
  await submit(page, '/password-reset').click();
  await summary(page).waitFor();
  assert.equal(await success(page).isVisible(), false);

  await page.locator('#email').fill(email);
  await submit(page, '/password-reset').click();
  await success(page).waitFor();
  assert.equal(await summary(page).isVisible(), false);
});

test('a second submit sends the link again', async () => {
  const email = unknownAddress();
  const page = await world.open();
  await requestLink(page, email);
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  await submit(page, '/password-reset').click();
  assert.equal(new URLSearchParams((await sent).postData()).get('email'), email);
  await success(page).waitFor();
});

test('the address in the banner does not come from the URL', async () => {
  const page = await world.open();
  await page.goto('/password-reset?sent=1&email=forged@example.com');
  assert.doesNotMatch(await page.getByRole('main').innerHTML(), /forged@example\.com/);
});

test('an error disappears as soon as it is fixed', async () => {
  const page = await world.open();
  await page.goto('/login');
  await submit(page, '/login').click();
  const error = page.locator('#email-error');
  await error.waitFor();
  await page.locator('#email').fill('member@example.com');
  await error.waitFor({ state: 'detached' });
  assert.equal(await page.locator('#email').getAttribute('aria-invalid'), null);
  assert.doesNotMatch((await page.locator('#email').getAttribute('aria-describedby')) ?? '', /error/);
});

test('the summary is hidden after a corrected form succeeds', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await enter(page, person);
  await page.goto('/account');
  await changePassword(page, 'not the password', NEW_PASSWORD);
  await page.locator('#current-password-error').waitFor();
  await changePassword(page, PASSWORD, NEW_PASSWORD);
  await success(page).waitFor();
  assert.equal(await summary(page).isVisible(), false);
  await page.reload();
  assert.equal(await success(page).count(), 0);
});
