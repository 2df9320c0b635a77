// Functions that open pages for states.

import { enter } from '../acts.mjs';
import { newPerson } from '../people.mjs';

/** Opens an address. */
export const at =
  (path, name = 'service') =>
  async (world, options) => {
    const page = await world.open(options, world[name]);
    await page.goto(path);
    return page;
  };

/** Signs in as a new user and continues with `then`. */
export const asMember = (then) => async (world, options) => {
  const person = await newPerson(world.service);
  const page = await world.open(options);
  await enter(page, person);
  await then(page, person, world, options);
  return page;
};

/** Signs in as the administrator and continues with `then`. */
export const asAdmin = (then) => async (world, options) => {
  const page = await world.open(options);
  await enter(page, world.admin);
  await then(page, world.admin, world, options);
  return page;
};
