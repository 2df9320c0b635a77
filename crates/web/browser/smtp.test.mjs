// The settings of outgoing mail, tried against relays that answer in every way relays do.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { enter, failure, fieldError, requestLink, success, summary } from './support/acts.mjs';
import { barriers } from './support/axe.mjs';
import { newAdmin, newPerson, stranger } from './support/people.mjs';
import { startRelay } from './support/relay.mjs';
import { fillSettings } from './support/states/admin.mjs';
import { suite } from './support/suite.mjs';

const SECRET = 'relay-secret-4f1c';
const NO_RELAY = { dev: false };
const BY_OPERATOR = {
  dev: false,
  variables: { VESTIBULE_MAIL__HOST: '127.0.0.1', VESTIBULE_MAIL__FROM_ADDRESS: 'a@example.com' },
};

const world = suite({
  service: NO_RELAY,
  services: { operated: BY_OPERATOR, silent: NO_RELAY },
  prepare: async (shared) => {
    shared.admin = await newAdmin(shared.service);
  },
});

const relays = [];
after(() => relays.forEach((relay) => relay.stop()));

async function relayThat(does = {}) {
  const relay = await startRelay(does);
  relays.push(relay);
  return relay;
}

async function openSettings() {
  const page = await world.open();
  await enter(page, world.admin);
  await page.goto('/admin/settings');
  return page;
}

const save = (page) => page.locator('button[name=action][value=save]').click();

/** Saves settings for a relay on this machine and sends a test through it. */
async function tryOut(page, port, settings = {}) {
  await fillSettings(page, {
    'host': '127.0.0.1',
    'port': port,
    'security': 'none',
    'smtp-username': 'relay-user',
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

/** What the page says of a test that did not work. */
async function explanation(page) {
  await failure(page).waitFor();
  return failure(page).innerText();
}

test('without a relay a request is answered as ever, and administrators are told', async () => {
  // A service of its own: what was asked for there waits for a relay, and goes out when there is one.
  const page = await world.open({}, world.silent);
  for (const { email } of [await newPerson(world.silent), { email: stranger() }]) {
    await requestLink(page, email);
    await success(page).waitFor();
  }
  await enter(page, await newAdmin(world.silent));
  for (const path of ['/admin/users', '/admin/mail']) {
    await page.goto(path);
    await page.locator('.banner.wa a[href="/admin/settings"]').waitFor();
  }
});

test('a relay that takes the test is told to work', async () => {
  const relay = await relayThat();
  const page = await openSettings();
  await tryOut(page, relay.port);
  await success(page).waitFor();
  assert.match(await page.getByRole('main').innerText(), /queued as 4711/);
  assert.match(await page.getByRole('main').innerText(), /tester@example\.com/);
  assert.equal(relay.mails.length, 1);
  assert.match(relay.mails[0], /^To: .*tester@example\.com/m);
  assert.match(relay.mails[0], /^Auto-Submitted: auto-generated/m);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await barriers(page), []);
  }
  await page.goto('/admin/settings');
  assert.match(await page.getByRole('main').innerText(), /tester@example\.com/);
  assert.equal(await page.locator('#smtp-password').inputValue(), '');
});

const PROBLEMS = [
  ['refuses the password', { answers: { AUTH: '535 5.7.8 Bad credentials' } }, {}, /app password/i],
  ['refuses the recipient', { answers: { RCPT: '550 5.1.1 No such user' } }, {}, /550/],
  ['speaks TLS where STARTTLS is expected', { security: 'tls' }, { security: 'starttls' }, /TLS/],
  ['does not speak TLS at once', { security: 'none' }, { security: 'tls' }, /TLS/],
  ['offers no STARTTLS', { security: 'none' }, { security: 'starttls' }, /STARTTLS/],
  ['has a wrong certificate', { security: 'starttls' }, { security: 'starttls' }, /certificate/i],
  ['has a wrong certificate at once', { security: 'tls' }, { security: 'tls' }, /certificate/i],
  ['says nothing', { stalls: true }, {}, /time|answer/i],
];

for (const [what, does, settings, said] of PROBLEMS) {
  test(`a relay that ${what} is explained`, async () => {
    const relay = await relayThat(does);
    const page = await openSettings();
    await tryOut(page, relay.port, settings);
    assert.match(await explanation(page), said);
    assert.match(await page.title(), /^Error: /);
    assert.equal(relay.mails.length, 0);
    if (settings.security) {
      assert.equal(relay.heardAuth(), false, 'the password left without protection');
    }
    // What was saved stays saved.
    await page.goto('/admin/settings');
    assert.equal(await page.locator('#port').inputValue(), relay.port);
  });
}

test('where nothing listens, that is said with host and port, and without a barrier', async () => {
  const relay = await relayThat();
  relay.stop();
  const page = await openSettings();
  await tryOut(page, relay.port);
  assert.match(await explanation(page), new RegExp(`127\\.0\\.0\\.1:${relay.port}`));
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await barriers(page), []);
  }
});

test('the password is asked for again when it would go elsewhere', async () => {
  const relay = await relayThat();
  const thief = await relayThat();
  const page = await openSettings();
  await tryOut(page, relay.port);
  await success(page).waitFor();
  for (const change of [
    { port: thief.port },
    { host: 'localhost' },
    { security: 'tls' },
    { 'smtp-username': 'somebody-else' },
  ]) {
    await page.goto('/admin/settings');
    await fillSettings(page, { 'host': '127.0.0.1', 'port': relay.port, ...change });
    await page.locator('button[name=action][value=test]').click();
    await summary(page).waitFor();
    assert.equal(page.document.status(), 422, JSON.stringify(change));
    await fieldError(page, 'smtp-password').waitFor();
  }
  assert.deepEqual(thief.lines, []);
  await page.goto('/admin/settings');
  assert.equal(await page.locator('#port').inputValue(), relay.port);
});

test('the password is kept, shown to nobody, and can be removed', async () => {
  const relay = await relayThat();
  const page = await openSettings();
  await tryOut(page, relay.port);
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

test('a script changes the port with the security only while it is a usual one', async () => {
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

test('Enter saves and does not send', async () => {
  const relay = await relayThat();
  const page = await openSettings();
  await fillSettings(page, {
    'host': '127.0.0.1',
    'port': relay.port,
    'security': 'none',
    'smtp-username': '',
  });
  const remove = page.locator('input[name=remove_password]');
  if (await remove.count()) {
    await remove.check();
  }
  await page.locator('#host').press('Enter');
  await success(page).waitFor();
  assert.deepEqual(relay.lines, []);
});

test('what the operator sets is shown, and changed only there', async () => {
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
