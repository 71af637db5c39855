// The rules of user (reference 3.1).
import {
  type ActionRule,
  badRequest,
  type Context,
  denied,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  type Json,
} from '../../types.ts';
import { checkMastered, checkPrivileged, verifiedDomains } from './guards.ts';
import { securityIdentifier } from './identifiers.ts';
import { assignLicense } from './licences.ts';

/** Writing these for an administrator needs a directory role (reference 1.14). */
const sensitive = [
  'accountEnabled',
  'businessPhones',
  'mobilePhone',
  'onPremisesImmutableId',
  'otherMails',
  'passwordProfile',
  'userPrincipalName',
];

/** Kept in SharePoint: single reads only, and written with delegated permissions only. */
const sharePoint = [
  'aboutMe',
  'birthday',
  'hireDate',
  'interests',
  'mySite',
  'pastProjects',
  'preferredName',
  'responsibilities',
  'schools',
  'skills',
];

/** What stays writable on a user mastered on-premises (reference 1.13). */
const cloudOwned = [
  'usageLocation',
  'customSecurityAttributes',
  'passwordPolicies',
  'passwordProfile',
  'ageGroup',
  'consentProvidedForMinor',
];

export const users: EntityType = {
  type: 'user',
  path: 'users',
  methods: ['list', 'get', 'create', 'update', 'delete'],
  delta: true,
  bin: 'directory',
  permissions: {
    read: ['User.Read.All'],
    write: ['User.ReadWrite.All'],
    delete: ['User.ReadWrite.All', 'User.DeleteRestore.All'],
    restore: ['User.ReadWrite.All', 'User.DeleteRestore.All'],
  },
  defaultSelect: [
    'businessPhones',
    'displayName',
    'givenName',
    'id',
    'jobTitle',
    'mail',
    'mobilePhone',
    'officeLocation',
    'preferredLanguage',
    'surname',
    'userPrincipalName',
  ],
  onlyOnSingle: [...sharePoint, 'mailboxSettings'],
  guarded: {
    signInActivity: ['AuditLog.Read.All'],
    customSecurityAttributes: ['CustomSecAttributeAssignment.Read.All'],
    employeeLeaveDateTime: ['User-LifeCycleInfo.Read.All'],
  },
  readOnly: [
    'createdDateTime',
    'creationType',
    'assignedPlans',
    'provisionedPlans',
    'assignedLicenses',
    'licenseAssignmentStates',
    'proxyAddresses',
    'imAddresses',
    'externalUserState',
    'externalUserStateChangeDateTime',
    'lastPasswordChangeDateTime',
    'legalAgeGroupClassification',
    'securityIdentifier',
    'signInActivity',
    'signInSessionsValidFromDateTime',
    'isManagementRestricted',
    'serviceProvisioningErrors',
    'identityParentId',
    'isResourceAccount',
    'onPremisesDistinguishedName',
    'onPremisesDomainName',
    'onPremisesLastSyncDateTime',
    'onPremisesProvisioningErrors',
    'onPremisesSamAccountName',
    'onPremisesSecurityIdentifier',
    'onPremisesSyncEnabled',
    'onPremisesUserPrincipalName',
  ],
  required: ['accountEnabled', 'displayName', 'mailNickname', 'userPrincipalName', 'passwordProfile'],
  notClearable: ['displayName', 'accountEnabled', 'userPrincipalName', 'mailNickname', 'usageLocation'],
  links: {
    manager: {
      targets: ['user', 'orgContact'],
      single: true,
      lostWithOwner: true,
      checkAdd: (owner) => checkMastered(owner),
      checkRemove: (owner) => checkMastered(owner),
    },
    sponsors: { targets: ['user', 'group'], lostWithOwner: true },
    directReports: { targets: ['user'], inverseOf: 'manager' },
    memberOf: { targets: ['group'], inverseOf: 'members', read: ['Directory.Read.All'] },
    ownedObjects: { targets: ['group', 'application', 'servicePrincipal'], inverseOf: 'owners' },
  },
  related: {
    appRoleAssignments: {
      type: 'appRoleAssignment',
      by: 'principalId',
      methods: ['list', 'get', 'create', 'delete'],
      read: ['Directory.Read.All'],
    },
    oauth2PermissionGrants: { type: 'oAuth2PermissionGrant', by: 'principalId', methods: ['list', 'get'] },
  },
  actions: { assignLicense: assignLicense(200), revokeSignInSessions: revoke() },
  noise: {
    signInSessionsValidFromDateTime: (_user, store) => store.timestamp(),
    lastPasswordChangeDateTime: (_user, store) => store.timestamp(),
    signInActivity: (_user, store) => ({ lastSignInDateTime: store.timestamp() }),
  },
  defaults: (body, { store }) => ({
    userType: 'Member',
    createdDateTime: store.timestamp(),
    businessPhones: [],
    otherMails: [],
    proxyAddresses: typeof body.mail === 'string' ? [`SMTP:${body.mail}`] : [],
    identities: [upnIdentity(String(body.userPrincipalName))],
  }),
  checkCreate(body, context) {
    checkShape(body);
    checkName(String(body.userPrincipalName), undefined, context);
    const profile = body.passwordProfile as GraphRecord;
    if (typeof profile.password !== 'string') {
      throw badRequest("A value is required for property 'passwordProfile' of resource 'User'.");
    }
  },
  checkUpdate(before, patch, _after, context) {
    checkShape(patch);
    const names = Object.keys(patch).filter((name) => !name.includes('@'));
    if (!names.every((name) => cloudOwned.includes(name))) checkMastered(before);
    checkSharePoint(names);
    if (names.some((name) => sensitive.includes(name))) checkPrivileged(before, context);
    if ('employeeLeaveDateTime' in patch && !context.may('User-LifeCycleInfo.ReadWrite.All')) throw denied();
    if (typeof patch.userPrincipalName === 'string') checkName(patch.userPrincipalName, before, context);
    if (patch.identities !== undefined) checkIdentities(before, patch);
  },
  settle(after, before) {
    const { passwordProfile: _secret, ...kept } = after;
    const user = kept as GraphObject;
    if (before && user.userPrincipalName !== before.userPrincipalName) {
      const others = ((user.identities ?? []) as GraphRecord[]).filter(
        ({ signInType }) => signInType !== 'userPrincipalName',
      );
      user.identities = [upnIdentity(String(user.userPrincipalName)), ...others];
    }
    // Setting mail rewrites the primary address (reference 3.1, Update).
    if (before && user.mail !== before.mail && typeof user.mail === 'string') {
      const others = ((user.proxyAddresses ?? []) as string[]).filter((address) => !address.startsWith('SMTP:'));
      user.proxyAddresses = [`SMTP:${user.mail}`, ...others];
    }
    return user;
  },
  checkDelete(user, context) {
    checkMastered(user);
    checkPrivileged(user, context);
  },
  checkRestore(user, body, context) {
    checkPrivileged(user, context);
    const wanted = body.newUserPrincipalName ?? user.userPrincipalName;
    if (context.store.find('user', 'userPrincipalName', String(wanted)).length > 0) {
      throw new GraphError(
        409,
        'ObjectConflict',
        'Another object with the same value for property userPrincipalName already exists.',
      );
    }
  },
  afterRestore(user, body, { store }) {
    const name = body.newUserPrincipalName;
    if (typeof name === 'string') {
      store.put('user', { ...user, userPrincipalName: name, identities: [upnIdentity(name)] }, ['userPrincipalName']);
    }
  },
  present(user, _context, { selected }) {
    const computed: GraphRecord = {};
    if (selected?.has('securityIdentifier')) computed.securityIdentifier = securityIdentifier(user.id);
    // A deleted user's name is free for another one: its own is prefixed with its id (reference 3.1, Delete).
    if (typeof user.deletedDateTime === 'string')
      computed.userPrincipalName = `${user.id.replaceAll('-', '')}${user.userPrincipalName}`;
    return computed;
  },
};

function upnIdentity(name: string): GraphRecord {
  return { signInType: 'userPrincipalName', issuer: name.split('@')[1] ?? '', issuerAssignedId: name };
}

function checkShape(body: GraphRecord): void {
  const count = (value: Json | undefined) => (Array.isArray(value) ? value.length : 0);
  if (count(body.businessPhones) > 1 || count(body.otherMails) > 250) {
    throw badRequest('One or more property values specified are invalid.');
  }
}

/** A free name in a verified domain. */
function checkName(name: string, before: GraphObject | undefined, { store }: Context): void {
  const domain = name.split('@')[1]?.toLowerCase();
  if (!/^[^@\s]+@[^@\s]+$/.test(name) || domain === undefined || name.length > 113) {
    throw badRequest('Property userPrincipalName is invalid.');
  }
  if (!verifiedDomains(store).includes(domain)) {
    throw badRequest(
      'The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.',
    );
  }
  if (store.find('user', 'userPrincipalName', name).some(({ id }) => id !== before?.id)) {
    throw badRequest('Another object with the same value for property userPrincipalName already exists.');
  }
}

/** SharePoint's properties are not mixed with the directory's, and not for applications (reference 3.1, Update). */
function checkSharePoint(names: readonly string[]): void {
  const foreign = names.filter((name) => sharePoint.includes(name));
  if (foreign.length === 0) return;
  if (foreign.length < names.length)
    throw badRequest('The request is currently not supported on the targeted entity set');
  throw denied();
}

function checkIdentities(before: GraphObject, patch: GraphRecord): void {
  const name = patch.userPrincipalName ?? before.userPrincipalName;
  const kept = ((patch.identities ?? []) as GraphRecord[]).some(
    ({ signInType, issuerAssignedId }) => signInType === 'userPrincipalName' && issuerAssignedId === name,
  );
  if (!kept) throw badRequest("Invalid value specified for property 'identities' of resource 'User'.");
}

function revoke(): ActionRule {
  return { method: 'POST', run: () => ({ status: 200, body: { value: true } }) };
}
