// Toy kinds for the repository's tests: one sharded with links of all sorts, one flat, one singleton.
import type { Kind, Kinds } from '../../src/model/kind.ts';

const common = {
  version: 'v1.0',
  lane: 'directory',
  select: true,
  key: 'id',
  deletion: { mode: 'soft' },
  creation: 'post',
  permissions: { read: ['Directory.Read.All'], write: ['Directory.ReadWrite.All'] },
} as const;

export const users = {
  ...common,
  name: 'users',
  type: 'user',
  path: 'users',
  sharded: true,
  attributes: {
    displayName: {},
    accountEnabled: {},
    age: {},
    notes: { sequence: true, empty: 'kept' },
    tags: {},
    identities: { key: ['issuer'] },
    'identities.seen': { noise: true },
    address: { only: ['city', 'street'], empty: 'kept' },
    extra: { sequence: true, empty: 'kept' },
  },
  links: {
    manager: { targets: ['users'], single: true, read: 'expand', write: 'ref' },
    memberOf: { targets: ['groups'], read: 'delta', write: 'ref' },
    appRoles: {
      targets: ['users'],
      read: 'list',
      write: 'assignment',
      item: { target: 'principalId', properties: ['appRoleId', 'label'] },
    },
  },
} as const satisfies Kind;

export const policies = {
  ...common,
  name: 'policies',
  type: 'policy',
  path: 'policies',
  sharded: false,
  attributes: { displayName: {}, state: {}, conditions: {} },
  links: {},
} as const satisfies Kind;

export const organization = {
  ...common,
  name: 'organization',
  type: 'organization',
  path: 'organization',
  sharded: false,
  singleton: true,
  attributes: { displayName: {}, city: {} },
  links: {},
} as const satisfies Kind;

export const kinds: Kinds = new Map<string, Kind>([
  ['users', users],
  ['policies', policies],
  ['organization', organization],
]);
