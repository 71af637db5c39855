// The row of groups: security and Microsoft 365 groups, assigned or dynamic, with their members and owners.
import type { Kind } from '../model/kind.ts';
import { licences } from './licences.ts';

const assignableToRole = { attribute: 'isAssignableToRole', equals: true } as const;

/** Reference 3.2. Left out: what only a read of one group by a signed-in user gives (`allowExternalSenders`, `unseenCount` …). */
export const groups = {
  name: 'groups',
  type: 'group',
  path: '/groups',
  version: 'v1.0',
  lane: 'directory',
  key: 'id',
  sharded: true,
  pageSize: 999,
  select: true,
  attributes: {
    assignedLabels: { write: 'never', key: ['labelId'] },
    assignedLicenses: { ...licences, key: ['skuId'] },
    classification: { native: true },
    createdDateTime: { write: 'never' },
    description: { native: true },
    displayName: { required: true, native: true },
    expirationDateTime: { noise: true },
    groupTypes: { native: true },
    isAssignableToRole: { write: 'create', access: 'privilegedGroup', accessWhen: assignableToRole },
    isManagementRestricted: { write: 'never' },
    licenseProcessingState: { noise: true },
    mail: { write: 'never', native: true },
    mailEnabled: { write: 'create', required: true, native: true },
    mailNickname: { required: true, native: true },
    membershipRule: { refersTo: { kind: 'groups', inside: true } },
    membershipRuleProcessingState: {},
    onPremisesDomainName: { write: 'never' },
    onPremisesLastSyncDateTime: { noise: true },
    onPremisesNetBiosName: { write: 'never' },
    onPremisesProvisioningErrors: { noise: true },
    onPremisesSamAccountName: { write: 'never' },
    onPremisesSecurityIdentifier: { write: 'never' },
    onPremisesSyncEnabled: { write: 'never' },
    preferredDataLocation: { native: true },
    preferredLanguage: { native: true },
    proxyAddresses: { noise: true },
    renewedDateTime: { noise: true },
    resourceBehaviorOptions: { write: 'create' },
    resourceProvisioningOptions: { noise: true },
    securityEnabled: { required: true, native: true },
    securityIdentifier: { write: 'never' },
    serviceProvisioningErrors: { noise: true },
    theme: { native: true },
    uniqueName: { write: 'create' },
    // `HiddenMembership` is fixed at creation; the others may change.
    visibility: { native: true },
  },
  links: {
    members: {
      targets: ['users', 'groups', 'servicePrincipals', 'devices', 'contacts'],
      read: 'delta',
      write: 'ref',
      computedWhen: { attribute: 'groupTypes', contains: 'DynamicMembership' },
      hiddenWhen: { attribute: 'visibility', equals: 'HiddenMembership', permission: 'Member.Read.Hidden' },
      native: true,
      access: 'privilegedGroup',
      accessWhen: assignableToRole,
    },
    owners: {
      targets: ['users', 'servicePrincipals'],
      read: 'delta',
      write: 'ref',
      access: 'privilegedGroup',
      accessWhen: assignableToRole,
    },
  },
  deletion: { mode: 'soft', bin: '/directory/deletedItems/microsoft.graph.group' },
  creation: 'post',
  permissions: {
    read: ['Group.Read.All'],
    write: ['Group.ReadWrite.All'],
    optional: [
      { permission: 'Member.Read.Hidden', access: 'read', for: 'members of groups with hidden membership' },
      {
        permission: 'RoleManagement.ReadWrite.Directory',
        access: 'write',
        for: 'role-assignable groups, their members and owners',
      },
    ],
  },
  native: 'group',
  tracked: { besides: [] },
  readOnlyWhen: [
    {
      attribute: 'mailEnabled',
      equals: true,
      and: { attribute: 'groupTypes', lacks: 'Unified' },
      because:
        'distribution lists and mail-enabled security groups are read-only in Microsoft Graph; Exchange writes them',
    },
  ],
} as const satisfies Kind;
