// The rules of application (reference 3.3).
import { bury } from '../../objects.ts';
import {
  badRequest,
  type ChildRule,
  type Context,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
} from '../../types.ts';
import { checkKeys, makePassword, passwordActions, readCredentials, settleKeys } from './credentials.ts';
import { checkEnabledEntitlements, checkEntitlements } from './entitlements.ts';
import { ownByCaller, verifiedDomains } from './guards.ts';
import { inheritance } from './service-principals.ts';

const federatedIdentityCredentials: ChildRule = {
  type: 'federatedIdentityCredential',
  key: 'id',
  alternateKey: 'name',
  methods: ['list', 'get', 'create', 'update', 'delete'],
  createOnly: ['name'],
  required: ['name', 'issuer', 'subject', 'audiences'],
  maximum: 20,
  defaults: () => ({ description: null }),
  check(child, before, owner) {
    const others = ((owner.federatedIdentityCredentials ?? []) as GraphRecord[]).filter(
      (each) => each.id !== before?.id,
    );
    if (((child.audiences ?? []) as string[]).length !== 1) {
      throw badRequest("Property 'audiences' must have exactly one value.");
    }
    if (others.some(({ name }) => name === child.name)) {
      throw new GraphError(
        409,
        'Request_MultipleObjectsWithSameKeyValue',
        `FederatedIdentityCredential with name ${String(child.name)} already exists.`,
      );
    }
    if (others.some(({ issuer, subject }) => issuer === child.issuer && subject === child.subject)) {
      throw badRequest('The combination of issuer and subject must be unique on the application.');
    }
  },
};

export const applications: EntityType = {
  type: 'application',
  path: 'applications',
  methods: ['list', 'get', 'create', 'update', 'delete'],
  delta: true,
  bin: 'directory',
  alternateKeys: ['appId', 'uniqueName'],
  permissions: {
    read: ['Application.Read.All'],
    write: ['Application.ReadWrite.All'],
    create: ['Application.ReadWrite.All', 'AppRegistration.Create'],
  },
  onlyOnSelect: ['managerApplications', 'authenticationBehaviors'],
  readOnly: [
    'appId',
    'createdDateTime',
    'createdByAppId',
    'publisherDomain',
    'verifiedPublisher',
    'certification',
    'disabledByMicrosoftStatus',
    'samlMetadataUrl',
    'applicationTemplateId',
    'info.logoUrl',
    'appRoles.origin',
    'api.oauth2PermissionScopes.origin',
  ],
  createOnly: ['uniqueName'],
  required: ['displayName'],
  notClearable: ['displayName', 'signInAudience'],
  links: { owners: { targets: ['user', 'servicePrincipal'], maximum: 100 } },
  children: { federatedIdentityCredentials },
  actions: passwordActions('application'),
  noise: {
    // The logo's URL is signed anew for each read (reference 2.3).
    info(application, store) {
      const info = (application.info ?? {}) as GraphRecord;
      return typeof info.logoUrl === 'string'
        ? { ...info, logoUrl: `${info.logoUrl}?sv=${store.now().getTime()}` }
        : info;
    },
  },
  defaults: (_body, { store, caller }) => ({
    appId: store.newId(),
    createdDateTime: store.timestamp(),
    createdByAppId: caller.appId,
    publisherDomain: verifiedDomains(store)[0] ?? null,
    signInAudience: 'AzureADMyOrg',
    identifierUris: [],
    tags: [],
    addIns: [],
    appRoles: [],
    keyCredentials: [],
    passwordCredentials: [],
    requiredResourceAccess: [],
    api: {
      acceptMappedClaims: null,
      knownClientApplications: [],
      requestedAccessTokenVersion: null,
      oauth2PermissionScopes: [],
      preAuthorizedApplications: [],
    },
    info: { logoUrl: null, marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null },
    parentalControlSettings: { countriesBlockedForMinors: [], legalAgeGroupRule: 'Allow' },
    publicClient: { redirectUris: [] },
    spa: { redirectUris: [] },
    web: {
      homePageUrl: null,
      logoutUrl: null,
      redirectUris: [],
      redirectUriSettings: [],
      implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
    },
    verifiedPublisher: { displayName: null, verifiedPublisherId: null, addedDateTime: null },
    servicePrincipalLockConfiguration: {
      isEnabled: true,
      allProperties: true,
      credentialsWithUsageVerify: true,
      credentialsWithUsageSign: true,
      tokenEncryptionKeyId: true,
    },
    federatedIdentityCredentials: [],
  }),
  checkCreate(body, context) {
    checkKeys(body, undefined);
    checkEntitlements(body);
    checkAudience(body);
    checkUris(body, undefined, context);
    checkUniqueName(body, context);
  },
  checkUpdate(before, patch, after, context) {
    if ('passwordCredentials' in patch) {
      throw badRequest("Property 'passwordCredentials' cannot be updated: use addPassword and removePassword.");
    }
    checkKeys(patch, before);
    checkEnabledEntitlements(before, after);
    checkEntitlements(after);
    checkAudience(after);
    if ('identifierUris' in patch) checkUris(after, before, context);
  },
  settle(after, before, context) {
    const settled = { ...after, keyCredentials: settleKeys(after, before, context) };
    // Secrets asked for at creation are made once the object is there.
    return before ? settled : { ...settled, passwordCredentials: seeded(after) };
  },
  afterCreate(application, _body, context) {
    ownByCaller(application, context);
  },
  created(application, body, context) {
    const wanted = (body.passwordCredentials ?? []) as GraphRecord[];
    if (wanted.length === 0) return {};
    const made = wanted.map((each) => makePassword(each, application.id, context));
    context.store.put('application', { ...application, passwordCredentials: made.map(({ stored }) => stored) });
    return { passwordCredentials: made.map(({ stored, secretText }) => ({ ...stored, secretText })) };
  },
  afterUpdate(application, _before, { store }) {
    // What its service principal takes over changes there too, and its delta tells of it (reference 3.4).
    for (const principal of store.find('servicePrincipal', 'appId', String(application.appId))) {
      const { tags: _own, ...taken } = inheritance(principal, store);
      const changed = Object.keys(taken).filter(
        (name) => JSON.stringify(taken[name]) !== JSON.stringify(principal[name]),
      );
      if (changed.length > 0) store.put('servicePrincipal', { ...principal, ...taken }, changed);
    }
  },
  afterDelete(application, context) {
    // Its service principal in the home tenant goes to the bin with it, and does not come back with it (reference 3.3, Delete).
    const [principal] = context.store.find('servicePrincipal', 'appId', String(application.appId));
    const rules = context.rules('servicePrincipal');
    if (principal && rules) bury(context, rules, principal);
  },
  checkRestore(application, _body, context) {
    checkUris(application, application, context, false);
  },
  present: (application, _context, { single, selected }) => ({
    ...readCredentials(application, single && (selected?.has('keyCredentials') ?? false)),
    ...withOrigin(application),
    samlMetadataUrl: null,
  }),
};

/** Credentials that a seed brings have a keyId already; those of a POST have none yet. */
const seeded = (application: GraphObject) =>
  ((application.passwordCredentials ?? []) as GraphRecord[]).filter(({ keyId }) => typeof keyId === 'string');

function withOrigin(application: GraphObject): GraphRecord {
  const api = (application.api ?? {}) as GraphRecord;
  const mark = (entries: unknown) =>
    ((entries ?? []) as GraphRecord[]).map((entry) => ({ ...entry, origin: 'Application' }));
  return {
    appRoles: mark(application.appRoles),
    api: { ...api, oauth2PermissionScopes: mark(api.oauth2PermissionScopes) },
  };
}

function checkUniqueName({ uniqueName }: GraphRecord, { store }: Context): void {
  if (typeof uniqueName === 'string' && store.find('application', 'uniqueName', uniqueName).length > 0) {
    throw new GraphError(
      409,
      'Request_MultipleObjectsWithSameKeyValue',
      `Another object with the same value for property uniqueName already exists.`,
    );
  }
}

/** `api://{appId}`, or a host in a verified domain; unique in the tenant, soft-deleted applications included (reference 3.3, Update). */
function checkUris(
  application: GraphRecord,
  before: GraphObject | undefined,
  { store }: Context,
  withForm = true,
): void {
  const uris = (application.identifierUris ?? []) as string[];
  const old = new Set(((before?.identifierUris ?? []) as string[]).map((uri) => uri.toLowerCase()));
  const others = [
    ...store.list('application'),
    ...[...store.listBin('directory', 'application')].map(({ object }) => object),
  ];
  for (const uri of uris) {
    if (withForm && !old.has(uri.toLowerCase())) checkUriForm(uri, before, store);
    const taken = others.some(
      ({ id, identifierUris }) =>
        id !== before?.id &&
        ((identifierUris ?? []) as string[]).some((each) => each.toLowerCase() === uri.toLowerCase()),
    );
    if (taken) {
      throw badRequest('Another object with the same value for property identifierUris already exists.');
    }
  }
}

function checkUriForm(uri: string, before: GraphObject | undefined, store: Context['store']): void {
  const host = /^(?:https?|api|urn|ms-appx):(?:\/\/)?([^/:]+)/i.exec(uri)?.[1]?.toLowerCase() ?? '';
  const own = [String(before?.appId ?? ''), store.tenantId, ...verifiedDomains(store)];
  if (!own.some((name) => name !== '' && (host === name || host.endsWith(`.${name}`)))) {
    throw new GraphError(
      400,
      'HostNameNotOnVerifiedDomain',
      `Values of identifierUris property must use a verified domain of the organization or its subdomain: '${uri}'`,
    );
  }
}

/** Applications for personal accounts have narrower limits (reference 3.3, signInAudience). */
function checkAudience(application: GraphRecord): void {
  const resources = (application.requiredResourceAccess ?? []) as GraphRecord[];
  if (resources.length > 50)
    throw badRequest('The number of resources in requiredResourceAccess exceeds the limit of 50.');
  if (!String(application.signInAudience ?? '').includes('PersonalMicrosoftAccount')) return;
  const api = (application.api ?? {}) as GraphRecord;
  if (api.requestedAccessTokenVersion !== 2) {
    throw badRequest(
      'Property api.requestedAccessTokenVersion is invalid: it must be 2 for applications that personal accounts can sign in to.',
    );
  }
  const uris = (application.identifierUris ?? []) as string[];
  const redirects = ['web', 'spa', 'publicClient'].flatMap(
    (name) => (((application[name] ?? {}) as GraphRecord).redirectUris ?? []) as string[],
  );
  if (
    uris.length > 50 ||
    uris.some((uri) => uri.startsWith('urn:')) ||
    redirects.length > 100 ||
    redirects.some((uri) => uri.includes('*'))
  ) {
    throw badRequest('One or more property values specified are invalid for the sign-in audience.');
  }
}
