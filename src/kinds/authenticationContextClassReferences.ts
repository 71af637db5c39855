// The row of authentication contexts: the named steps, c1 to c99, that applications and policies ask for.
import type { Kind } from '../model/kind.ts';

/** Reference 3.10: an update of an id that is not there makes it; a delete is refused while it is used or available. */
export const authenticationContextClassReferences = {
  name: 'authenticationContextClassReferences',
  type: 'authenticationContextClassReference',
  path: '/identity/conditionalAccess/authenticationContextClassReferences',
  version: 'v1.0',
  lane: 'conditionalAccess',
  key: 'id',
  sharded: false,
  select: false,
  attributes: {
    description: {},
    displayName: { required: true },
    isAvailable: { required: true },
  },
  links: {},
  deletion: { mode: 'hard' },
  creation: 'upsert',
  permissions: { read: ['AuthenticationContext.Read.All'], write: ['AuthenticationContext.ReadWrite.All'] },
} as const satisfies Kind;
