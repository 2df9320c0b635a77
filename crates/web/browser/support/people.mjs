// Accounts, and what leads to them: links, sessions, mails.

import { until } from './until.mjs';

export const PASSWORD = 'seven calm otters paddle home';
export const NEW_PASSWORD = 'nine loud herons fly away';

let count = 0;

/** Opens an account through the API; nobody else has its address. */
export async function newPerson(service, name = 'member', language = 'en') {
  const username = `${name}-${(count += 1)}`;
  const person = { email: `${username}@example.com`, username, password: PASSWORD };
  const { status, body } = await service.api('/api/v1/auth/signup', person, { language });
  if (status !== 201) {
    throw new Error(`sign-up answered ${status}: ${JSON.stringify(body)}`);
  }
  return { ...person, id: body.user.id, token: body.access_token };
}

/** Creates an administrator at the terminal. */
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

/** An address that has no account. */
export function stranger() {
  return `stranger-${(count += 1)}@example.com`;
}

/** A fresh link to choose a new password; without mail, so the newest of any number is had at once. */
export async function resetLink(service, person) {
  return service.command(['user', 'reset-link', person.email]);
}

/** The token alone. */
export async function resetToken(service, person) {
  return new URL(await resetLink(service, person)).searchParams.get('token');
}

/** The link in the newest mail to somebody, as the text part has it: alone on its line. */
export async function mailedLink(service, person, more = 0) {
  const mail = await mailed(service, person, /\/reset-password\?token=/, more);
  return mail.text.match(/^\S+\/reset-password\?token=\S+$/m)[0];
}

/** Waits for a mail whose text has something, when `more` others of the kind are known already. */
export async function mailed(service, person, pattern, more = 0) {
  const found = async () => {
    const mails = await service.mails(person.email);
    const fitting = mails.filter((mail) => pattern.test(mail.text));
    return fitting.length > more && fitting.at(-1);
  };
  return until(found, `a mail to ${person.email} with ${pattern}`);
}

/** Whether a password opens the account. */
export async function opens(service, person, password) {
  const body = { email: person.email, password };
  return (await service.api('/api/v1/auth/signin', body)).status === 200;
}
