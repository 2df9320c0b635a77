// Every page in every state a running service can be brought into, for tests that look at all of them.
//
// Each state opens in a profile of its own, in the language its options ask for. What is there is
// found by ids and addresses, because words differ.

import { mailed, newAdmin, newPerson } from './people.mjs';
import { accountStates, failureStates } from './states/account.mjs';
import { adminStates } from './states/admin.mjs';
import { entranceStates, loginStates } from './states/entrance.mjs';
import { requestStates, resetStates } from './states/recovery.mjs';

const ONCE_A_MINUTE = {
  VESTIBULE_LIMITS__ENABLED: 'true',
  VESTIBULE_LIMITS__RESET_REQUEST_PER_MINUTE: '1',
  VESTIBULE_LIMITS__RESET_SUBMIT_PER_MINUTE: '1',
  VESTIBULE_LIMITS__SIGNIN_PER_MINUTE: '1',
};

const RELAY = {
  VESTIBULE_MAIL__HOST: 'smtp.example.com',
  VESTIBULE_MAIL__SECURITY: 'starttls',
  VESTIBULE_MAIL__FROM_ADDRESS: 'accounts@example.com',
};

/** What the states need; for `suite`. */
export const WORLD = {
  services: {
    limited: { variables: ONCE_A_MINUTE },
    // Nobody is there yet, and nobody can come in but by the set-up link.
    closed: { variables: { VESTIBULE_SIGNUP__MODE: 'closed' } },
    operated: { dev: false, variables: RELAY },
    silent: { dev: false },
    // Its lists stay as they are.
    office: {},
  },
  prepare: async (world) => {
    world.admin = await newAdmin(world.service);
    world.admins = {};
    for (const name of ['office', 'operated', 'silent']) {
      world.admins[name] = await newAdmin(world[name]);
    }
    await mailed(world.office, await newPerson(world.office, 'listed'), /./);
  },
};

/** Name and opening of every state. */
export const STATES = Object.entries({
  ...requestStates,
  ...resetStates,
  ...loginStates,
  ...entranceStates,
  ...accountStates,
  ...failureStates,
  ...adminStates,
});
