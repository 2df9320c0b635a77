// What administrators do with accounts and mails, and that nobody else does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOGIN, enter, submit, success, summary } from './support/acts.mjs';
import { PASSWORD, mailed, newAdmin, newPerson, opens } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite({
  prepare: async (shared) => {
    shared.admin = await newAdmin(shared.service);
  },
});

/** The administrator's list, with one person in it. */
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

test('an account is found by a part of its address or name', async () => {
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
  assert.equal(await page.getByText(person.email).count(), 0, 'a sign of the database is only a sign');
});

test('an account is closed and opened again', async () => {
  const person = await newPerson(world.service);
  const theirs = await world.open();
  await enter(theirs, person);
  const page = await listed(person);
  await press(page, 'deactivate');
  await page.getByText(person.email).first().waitFor();
  assert.equal(await opens(world.service, person, PASSWORD), false);
  await theirs.goto('/account');
  await theirs.waitForURL(LOGIN);
  await page.goto(`/admin/users?query=${encodeURIComponent(person.email)}`);
  await press(page, 'activate');
  assert.equal(await opens(world.service, person, PASSWORD), true);
});

test('somebody gets a reset link', async () => {
  const person = await newPerson(world.service);
  await press(await listed(person), 'send-reset');
  await mailed(world.service, person, /\/reset-password\?token=/);
});

test('somebody is signed out everywhere', async () => {
  const person = await newPerson(world.service);
  const theirs = await world.open();
  await enter(theirs, person);
  await press(await listed(person), 'end-sessions');
  await theirs.goto('/account');
  await theirs.waitForURL(LOGIN);
});

test('rights are given and taken', async () => {
  const person = await newPerson(world.service);
  const theirs = await world.open();
  await enter(theirs, person);
  assert.equal((await theirs.goto('/admin/users')).status(), 403);
  await press(await listed(person), 'promote');
  assert.equal((await theirs.goto('/admin/users')).status(), 200);
  await press(await listed(person), 'demote');
  assert.equal((await theirs.goto('/admin/users')).status(), 403);
});

test('one’s own account offers nothing that would lock one out', async () => {
  const page = await listed(world.admin);
  assert.equal(await page.locator('form[action$="/deactivate"]').count(), 0);
  assert.equal(await page.locator('form[action$="/demote"]').count(), 0);
});

test('each button says whom it is about', async () => {
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

test('mails are listed with what became of them', async () => {
  const person = await newPerson(world.service);
  await mailed(world.service, person, /./);
  const page = await world.open();
  await enter(page, world.admin);
  await page.goto('/admin/mail');
  await page.getByRole('main').getByText(person.email).first().waitFor();
  const current = page.locator('nav [aria-current=page]');
  assert.equal(await current.getAttribute('href'), '/admin/mail');
});

test('who is asked to sign in first comes to the page that was asked for', async () => {
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

test('the administration is for administrators', async () => {
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
