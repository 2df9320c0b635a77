// Loading states: verification of a link, a slow network.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESET_FORM, invalidLink, failure, submit } from './support/acts.mjs';
import { newPerson, resetLink, unknownAddress } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

/** Opens a valid link whose verification is handled by `answer`. */
async function atLink(answer) {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.route('**/password-reset/verify*', answer);
  await page.goto(await resetLink(world.service, person), { waitUntil: 'domcontentloaded' });
  return page;
}

test('while a link is verified, the form is inert and keeps its space', async () => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const page = await atLink(async (route) => {
    await held;
    await route.continue();
  });
  await page.locator('[data-loading]').waitFor();
  const text = await page.locator('[data-loading]').innerText();
  assert.match(text, /Loading….*Checking your reset link/s);
  assert.equal(await page.locator('[aria-busy=true]').count(), 1);
  assert.equal(await page.locator('h1').isVisible(), true);
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab');
    const inForm = await page.evaluate((form) => !!document.activeElement.closest(form), RESET_FORM);
    assert.equal(inForm, false, 'the form can be focused while it is inert');
  }
  await page.evaluate(() => document.activeElement.blur());
  await page.evaluate(() => {
    window.shifts = 0;
    new PerformanceObserver((list) => {
      // Shifts after input, such as the skip link, do not count.
      const shifts = list.getEntries().filter((entry) => !entry.hadRecentInput);
      shifts.forEach((entry) => (window.shifts += entry.value));
    }).observe({ type: 'layout-shift', buffered: true });
  });
  release();
  await page.locator('#new-password:focus').waitFor();
  assert.equal(await page.locator('[data-loading]').isVisible(), false);
  assert.equal(await page.locator('[aria-busy=true]').count(), 0);
  assert.equal(await page.evaluate(() => window.shifts), 0);
  assert.deepEqual(page.complaints, []);
});

test('the form is usable if the verification fails', async () => {
  const page = await atLink((route) => route.abort());
  await page.locator('#new-password:focus').waitFor();
});

test('the verification times out after eight seconds', async () => {
  const page = await atLink(() => {});
  await page.locator('[data-loading]').waitFor();
  const since = Date.now();
  await page.locator('#new-password:focus').waitFor();
  const took = Date.now() - since;
  assert.ok(took > 6_000 && took < 10_000, `it took ${took} ms`);
});

test('a link that fails verification is shown as invalid', async () => {
  const page = await atLink((route) => route.fulfill({ json: { valid: false } }));
  await invalidLink(page).waitFor();
  assert.match(await page.title(), /^Error: Reset Password/);
  assert.match(await failure(page).innerText(), /Invalid or expired reset token/);
  assert.equal(await page.locator('#new-password').isVisible(), false);
  await failure(page).and(page.locator(':focus')).waitFor();
});

test('on a slow network the button shows its busy text at once', async () => {
  const page = await world.open();
  await page.goto('/password-reset');
  const session = await page.context().newCDPSession(page);
  const slow = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
  await session.send('Network.emulateNetworkConditions', slow);
  await page.locator('#email').fill(unknownAddress());
  const busy = await submit(page, '/password-reset').evaluate((button) => {
    button.click();
    return {
      text: button.textContent.trim(),
      disabled: button.disabled,
      aria: button.getAttribute('aria-disabled'),
      spins: !button.querySelector('.spinner').hidden,
    };
  });
  assert.deepEqual(busy, { text: 'Sending…', disabled: false, aria: 'true', spins: true });
  await page.waitForURL('**/*sent=1*');
  const again = submit(page, '/password-reset');
  assert.equal(await again.getAttribute('aria-disabled'), null);
  assert.match(await again.innerText(), /Send Reset Link/);
});
