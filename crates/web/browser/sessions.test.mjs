// Sessions end at the server: a copied key is invalid afterwards.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changePassword,
  choosePassword,
  enter,
  post,
  signIn,
  signOut,
  success,
} from './support/acts.mjs';
import { NEW_PASSWORD, PASSWORD, newPerson, resetLink } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

/** Returns the path that a request for the account page with these cookies leads to. */
async function reached(cookies) {
  const page = await world.open();
  await page.context().addCookies(cookies);
  await page.goto('/account');
  const { pathname } = new URL(page.url());
  await page.context().close();
  return pathname;
}

const key = async (page) => {
  const cookies = await page.context().cookies();
  return cookies.find(({ name }) => name === 'vestibule_session');
};

test('sign-out invalidates the key', async () => {
  const page = await world.open();
  await signIn(page, await newPerson(world.service));
  const kept = await page.context().cookies();
  assert.equal(await reached(kept), '/account');
  await signOut(page);
  assert.equal(await key(page), undefined);
  assert.equal(await reached(kept), '/login');
});

test('sign-in creates a new key', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  const fixated = 'A'.repeat(43);
  const url = world.service.url;
  await page.context().addCookies([{ name: 'vestibule_session', value: fixated, url }]);
  await signIn(page, person);
  const first = await key(page);
  assert.notEqual(first.value, fixated);
  const answer = await post(page.context(), '/login', { email: person.email, password: PASSWORD });
  assert.equal(answer.status(), 303);
  assert.notEqual((await key(page)).value, first.value);
  assert.equal(await reached([first]), '/login');
});

test('a reset ends every session', async () => {
  const person = await newPerson(world.service);
  const [elsewhere, page] = [await world.open(), await world.open()];
  await enter(elsewhere, person);
  await page.goto(await resetLink(world.service, person));
  await page.locator('#new-password:focus').waitFor();
  await choosePassword(page, NEW_PASSWORD);
  await page.waitForURL('**/password-reset/done');
  assert.equal(await reached(await elsewhere.context().cookies()), '/login');
});

test('a password change ends all other sessions', async () => {
  const person = await newPerson(world.service);
  const [elsewhere, page] = [await world.open(), await world.open()];
  await enter(elsewhere, person);
  await enter(page, person);
  await page.goto('/account');
  await changePassword(page, PASSWORD, NEW_PASSWORD);
  await success(page).waitFor();
  assert.equal(await reached(await elsewhere.context().cookies()), '/login');
  assert.equal(await reached(await page.context().cookies()), '/account');
});
