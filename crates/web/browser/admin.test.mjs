// Administration of users and mails, by administrators only.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOGIN, enter, submit, success, summary } from './support/acts.mjs';
import { PASSWORD, mailed, newAdmin, newPerson, canSignIn } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite({
  prepare: async (shared) => {
    shared.admin = await newAdmin(shared.service);
  },
});

/** Opens the user list of the administrator, filtered to one user. */
async function listed(person) {
  const page = await world.open();
  await enter(page, world.admin);
  await page.goto(`/admin/users?query=${encodeURIComponent(person.email)}`);
  return page;
}

async function press(page, act) {
  await page.locator(`form[action$="/${act}"] button`).click();
  await success(page).waitFor();
}

test('users are found by part of the address or username', async () => {
  const person = await newPerson(world.service, 'needle');
  const page = await world.open();
  await enter(page, world.admin);
  await page.goto('/admin/users');
  for (const query of ['needle', 'NEEDLE', person.email]) {
    const search = page.locator('#query');
    await search.fill(query);
    await search.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('query') === query);
    await page.getByRole('main').getByText(person.email).first().waitFor();
  }
  await page.goto('/admin/users?query=%25');
  assert.equal(await page.getByText(person.email).count(), 0, '% is not a wildcard');
});

test('a user is deactivated and activated', async () => {
  const person = await newPerson(world.service);
  const theirs = await world.open();
  await enter(theirs, person);
  const page = await listed(person);
  await press(page, 'deactivate');
  await page.getByText(person.email).first().waitFor();
  assert.equal(await canSignIn(world.service, person, PASSWORD), false);
  await theirs.goto('/account');
  await theirs.waitForURL(LOGIN);
  await page.goto(`/admin/users?query=${encodeURIComponent(person.email)}`);
  await press(page, 'activate');
  assert.equal(await canSignIn(world.service, person, PASSWORD), true);
});

test('an administrator sends a reset link', async () => {
  const person = await newPerson(world.service);
  await press(await listed(person), 'send-reset');
  await mailed(world.service, person, /\/reset-password\?token=/);
});

test('an administrator ends all sessions of a user', async () => {
  const person = await newPerson(world.service);
  const theirs = await world.open();
  await enter(theirs, person);
  await press(await listed(person), 'end-sessions');
  await theirs.goto('/account');
  await theirs.waitForURL(LOGIN);
});

test('administrator rights are granted and revoked', async () => {
  const person = await newPerson(world.service);
  const theirs = await world.open();
  await enter(theirs, person);
  assert.equal((await theirs.goto('/admin/users')).status(), 403);
  await press(await listed(person), 'promote');
  assert.equal((await theirs.goto('/admin/users')).status(), 200);
  await press(await listed(person), 'demote');
  assert.equal((await theirs.goto('/admin/users')).status(), 403);
});

test('an administrator cannot deactivate or demote the own account', async () => {
  const page = await listed(world.admin);
  assert.equal(await page.locator('form[action$="/deactivate"]').count(), 0);
  assert.equal(await page.locator('form[action$="/demote"]').count(), 0);
});

test('the name of each button contains the user', async () => {
  const person = await newPerson(world.service);
  const page = await listed(person);
  const names = await page
    .locator('form[action^="/admin/users/"] button')
    .evaluateAll((all) => all.map((button) => button.textContent));
  assert.ok(names.length >= 4);
  for (const name of names) {
    assert.match(name, new RegExp(`${person.email}|${person.username}`));
  }
});

test('mails are listed', async () => {
  const person = await newPerson(world.service);
  await mailed(world.service, person, /./);
  const page = await world.open();
  await enter(page, world.admin);
  await page.goto('/admin/mail');
  await page.getByRole('main').getByText(person.email).first().waitFor();
  const current = page.locator('nav [aria-current=page]');
  assert.equal(await current.getAttribute('href'), '/admin/mail');
});

test('sign-in returns to the requested page', async () => {
  const page = await world.open();
  await page.goto('/admin/users?query=needle');
  assert.equal(new URL(page.url()).pathname, '/login');
  await page.locator('#email').fill(world.admin.email);
  await page.locator('#password').fill('not the password');
  await submit(page, '/login').click();
  await summary(page).waitFor();
  await page.locator('#password').fill(PASSWORD);
  await submit(page, '/login').click();
  await page.waitForURL('**/admin/users?query=needle');
});

test('only administrators can open the administration', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  for (const path of ['/admin/settings', '/admin/users', '/admin/mail']) {
    await page.goto(path);
    assert.equal(new URL(page.url()).pathname, '/login', path);
  }
  await enter(page, person);
  for (const path of ['/admin/settings', '/admin/users', '/admin/mail']) {
    assert.equal((await page.goto(path)).status(), 403, path);
    assert.doesNotMatch(await page.content(), new RegExp(world.admin.email));
  }
});
