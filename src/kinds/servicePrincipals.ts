// The row of service principals: what applications are and may do in this tenant, with owners and the app roles assigned on them.
import type { Kind } from '../model/kind.ts';
import { containedCredentials, credentials } from './credentials.ts';

/** The two tenants that own Microsoft's own applications (reference 3.4). */
const microsoftTenants = ['f8cdef31-a31e-4b4a-93e4-5f571e91255a', '72f988bf-86f1-41af-91ab-2d7cd011db47'] as const;

const ofMicrosoft = [
  { attribute: 'appOwnerOrganizationId', equals: microsoftTenants[0] },
  { attribute: 'appOwnerOrganizationId', equals: microsoftTenants[1] },
] as const;

/** Follows the application, which is elsewhere; Microsoft edits its own ones weekly (reference 2.3). */
const inherited = { write: 'never', noiseWhen: ofMicrosoft } as const;

const notOurs = 'it is an application of Microsoft, which keeps it as it is';

/** Reference 3.4, 3.5. */
export const servicePrincipals = {
  name: 'servicePrincipals',
  type: 'servicePrincipal',
  path: '/servicePrincipals',
  version: 'v1.0',
  lane: 'directory',
  key: 'id',
  sharded: true,
  pageSize: 999,
  select: true,
  attributes: {
    accountEnabled: { native: true },
    addIns: { ...inherited, key: ['id'] },
    'addIns.properties': { key: ['key'] },
    alternativeNames: { native: true },
    appDescription: inherited,
    appDisplayName: { noise: true },
    appId: { write: 'create', required: true, refersTo: { kind: 'applications', by: 'appId' } },
    appOwnerOrganizationId: { write: 'never' },
    appRoleAssignmentRequired: { native: true },
    appRoles: { ...inherited, key: ['id'] },
    'appRoles.origin': { noise: true },
    applicationTemplateId: { write: 'never' },
    createdByAppId: { write: 'never' },
    // Written with type annotations for each value, which a canonical file does not bear (3.1): stored and reported only.
    customSecurityAttributes: { write: 'never', guard: 'CustomSecAttributeAssignment.Read.All' },
    description: { native: true },
    disabledByMicrosoftStatus: { noise: true },
    displayName: { write: 'never' },
    homepage: inherited,
    info: inherited,
    'info.logoUrl': { noise: true },
    isDisabled: { write: 'never' },
    keyCredentials: credentials.keyCredentials,
    loginUrl: { native: true },
    logoutUrl: inherited,
    notes: { native: true },
    notificationEmailAddresses: { native: true },
    oauth2PermissionScopes: { ...inherited, key: ['id'] },
    'oauth2PermissionScopes.origin': { noise: true },
    passwordCredentials: credentials.passwordCredentials,
    preferredSingleSignOnMode: { native: true },
    preferredTokenSigningKeyThumbprint: { native: true },
    replyUrls: inherited,
    resourceSpecificApplicationPermissions: { ...inherited, key: ['id'] },
    samlSingleSignOnSettings: { native: true },
    servicePrincipalNames: { ...inherited, native: true },
    servicePrincipalType: { write: 'never', native: true },
    signInAudience: inherited,
    tags: { native: true },
    tokenEncryptionKeyId: {},
    verifiedPublisher: inherited,
    'verifiedPublisher.addedDateTime': { noise: true },
  },
  links: {
    appRoleAssignedTo: {
      targets: ['users', 'groups', 'servicePrincipals'],
      read: 'list',
      write: 'assignment',
      item: { target: 'principalId', targetType: 'principalType', properties: ['appRoleId'] },
      native: true,
      access: 'applicationPermission',
      permissions: { write: ['AppRoleAssignment.ReadWrite.All'] },
    },
    owners: { targets: ['users', 'servicePrincipals'], read: 'expand', write: 'ref', access: 'ownership' },
  },
  contained: containedCredentials,
  deletion: { mode: 'soft', bin: '/directory/deletedItems/microsoft.graph.servicePrincipal' },
  creation: 'post',
  permissions: {
    read: ['Application.Read.All'],
    write: ['Application.ReadWrite.All'],
    optional: [
      { permission: 'CustomSecAttributeAssignment.Read.All', access: 'read', for: 'customSecurityAttributes' },
    ],
  },
  native: 'servicePrincipal',
  tracked: { besides: ['owners', 'appRoleAssignedTo'] },
  readOnlyWhen: [
    { ...ofMicrosoft[0], because: notOurs },
    { ...ofMicrosoft[1], because: notOurs },
    {
      attribute: 'servicePrincipalType',
      equals: 'ManagedIdentity',
      because: 'a managed identity belongs to an Azure resource, which makes, changes and deletes it',
    },
  ],
} as const satisfies Kind;
