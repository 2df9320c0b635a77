// SMTP settings and test mails, against SMTP servers that fail in different ways.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { enter, failure, fieldError, requestLink, success, summary } from './support/acts.mjs';
import { violations } from './support/axe.mjs';
import { newAdmin, newPerson, unknownAddress } from './support/people.mjs';
import { startSmtpServer } from './support/smtp-server.mjs';
import { fillSettings } from './support/states/admin.mjs';
import { suite } from './support/suite.mjs';

const SECRET = 'smtp-secret-4f1c';
const NO_SMTP = { dev: false };
const BY_OPERATOR = {
  dev: false,
  variables: { VESTIBULE_MAIL__HOST: '127.0.0.1', VESTIBULE_MAIL__FROM_ADDRESS: 'a@example.com' },
};

const world = suite({
  service: NO_SMTP,
  services: { operated: BY_OPERATOR, silent: NO_SMTP },
  prepare: async (shared) => {
    shared.admin = await newAdmin(shared.service);
  },
});

const servers = [];
after(() => servers.forEach((server) => server.stop()));

async function startServer(behaviour = {}) {
  const server = await startSmtpServer(behaviour);
  servers.push(server);
  return server;
}

async function openSettings() {
  const page = await world.open();
  await enter(page, world.admin);
  await page.goto('/admin/settings');
  return page;
}

const save = (page) => page.locator('button[name=action][value=save]').click();

/** Saves settings for an SMTP server on this machine and sends a test mail. */
async function sendTest(page, port, settings = {}) {
  await fillSettings(page, {
    'host': '127.0.0.1',
    'port': port,
    'security': 'none',
    'smtp-username': 'smtp-user',
    'smtp-password': SECRET,
    'test-to': 'tester@example.com',
    ...settings,
  });
  const answered = page.waitForResponse(
    (answer) => answer.request().method() === 'POST' && answer.url().endsWith('/admin/settings'),
  );
  await page.locator('button[name=action][value=test]').click();
  await answered;
  await page.waitForLoadState();
  assert.doesNotMatch(await page.content(), new RegExp(SECRET));
}

/** Returns the description of a failed test. */
async function explanation(page) {
  await failure(page).waitFor();
  return failure(page).innerText();
}

test('without an SMTP server requests succeed and administrators see a warning', async () => {
  // A separate service, because its queued mails would be sent once an SMTP server is configured.
  const page = await world.open({}, world.silent);
  for (const { email } of [await newPerson(world.silent), { email: unknownAddress() }]) {
    await requestLink(page, email);
    await success(page).waitFor();
  }
  await enter(page, await newAdmin(world.silent));
  for (const path of ['/admin/users', '/admin/mail']) {
    await page.goto(path);
    await page.locator('.banner.wa a[href="/admin/settings"]').waitFor();
  }
});

test('a successful test shows the response of the server', async () => {
  const server = await startServer();
  const page = await openSettings();
  await sendTest(page, server.port);
  await success(page).waitFor();
  assert.match(await page.getByRole('main').innerText(), /queued as 4711/);
  assert.match(await page.getByRole('main').innerText(), /tester@example\.com/);
  assert.equal(server.mails.length, 1);
  assert.match(server.mails[0], /^To: .*tester@example\.com/m);
  assert.match(server.mails[0], /^Auto-Submitted: auto-generated/m);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), []);
  }
  await page.goto('/admin/settings');
  assert.match(await page.getByRole('main').innerText(), /tester@example\.com/);
  assert.equal(await page.locator('#smtp-password').inputValue(), '');
});

const PROBLEMS = [
  ['rejects the password', { answers: { AUTH: '535 5.7.8 Bad credentials' } }, {}, /app password/i],
  ['rejects the recipient', { answers: { RCPT: '550 5.1.1 No such user' } }, {}, /550/],
  ['uses TLS instead of STARTTLS', { security: 'tls' }, { security: 'starttls' }, /TLS/],
  ['does not use TLS from the start', { security: 'none' }, { security: 'tls' }, /TLS/],
  ['does not support STARTTLS', { security: 'none' }, { security: 'starttls' }, /STARTTLS/],
  ['has an invalid certificate', { security: 'starttls' }, { security: 'starttls' }, /certificate/i],
  ['has an invalid certificate from the start', { security: 'tls' }, { security: 'tls' }, /certificate/i],
  ['does not respond', { stalls: true }, {}, /time/i],
];

for (const [what, behaviour, settings, text] of PROBLEMS) {
  test(`a server that ${what} is explained`, async () => {
    const server = await startServer(behaviour);
    const page = await openSettings();
    await sendTest(page, server.port, settings);
    assert.match(await explanation(page), text);
    assert.match(await page.title(), /^Error: /);
    assert.equal(server.mails.length, 0);
    if (settings.security) {
      assert.equal(server.receivedAuth(), false, 'the password was sent unencrypted');
    }
    // The settings are saved nevertheless.
    await page.goto('/admin/settings');
    assert.equal(await page.locator('#port').inputValue(), server.port);
  });
}

test('a refused connection is explained with host and port', async () => {
  const server = await startServer();
  server.stop();
  const page = await openSettings();
  await sendTest(page, server.port);
  assert.match(await explanation(page), new RegExp(`127\\.0\\.0\\.1:${server.port}`));
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await violations(page), []);
  }
});

test('the password is required again if the server or username changes', async () => {
  const server = await startServer();
  const attacker = await startServer();
  const page = await openSettings();
  await sendTest(page, server.port);
  await success(page).waitFor();
  for (const change of [
    { port: attacker.port },
    { host: 'localhost' },
    { security: 'tls' },
    { 'smtp-username': 'another-user' },
  ]) {
    await page.goto('/admin/settings');
    await fillSettings(page, { 'host': '127.0.0.1', 'port': server.port, ...change });
    await page.locator('button[name=action][value=test]').click();
    await summary(page).waitFor();
    assert.equal(page.document.status(), 422, JSON.stringify(change));
    await fieldError(page, 'smtp-password').waitFor();
  }
  assert.deepEqual(attacker.lines, []);
  await page.goto('/admin/settings');
  assert.equal(await page.locator('#port').inputValue(), server.port);
});

test('the password is kept, never shown, and can be removed', async () => {
  const server = await startServer();
  const page = await openSettings();
  await sendTest(page, server.port);
  await success(page).waitFor();
  await page.goto('/admin/settings');
  await page.locator('#from-name').fill('Accounts');
  await save(page);
  await success(page).waitFor();

  const { email, password } = world.admin;
  const { body } = await world.service.api('/api/v1/auth/signin', { email, password });
  const settings = await world.service.api('/api/v1/admin/settings/smtp', undefined, {
    method: 'GET',
    token: body.access_token,
  });
  assert.equal(settings.status, 200);
  assert.equal(settings.body.password_set, true);
  assert.doesNotMatch(JSON.stringify(settings.body), new RegExp(SECRET));
  assert.doesNotMatch(world.service.log.join('\n'), new RegExp(SECRET));

  await page.locator('input[name=remove_password]').check();
  await page.locator('#smtp-username').fill('');
  await save(page);
  await success(page).waitFor();
  await page.goto('/admin/settings');
  assert.equal(await page.locator('input[name=remove_password]').count(), 0);
});

test('the port follows the security only while it is a usual port', async () => {
  const page = await openSettings();
  const choose = (value) => page.locator(`input[name=security][value=${value}]`).check();
  const port = () => page.locator('#port').inputValue();
  await page.locator('#port').fill('587');
  await choose('starttls');
  await choose('tls');
  assert.equal(await port(), '465');
  await choose('starttls');
  assert.equal(await port(), '587');
  await page.locator('#port').fill('2525');
  await choose('tls');
  assert.equal(await port(), '2525');
});

test('Enter saves without sending a test', async () => {
  const server = await startServer();
  const page = await openSettings();
  await fillSettings(page, {
    'host': '127.0.0.1',
    'port': server.port,
    'security': 'none',
    'smtp-username': '',
  });
  const remove = page.locator('input[name=remove_password]');
  if (await remove.count()) {
    await remove.check();
  }
  await page.locator('#host').press('Enter');
  await success(page).waitFor();
  assert.deepEqual(server.lines, []);
});

test('settings of the configuration are read-only', async () => {
  const page = await world.open({}, world.operated);
  await enter(page, await newAdmin(world.operated));
  await page.goto('/admin/settings');
  const host = page.locator('#host');
  assert.equal(await host.getAttribute('readonly'), '');
  assert.equal(await host.isDisabled(), false);
  await page.getByText('VESTIBULE_MAIL__HOST').first().waitFor();
  assert.equal(await page.locator('button[name=action][value=save]').count(), 0);
  assert.equal(await page.locator('button[name=action][value=test]').count(), 1);
});
