// The pages do not reveal whether an address has an account.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPerson } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

const VARYING = ['date', 'x-request-id', 'content-length', 'set-cookie'];

/** Posts a form and follows the redirect; returns everything visible, without the address. */
async function seen(path, form, email) {
  const page = await world.open();
  const first = await page.request.post(path, {
    form,
    headers: { 'sec-fetch-site': 'same-origin' },
    maxRedirects: 0,
  });
  const steps = [await told(first)];
  if (first.status() === 303) {
    steps.push(await told(await page.request.get(first.headers().location)));
  }
  const cookies = (await page.context().cookies()).map(({ name, expires }) => [name, expires > 0]);
  await page.context().close();
  return { steps, cookies: cookies.sort() };

  async function told(answer) {
    const headers = Object.entries(answer.headers()).filter(([name]) => !VARYING.includes(name));
    const body = (await answer.text())
      .replaceAll(email, 'ADDRESS')
      .replaceAll(/name="form_token" value="[^"]*"/g, 'FORM TOKEN');
    return { status: answer.status(), headers: headers.sort(), body };
  }
}

/** An address as long as another one, with no account. */
const likewise = (email) => email.replace(/^./, (first) => (first === 'x' ? 'y' : 'x'));

test('the response to a request is the same for known, unknown and inactive addresses', async () => {
  const known = (await newPerson(world.service)).email;
  const inactive = (await newPerson(world.service)).email;
  await world.service.command(['user', 'deactivate', inactive]);
  for (const path of ['/password-reset', '/reset-password', '/reset_password_request']) {
    const answers = [];
    for (const email of [known, inactive, likewise(known)]) {
      answers.push(await seen(path, { email }, email));
    }
    assert.equal(answers[0].steps[0].status, 303);
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
  }
});

test('the response to a wrong password is the same as to an unknown address', async () => {
  const known = (await newPerson(world.service)).email;
  const password = 'not the password';
  const [one, other] = [
    await seen('/login', { email: known, password }, known),
    await seen('/login', { email: likewise(known), password }, likewise(known)),
  ];
  assert.equal(one.steps[0].status, 422);
  assert.deepEqual(other, one);
});
