// Several tabs, the back button, reload and double submits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  LOGIN,
  choosePassword,
  invalidLink,
  enter,
  post,
  requestLink,
  signIn,
  signOut,
  submit,
  success,
} from './support/acts.mjs';
import { NEW_PASSWORD, newPerson, resetLink, resetToken, unknownAddress } from './support/people.mjs';
import { suite } from './support/suite.mjs';
import { until } from './support/until.mjs';

const world = suite();

/** Records the POST requests of a page. */
function posts(page) {
  const sent = [];
  page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
  return sent;
}

test('the same link works in one of two tabs', async () => {
  const person = await newPerson(world.service);
  const link = await resetLink(world.service, person);
  const first = await world.open();
  const second = await first.context().newPage();
  for (const tab of [first, second]) {
    await tab.goto(link);
    await tab.locator('#new-password').waitFor();
  }
  await choosePassword(first, NEW_PASSWORD);
  await first.waitForURL('**/password-reset/done');
  const refused = second.waitForResponse((answer) => answer.request().method() === 'POST');
  await choosePassword(second, 'five grey geese walk south');
  assert.equal((await refused).status(), 410);
  await second.getByText('Invalid or expired reset token').first().waitFor();
});

test('two tabs can both request a link', async () => {
  const first = await world.open();
  const second = await first.context().newPage();
  await Promise.all([first.goto('/password-reset'), second.goto('/password-reset')]);
  for (const tab of [first, second, first]) {
    await tab.locator('#email').fill(unknownAddress());
    await submit(tab, '/password-reset').click();
    await success(tab).waitFor();
  }
});

test('after sign-out in another tab, sign-in returns to the page', async () => {
  const person = await newPerson(world.service);
  const first = await world.open();
  await signIn(first, person);
  const second = await first.context().newPage();
  await second.goto('/account');
  await signOut(first);
  await second.reload();
  await second.waitForURL(LOGIN);
  assert.doesNotMatch(await second.content(), new RegExp(person.email));
  await second.locator('#email').fill(person.email);
  await second.locator('#password').fill(person.password);
  await submit(second, '/login').click();
  await second.waitForURL('**/account');
});

test('after a reset, the back button shows an invalid link and no password', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto(await resetLink(world.service, person));
  await page.locator('#new-password:focus').waitFor();
  await choosePassword(page, NEW_PASSWORD);
  await page.waitForURL('**/password-reset/done');
  await page.keyboard.press('Shift');
  await page.goBack();
  await page.getByText('Invalid or expired reset token').first().waitFor();
  for (const field of await page.locator('input[type=password]').all()) {
    assert.equal(await field.inputValue(), '');
  }
});

test('a page restored from bfcache is emptied, and its link verified again', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto(await resetLink(world.service, person));
  await page.locator('#new-password:focus').waitFor();
  await page.locator('#new-password').fill(NEW_PASSWORD);
  await resetToken(world.service, person);
  // The event of a restored page.
  await page.evaluate(() => {
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  });
  await invalidLink(page).waitFor();
  assert.equal(await page.locator('#new-password').count(), 0);
});

test('a form restored from bfcache has no password and can be submitted', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto('/login');
  await page.locator('#email').fill(person.email);
  await page.locator('#password').fill(person.password);
  await page.locator('button[aria-controls=password]').click();
  const kept = await submit(page, '/login').evaluate((button) => {
    button.form.addEventListener('submit', (event) => event.preventDefault(), { once: true });
    button.click();
    document.querySelector('#password').type = 'text';
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    const { value, type } = document.querySelector('#password');
    return { value, type, busy: button.getAttribute('aria-disabled') };
  });
  assert.deepEqual(kept, { value: '', type: 'password', busy: null });
  await page.locator('#password').fill(person.password);
  await submit(page, '/login').click();
  await page.waitForURL('**/account');
});

test('after sign-out, the back button shows no private data', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await signIn(page, person);
  await signOut(page);
  await page.goBack();
  await page.waitForURL(LOGIN);
  assert.doesNotMatch(await page.getByRole('main').innerText(), new RegExp(person.username));
});

test('a reload after success sends nothing', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto(await resetLink(world.service, person));
  await page.locator('#new-password:focus').waitFor();
  await choosePassword(page, NEW_PASSWORD);
  await page.waitForURL('**/password-reset/done');
  await page.keyboard.press('Shift');
  const sent = posts(page);
  await page.reload();
  assert.deepEqual(sent, []);

  await requestLink(page, person.email);
  sent.length = 0;
  await page.reload();
  assert.deepEqual(sent, []);
});

test('a form is sent once after three clicks and Enter', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto('/password-reset');
  const sent = posts(page);
  await page.locator('#email').fill(person.email);
  const gathered = await submit(page, '/password-reset').evaluate((button) => {
    // The browser cancels a submit that is followed by another, so count their starts.
    let started = 0;
    button.form.addEventListener('formdata', () => (started += 1));
    for (let clicks = 0; clicks < 3; clicks += 1) {
      button.click();
    }
    button.form.requestSubmit();
    return started;
  });
  await success(page).waitFor();
  assert.equal(gathered, 1);
  assert.equal(sent.length, 1);
});

test('two concurrent resets change the password once and queue one mail', async () => {
  const person = await newPerson(world.service);
  const token = await resetToken(world.service, person);
  const page = await world.open();
  const form = { token, password: NEW_PASSWORD, password_confirm: NEW_PASSWORD };
  const both = [1, 2].map(() => post(page.context(), '/password-reset', form));
  const statuses = (await Promise.all(both)).map((answer) => answer.status());
  assert.deepEqual(statuses.sort(), [303, 410]);
  const changed = async () => {
    const mails = await world.service.mails(person.email);
    return mails.filter((mail) => /was changed/.test(mail.subject)).length;
  };
  await until(changed, 'the password changed mail');
  assert.equal(await changed(), 1);
});

test('after a session was ended, the back button leads to sign-in', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await enter(page, person);
  await page.goto('/account');
  const other = await world.open();
  await enter(other, person);
  await other.goto('/account');
  await submit(other, '/account/sessions/revoke-others').click();
  await success(other).waitFor();
  await page.goto('/password-reset');
  await page.goBack();
  await page.waitForURL(LOGIN);
});
