// A link that does not work says so, in one sentence for every reason, on all three forms of it.

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

/** Upper case where it is lower, and the other way round. */
async function wrongCase() {
  const token = await resetToken(world.service, await newPerson(world.service));
  const other = (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase());
  const [head, tail] = [token.slice(0, -10), token.slice(-10)];
  return head + tail.replaceAll(/[a-z]/gi, other);
}

const DEAD = {
  superseded,
  used,
  'of an inactive account': ofInactive,
  'in the wrong case': wrongCase,
  'malformed': async () => 'nonsense',
  'of 10 kB': async () => 'A'.repeat(10_000),
  'with markup': async () => encodeURIComponent('"><script>alert(1)</script>'),
  'not UTF-8': async () => '%FF%FE',
};

for (const [kind, token] of Object.entries(DEAD)) {
  test(`a link ${kind} leads to a new one`, async () => {
    const dead = await token();
    const page = await world.open();
    const texts = new Set();
    for (const path of ['/password-reset', '/reset-password']) {
      const answer = await page.goto(`${path}?token=${dead}`);
      assert.equal(answer.status(), 410);
      const main = page.getByRole('main');
      texts.add(await main.innerText());
      assert.match(await main.innerText(), /This link is invalid or has expired/);
      assert.doesNotMatch(await page.content(), /example\.com/);
      assert.match(await page.title(), /^Error: /);
    }
    assert.equal(texts.size, 1);
    await page.getByRole('link', { name: 'Request a New Link' }).click();
    await page.locator('#email').waitFor();
    assert.deepEqual(page.complaints, []);

    await page.goto(`/reset_password/${dead}`);
    assert.equal(new URL(page.url()).pathname, '/login');
    await page.getByText('This link is invalid or has expired').first().waitFor();
    await page.reload();
    assert.equal(await page.getByText('This link is invalid or has expired').count(), 0);
  });
}

test('an empty token is no token', async () => {
  const page = await world.open();
  for (const path of ['/password-reset?token=', '/reset-password?token=']) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 200);
    await page.locator('#email').waitFor();
  }
});

test('a link that died while the form was open is not taken', async () => {
  const person = await newPerson(world.service);
  const page = await world.open();
  const token = await resetToken(world.service, person);
  await page.goto(`/reset-password?token=${token}`);
  await page.locator('#new-password:focus').waitFor();
  await resetToken(world.service, person);
  await choosePassword(page, NEW_PASSWORD);
  await page.getByText('This link is invalid or has expired').first().waitFor();
  assert.equal(page.document.status(), 410);
});
