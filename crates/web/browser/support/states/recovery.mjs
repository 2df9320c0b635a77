// The states of the pages that lead to a new password.

import {
  RESET_FORM,
  choosePassword,
  deadLink,
  post,
  requestLink,
  sendUnchecked,
  submit,
  success,
  summary,
} from '../acts.mjs';
import { NEW_PASSWORD, PASSWORD, newPerson, resetLink } from '../people.mjs';
import { asMember, at } from './opening.mjs';

/** The reset step of somebody new, by a link that works. */
const byLink = (then) => async (world, options) => {
  const person = await newPerson(world.service);
  const page = await world.open(options);
  await then(page, await resetLink(world.service, person), person, world);
  return page;
};

/** Opens the link and waits until the script has let the form go. */
const open = async (page, link) => {
  await page.goto(link);
  await page.locator('#new-password:focus').waitFor();
};

const NOBODY = 'nobody@example.com';

export const requestStates = {
  'request': at('/password-reset'),
  'request, sent': async (world, options) => {
    const page = await world.open(options);
    await requestLink(page, NOBODY);
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
    await page.locator('#email').fill('nobody');
    await sendUnchecked(page, '/password-reset');
    return page;
  },
  'request, too many': async (world, options) => {
    const page = await at('/password-reset', 'limited')(world, options);
    await post(page.context(), '/password-reset', { email: NOBODY });
    await page.locator('#email').fill(NOBODY);
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
  'reset, dead link': at('/reset-password?token=nonsense'),
  'reset, died since it was opened': byLink(async (page, link, person, world) => {
    await page.route('**/password-reset/verify*', async (route) => {
      await resetLink(world.service, person);
      await route.continue();
    });
    await page.goto(link);
    await deadLink(page).waitFor();
  }),
  'reset, done': byLink(async (page, link) => {
    await open(page, link);
    await choosePassword(page, NEW_PASSWORD);
    await page.waitForURL('**/password-reset/done');
    // Whoever does something here is not taken away.
    await page.keyboard.press('Shift');
    await success(page).waitFor();
  }),
};
