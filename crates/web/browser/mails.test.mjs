// Accessibility and content of the mails: no remote resources, the same links in both parts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from 'node:http';
import { violations } from './support/axe.mjs';
import { changePassword, enter, requestLink, success } from './support/acts.mjs';
import { NEW_PASSWORD, PASSWORD, mailed, newPerson } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

/** Returns the welcome, reset link and password changed mails in a language. */
async function mailsIn(locale) {
  const person = await newPerson(world.service, 'member', locale);
  const page = await world.open();
  await requestLink(page, person.email);
  const mails = [await mailed(world.service, person, /\/reset-password\?token=/)];
  await enter(page, person);
  await page.goto('/account');
  await changePassword(page, PASSWORD, NEW_PASSWORD);
  await success(page).waitFor();
  await mailed(world.service, person, /\/password-reset\b/);
  mails.splice(0, 1, ...(await world.service.mails(person.email)));
  await page.context().close();
  return mails;
}

for (const locale of ['en', 'de', 'ar']) {
  test(`the mails in ${locale} are accessible and load nothing remote`, async () => {
    const mails = await mailsIn(locale);
    assert.equal(mails.length, 3, mails.map((mail) => mail.subject).join(', '));
    for (const mail of mails) {
      assert.match(mail.html, new RegExp(`<html[^>]* lang="${locale}"`), mail.subject);
      const links = (text) => [...new Set(text.match(/https?:\/\/[^\s"<>]+/g) ?? [])];
      assert.deepEqual(
        links(mail.html.replaceAll('&amp;', '&')).sort(),
        links(mail.text).sort(),
        mail.subject,
      );
      assert.ok(links(mail.text).every((link) => link.startsWith(world.service.url)));
      assert.doesNotMatch(mail.html, /<(script|form|img|link|iframe|video)\b|url\(/i);
      assert.ok(mail.html.length < 100_000);
      assert.ok(mail.text.length > 100);

      const page = await world.open({ locale });
      await page.setContent(mail.html);
      for (const colorScheme of ['light', 'dark']) {
        for (const width of [320, 700]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 700 });
          assert.deepEqual(await violations(page), [], `${mail.subject}, ${colorScheme}, ${width}`);
          const isWide = await page.evaluate(
            () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
          );
          assert.equal(isWide, false, `${mail.subject} scrolls sideways at ${width}`);
        }
      }
      await page.context().close();
    }
  });
}

test('a forged Host header does not change links', async () => {
  const person = await newPerson(world.service);
  const { hostname, port } = new URL(world.service.url);
  const body = new URLSearchParams({ email: person.email }).toString();
  const status = await new Promise((resolve, reject) => {
    const headers = {
      'host': 'other.example',
      'x-forwarded-host': 'other.example',
      'forwarded': 'host=other.example',
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': body.length,
    };
    request({ hostname, port, path: '/password-reset', method: 'POST', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end(body);
  });
  assert.equal(status, 303);
  const mail = await mailed(world.service, person, /\/reset-password\?token=/);
  assert.doesNotMatch(mail.text + mail.html + JSON.stringify(mail.headers), /other\.example/);
});

test('the dev mailbox shows mails', async () => {
  const person = await newPerson(world.service);
  await mailed(world.service, person, /./);
  const page = await world.open();
  await page.goto('/dev/mail');
  await page.getByText(person.email).first().waitFor();
  assert.deepEqual(page.complaints, []);
});
