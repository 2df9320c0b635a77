// What people do on the pages, one line each, and where on a page things are.

/** The sign-in page, wherever it leads on to. */
export const LOGIN = /\/login(\?|$)/;

/** The green banner after something worked. */
export const success = (page) => page.locator('.banner.ok');

/** The list of what is wrong. */
export const summary = (page) => page.locator('[data-summary]');

/** A message in red that is not about fields. */
export const failure = (page) => page.locator('.banner.er:not([data-summary])');

/** What is there in place of the reset step when the link does not work. */
export const deadLink = (page) =>
  page.locator('.card', { has: page.locator('.badge.er') }).locator('a[href="/password-reset"]');

/** The form of the reset step, wherever it goes. */
export const RESET_FORM = 'form:has(#new-password)';

/** What is wrong with one field. */
export const fieldError = (page, id) => page.locator(`#${id}-error`);

/** A form by where it goes, or by a selector of its own. */
const form = (action) => (action.startsWith('/') ? `form[action="${action}"]` : action);

/** The button a form is sent with when Enter is pressed. */
export const submit = (page, action) =>
  page.locator(`${form(action)} button[type=submit]`).first();

export async function signIn(page, person, { next = '' } = {}) {
  await page.goto(`/login${next}`);
  await page.locator('#email').fill(person.email);
  await page.locator('#password').fill(person.password);
  await submit(page, '/login').click();
  await page.waitForURL((url) => url.pathname !== '/login');
}

/** The same without a page, where signing in is not what matters. */
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

/** Asks for a reset link. */
export async function requestLink(page, email, path = '/password-reset') {
  await page.goto(path);
  await page.locator('#email').fill(email);
  await submit(page, path).click();
  await page.waitForURL('**/*sent=1*');
}

/** Fills in the reset step, which must be open, and sends it. */
export async function choosePassword(page, password, again = password) {
  await page.locator('#new-password').fill(password);
  await page.locator('#confirm-password').fill(again);
  await submit(page, RESET_FORM).click();
}

/** Fills in the change of a password on the account's page and sends it. */
export async function changePassword(page, current, password, again = password) {
  await page.locator('#current-password').fill(current);
  await page.locator('#new-password').fill(password);
  await page.locator('#confirm-password').fill(again);
  await submit(page, '/account/password').click();
}

/** Sends a form past every check of the script and the browser, so that the server has to judge. */
export async function sendUnchecked(page, action) {
  const arrived = page.waitForNavigation();
  await page
    .locator(form(action))
    .first()
    .evaluate((one) => HTMLFormElement.prototype.submit.call(one));
  return arrived;
}

/** Presses a button in the footer: `theme` or `language`. */
export async function prefer(page, what, value) {
  const arrived = page.waitForNavigation();
  await page.locator(`form[action="/preferences/${what}"] button[value="${value}"]`).click();
  return arrived;
}

/** Sends a form as a browser would from our own page, without a page. */
export async function post(context, path, fields, headers = {}) {
  return context.request.post(path, {
    form: fields,
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    maxRedirects: 0,
  });
}
