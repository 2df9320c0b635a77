// Password fields: semantics for password managers, and behaviour.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESET_FORM, choosePassword, enter, submit } from './support/acts.mjs';
import { NEW_PASSWORD, PASSWORD, newAdmin, newPerson, resetLink } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

/** Returns id, name, type and autocomplete of all visible inputs of a form. */
const fields = (page, form) =>
  page.locator(form.startsWith('/') ? `form[action="${form}"]` : form).evaluate((one) =>
    [...one.querySelectorAll('input:not([type=hidden])')].map((input) =>
      [input.id, input.name, input.type, input.getAttribute('autocomplete')].join(' ').trim(),
    ),
  );

const EMAIL = 'email email email username';
const USERNAME = 'username text username';
// Not `username`: password managers must store the address.
const NAME = 'username username text nickname';
const NEW = 'new-password password password new-password';
const AGAIN = 'confirm-password password_confirm password new-password';

test('every form has the right autocomplete tokens', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto('/login');
  const known = 'password password password current-password';
  assert.deepEqual(await fields(page, '/login'), [EMAIL, known]);

  await page.goto('/signup');
  assert.deepEqual(await fields(page, '/signup'), [EMAIL, NAME, NEW]);

  await page.goto('/password-reset');
  assert.deepEqual(await fields(page, '/password-reset'), [EMAIL]);

  await page.goto(await resetLink(world.service, person));
  assert.deepEqual(await fields(page, RESET_FORM), [USERNAME, NEW, AGAIN]);

  await enter(page, person);
  await page.goto('/account');
  const current = 'current-password current_password password current-password';
  assert.deepEqual(await fields(page, '/account/password'), [USERNAME, current, NEW, AGAIN]);
});

test('forms without a username field have a hidden one', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  const isNamed = async () => {
    const username = page.locator('input[name=username][autocomplete=username]');
    assert.equal(await username.inputValue(), person.email);
    assert.equal(await username.getAttribute('readonly'), '');
    assert.equal(await username.getAttribute('tabindex'), '-1');
    assert.notEqual(await username.getAttribute('type'), 'hidden');
    assert.notEqual(await username.evaluate((input) => getComputedStyle(input).display), 'none');
  };
  await page.goto(await resetLink(world.service, person));
  await isNamed();
  await page.getByRole('main').getByText(person.email).first().waitFor();
  await enter(page, person);
  await page.goto('/account');
  await isNamed();
});

test('a new password has its rules in the markup, and no maxlength', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto(await resetLink(world.service, person));
  const input = page.locator('#new-password');
  for (const [name, value] of [
    ['minlength', '12'],
    ['passwordrules', 'minlength: 12;'],
    ['autocapitalize', 'none'],
    ['spellcheck', 'false'],
    ['dir', 'ltr'],
    ['required', ''],
    ['maxlength', null],
  ]) {
    assert.equal(await input.getAttribute(name), value, name);
  }
});

test('password managers do not fill in the SMTP password', async () => {
  const page = await world.open();
  await enter(page, await newAdmin(world.service));
  await page.goto('/admin/settings');
  const password = page.locator('#smtp-password');
  assert.equal(await password.getAttribute('name'), 'smtp_password');
  assert.match(await password.getAttribute('autocomplete'), /^(off|new-password)$/);
  for (const id of ['host', 'port', 'smtp-username', 'from-name']) {
    assert.equal(await page.locator(`#${id}`).getAttribute('autocomplete'), 'off', id);
  }
});

test('a password can be pasted', async () => {
  const page = await world.open({ permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto('/login');
  await page.evaluate((text) => navigator.clipboard.writeText(text), NEW_PASSWORD);
  await page.locator('#password').press('Control+V');
  assert.equal(await page.locator('#password').inputValue(), NEW_PASSWORD);
});

test('a visible password is announced, and hidden before it is sent', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto(await resetLink(world.service, person));
  await page.locator('#new-password:focus').waitFor();
  const [show] = await page.locator('button[aria-controls=new-password]').all();
  const again = page.locator('button[aria-controls=confirm-password]');
  assert.equal(await show.innerText(), 'Show');
  assert.match(await show.getAttribute('aria-label'), /^Show/);
  assert.notEqual(await show.getAttribute('aria-label'), await again.getAttribute('aria-label'));
  await show.click();
  assert.equal(await page.locator('#new-password').getAttribute('type'), 'text');
  assert.equal(await page.locator('#confirm-password').getAttribute('type'), 'password');
  assert.match(await show.getAttribute('aria-label'), /^Hide/);
  await page.locator('#live', { hasText: 'Your password is visible' }).waitFor({ state: 'attached' });

  // Reads the type at submit.
  await page.locator('form:has(#new-password)').evaluate((form) => {
    form.addEventListener('formdata', () => {
      window.name = document.querySelector('#new-password').type;
    });
  });
  let arrivals = 0;
  page.on('framenavigated', () => (arrivals += 1));
  await choosePassword(page, NEW_PASSWORD);
  await page.waitForURL('**/password-reset/done');
  assert.equal(await page.evaluate(() => window.name), 'password');
  assert.equal(arrivals, 1, 'password managers expect one navigation');
});

test('ids of fields do not change', async () => {
  const page = await world.open();
  const ids = () =>
    page.locator('input[id]').evaluateAll((all) => all.map((input) => input.id));
  await page.goto('/signup');
  const first = await ids();
  await page.reload();
  assert.deepEqual(await ids(), first);
});

test('after a wrong password the address is kept and the password is empty', async () => {
  const page = await world.open();
  await page.goto('/login');
  await page.locator('#email').fill('unknown@example.com');
  await page.locator('#password').fill(PASSWORD);
  await submit(page, '/login').click();
  await page.getByText('The e-mail address or password is incorrect').first().waitFor();
  assert.equal(await page.locator('#email').inputValue(), 'unknown@example.com');
  assert.equal(await page.locator('#password').inputValue(), '');
});

test('Caps Lock is shown while typing, and announced once', async () => {
  const page = await world.open();
  await page.goto('/login');
  const hint = page.locator('#password-caps');
  const press = (isOn) =>
    page.locator('#password').evaluate((input, modifierCapsLock) => {
      const event = { key: 'A', bubbles: true, modifierCapsLock };
      input.dispatchEvent(new KeyboardEvent('keydown', event));
      input.dispatchEvent(new KeyboardEvent('keyup', event));
    }, isOn);
  await page.locator('#password').focus();
  assert.equal(await hint.isVisible(), false);
  await page.evaluate(() => {
    window.announced = [];
    const live = document.querySelector('#live');
    const note = () => live.textContent && window.announced.push(live.textContent);
    new MutationObserver(note).observe(live, { childList: true, characterData: true, subtree: true });
  });
  await press(true);
  await press(true);
  await hint.waitFor();
  await page.waitForFunction(() => window.announced.length > 0);
  assert.deepEqual(await page.evaluate(() => window.announced), ['Caps Lock is on']);
  await press(false);
  await hint.waitFor({ state: 'hidden' });
  await press(true);
  await page.locator('#email').focus();
  await hint.waitFor({ state: 'hidden' });
});
