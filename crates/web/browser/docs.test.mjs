// The API documentation page, under its own content security policy.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suite } from './support/suite.mjs';

const world = suite();

test('the API documentation renders without policy violations', async () => {
  const page = await world.open();
  const answer = await page.goto('/docs');
  assert.equal(answer.status(), 200);
  assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
  await page.getByRole('heading', { name: /Vestibule/ }).first().waitFor();
  await page.getByRole('button', { name: /forgot-password/ }).first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test('"Try it out" works', async () => {
  const page = await world.open();
  await page.goto('/docs');
  await page.locator('.opblock', { hasText: '/health/live' }).first().click();
  await page.getByRole('button', { name: 'Try it out' }).click();
  const answered = page.waitForResponse((answer) => answer.url().endsWith('/health/live'));
  await page.getByRole('button', { name: 'Execute' }).click();
  assert.equal((await answered).status(), 200);
  assert.deepEqual(page.complaints, []);
});
