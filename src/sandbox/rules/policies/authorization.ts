// The rules of two singletons: authorizationPolicy, and the policy that turns security defaults on (reference 3.12, 3.13).
import type { EntityType } from '../../types.ts';
import { badRequest, GraphError } from '../../types.ts';
import { recordAt, stringsOf } from './conditional-access-shape.ts';

/** Same as members, limited (default), restricted. */
const guestRoles = [
  'a0b1b346-4d3e-4e8b-98f8-753987be4970',
  '10dae51f-b6af-4016-8d66-8c2a99b929b3',
  '2af84b1e-32c8-42b7-82bc-daa82404023b',
];

export const authorizationPolicy: EntityType = {
  type: 'authorizationPolicy',
  path: 'policies/authorizationPolicy',
  aliases: ['policies/authorizationPolicy/authorizationPolicy'],
  singleton: true,
  methods: ['get', 'update'],
  readOnly: ['id', 'displayName', 'description', 'deletedDateTime'],
  betaOnly: ['permissionGrantPolicyIdsAssignedToDefaultUserRole', 'enabledPreviewFeatures'],
  notClearable: ['defaultUserRolePermissions', 'guestUserRoleId', 'allowInvitesFrom'],
  permissions: { read: ['Policy.Read.All'], write: ['Policy.ReadWrite.Authorization'] },
  builtIn: () => [
    {
      id: 'authorizationPolicy',
      allowInvitesFrom: 'everyone',
      allowedToSignUpEmailBasedSubscriptions: true,
      allowedToUseSSPR: true,
      allowEmailVerifiedUsersToJoinOrganization: false,
      allowUserConsentForRiskyApps: null,
      blockMsolPowerShell: false,
      displayName: 'Authorization Policy',
      description: 'Used to manage authorization related settings across the company.',
      enabledPreviewFeatures: [],
      guestUserRoleId: '10dae51f-b6af-4016-8d66-8c2a99b929b3',
      permissionGrantPolicyIdsAssignedToDefaultUserRole: [],
      defaultUserRolePermissions: {
        allowedToCreateApps: true,
        allowedToCreateSecurityGroups: true,
        allowedToCreateTenants: true,
        allowedToReadBitlockerKeysForOwnedDevice: true,
        allowedToReadOtherUsers: true,
        permissionGrantPoliciesAssigned: ['ManagePermissionGrantsForSelf.microsoft-user-default-legacy'],
      },
    },
  ],
  checkUpdate(_before, patch) {
    const role = patch.guestUserRoleId;
    if (role !== undefined && !guestRoles.includes(String(role))) {
      throw badRequest("Invalid value specified for property 'guestUserRoleId' of resource 'AuthorizationPolicy'.");
    }
    const assigned = stringsOf(recordAt(patch, 'defaultUserRolePermissions'), 'permissionGrantPoliciesAssigned');
    const wrong = assigned.find((each) => !/^ManagePermissionGrantsFor(Self|OwnedResource)\.[a-z0-9_-]+$/.test(each));
    if (wrong !== undefined) {
      throw badRequest(`'${wrong}' in 'permissionGrantPoliciesAssigned' does not name a permission grant policy.`);
    }
  },
};

export const securityDefaults: EntityType = {
  type: 'identitySecurityDefaultsEnforcementPolicy',
  path: 'policies/identitySecurityDefaultsEnforcementPolicy',
  singleton: true,
  methods: ['get', 'update'],
  readOnly: ['id', 'displayName', 'description', 'deletedDateTime'],
  notClearable: ['isEnabled'],
  permissions: {
    read: ['Policy.Read.All'],
    write: [['Policy.ReadWrite.SecurityDefaults', 'Policy.Read.All']],
  },
  builtIn: () => [
    {
      id: '00000000-0000-0000-0000-000000000005',
      displayName: 'Security Defaults',
      description:
        'Security defaults is a set of basic identity security mechanisms recommended by Microsoft. When enabled, these recommendations will be automatically enforced in your organization. Administrators and users will be better protected from common identity related attacks.',
      // A new tenant has them on; a tenant that uses Conditional Access, as the sandbox's does, has turned them off.
      isEnabled: false,
    },
  ],
  checkUpdate(before, patch, _after, { store }) {
    if (patch.isEnabled !== true || before.isEnabled === true) return;
    const enabled = [...store.list('conditionalAccessPolicy')].filter((policy) => policy.state === 'enabled');
    if (enabled.length > 0) {
      throw new GraphError(
        400,
        'BadRequest',
        `Security defaults cannot be enabled while Conditional Access policies are enabled: ${enabled.map((policy) => `'${policy.displayName}'`).join(', ')}.`,
      );
    }
  },
};
