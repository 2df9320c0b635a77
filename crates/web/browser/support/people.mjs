// Accounts, and their links and mails.

import { until } from './until.mjs';

export const PASSWORD = 'seven calm otters paddle home';
export const NEW_PASSWORD = 'nine loud herons fly away';

let count = 0;

/** Creates an account with a unique address through the API. */
export async function newPerson(service, name = 'member', language = 'en') {
  const username = `${name}-${(count += 1)}`;
  const person = { email: `${username}@example.com`, username, password: PASSWORD };
  const { status, body } = await service.api('/api/v1/auth/signup', person, { language });
  if (status !== 201) {
    throw new Error(`sign-up answered ${status}: ${JSON.stringify(body)}`);
  }
  return { ...person, id: body.user.id, token: body.access_token };
}

/** Creates an administrator on the command line. */
export async function newAdmin(service, name = 'admin') {
  const username = `${name}-${(count += 1)}`;
  const person = { email: `${username}@example.com`, username, password: PASSWORD };
  const { email } = person;
  await service.command(
    ['admin', 'create', '--email', email, '--username', username, '--password-stdin'],
    `${PASSWORD}\n`,
  );
  return person;
}

/** Returns an address without an account. */
export function unknownAddress() {
  return `unknown-${(count += 1)}@example.com`;
}

/** Returns a new reset link, created on the command line and not mailed. */
export async function resetLink(service, person) {
  return service.command(['user', 'reset-link', person.email]);
}

/** Returns the token of a new reset link. */
export async function resetToken(service, person) {
  return new URL(await resetLink(service, person)).searchParams.get('token');
}

/** Returns the link of the newest mail to a user, which stands alone on a line of the text part. */
export async function mailedLink(service, person, more = 0) {
  const mail = await mailed(service, person, /\/reset-password\?token=/, more);
  return mail.text.match(/^\S+\/reset-password\?token=\S+$/m)[0];
}

/** Waits for a mail whose text matches a pattern, after `more` earlier ones. */
export async function mailed(service, person, pattern, more = 0) {
  const found = async () => {
    const mails = await service.mails(person.email);
    const fitting = mails.filter((mail) => pattern.test(mail.text));
    return fitting.length > more && fitting.at(-1);
  };
  return until(found, `a mail to ${person.email} with ${pattern}`);
}

/** Returns `true` if sign-in with a password succeeds. */
export async function canSignIn(service, person, password) {
  const body = { email: person.email, password };
  return (await service.api('/api/v1/auth/signin', body)).status === 200;
}
