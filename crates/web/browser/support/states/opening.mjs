// Ways to open a page that several groups of states share.

import { enter } from '../acts.mjs';
import { newPerson } from '../people.mjs';

/** A page at an address. */
export const at =
  (path, name = 'service') =>
  async (world, options) => {
    const page = await world.open(options, world[name]);
    await page.goto(path);
    return page;
  };

/** A page of somebody new who is signed in; `then` goes on from there. */
export const asMember = (then) => async (world, options) => {
  const person = await newPerson(world.service);
  const page = await world.open(options);
  await enter(page, person);
  await then(page, person, world, options);
  return page;
};

/** A page of the administrator; `then` goes on from there. */
export const asAdmin = (then) => async (world, options) => {
  const page = await world.open(options);
  await enter(page, world.admin);
  await then(page, world.admin, world, options);
  return page;
};
