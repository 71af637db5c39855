// The row of Conditional Access policies: who may sign in to what, from where and how.
import type { Kind } from '../model/kind.ts';

const exclusion = { access: 'policyExclusion' } as const;
const user = { refersTo: { kind: 'users' } } as const;
const group = { refersTo: { kind: 'groups' } } as const;
const location = { refersTo: { kind: 'namedLocations' } } as const;
const servicePrincipal = { refersTo: { kind: 'servicePrincipals' } } as const;
const application = { refersTo: { kind: 'servicePrincipals', by: 'appId' } } as const;

/**
 * Reference 3.7. Read from beta: a v1.0 read loses beta-only conditions silently, and writing it back would weaken the policy. The conditions
 * and controls are open, whatever Graph adds to them is kept. Role ids are template ids, the same in every tenant.
 */
export const conditionalAccessPolicies = {
  name: 'conditionalAccessPolicies',
  type: 'conditionalAccessPolicy',
  path: '/identity/conditionalAccess/policies',
  version: 'beta',
  lane: 'conditionalAccess',
  key: 'id',
  sharded: false,
  select: false,
  attributes: {
    conditions: { required: true, native: true },
    'conditions.applications.applicationFilter': exclusion,
    'conditions.applications.excludeApplications': { ...application, ...exclusion },
    'conditions.applications.includeApplications': application,
    'conditions.applications.includeAuthenticationContextClassReferences': {
      refersTo: { kind: 'authenticationContextClassReferences' },
    },
    'conditions.authenticationFlows.transferMethods': { flags: ',' },
    'conditions.clientApplications.excludeAgentIdServicePrincipals': { ...servicePrincipal, ...exclusion },
    'conditions.clientApplications.excludeServicePrincipals': { ...servicePrincipal, ...exclusion },
    'conditions.clientApplications.includeAgentIdServicePrincipals': servicePrincipal,
    'conditions.clientApplications.includeServicePrincipals': servicePrincipal,
    'conditions.devices.deviceFilter': exclusion,
    'conditions.insiderRiskLevels': { flags: ',' },
    'conditions.locations.excludeLocations': { ...location, ...exclusion },
    'conditions.locations.includeLocations': location,
    'conditions.platforms.excludePlatforms': exclusion,
    'conditions.users.excludeGroups': { ...group, ...exclusion },
    'conditions.users.excludeGuestsOrExternalUsers': exclusion,
    'conditions.users.excludeGuestsOrExternalUsers.guestOrExternalUserTypes': { flags: ',' },
    'conditions.users.excludeRoles': exclusion,
    'conditions.users.excludeUsers': { ...user, ...exclusion },
    'conditions.users.includeGroups': group,
    'conditions.users.includeGuestsOrExternalUsers.guestOrExternalUserTypes': { flags: ',' },
    'conditions.users.includeUsers': user,
    createdDateTime: { noise: true },
    description: { native: true },
    displayName: { required: true, native: true },
    grantControls: { native: true },
    // Graph shows the whole strength and takes its id (3.7).
    'grantControls.authenticationStrength': { only: ['id'] },
    'grantControls.authenticationStrength.id': { refersTo: { kind: 'authenticationStrengthPolicies' } },
    modifiedDateTime: { noise: true },
    sessionControls: { native: true },
    state: { required: true, native: true, access: 'policyDisabled' },
    templateId: { write: 'never' },
  },
  links: {},
  deletion: {
    mode: 'soft',
    bin: '/identity/conditionalAccess/deletedItems/policies',
    binAbsentIn: ['usgov', 'usgovdod', 'china'],
  },
  creation: 'post',
  permissions: {
    read: ['Policy.Read.All'],
    write: ['Policy.ReadWrite.ConditionalAccess', 'Policy.Read.All', 'Application.Read.All'],
  },
  native: 'conditionalAccessPolicy',
} as const satisfies Kind;
