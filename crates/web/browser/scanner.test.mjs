// Mail scanners and chat previews do not invalidate a reset link.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePassword } from './support/acts.mjs';
import { NEW_PASSWORD, newPerson, canSignIn, resetLink } from './support/people.mjs';
import { suite } from './support/suite.mjs';

const world = suite();

/** Returns the three addresses of a link. */
const forms = (link) => {
  const token = new URL(link).searchParams.get('token');
  const { origin } = new URL(link);
  return [link, `${origin}/password-reset?token=${token}`, `${origin}/reset_password/${token}`];
};

test('GET, HEAD and a visit of a browser do not use up a link', async () => {
  const person = await newPerson(world.service);
  const link = await resetLink(world.service, person);
  for (const url of forms(link)) {
    const visits = Array.from({ length: 20 }, () => fetch(url, { redirect: 'manual' }));
    for (const answer of await Promise.all(visits)) {
      assert.equal(answer.status, 200, url);
    }
    for (const method of ['HEAD', 'OPTIONS']) {
      const answer = await fetch(url, { method, redirect: 'manual' });
      assert.ok(answer.status < 500, `${method} ${answer.status}`);
    }
  }

  const scanner = await world.open({ userAgent: 'Mozilla/5.0 (compatible; LinkScanner/1.0)' });
  await scanner.goto(link);
  await scanner.locator('#new-password:focus').waitFor();
  // Some scanners follow links.
  for (const one of await scanner.locator('a[href]').evaluateAll((all) => all.map((a) => a.href))) {
    await fetch(one, { redirect: 'manual' });
  }
  await scanner.context().close();

  const page = await world.open();
  await page.goto(link);
  await choosePassword(page, NEW_PASSWORD);
  await page.waitForURL('**/password-reset/done');
  assert.ok(await canSignIn(world.service, person, NEW_PASSWORD));
});

test('verification changes nothing', async () => {
  const person = await newPerson(world.service);
  const link = await resetLink(world.service, person);
  const token = new URL(link).searchParams.get('token');
  for (let times = 0; times < 3; times += 1) {
    const { status, body } = await world.service.api(
      `/password-reset/verify?token=${token}`,
      undefined,
      { method: 'GET' },
    );
    assert.deepEqual([status, body], [200, { valid: true }]);
  }
  for (const wrong of ['', '?token=', '?token=nonsense', `?token=${token.slice(0, -1)}`]) {
    const answer = await fetch(`${world.service.url}/password-reset/verify${wrong}`);
    assert.deepEqual([answer.status, await answer.json()], [200, { valid: false }], wrong);
  }
});
