// Setup of the first administrator.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signIn, signOut, submit, summary } from './support/acts.mjs';
import { PASSWORD, newAdmin } from './support/people.mjs';
import { setupPath } from './support/states/sign-in.mjs';
import { suite } from './support/suite.mjs';

const world = suite({ services: { other: {} } });

test('the setup link creates an administrator once', async () => {
  const since = Date.now();
  const page = await world.open();
  const path = setupPath(world.service);
  await page.goto(path);
  await page.locator('#email').fill('first@example.com');
  await page.locator('#username').fill('first');
  await page.locator('input[autocomplete="new-password"]').fill('short');
  await submit(page, '/setup').click();
  await summary(page).waitFor();
  await page.locator('input[autocomplete="new-password"]').fill(PASSWORD);
  await submit(page, '/setup').click();
  await page.waitForURL((url) => url.pathname !== '/setup');
  if (new URL(page.url()).pathname === '/login') {
    await signIn(page, { email: 'first@example.com', password: PASSWORD });
  }
  await page.goto('/admin/users');
  await page.getByText('first@example.com').first().waitFor();
  assert.ok(Date.now() - since < 60_000);

  const other = await world.open();
  assert.equal((await other.goto(path)).status(), 410);
  await signOut(page);
  assert.equal((await page.goto(path)).status(), 410);
});

test('the setup link is invalid if an administrator exists', async () => {
  const path = setupPath(world.other);
  await newAdmin(world.other);
  const page = await world.open({}, world.other);
  assert.equal((await page.goto(path)).status(), 410);
  assert.equal((await page.goto('/setup')).status(), 410);
  assert.match(await page.getByRole('main').innerText(), /vestibule admin create/);
});
