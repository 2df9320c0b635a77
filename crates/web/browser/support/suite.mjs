// What a file of tests shares: a browser and a service, started before its tests and stopped after.

import { after, before } from 'node:test';
import { openPage, startBrowser } from './browser.mjs';
import { startService } from './service.mjs';

/**
 * Registers the start and the stop; the answer is filled when the first test runs.
 *
 * `services` names more services and how they are started; `prepare` puts into the world what many
 * tests need.
 */
export function suite({ service = {}, services = {}, browser = {}, prepare } = {}) {
  const world = {
    /** Opens a page in a new profile, at the main service unless another is given. */
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
