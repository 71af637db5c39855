// The row of the authorization policy: what users and guests of the tenant may do by default.
import type { Kind } from '../model/kind.ts';

/** Reference 3.12. */
export const authorizationPolicy = {
  name: 'authorizationPolicy',
  type: 'authorizationPolicy',
  path: '/policies/authorizationPolicy',
  version: 'v1.0',
  lane: 'policies',
  singleton: true,
  key: 'id',
  sharded: false,
  select: false,
  activities: ['Update authorization policy'],
  attributes: {
    allowEmailVerifiedUsersToJoinOrganization: { access: 'guestAccess' },
    allowInvitesFrom: { access: 'guestAccess' },
    allowUserConsentForRiskyApps: { access: 'tenantConsent' },
    allowedToSignUpEmailBasedSubscriptions: {},
    allowedToUseSSPR: {},
    blockMsolPowerShell: { native: true },
    defaultUserRolePermissions: {},
    // Microsoft says not to write it: people could no longer read their own organization.
    'defaultUserRolePermissions.allowedToReadOtherUsers': { write: 'never' },
    'defaultUserRolePermissions.permissionGrantPoliciesAssigned': { access: 'tenantConsent' },
    description: { write: 'never' },
    displayName: { write: 'never' },
    guestUserRoleId: { native: true, access: 'guestAccess' },
  },
  links: {},
  deletion: { mode: 'never' },
  creation: 'never',
  permissions: { read: ['Policy.Read.All'], write: ['Policy.ReadWrite.Authorization'] },
  native: 'authorizationPolicy',
} as const satisfies Kind;
