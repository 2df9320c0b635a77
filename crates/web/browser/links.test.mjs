// Invalid and expired reset links: the same page for every reason, at all three addresses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePassword } from './support/acts.mjs';
import { NEW_PASSWORD, newPerson, resetToken } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

async function superseded() {
  const person = await newPerson(world.service);
  const token = await resetToken(world.service, person);
  await resetToken(world.service, person);
  return token;
}

async function used() {
  const person = await newPerson(world.service);
  const token = await resetToken(world.service, person);
  const body = { token, new_password: NEW_PASSWORD };
  const { status } = await world.service.api('/api/v1/auth/reset-password', body);
  assert.equal(status, 200);
  return token;
}

async function ofInactive() {
  const person = await newPerson(world.service);
  const token = await resetToken(world.service, person);
  await world.service.command(['user', 'deactivate', person.email]);
  return token;
}

/** Returns a token with the case of its last characters inverted. */
async function wrongCase() {
  const token = await resetToken(world.service, await newPerson(world.service));
  const other = (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase());
  const [head, tail] = [token.slice(0, -10), token.slice(-10)];
  return head + tail.replaceAll(/[a-z]/gi, other);
}

const INVALID = {
  superseded,
  used,
  'of an inactive account': ofInactive,
  'in the wrong case': wrongCase,
  'malformed': async () => 'nonsense',
  'of 10 kB': async () => 'A'.repeat(10_000),
  'with markup': async () => encodeURIComponent('"><script>alert(1)</script>'),
  'not UTF-8': async () => '%FF%FE',
};

for (const [kind, token] of Object.entries(INVALID)) {
  test(`a link ${kind} is rejected with a link to request a new one`, async () => {
    const invalid = await token();
    const page = await world.open();
    const texts = new Set();
    for (const path of ['/password-reset', '/reset-password']) {
      const answer = await page.goto(`${path}?token=${invalid}`);
      assert.equal(answer.status(), 410);
      const main = page.getByRole('main');
      texts.add(await main.innerText());
      assert.match(await main.innerText(), /Invalid or expired reset token/);
      assert.doesNotMatch(await page.content(), /example\.com/);
      assert.match(await page.title(), /^Error: /);
    }
    assert.equal(texts.size, 1);
    await page.getByRole('link', { name: 'Request a New Link' }).click();
    await page.locator('#email').waitFor();
    assert.deepEqual(page.complaints, []);

    await page.goto(`/reset_password/${invalid}`);
    assert.equal(new URL(page.url()).pathname, '/login');
    await page.getByText('Invalid or expired reset token').first().waitFor();
    await page.reload();
    assert.equal(await page.getByText('Invalid or expired reset token').count(), 0);
  });
}

test('an empty token shows the request step', async () => {
  const page = await world.open();
  for (const path of ['/password-reset?token=', '/reset-password?token=']) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 200);
    await page.locator('#email').waitFor();
  }
});

test('a link that was invalidated while the form was open is rejected', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  const token = await resetToken(world.service, person);
  await page.goto(`/reset-password?token=${token}`);
  await page.locator('#new-password:focus').waitFor();
  await resetToken(world.service, person);
  await choosePassword(page, NEW_PASSWORD);
  await page.getByText('Invalid or expired reset token').first().waitFor();
  assert.equal(page.document.status(), 410);
});
