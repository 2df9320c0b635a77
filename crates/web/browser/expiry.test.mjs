// Expiry of reset links, also with an open form. The shortest lifetime is a minute.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePassword } from './support/acts.mjs';
import { NEW_PASSWORD, newPerson, canSignIn, resetToken } from './support/people.mjs';
import { suite } from './support/suite.mjs';
import { until } from './support/until.mjs';

const world = suite({ service: { variables: { VESTIBULE_RESET__TTL: '1m' } } });

test('an expired link is rejected', async () => {
  const person = await newPerson(world.service);
  const path = `?token=${await resetToken(world.service, person)}`;
  const page = await world.open();
  await page.goto(`/reset-password${path}`);
  await page.locator('#new-password:focus').waitFor();

  const hasExpired = async () => {
    const answer = await fetch(`${world.service.url}/password-reset/verify${path}`);
    return (await answer.json()).valid === false;
  };
  assert.equal(await hasExpired(), false);
  await until(hasExpired, 'the link to expire', 70_000);

  await choosePassword(page, NEW_PASSWORD);
  await page.getByText('Invalid or expired reset token').first().waitFor();
  assert.equal(page.document.status(), 410);
  assert.equal((await page.goto(`/password-reset${path}`)).status(), 410);
  assert.equal(await canSignIn(world.service, person, person.password), true);
});
