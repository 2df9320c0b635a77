// States of the password reset.

import {
  RESET_FORM,
  choosePassword,
  invalidLink,
  post,
  requestLink,
  sendUnchecked,
  submit,
  success,
  summary,
} from '../acts.mjs';
import { NEW_PASSWORD, PASSWORD, newPerson, resetLink } from '../people.mjs';
import { asMember, at } from './opening.mjs';

/** Creates a user with a valid reset link and continues with `then`. */
const byLink = (then) => async (world, options) => {
  const person = await newPerson(world.service);
  const page = await world.open(options);
  await then(page, await resetLink(world.service, person), person, world);
  return page;
};

/** Opens the link and waits until it is verified. */
const open = async (page, link) => {
  await page.goto(link);
  await page.locator('#new-password:focus').waitFor();
};

const UNKNOWN = 'unknown@example.com';

export const requestStates = {
  'request': at('/password-reset'),
  'request, sent': async (world, options) => {
    const page = await world.open(options);
    await requestLink(page, UNKNOWN);
    return page;
  },
  'request, wrong in the browser': async (world, options) => {
    const page = await at('/password-reset')(world, options);
    await submit(page, '/password-reset').click();
    await summary(page).waitFor();
    return page;
  },
  'request, wrong at the server': async (world, options) => {
    const page = await at('/password-reset')(world, options);
    await page.locator('#email').fill('invalid');
    await sendUnchecked(page, '/password-reset');
    return page;
  },
  'request, too many': async (world, options) => {
    const page = await at('/password-reset', 'limited')(world, options);
    await post(page.context(), '/password-reset', { email: UNKNOWN });
    await page.locator('#email').fill(UNKNOWN);
    await sendUnchecked(page, '/password-reset');
    return page;
  },
  'request, signed in': asMember((page) => page.goto('/password-reset')),
};

export const resetStates = {
  'reset': byLink(open),
  'reset, loading': byLink(async (page, link) => {
    await page.route('**/password-reset/verify*', () => {});
    await page.goto(link, { waitUntil: 'domcontentloaded' });
    await page.locator('[data-loading]').waitFor();
  }),
  'reset, wrong in the browser': byLink(async (page, link) => {
    await open(page, link);
    await choosePassword(page, 'short', 'different');
    await summary(page).waitFor();
  }),
  'reset, wrong at the server': byLink(async (page, link) => {
    await open(page, link);
    await page.locator('#new-password').fill(NEW_PASSWORD);
    await page.locator('#confirm-password').fill(PASSWORD);
    await sendUnchecked(page, RESET_FORM);
  }),
  'reset, invalid link': at('/reset-password?token=nonsense'),
  'reset, invalidated while open': byLink(async (page, link, person, world) => {
    await page.route('**/password-reset/verify*', async (route) => {
      await resetLink(world.service, person);
      await route.continue();
    });
    await page.goto(link);
    await invalidLink(page).waitFor();
  }),
  'reset, done': byLink(async (page, link) => {
    await open(page, link);
    await choosePassword(page, NEW_PASSWORD);
    await page.waitForURL('**/password-reset/done');
    // A key press prevents the redirect.
    await page.keyboard.press('Shift');
    await success(page).waitFor();
  }),
};
