// States of sign-in, sign-up and the setup of the first administrator.

import { post, sendUnchecked, signOut, submit, summary } from '../acts.mjs';
import { PASSWORD, newPerson, unknownAddress } from '../people.mjs';
import { asMember, at } from './opening.mjs';

export const loginStates = {
  'login': at('/login'),
  'login, wrong in the browser': async (world, options) => {
    const page = await at('/login')(world, options);
    await submit(page, '/login').click();
    await summary(page).waitFor();
    return page;
  },
  'login, wrong password': async (world, options) => {
    const page = await at('/login')(world, options);
    await page.locator('#email').fill('unknown@example.com');
    await page.locator('#password').fill('not the password');
    await sendUnchecked(page, '/login');
    return page;
  },
  'login, inactive account': async (world, options) => {
    const person = await newPerson(world.service);
    await world.service.command(['user', 'deactivate', person.email]);
    const page = await at('/login')(world, options);
    await page.locator('#email').fill(person.email);
    await page.locator('#password').fill(PASSWORD);
    await sendUnchecked(page, '/login');
    return page;
  },
  'login, too many': async (world, options) => {
    const page = await at('/login', 'limited')(world, options);
    const wrong = { email: 'unknown@example.com', password: 'not the password' };
    await post(page.context(), '/login', wrong);
    await page.locator('#email').fill(wrong.email);
    await page.locator('#password').fill(wrong.password);
    await sendUnchecked(page, '/login');
    return page;
  },
  'login, busy': async (world, options) => {
    const page = await at('/login')(world, options);
    await page.locator('#email').fill('unknown@example.com');
    await page.locator('#password').fill(PASSWORD);
    await submit(page, '/login').evaluate((button) => {
      // Prevents the navigation, because Playwright waits for pending ones.
      button.form.addEventListener('submit', (event) => event.preventDefault());
      button.click();
    });
    await page.locator('button[aria-disabled=true]').waitFor();
    return page;
  },
  'login, after signing out': asMember((page) => signOut(page)),
  'login, needed to go on': at('/account'),
  'login, after an invalid link': at('/reset_password/nonsense'),
};

/** Returns the path of the setup link, from the log. */
export const setupPath = (service) =>
  service.log.join('\n').match(/\/setup\?token=[\w.~-]+/)?.[0] ?? '/setup?token=none';

export const signUpStates = {
  'sign-up': at('/signup'),
  'sign-up, wrong in the browser': async (world, options) => {
    const page = await at('/signup')(world, options);
    await submit(page, '/signup').click();
    await summary(page).waitFor();
    return page;
  },
  'sign-up, wrong at the server': async (world, options) => {
    const page = await at('/signup')(world, options);
    await page.locator('#email').fill('invalid');
    await page.locator('#username').fill('a b');
    await sendUnchecked(page, '/signup');
    return page;
  },
  'sign-up, address taken': async (world, options) => {
    const { email } = await newPerson(world.service);
    return sentSignUp(world, options, { email, username: 'another-user' });
  },
  'sign-up, name taken': async (world, options) => {
    const { username } = await newPerson(world.service);
    return sentSignUp(world, options, { email: unknownAddress(), username });
  },
  'sign-up, closed': at('/signup', 'closed'),
  'set-up': async (world, options) =>
    at(setupPath(world.closed), 'closed')(world, options),
  'set-up, wrong at the server': async (world, options) => {
    const page = await at(setupPath(world.closed), 'closed')(world, options);
    await sendUnchecked(page, '/setup');
    return page;
  },
  'set-up, invalid link': at('/setup?token=nonsense', 'closed'),
};

async function sentSignUp(world, options, { email, username }) {
  const page = await at('/signup')(world, options);
  await page.locator('#email').fill(email);
  await page.locator('#username').fill(username);
  await page.locator('input[autocomplete="new-password"]').first().fill(PASSWORD);
  await sendUnchecked(page, '/signup');
  return page;
}
