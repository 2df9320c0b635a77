// The redirect after a reset, and how user input cancels it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOGIN, choosePassword, success } from './support/acts.mjs';
import { NEW_PASSWORD, newPerson, resetLink } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

/** Resets a password; returns the page after it. */
async function done() {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto(await resetLink(world.service, person));
  await page.locator('#new-password:focus').waitFor();
  await choosePassword(page, NEW_PASSWORD);
  await page.waitForURL('**/password-reset/done', { waitUntil: 'load' });
  return page;
}

test('after two seconds the page redirects to sign-in, which keeps the success banner', async () => {
  const page = await done();
  const since = Date.now();
  await success(page).and(page.locator(':focus')).waitFor();
  await page.waitForURL(LOGIN, { waitUntil: 'commit' });
  const took = Date.now() - since;
  assert.ok(Math.abs(took - 2000) <= 700, `it took ${took} ms`);
  await success(page).waitFor();
  assert.match(await success(page).innerText(), /Password changed/);

  // Longer than a message that disappears by itself would stay.
  const left = page.waitForURL((url) => url.pathname !== '/login', { timeout: 5_000 });
  const gone = success(page).waitFor({ state: 'detached', timeout: 5_000 });
  const outcome = await Promise.any([left, gone]).then(() => 'moved', () => 'stayed');
  assert.equal(outcome, 'stayed');
  assert.equal(await success(page).isVisible(), true);

  await page.reload();
  assert.equal(await success(page).count(), 0);
});

for (const [what, act] of [
  ['a key', (page) => page.keyboard.press('Shift')],
  ['a click', (page) => page.mouse.click(5, 5)],
]) {
  test(`${what} cancels the redirect`, async () => {
    const page = await done();
    await act(page);
    const moved = page.waitForURL(LOGIN, { timeout: 3_000 });
    assert.equal(await moved.then(() => 'moved', () => 'stayed'), 'stayed');
    await page.getByRole('link', { name: 'Sign In Now' }).click();
    await page.waitForURL(LOGIN);
  });
}

test('the page after a reset is not shown without a reset', async () => {
  const page = await world.open();
  // The server redirects, not the script of the page.
  await page.goto('/password-reset/done');
  assert.equal(new URL(page.url()).pathname, '/login');
  assert.equal(await success(page).count(), 0);
  await page.goto('/login?reset=1');
  assert.equal(await success(page).count(), 0);
});
