// Light and dark theme, forced colours and reduced motion.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefer, submit, summary } from './support/acts.mjs';
import { newPerson, resetLink } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

const LIGHT = 'rgb(245, 246, 248)';
const DARK = 'rgb(14, 17, 22)';

const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test('the theme follows the device until one is chosen', async () => {
  const page = await world.open({ colorScheme: 'light' });
  await page.goto('/login');
  assert.equal(await background(page), LIGHT);
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.equal(await background(page), DARK);

  await prefer(page, 'theme', 'light');
  assert.equal(await background(page), LIGHT);
  await page.goto('/password-reset');
  assert.equal(await background(page), LIGHT);

  await page.emulateMedia({ colorScheme: 'light' });
  await prefer(page, 'theme', 'dark');
  assert.equal(await background(page), DARK);
  assert.equal(await page.locator('button[value=dark]').getAttribute('aria-pressed'), 'true');

  await prefer(page, 'theme', 'auto');
  assert.equal(await background(page), LIGHT);
});

test('the chosen theme is in the markup, so that nothing flashes', async () => {
  const page = await world.open({ colorScheme: 'light' });
  await page.goto('/login');
  await prefer(page, 'theme', 'dark');
  await page.goto('/signup');
  assert.match((await page.document.text()).slice(0, 300), /<html[^>]*\sdata-theme="dark"/);
  const meta = await page.locator('meta[name=color-scheme]').count();
  assert.equal(meta, 1);
});

test('an unknown theme or language changes nothing', async () => {
  const page = await world.open();
  await page.goto('/login');
  for (const [what, value] of [['theme', 'blue'], ['language', 'xx']]) {
    await page.locator(`form[action="/preferences/${what}"] button`).first().evaluate((button, to) => {
      button.value = to;
    }, value);
    await page.locator(`form[action="/preferences/${what}"] button`).first().click();
    await page.waitForLoadState();
    assert.ok(page.document.status() < 500);
    await page.goto('/login');
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await page.locator('html').getAttribute('data-theme'), null);
  }
});

test('a choice does not return to a page with a token', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  await page.goto(await resetLink(world.service, person));
  await prefer(page, 'theme', 'dark');
  assert.equal(new URL(page.url()).pathname, '/password-reset');
  assert.equal(new URL(page.url()).search, '');
});

test('a choice never redirects to another site', async () => {
  const page = await world.open();
  for (const back of ['https://other.example/', '//other.example/', '/\\other.example']) {
    await page.goto('/login');
    await page.locator('form[action="/preferences/theme"] input[name=back]').evaluate((input, to) => {
      input.value = to;
    }, back);
    await prefer(page, 'theme', 'dark');
    assert.equal(new URL(page.url()).origin, world.service.url, back);
  }
});

test('with forced colours fields, buttons and focus keep their outlines', async () => {
  const page = await world.open({ forcedColors: 'active' });
  await page.goto('/login');
  await submit(page, '/login').click();
  await summary(page).waitFor();
  for (const part of ['.control', 'button[type=submit]', '[data-summary]']) {
    const width = await page.locator(part).first().evaluate((element) => {
      const { borderTopWidth, borderTopStyle } = getComputedStyle(element);
      return borderTopStyle === 'none' ? 0 : parseFloat(borderTopWidth);
    });
    assert.ok(width >= 1, `${part} has no border`);
  }
});

test('with reduced motion nothing moves', async () => {
  const page = await world.open({ reducedMotion: 'reduce' });
  await page.route('**/password-reset/verify*', () => {});
  const person = await newPerson(world.service);
  await page.goto(await resetLink(world.service, person), { waitUntil: 'domcontentloaded' });
  await page.locator('[data-loading]').waitFor();
  const moving = await page.evaluate(
    () => document.getAnimations().filter((one) => one.playState === 'running').length,
  );
  assert.equal(moving, 0);
});

test('a printed page is dark on white', async () => {
  const page = await world.open({ colorScheme: 'dark' });
  await page.goto('/login');
  await page.emulateMedia({ media: 'print' });
  const [red] = (await page.locator('h1').evaluate((h1) => getComputedStyle(h1).color)).match(/\d+/);
  assert.ok(Number(red) < 128);
});
