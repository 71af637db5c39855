// The row of authentication strengths: which combinations of methods satisfy a policy, with each combination's own configuration.
import type { Kind } from '../model/kind.ts';

/** Reference 3.9. The methods inside one combination stand in the order of Graph's enumeration, so its text is kept as it is (2.4). */
export const authenticationStrengthPolicies = {
  name: 'authenticationStrengthPolicies',
  type: 'authenticationStrengthPolicy',
  path: '/policies/authenticationStrengthPolicies',
  version: 'v1.0',
  lane: 'policies',
  key: 'id',
  sharded: false,
  select: false,
  attributes: {
    allowedCombinations: {
      write: 'action',
      action: 'updateAllowedCombinations',
      required: true,
      access: 'authenticationMethod',
    },
    combinationConfigurations: { key: ['id'], access: 'authenticationMethod' },
    createdDateTime: { noise: true },
    description: {},
    displayName: { required: true },
    modifiedDateTime: { noise: true },
    policyType: { write: 'create' },
    requirementsSatisfied: { write: 'never' },
  },
  links: {},
  contained: [
    {
      attribute: 'combinationConfigurations',
      key: 'id',
      read: 'list',
      write: ['create', 'update', 'delete'],
    },
  ],
  deletion: { mode: 'hard' },
  creation: 'post',
  permissions: {
    read: ['Policy.Read.AuthenticationMethod'],
    write: ['Policy.ReadWrite.ConditionalAccess', 'Policy.Read.AuthenticationMethod'],
  },
  native: 'authenticationStrengthPolicy',
  readOnlyWhen: [{ attribute: 'policyType', equals: 'builtIn', because: 'it is built in, the same in every tenant' }],
} as const satisfies Kind;
