// English, German and Arabic: negotiation, choice, and the language of mails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefer, requestLink, sendUnchecked, success } from './support/acts.mjs';
import { mailed, newPerson } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

const TITLES = {
  en: 'Reset Password',
  de: 'Passwort zurücksetzen',
  ar: 'إعادة تعيين كلمة المرور',
};

const SUBJECTS = { en: /Reset your/, de: /Passwort zurücksetzen/, ar: /كلمة المرور/ };

for (const [language, title] of Object.entries(TITLES)) {
  test(`pages are in ${language}, with the language declared`, async () => {
    const page = await world.open({ locale: language });
    await page.goto('/password-reset');
    const html = page.locator('html');
    assert.equal(await html.getAttribute('lang'), language);
    assert.equal((await html.getAttribute('dir')) ?? 'ltr', language === 'ar' ? 'rtl' : 'ltr');
    assert.equal(await page.locator('h1').innerText(), title);
    assert.match(await page.title(), new RegExp(`^${title} – Vestibule$`));
    const headers = page.document.headers();
    assert.equal(headers['content-language'], language);
    assert.match(headers.vary, /accept-language/i);
    assert.match(headers.vary, /cookie/i);
  });

  test(`mails to a user with ${language} do not use the language of the browser`, async () => {
    const person = await newPerson(world.service, 'member', language);
    const page = await world.open({ locale: language === 'en' ? 'de' : 'en' });
    await requestLink(page, person.email);
    const mail = await mailed(world.service, person, /\/reset-password\?token=/);
    assert.match(mail.subject, SUBJECTS[language]);
    assert.match(mail.html, new RegExp(`<html[^>]* lang="${language}"`));
    const headers = new Map(
      Object.entries(mail.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    assert.equal(headers.get('content-language'), language);
  });
}

test('a chosen language overrides the browser and persists', async () => {
  const page = await world.open({ locale: 'de' });
  await page.goto('/password-reset');
  await prefer(page, 'language', 'ar');
  assert.equal(new URL(page.url()).pathname, '/password-reset');
  assert.equal(await page.locator('h1').innerText(), TITLES.ar);
  await page.goto('/login');
  assert.equal(await page.locator('html').getAttribute('lang'), 'ar');
  await sendUnchecked(page, '/login');
  assert.equal(await page.locator('html').getAttribute('lang'), 'ar');
  await requestLink(page, 'unknown@example.com');
  assert.match(await success(page).innerText(), /unknown@example\.com/);
  assert.equal(await page.locator('html').getAttribute('lang'), 'ar');
});

test('the query parameter sets the language', async () => {
  const page = await world.open();
  await page.goto('/login?lang=de');
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await page.goto('/login');
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
});

test('each language is offered under its own name', async () => {
  const page = await world.open();
  await page.goto('/login');
  const buttons = page.locator('form[action="/preferences/language"] button');
  const found = await buttons.evaluateAll((all) =>
    all.map((button) => {
      const named = button.closest('[lang]');
      return [button.value, button.textContent.trim(), named.lang];
    }),
  );
  assert.deepEqual(found, [
    ['en', 'English', 'en'],
    ['de', 'Deutsch', 'de'],
    ['ar', 'العربية', 'ar'],
  ]);
});

test('an unsupported language falls back to English', async () => {
  for (const wanted of ['ja', 'xx-YY', 'de;q=0, fr', '*', '']) {
    const answer = await fetch(`${world.service.url}/login`, {
      headers: { 'accept-language': wanted },
    });
    assert.equal(answer.headers.get('content-language'), 'en', wanted);
  }
  const regional = { 'accept-language': 'fr, de-CH;q=0.8, en;q=0.1' };
  const answer = await fetch(`${world.service.url}/login`, { headers: regional });
  assert.equal(answer.headers.get('content-language'), 'de');
});

test('in Arabic, addresses and passwords run from left to right', async () => {
  const page = await world.open({ locale: 'ar' });
  await page.goto('/login');
  for (const id of ['email', 'password']) {
    const input = page.locator(`#${id}`);
    // An empty input shows its Arabic placeholder.
    await input.fill('member@example.com');
    const direction = await input.evaluate((one) => getComputedStyle(one).direction);
    assert.equal(direction, 'ltr', id);
  }
});
