// Browser and services shared by the tests of a file.

import { after, before } from 'node:test';
import { openPage, startBrowser } from './browser.mjs';
import { startService } from './service.mjs';

/**
 * Registers setup and teardown; the returned object is filled before the first test.
 *
 * `services` are additional services and their options; `prepare` creates what many tests need.
 */
export function suite({ service = {}, services = {}, browser = {}, prepare } = {}) {
  const world = {
    /** Opens a page in a new profile, at the main service by default. */
    open: (options = {}, at = world.service) => openPage(world.browser, at, options),
  };
  const started = [];
  before(async () => {
    const start = async (name, options) => {
      const one = await startService(options);
      started.push(one);
      world[name] = one;
    };
    await Promise.all([
      startBrowser(browser).then((one) => (world.browser = one)),
      start('service', service),
      ...Object.entries(services).map(([name, options]) => start(name, options)),
    ]);
    await prepare?.(world);
  });
  after(async () => {
    await Promise.all([world.browser?.close(), ...started.map((one) => one.stop())]);
  });
  return world;
}
