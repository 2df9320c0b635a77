// Actions of users on the pages, and locators of parts of a page.

/** The address of the sign-in page, with any query. */
export const LOGIN = /\/login(\?|$)/;

/** The green banner after a success. */
export const success = (page) => page.locator('.banner.ok');

/** The error summary. */
export const summary = (page) => page.locator('[data-summary]');

/** A red banner other than the error summary. */
export const failure = (page) => page.locator('.banner.er:not([data-summary])');

/** The link to request a new reset link, on the page of an invalid or expired link. */
export const invalidLink = (page) =>
  page.locator('.card', { has: page.locator('.badge.er') }).locator('a[href="/password-reset"]');

/** The form of the reset step, with any action. */
export const RESET_FORM = 'form:has(#new-password)';

/** The error of a field. */
export const fieldError = (page, id) => page.locator(`#${id}-error`);

/** A form by its action, or by a selector. */
const form = (action) => (action.startsWith('/') ? `form[action="${action}"]` : action);

/** The default button of a form, which Enter presses. */
export const submit = (page, action) =>
  page.locator(`${form(action)} button[type=submit]`).first();

export async function signIn(page, person, { next = '' } = {}) {
  await page.goto(`/login${next}`);
  await page.locator('#email').fill(person.email);
  await page.locator('#password').fill(person.password);
  await submit(page, '/login').click();
  await page.waitForURL((url) => url.pathname !== '/login');
}

/** Signs in without a page, in tests that are not about sign-in. */
export async function enter(page, { email, password }) {
  const answer = await post(page.context(), '/login', { email, password });
  if (answer.status() !== 303) {
    throw new Error(`sign-in of ${email} answered ${answer.status()}`);
  }
}

export async function signOut(page) {
  await page.goto('/account');
  await submit(page, '/logout').click();
  await page.waitForURL(LOGIN);
}

/** Requests a reset link. */
export async function requestLink(page, email, path = '/password-reset') {
  await page.goto(path);
  await page.locator('#email').fill(email);
  await submit(page, path).click();
  await page.waitForURL('**/*sent=1*');
}

/** Fills in and submits the reset step, which must be open. */
export async function choosePassword(page, password, again = password) {
  await page.locator('#new-password').fill(password);
  await page.locator('#confirm-password').fill(again);
  await submit(page, RESET_FORM).click();
}

/** Fills in and submits the password form of the account page. */
export async function changePassword(page, current, password, again = password) {
  await page.locator('#current-password').fill(current);
  await page.locator('#new-password').fill(password);
  await page.locator('#confirm-password').fill(again);
  await submit(page, '/account/password').click();
}

/** Submits a form without the validation of script and browser, for the validation of the server. */
export async function sendUnchecked(page, action) {
  const arrived = page.waitForNavigation();
  await page
    .locator(form(action))
    .first()
    .evaluate((one) => HTMLFormElement.prototype.submit.call(one));
  return arrived;
}

/** Chooses a `theme` or `language` in the footer. */
export async function prefer(page, what, value) {
  const arrived = page.waitForNavigation();
  await page.locator(`form[action="/preferences/${what}"] button[value="${value}"]`).click();
  return arrived;
}

/** Posts a form as a browser would from a page of the service, without a page. */
export async function post(context, path, fields, headers = {}) {
  return context.request.post(path, {
    form: fields,
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    maxRedirects: 0,
  });
}
