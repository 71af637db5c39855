// The rules of servicePrincipal (reference 3.4).
import {
  badRequest,
  denied,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  type Json,
  type Reader,
} from '../../types.ts';
import { checkKeys, passwordActions, readCredentials, settleKeys } from './credentials.ts';

/** Taken over from the application: changed there, read-only here. */
const inherited = [
  'appDescription',
  'appDisplayName',
  'appOwnerOrganizationId',
  'appRoles',
  'applicationTemplateId',
  'disabledByMicrosoftStatus',
  'displayName',
  'homepage',
  'info',
  'logoutUrl',
  'oauth2PermissionScopes',
  'replyUrls',
  'resourceSpecificApplicationPermissions',
  'servicePrincipalNames',
  'signInAudience',
  'verifiedPublisher',
];

/** What a foreign application looks like from here: remembered, so that its service principal can be made again. */
export const foreignType = 'foreignApplication';

export const servicePrincipals: EntityType = {
  type: 'servicePrincipal',
  path: 'servicePrincipals',
  methods: ['list', 'get', 'create', 'update', 'delete'],
  delta: true,
  bin: 'directory',
  alternateKeys: ['appId'],
  permissions: { read: ['Application.Read.All'], write: ['Application.ReadWrite.All'] },
  onlyOnSelect: ['customSecurityAttributes'],
  guarded: { customSecurityAttributes: ['CustomSecAttributeAssignment.Read.All'] },
  readOnly: [...inherited, 'servicePrincipalType', 'createdByAppId', 'passwordCredentials'],
  createOnly: ['appId'],
  required: ['appId'],
  notClearable: ['accountEnabled', 'appRoleAssignmentRequired'],
  links: {
    owners: { targets: ['user', 'servicePrincipal'], maximum: 100 },
    memberOf: { targets: ['group'], inverseOf: 'members', read: ['Directory.Read.All'] },
    ownedObjects: { targets: ['group', 'application', 'servicePrincipal'], inverseOf: 'owners' },
  },
  related: {
    appRoleAssignedTo: { type: 'appRoleAssignment', by: 'resourceId', methods: ['list', 'get', 'create', 'delete'] },
    appRoleAssignments: { type: 'appRoleAssignment', by: 'principalId', methods: ['list', 'get', 'create', 'delete'] },
    oauth2PermissionGrants: { type: 'oAuth2PermissionGrant', by: 'clientId', methods: ['list', 'get'] },
  },
  actions: passwordActions('servicePrincipal'),
  noise: {
    info(principal, store) {
      const info = (principal.info ?? {}) as GraphRecord;
      return typeof info.logoUrl === 'string'
        ? { ...info, logoUrl: `${info.logoUrl}?sv=${store.now().getTime()}` }
        : info;
    },
  },
  defaults: (body, { store }) => ({
    accountEnabled: true,
    appRoleAssignmentRequired: false,
    appOwnerOrganizationId: store.tenantId,
    servicePrincipalType: 'Application',
    addIns: [],
    alternativeNames: [],
    appRoles: [],
    keyCredentials: [],
    notificationEmailAddresses: [],
    oauth2PermissionScopes: [],
    passwordCredentials: [],
    replyUrls: [],
    resourceSpecificApplicationPermissions: [],
    servicePrincipalNames: [],
    tags: [],
    info: { logoUrl: null, marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null },
    verifiedPublisher: { displayName: null, verifiedPublisherId: null, addedDateTime: null },
    ...foreign(String(body.appId), store),
  }),
  checkCreate(body, context) {
    checkKeys(body, undefined);
    const appId = String(body.appId).toLowerCase();
    if (context.store.find('servicePrincipal', 'appId', appId).length > 0) {
      throw new GraphError(
        409,
        'Request_MultipleObjectsWithSameKeyValue',
        `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
      );
    }
    // Also what a fresh application gets that this replica does not see yet (reference 1.8).
    if (context.reader.find('application', 'appId', appId).length === 0 && !foreign(appId, context.store)) {
      throw badRequest(`The appId '${appId}' of the service principal does not reference a valid application object.`);
    }
  },
  checkUpdate(before, patch) {
    if (before.servicePrincipalType === 'ManagedIdentity') throw denied();
    checkKeys(patch, before);
  },
  settle(after, before, context) {
    const { tags: _application, ...taken } = inheritance(after, context.store);
    return { ...after, ...taken, keyCredentials: settleKeys(after, before, context) };
  },
  checkDelete(principal) {
    if (principal.servicePrincipalType === 'ManagedIdentity') throw denied();
  },
  checkRestore(principal, _body, context) {
    if (context.store.find('servicePrincipal', 'appId', String(principal.appId)).length > 0) {
      throw new GraphError(
        409,
        'Request_MultipleObjectsWithSameKeyValue',
        `The service principal name ${String(principal.appId)} is already in use.`,
      );
    }
  },
  present: (principal, context, { single, selected }) => ({
    ...inheritance(principal, context.reader),
    ...readCredentials(principal, single && (selected?.has('keyCredentials') ?? false)),
  }),
};

/** What a service principal shows of its application, where that is one of this tenant. */
export function inheritance(principal: GraphObject, reader: Reader): GraphRecord {
  const [application] = reader.find('application', 'appId', String(principal.appId));
  if (!application) return {};
  const part = (name: string) => (application[name] ?? {}) as GraphRecord;
  const redirects = ['web', 'spa', 'publicClient'].flatMap((name) => (part(name).redirectUris ?? []) as string[]);
  const tags = new Set([...((principal.tags ?? []) as string[]), ...((application.tags ?? []) as string[])]);
  const mark = (entries: Json | undefined) =>
    ((entries ?? []) as GraphRecord[]).map((entry) => ({ ...entry, origin: 'Application' }));
  return {
    appDescription: application.description ?? null,
    appDisplayName: application.displayName ?? null,
    displayName: application.displayName ?? null,
    appRoles: mark(application.appRoles),
    oauth2PermissionScopes: mark(part('api').oauth2PermissionScopes),
    homepage: part('web').homePageUrl ?? null,
    logoutUrl: part('web').logoutUrl ?? null,
    info: part('info'),
    replyUrls: redirects,
    servicePrincipalNames: [String(application.appId), ...((application.identifierUris ?? []) as string[])],
    signInAudience: application.signInAudience ?? null,
    verifiedPublisher: application.verifiedPublisher ?? null,
    tags: [...tags],
  };
}

/** The app roles that can be assigned on a service principal. */
export function rolesOf(principal: GraphObject, reader: Reader): GraphRecord[] {
  return (inheritance(principal, reader).appRoles ?? principal.appRoles ?? []) as GraphRecord[];
}

function foreign(appId: string, reader: Reader): GraphRecord | undefined {
  const found = reader.get(foreignType, appId.toLowerCase());
  if (!found) return undefined;
  const { id: _id, ...properties } = found;
  return properties;
}

/** The inherited part of a foreign application's service principal, kept under its application id. */
export function foreignPart(principal: GraphObject): GraphObject | undefined {
  if (typeof principal.appId !== 'string') return undefined;
  const kept = Object.fromEntries(
    [...inherited, 'servicePrincipalType'].map((name) => [name, principal[name] ?? null]),
  );
  return { ...kept, id: principal.appId.toLowerCase() };
}
