// Password reset and sign-in with Tab, Enter and Space only.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOGIN, success, summary } from './support/acts.mjs';
import { NEW_PASSWORD, PASSWORD, mailedLink, newPerson } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

/** Runs in the page: returns the focused element, and whether its focus ring is visible. */
function focused() {
  const element = document.activeElement;
  const rings = [element, element.closest('.control')].filter(Boolean).map((one) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  });
  const name = element.id || element.textContent.trim().replace(/\s+/g, ' ');
  return { name, hasRing: rings.some(Boolean), x: element.getBoundingClientRect() };
}

/** Presses Tab until an element has the focus; returns all focused elements on the way. */
async function tabTo(page, name) {
  const passed = [];
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(focused);
    assert.ok(at.hasRing, `${at.name} has the focus without a visible ring`);
    passed.push(at.name);
    if (at.name === name) {
      return passed;
    }
  }
  throw new Error(`${name} cannot be reached: ${passed.join(', ')}`);
}

test('a password is reset with the keyboard', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();

  await page.goto('/password-reset');
  const way = await tabTo(page, 'email');
  assert.deepEqual(way, ['Skip to main content', 'Vestibule', 'email']);
  await page.keyboard.type(person.email);
  assert.deepEqual(await tabTo(page, 'Back to Login'), ['Send Reset Link', 'Back to Login']);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await success(page).and(page.locator(':focus')).waitFor();

  await page.goto(await mailedLink(world.service, person));
  await page.locator('#new-password:focus').waitFor();
  await page.keyboard.type(NEW_PASSWORD);
  await tabTo(page, 'Show');
  await page.keyboard.press('Space');
  assert.equal(await page.locator('#new-password').getAttribute('type'), 'text');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#new-password').getAttribute('type'), 'password');
  await tabTo(page, 'confirm-password');
  await page.keyboard.type(NEW_PASSWORD);
  assert.deepEqual(await tabTo(page, 'Reset Password'), ['Show', 'Reset Password']);
  await page.keyboard.press('Space');

  await page.waitForURL('**/password-reset/done');
  await tabTo(page, 'Sign In Now');
  await page.keyboard.press('Enter');
  await page.waitForURL(LOGIN);
  await tabTo(page, 'email');
  await page.keyboard.type(person.email);
  assert.deepEqual(await tabTo(page, 'password'), ['password']);
  await page.keyboard.type(NEW_PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/account');
});

test('the skip link skips the header', async () => {
  const page = await world.open();
  await page.goto('/login');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#main$/);
  assert.deepEqual(await tabTo(page, 'email'), ['email']);
});

test('no page traps the focus', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  for (const path of ['/password-reset', '/login', '/signup', '/account']) {
    await page.goto('/login');
    if (path === '/account') {
      await page.locator('#email').fill(person.email);
      await page.locator('#password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/account');
    } else {
      await page.goto(path);
    }
    const way = await tabTo(page, 'العربية');
    assert.ok(way.includes('Skip to main content'), path);
  }
});

test('the links of the error summary focus the fields and show their labels', async () => {
  const page = await world.open({ viewport: { width: 640, height: 360 } });
  await page.goto('/signup');
  await page.locator('#email').press('Enter');
  await summary(page).and(page.locator(':focus')).waitFor();
  assert.match(await page.title(), /^Error: /);
  for (const link of await summary(page).getByRole('link').all()) {
    const id = (await link.getAttribute('href')).slice(1);
    await link.press('Enter');
    await page.locator(`#${id}:focus`).waitFor();
    const label = page.locator(`label[for="${id}"]`);
    const { y, height } = await label.boundingBox();
    assert.ok(y >= 0 && y + height <= 360, `the label of ${id} is out of view: ${y}`);
    assert.equal(await page.locator(`#${id}`).getAttribute('aria-invalid'), 'true');
    assert.equal(await page.locator(`#${id}-error`).innerText(), await link.innerText());
  }
});
