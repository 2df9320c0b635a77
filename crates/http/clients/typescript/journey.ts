// A person's whole way through the API, with the types that openapi-typescript makes of the document.
//
// The compiler is half of the test: what the document does not promise cannot be read here.
// The service runs with `--dev`, so that the mailed link can be had; ACCOUNTS_URL says where.

import assert from "node:assert/strict";
import { test } from "node:test";

import createClient from "openapi-fetch";

import type { components, paths } from "./generated/api.js";

type Problem = components["schemas"]["Problem"];
type Tokens = components["schemas"]["TokenResponse"];

/** What a call of the typed client answers: one of the two is there. */
interface Answer<Data> {
  data?: Data;
  error?: Problem;
  response: Response;
}

/** What `/dev/mail.json` says of a mail; it is no part of the document. */
interface Mail {
  to: string;
  text: string;
}

const BASE = process.env["ACCOUNTS_URL"] ?? assert.fail("ACCOUNTS_URL says where the service is");

const FIRST = "correct horse battery";
const SECOND = "a whole new password";
const THIRD = "and yet another one";
const PATIENCE = 20_000;
const BETWEEN_LOOKS = 25;

const visitor = createClient<paths>({ baseUrl: BASE });

function signedInWith(tokens: Tokens) {
  const token: string = tokens.access_token;
  return createClient<paths>({ baseUrl: BASE, headers: { Authorization: `Bearer ${token}` } });
}

/** The body of an answer with this status and no other. */
async function body<Data>(call: Promise<Answer<Data>>, status: number): Promise<Data> {
  const { data, error, response } = await call;
  assert.equal(response.status, status, JSON.stringify(error));
  assert(data !== undefined, "an answer with a body");
  return data;
}

/** An answer with status 204, which has no body, not by the document either. */
async function nothing(call: Promise<Answer<undefined>>): Promise<void> {
  const { error, response } = await call;
  assert.equal(response.status, 204, JSON.stringify(error));
}

/** The problem in an answer with this status and code. */
async function problem(call: Promise<Answer<unknown>>, status: number, code: string): Promise<Problem> {
  const { error, response } = await call;
  assert.equal(response.status, status);
  assert.equal(response.headers.get("Content-Type"), "application/problem+json");
  assert(error, "a problem");
  assert.equal(error.status, status);
  assert.equal(error.code, code);
  assert.equal(error.request_id, response.headers.get("X-Request-Id"));
  return error;
}

function signUp(username: string, password = FIRST) {
  const email = `${username}@example.com`;
  return visitor.POST("/api/v1/auth/signup", { body: { email, username, password } });
}

function signIn(username: string, password: string) {
  const email = `${username}@example.com`;
  return visitor.POST("/api/v1/auth/signin", { body: { email, password } });
}

/** The token of the newest link mailed to somebody, as soon as there is one. */
async function mailedToken(email: string): Promise<string> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const mails = (await (await fetch(`${BASE}/dev/mail.json`)).json()) as Mail[];
    const texts = mails.filter(({ to }) => to === email).map(({ text }) => text);
    const token = texts.map((text) => /\/reset-password\?token=(\S+)/.exec(text)?.[1]).findLast(Boolean);
    if (token) {
      return token;
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
  }
  throw new Error(`no link was mailed to ${email}`);
}

test("an account is opened, used, lost, recovered and left", async () => {
  const email = "anna.ts@example.com";
  const opened = await body(signUp("anna.ts"), 201);
  assert.equal(opened.token_type, "bearer");
  assert.equal(opened.user.email, email);

  const signedIn = await body(signIn("anna.ts", FIRST), 200);
  let anna = signedInWith(signedIn);
  const me = await body(anna.GET("/api/v1/auth/me"), 200);
  assert.deepEqual(me, opened.user);
  assert.equal(me.is_admin, false);

  const { sessions } = await body(anna.GET("/api/v1/auth/sessions"), 200);
  assert.equal(sessions.length, 2);
  const other = sessions.find(({ current }) => !current);
  assert(other, "the session of the sign-up");
  await nothing(anna.DELETE("/api/v1/auth/sessions/{id}", { params: { path: { id: other.id } } }));
  await problem(signedInWith(opened).GET("/api/v1/auth/me"), 401, "unauthenticated");

  const { refresh_token } = signedIn;
  const refreshed = await body(visitor.POST("/api/v1/auth/refresh", { body: { refresh_token } }), 200);
  assert.notEqual(refreshed.refresh_token, refresh_token);
  anna = signedInWith(refreshed);

  const change = (old_password: string) =>
    anna.POST("/api/v1/auth/change-password", { body: { old_password, new_password: SECOND } });
  await problem(change(THIRD), 400, "incorrect_password");
  await body(change(FIRST), 200);
  await problem(signIn("anna.ts", FIRST), 401, "invalid_credentials");

  const forgotten = await body(visitor.POST("/api/v1/auth/forgot-password", { body: { email } }), 200);
  assert(forgotten.message);
  const token = await mailedToken(email);
  const verify = () => visitor.GET("/password-reset/verify", { params: { query: { token } } });
  assert.equal((await body(verify(), 200)).valid, true);
  const reset = (new_password: string) =>
    visitor.POST("/api/v1/auth/reset-password", { body: { token, new_password } });
  await body(reset(THIRD), 200);
  assert.equal((await body(verify(), 200)).valid, false);
  await problem(reset(FIRST), 400, "invalid_token");
  await problem(anna.GET("/api/v1/auth/me"), 401, "unauthenticated");

  const again = await body(signIn("anna.ts", THIRD), 200);
  anna = signedInWith(again);
  await nothing(anna.POST("/api/v1/auth/signout"));
  await problem(anna.GET("/api/v1/auth/me"), 401, "unauthenticated");
  const spent = { refresh_token: again.refresh_token };
  await problem(visitor.POST("/api/v1/auth/refresh", { body: spent }), 401, "invalid_refresh_token");
});

test("a wrong password is a problem with a code and without fields", async () => {
  await body(signUp("bert.ts"), 201);
  const wrong = await problem(signIn("bert.ts", SECOND), 401, "invalid_credentials");
  assert.equal(wrong.type, "about:blank");
  assert(wrong.title && wrong.detail);
  assert.equal(wrong.errors, undefined);
});

test("every field that breaks a rule is named", async () => {
  const wrong = await problem(signUp("carl ts", "short"), 422, "invalid_input");
  const broken = wrong.errors?.map(({ field, code }) => `${field} ${code}`).sort();
  assert.deepEqual(broken, [
    "email email_format",
    "password password_too_short",
    "username username_characters",
  ]);
  assert(wrong.errors?.every(({ detail }) => detail !== ""));
});
