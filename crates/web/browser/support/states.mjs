// Every page in every state that can be reached with a running service.
//
// Each state opens in a new profile and in the language of its options. Elements are found by id and
// address, because texts differ.

import { mailed, newAdmin, newPerson } from './people.mjs';
import { accountStates, failureStates } from './states/account.mjs';
import { adminStates } from './states/admin.mjs';
import { signUpStates, loginStates } from './states/sign-in.mjs';
import { requestStates, resetStates } from './states/recovery.mjs';

const ONCE_A_MINUTE = {
  VESTIBULE_LIMITS__ENABLED: 'true',
  VESTIBULE_LIMITS__RESET_REQUEST_PER_MINUTE: '1',
  VESTIBULE_LIMITS__RESET_SUBMIT_PER_MINUTE: '1',
  VESTIBULE_LIMITS__SIGNIN_PER_MINUTE: '1',
};

const SMTP_SERVER = {
  VESTIBULE_MAIL__HOST: 'smtp.example.com',
  VESTIBULE_MAIL__SECURITY: 'starttls',
  VESTIBULE_MAIL__FROM_ADDRESS: 'accounts@example.com',
};

/** Services and accounts of the states, for `suite`. */
export const WORLD = {
  services: {
    limited: { variables: ONCE_A_MINUTE },
    // No accounts; only the setup link creates one.
    closed: { variables: { VESTIBULE_SIGNUP__MODE: 'closed' } },
    operated: { dev: false, variables: SMTP_SERVER },
    silent: { dev: false },
    // Its lists do not change.
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

/** Name and function of every state. */
export const STATES = Object.entries({
  ...requestStates,
  ...resetStates,
  ...loginStates,
  ...signUpStates,
  ...accountStates,
  ...failureStates,
  ...adminStates,
});
