// States of the account page and of the error pages.

import { changePassword, enter, sendUnchecked, success, summary } from '../acts.mjs';
import { NEW_PASSWORD, PASSWORD } from '../people.mjs';
import { asAdmin, asMember, at } from './opening.mjs';

/** User agent of a phone. */
export const PHONE =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) '
  + 'Chrome/120.0.0.0 Mobile Safari/537.36';

/** Signs in on a phone. */
export async function alsoOnPhone(world, person) {
  const phone = await world.open({ userAgent: PHONE });
  await enter(phone, person);
  await phone.goto('/account');
  return phone;
}

/** The account page after a button that ended the second session. */
const ended = (button) =>
  asMember(async (page, person, world) => {
    const phone = await alsoOnPhone(world, person);
    await phone.context().close();
    await page.goto('/account');
    await page.locator(button).first().click();
    await success(page).waitFor();
  });

export const accountStates = {
  'account': asMember((page) => page.goto('/account')),
  'account, two sessions': asMember(async (page, person, world) => {
    const phone = await alsoOnPhone(world, person);
    await phone.context().close();
    await page.goto('/account');
  }),
  'account, of an administrator': asAdmin((page) => page.goto('/account')),
  'account, password changed': asMember(async (page) => {
    await page.goto('/account');
    await changePassword(page, PASSWORD, NEW_PASSWORD);
    await success(page).waitFor();
  }),
  'account, wrong in the browser': asMember(async (page) => {
    await page.goto('/account');
    await changePassword(page, '', 'short', 'different');
    await summary(page).waitFor();
  }),
  'account, wrong at the server': asMember(async (page) => {
    await page.goto('/account');
    await page.locator('#current-password').fill('not the password');
    await page.locator('#new-password').fill(NEW_PASSWORD);
    await page.locator('#confirm-password').fill(NEW_PASSWORD);
    await sendUnchecked(page, '/account/password');
  }),
  'account, session ended': ended('form[action$="/revoke"] button'),
  'account, other sessions ended': ended('form[action="/account/sessions/revoke-others"] button'),
};

export const failureStates = {
  'failure, 403': asMember((page) => page.goto('/admin/users')),
  'failure, form expired': async (world, options) => {
    const page = await world.open(options);
    // A form without an origin, like one of another site.
    await page.setContent(`<form method="post" action="${world.service.url}/login"></form>`);
    await sendUnchecked(page, 'form');
    return page;
  },
  'failure, 404': at('/no-such-page'),
  'failure, 405': at('/account/password'),
  'failure, 413': async (world, options) => {
    const page = await at('/login')(world, options);
    await page.locator('#email').evaluate((input) => (input.value = 'a'.repeat(100_000)));
    await sendUnchecked(page, '/login');
    return page;
  },
};
