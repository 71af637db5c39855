// The rules of group (reference 3.2).
import { badRequest, type Context, denied, type EntityType, type GraphObject, type GraphRecord } from '../../types.ts';
import { checkMastered, ownByCaller, verifiedDomains } from './guards.ts';
import { securityIdentifier } from './identifiers.ts';
import { assignLicense } from './licences.ts';

/** Kept in Exchange: never at creation, alone in a PATCH, with delegated permissions only (reference 3.2, Create). */
const exchange = [
  'allowExternalSenders',
  'autoSubscribeNewMembers',
  'hideFromAddressLists',
  'hideFromOutlookClients',
  'isSubscribedByMail',
  'unseenCount',
];

const typesOf = (group: GraphRecord) => (group.groupTypes ?? []) as string[];
const isUnified = (group: GraphRecord) => typesOf(group).includes('Unified');
const isDynamic = (group: GraphRecord) => typesOf(group).includes('DynamicMembership');
const isExchangeOwned = (group: GraphRecord) => group.mailEnabled === true && !isUnified(group);

export const groups: EntityType = {
  type: 'group',
  path: 'groups',
  methods: ['list', 'get', 'create', 'update', 'delete'],
  delta: true,
  bin: 'directory',
  alternateKeys: ['uniqueName'],
  permissions: {
    read: ['Group.Read.All', 'GroupMember.Read.All'],
    write: ['Group.ReadWrite.All'],
    create: ['Group.ReadWrite.All', 'Group.Create'],
  },
  onlyOnSelect: [
    'assignedLabels',
    'assignedLicenses',
    'licenseProcessingState',
    'isManagementRestricted',
    'hasMembersWithLicenseErrors',
    'isArchived',
  ],
  onlyOnSingle: [...exchange, 'accessType', 'isFavorite', 'unseenConversationsCount', 'unseenMessagesCount'],
  readOnly: [
    'mail',
    'proxyAddresses',
    'renewedDateTime',
    'expirationDateTime',
    'createdDateTime',
    'securityIdentifier',
    'onPremisesDomainName',
    'onPremisesLastSyncDateTime',
    'onPremisesNetBiosName',
    'onPremisesProvisioningErrors',
    'onPremisesSamAccountName',
    'onPremisesSecurityIdentifier',
    'onPremisesSyncEnabled',
    'isManagementRestricted',
    'licenseProcessingState',
    'assignedLicenses',
    'resourceProvisioningOptions',
    'organizationId',
    'serviceProvisioningErrors',
    'hasMembersWithLicenseErrors',
    'isArchived',
  ],
  createOnly: ['isAssignableToRole', 'resourceBehaviorOptions', 'uniqueName'],
  updateOnly: exchange,
  required: ['displayName', 'mailEnabled', 'mailNickname', 'securityEnabled'],
  notClearable: ['displayName', 'mailEnabled', 'mailNickname', 'securityEnabled', 'groupTypes'],
  links: {
    members: {
      targets: ['user', 'group', 'device', 'servicePrincipal', 'orgContact'],
      survivesBin: true,
      read: ['GroupMember.Read.All', 'Group.Read.All'],
      write: ['GroupMember.ReadWrite.All', 'Group.ReadWrite.All'],
      checkAdd: checkMember,
      checkRemove(group, _target, context) {
        checkMembership(group, context);
      },
    },
    owners: {
      targets: ['user', 'servicePrincipal'],
      maximum: 100,
      checkAdd(group, _target, context) {
        checkOwnership(group, context);
      },
      checkRemove(group, target, context) {
        checkOwnership(group, context);
        checkLastOwner(group, target, context);
      },
    },
    memberOf: { targets: ['group'], inverseOf: 'members' },
  },
  related: {
    appRoleAssignments: {
      type: 'appRoleAssignment',
      by: 'principalId',
      methods: ['list', 'get', 'create', 'delete'],
      read: ['Directory.Read.All'],
    },
  },
  actions: {
    assignLicense: assignLicense(202),
    renew: {
      method: 'POST',
      run(group, _body, { store }) {
        store.put('group', { ...group, renewedDateTime: store.timestamp() }, ['renewedDateTime']);
        return { status: 204 };
      },
    },
  },
  noise: { renewedDateTime: (_group, store) => store.timestamp() },
  hardDeleted: (group) => group.onPremisesSyncEnabled === true || isExchangeOwned(group),
  defaults: (body, { store }) => ({
    createdDateTime: store.timestamp(),
    renewedDateTime: store.timestamp(),
    groupTypes: [],
    proxyAddresses: [],
    resourceBehaviorOptions: [],
    resourceProvisioningOptions: [],
    ...(body.isAssignableToRole === true ? { visibility: 'Private' } : {}),
    ...(isUnified(body) ? { visibility: 'Public', ...addresses(body, store) } : {}),
  }),
  checkCreate(body, context) {
    checkKind(body);
    checkRule(body);
    checkNickname(body, undefined, context);
    checkRoleAssignable(body, context);
    checkOwnersNamed(body, context);
  },
  checkUpdate(before, patch, after, context) {
    checkMastered(before);
    if (isExchangeOwned(before)) throw readOnlyKind();
    const names = Object.keys(patch).filter((name) => !name.includes('@'));
    const foreign = names.filter((name) => exchange.includes(name));
    if (foreign.length > 0)
      throw foreign.length < names.length
        ? badRequest('The request is currently not supported on the targeted entity set')
        : denied();
    if (before.isAssignableToRole === true && !context.may('RoleManagement.ReadWrite.Directory')) throw denied();
    if (before.isAssignableToRole === true && isDynamic(after))
      throw badRequest('Dynamic membership is not supported for role-assignable groups.');
    if (after.mailEnabled !== before.mailEnabled || isUnified(after) !== isUnified(before)) {
      throw badRequest("Property 'groupTypes' cannot be changed after the group was created: it decides over mail.");
    }
    if (patch.visibility === 'HiddenMembership')
      throw badRequest("Invalid value specified for property 'visibility' of resource 'Group'.");
    checkRule(after);
    checkNickname(after, before, context);
  },
  afterCreate(group, body, context) {
    if (body['owners@odata.bind'] === undefined) ownByCaller(group, context);
  },
  afterUpdate(group, before, { store }) {
    // Turning a group dynamic drops its static members (reference 3.2, Update).
    if (isDynamic(before) || !isDynamic(group)) return;
    for (const member of store.targets('members', group.id)) store.unlink('members', group.id, member);
  },
  checkDelete(group, context) {
    checkMastered(group);
    if (isExchangeOwned(group)) throw readOnlyKind();
    if (group.isAssignableToRole === true && !context.may('RoleManagement.ReadWrite.Directory')) throw denied();
    if (((group.assignedLicenses ?? []) as unknown[]).length > 0) {
      throw badRequest(
        'Unable to delete the group because there is a product license assigned to the group. To delete this group, remove any product licenses first.',
      );
    }
  },
  checkRestore(group, _body, context) {
    checkNickname(group, group, context);
  },
  present: (group) => ({ securityIdentifier: securityIdentifier(group.id) }),
};

function addresses(body: GraphRecord, store: Context['store']): GraphRecord {
  const mail = `${String(body.mailNickname)}@${verifiedDomains(store)[0]}`;
  return { mail, proxyAddresses: [`SMTP:${mail}`] };
}

const readOnlyKind = () =>
  badRequest(
    'The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.',
  );

/** Microsoft 365 and security groups only: the mail-enabled ones belong to Exchange (reference 3.2). */
function checkKind(body: GraphRecord): void {
  if (isUnified(body) ? body.mailEnabled !== true : body.mailEnabled === true) throw readOnlyKind();
  if (!isUnified(body) && body.securityEnabled !== true) throw readOnlyKind();
  const unknown = typesOf(body).find((name) => !['Unified', 'DynamicMembership'].includes(name));
  if (unknown !== undefined) throw badRequest(`Invalid value specified for property 'groupTypes' of resource 'Group'.`);
}

/** A dynamic group has a rule that can be read, and a processing state; others have neither (reference 3.2, Create). */
function checkRule(group: GraphRecord): void {
  const { membershipRule: rule, membershipRuleProcessingState: state } = group;
  if (!isDynamic(group)) {
    if (typeof rule === 'string')
      throw badRequest("Property 'membershipRule' requires 'DynamicMembership' in groupTypes.");
    return;
  }
  if (typeof rule !== 'string' || (state !== 'On' && state !== 'Paused')) {
    throw badRequest(
      "A value is required for properties 'membershipRule' and 'membershipRuleProcessingState' of a dynamic group.",
    );
  }
  const count = (sign: string) => rule.split(sign).length - 1;
  const readable = /\b(user|device)\.\w+/i.test(rule) && / -\w+/.test(rule);
  if (!readable || count('(') !== count(')') || count('"') % 2 !== 0) {
    throw badRequest(`Dynamic membership rule validation error: the rule '${rule}' could not be parsed.`);
  }
}

/** Mail nicknames of Microsoft 365 groups are unique, soft-deleted ones included (reference 3.2, Update). */
function checkNickname(group: GraphRecord, before: GraphObject | undefined, { store }: Context): void {
  if (!isUnified(group)) return;
  const nickname = String(group.mailNickname).toLowerCase();
  const clashes = (other: GraphObject) =>
    other.id !== before?.id && isUnified(other) && String(other.mailNickname).toLowerCase() === nickname;
  if (before && String(before.mailNickname).toLowerCase() === nickname && typeof before.deletedDateTime !== 'string')
    return;
  const deleted = [...store.listBin('directory', 'group')].some(({ object }) => clashes(object));
  if (deleted || [...store.list('group')].some(clashes)) {
    throw badRequest('Another object with the same value for property mailNickname already exists.');
  }
}

function checkRoleAssignable(body: GraphRecord, context: Context): void {
  if (body.isAssignableToRole !== true) return;
  if (!context.may('RoleManagement.ReadWrite.Directory')) throw denied();
  if (body.securityEnabled !== true || isDynamic(body)) {
    throw badRequest('A group that is assignable to roles must be security-enabled and have assigned membership.');
  }
  if (body.visibility !== undefined && body.visibility !== null && body.visibility !== 'Private') {
    throw badRequest("Invalid value specified for property 'visibility' of resource 'Group'.");
  }
}

/** The caller is made owner by itself: naming it gets refused as a duplicate (reference 3.2, Create). */
function checkOwnersNamed(body: GraphRecord, { caller }: Context): void {
  const named = (body['owners@odata.bind'] ?? []) as string[];
  if (named.some((url) => url.toLowerCase().includes(caller.servicePrincipalId))) {
    throw badRequest('Request contains a property with duplicate values.');
  }
}

function checkMembership(group: GraphObject, context: Context): void {
  checkMastered(group);
  if (isExchangeOwned(group)) throw readOnlyKind();
  if (isDynamic(group))
    throw badRequest(
      'Insufficient privileges: the membership of a dynamic group is computed from its rule and cannot be updated.',
    );
  if (group.isAssignableToRole === true && !context.may('RoleManagement.ReadWrite.Directory')) throw denied();
}

function checkMember(group: GraphObject, target: { type: string; object: GraphObject }, context: Context): void {
  checkMembership(group, context);
  const fits = isUnified(group)
    ? target.type === 'user'
    : group.isAssignableToRole !== true || target.type === 'user' || target.type === 'servicePrincipal';
  if (!fits || target.object.id === group.id) {
    throw badRequest(
      `The reference target '${target.type}_${target.object.id}' of type '${target.type}' is invalid for the 'members' reference.`,
    );
  }
  const besides: Record<string, string> = {
    servicePrincipal: 'Application.ReadWrite.All',
    device: 'Device.ReadWrite.All',
    orgContact: 'OrgContact.Read.All',
  };
  const needed = besides[target.type];
  if (needed !== undefined && !context.may(needed)) throw denied();
}

function checkOwnership(group: GraphObject, context: Context): void {
  checkMastered(group);
  if (isExchangeOwned(group)) throw readOnlyKind();
  if (group.isAssignableToRole === true && !context.may('RoleManagement.ReadWrite.Directory')) throw denied();
}

/** The last owner that is a user stays (reference 3.2, Update). */
function checkLastOwner(group: GraphObject, target: string, { store }: Context): void {
  if (!store.get('user', target)) return;
  const others = store.targets('owners', group.id).filter((id) => id !== target && store.get('user', id) !== undefined);
  if (others.length === 0)
    throw badRequest('The group must have at least one owner, hence this owner cannot be removed.');
}
