// All pages work without JavaScript, and show no control that needs it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  LOGIN,
  changePassword,
  choosePassword,
  fieldError,
  prefer,
  requestLink,
  signIn,
  submit,
  success,
  summary,
} from './support/acts.mjs';
import {
  NEW_PASSWORD,
  PASSWORD,
  mailedLink,
  newAdmin,
  newPerson,
  unknownAddress,
} from './support/people.mjs';
import { alsoOnPhone } from './support/states/account.mjs';
import { fillSettings } from './support/states/admin.mjs';
import { suite } from './support/suite.mjs';

const world = suite();
const openPlain = () => world.open({ javaScriptEnabled: false });

/** Controls that need a script. */
const toggles = (page) => page.locator('button[type=button]:visible');

test('an account is created', async () => {
  const page = await openPlain();
  await page.goto('/signup');
  assert.equal(await toggles(page).count(), 0);
  await page.locator('#email').fill(unknownAddress());
  await page.locator('#username').fill('plain.user');
  await page.locator('input[autocomplete="new-password"]').fill(PASSWORD);
  await submit(page, '/signup').click();
  await page.waitForURL('**/account');
  await page.getByText('plain.user').first().waitFor();
});

test('a password is reset after an error', async () => {
  const person = await newPerson(world.service);
  const page = await openPlain();
  await requestLink(page, person.email);
  await success(page).and(page.locator(':focus')).waitFor();
  assert.equal(await page.locator('#email').inputValue(), person.email);

  await page.goto(await mailedLink(world.service, person));
  assert.equal(await toggles(page).count(), 0);
  assert.equal(await page.locator('[data-loading]').isVisible(), false);
  await choosePassword(page, NEW_PASSWORD, PASSWORD);
  await summary(page).and(page.locator(':focus')).waitFor();
  assert.equal(page.document.status(), 422);
  assert.match(await page.title(), /^Error: /);
  assert.equal(await fieldError(page, 'confirm-password').innerText(), 'Passwords do not match');
  assert.equal(await page.getByText('Passwords do not match').count(), 1);
  assert.equal(await page.locator('#new-password').inputValue(), '');
  assert.equal(await page.locator('#confirm-password').inputValue(), '');

  await choosePassword(page, NEW_PASSWORD);
  await page.waitForURL('**/password-reset/done');
  await success(page).waitFor();
  // No redirect without a script.
  assert.equal(await page.locator('meta[http-equiv=refresh i]').count(), 0);
  assert.equal(page.document.headers().refresh, undefined);

  await page.getByRole('link', { name: 'Sign In Now' }).click();
  await page.waitForURL(LOGIN);
  await signIn(page, { ...person, password: NEW_PASSWORD });
  await page.waitForURL('**/account');
});

test('a password is changed', async () => {
  const person = await newPerson(world.service);
  const page = await openPlain();
  await signIn(page, person);
  await changePassword(page, 'not the password', NEW_PASSWORD);
  await summary(page).waitFor();
  assert.equal(page.document.status(), 422);
  await changePassword(page, PASSWORD, NEW_PASSWORD);
  await success(page).waitFor();
  await page.reload();
  await page.locator('#current-password').waitFor();
});

test('a session is ended', async () => {
  const person = await newPerson(world.service);
  const phone = await alsoOnPhone(world, person);
  const page = await openPlain();
  await signIn(page, person);
  await page.locator('li', { hasText: 'Android' }).getByRole('button').click();
  await success(page).waitFor();
  await phone.reload();
  await phone.waitForURL(LOGIN);
});

test('a user signs out', async () => {
  const page = await openPlain();
  await signIn(page, await newPerson(world.service));
  await submit(page, '/logout').click();
  await page.waitForURL(LOGIN);
  await page.goto('/account');
  await page.waitForURL(LOGIN);
});

test('the SMTP settings are saved', async () => {
  const page = await openPlain();
  await signIn(page, await newAdmin(world.service));
  await page.goto('/admin/settings');
  await fillSettings(page);
  await page.locator('button[name=action][value=save]').click();
  await success(page).waitFor();
  await page.reload();
  assert.equal(await page.locator('#host').inputValue(), 'smtp.example.com');
});

test('chosen theme and language persist', async () => {
  const page = await openPlain();
  await page.goto('/login');
  await prefer(page, 'theme', 'dark');
  assert.equal(new URL(page.url()).pathname, '/login');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await prefer(page, 'language', 'ar');
  await page.goto('/password-reset');
  const html = page.locator('html');
  assert.equal(await html.getAttribute('lang'), 'ar');
  assert.equal(await html.getAttribute('dir'), 'rtl');
  assert.equal(await html.getAttribute('data-theme'), 'dark');
  assert.equal(await page.locator('button[value=dark]').getAttribute('aria-pressed'), 'true');
  assert.equal(await page.locator('button[value=ar]').getAttribute('aria-pressed'), 'true');
});
