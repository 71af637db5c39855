// The row of named locations: address ranges and countries that Conditional Access policies refer to.
import type { Kind } from '../model/kind.ts';

/** Reference 3.8: of a derived type each, which every write has to name; the kind of location cannot be changed. */
export const namedLocations = {
  name: 'namedLocations',
  type: 'namedLocation',
  path: '/identity/conditionalAccess/namedLocations',
  version: 'v1.0',
  lane: 'conditionalAccess',
  key: 'id',
  sharded: false,
  select: false,
  typed: true,
  attributes: {
    countriesAndRegions: { native: true },
    countryLookupMethod: { native: true },
    createdDateTime: { noise: true },
    displayName: { required: true, native: true },
    includeUnknownCountriesAndRegions: { native: true },
    ipRanges: { key: ['cidrAddress'], native: true, access: 'trustedLocation' },
    isTrusted: { native: true, access: 'trustedLocation' },
    modifiedDateTime: { noise: true },
  },
  links: {},
  deletion: {
    mode: 'soft',
    bin: '/identity/conditionalAccess/deletedItems/namedLocations',
    binAbsentIn: ['usgov', 'usgovdod', 'china'],
  },
  creation: 'post',
  permissions: {
    read: ['Policy.Read.All'],
    write: ['Policy.ReadWrite.ConditionalAccess', 'Policy.Read.All'],
  },
  native: 'namedLocationPolicy',
} as const satisfies Kind;
