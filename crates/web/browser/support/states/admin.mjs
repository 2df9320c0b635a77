// The states of the administration. What a relay answers has a file of its own: smtp.test.mjs.

import { enter, sendUnchecked, submit, success, summary } from '../acts.mjs';
import { newAdmin, newPerson } from '../people.mjs';
import { asAdmin } from './opening.mjs';

/** Fills in the settings; those given replace the usual ones. */
export async function fillSettings(page, settings = {}) {
  const all = { host: 'smtp.example.com', port: '587', 'from-email': 'accounts@example.com' };
  for (const [id, value] of Object.entries({ ...all, ...settings })) {
    if (id === 'security') {
      await page.locator(`input[name=security][value="${value}"]`).check();
    } else {
      await page.locator(`#${id}`).fill(value);
    }
  }
}

export const adminStates = {
  'settings': asAdmin((page) => page.goto('/admin/settings')),
  'settings, wrong in the browser': asAdmin(async (page) => {
    await page.goto('/admin/settings');
    await page.locator('#port').fill('none');
    await submit(page, '/admin/settings').click();
    await summary(page).waitFor();
  }),
  'settings, wrong at the server': asAdmin(async (page) => {
    await page.goto('/admin/settings');
    await fillSettings(page, { host: '', port: '70000', 'from-email': 'nobody' });
    await sendUnchecked(page, '/admin/settings');
  }),
  'settings, set by the operator': async (world, options) => {
    const admin = await newAdmin(world.operated);
    const page = await world.open(options, world.operated);
    await enter(page, admin);
    await page.goto('/admin/settings');
    return page;
  },
  'users': asAdmin(async (page, admin, world) => {
    await newPerson(world.service, 'listed');
    await page.goto('/admin/users');
  }),
  'users, found nobody': asAdmin((page) => page.goto('/admin/users?query=no-such-person')),
  'users, deactivated': asAdmin(async (page, admin, world) => {
    const person = await newPerson(world.service, 'deactivated');
    await page.goto(`/admin/users?query=${encodeURIComponent(person.email)}`);
    await page.locator('form[action$="/deactivate"] button').click();
    await success(page).waitFor();
  }),
  'mail': asAdmin(async (page, admin, world) => {
    await newPerson(world.service, 'written-to');
    await page.goto('/admin/mail');
  }),
};
