// States of the administration pages. Responses of SMTP servers are tested in `smtp.test.mjs`.

import { enter, sendUnchecked, submit, success, summary } from '../acts.mjs';
import { newPerson } from '../people.mjs';
import { asAdmin } from './opening.mjs';

/** Fills in the SMTP settings; `settings` override the defaults. */
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

/** A page of another service, for its administrator. */
const asAdminOf = (name, path) => async (world, options) => {
  const page = await world.open(options, world[name]);
  await enter(page, world.admins[name]);
  await page.goto(path);
  return page;
};

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
    await fillSettings(page, { host: '', port: '70000', 'from-email': 'invalid' });
    await sendUnchecked(page, '/admin/settings');
  }),
  'settings, not set up': asAdminOf('silent', '/admin/settings'),
  'settings, set by the operator': asAdminOf('operated', '/admin/settings'),
  'users': asAdminOf('office', '/admin/users'),
  'users, none found': asAdmin((page) => page.goto('/admin/users?query=no-such-user')),
  'users, without mail': asAdminOf('silent', '/admin/users'),
  'users, deactivated': asAdmin(async (page, admin, world) => {
    const person = await newPerson(world.service, 'deactivated');
    await page.goto(`/admin/users?query=${encodeURIComponent(person.email)}`);
    await page.locator('form[action$="/deactivate"] button').click();
    await success(page).waitFor();
  }),
  'mail': asAdminOf('office', '/admin/mail'),
};
