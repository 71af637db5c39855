// The rules of authenticationMethodsPolicy and its method configurations: built-in ones are only changed or reset, external ones come and go (reference 3.11).

import { derivedOf } from '../../metadata.ts';
import type { ChildRule, Context, EntityType, GraphRecord, Json, Permissions } from '../../types.ts';
import { badRequest } from '../../types.ts';
import { defaultConfigurations, defaultPolicy } from './authentication-method-defaults.ts';
import { isRecord } from './conditional-access-shape.ts';

const external = '#microsoft.graph.externalAuthenticationMethodConfiguration';

const permissions: { read: Permissions; write: Permissions } = {
  read: ['Policy.Read.AuthenticationMethod', 'Policy.Read.All'],
  write: ['Policy.ReadWrite.AuthenticationMethod'],
};

const configurations: ChildRule = {
  type: 'authenticationMethodConfiguration',
  key: 'id',
  inline: true,
  methods: ['list', 'get', 'create', 'update', 'delete'],
  derived: derivedOf('authenticationMethodConfiguration'),
  readOnly: ['id'],
  defaults: () => ({ state: 'disabled', excludeTargets: [], includeTargets: [] }),
  check(child, before, _policy, context) {
    if (!before) checkExternal(child);
    else if (before['@odata.type'] !== child['@odata.type']) {
      throw badRequest(
        `The configuration '${before.id}' is of the type '${before['@odata.type']}', not '${child['@odata.type']}'.`,
      );
    }
    checkTargets(child, before, context);
    checkFeatures(child);
    checkLifetimes(child);
  },
  remove: (child) => defaultConfigurations.find(({ id }) => id === child.id),
};

export const authenticationMethodsPolicy: EntityType = {
  type: 'authenticationMethodsPolicy',
  path: 'policies/authenticationMethodsPolicy',
  singleton: true,
  methods: ['get', 'update'],
  readOnly: [
    'id',
    'displayName',
    'description',
    'lastModifiedDateTime',
    'policyVersion',
    'reconfirmationInDays',
    'authenticationMethodConfigurations',
  ],
  betaOnly: [
    'reportSuspiciousActivitySettings',
    'systemCredentialPreferences',
    'microsoftAuthenticatorPlatformSettings',
  ],
  permissions,
  children: { authenticationMethodConfigurations: configurations },
  builtIn: () => [structuredClone(defaultPolicy)],
  settle: (after, before, { store }) => (before ? { ...after, lastModifiedDateTime: store.timestamp() } : after),
};

/** Only external methods are created; they name the application and the provider that they stand for. */
function checkExternal(child: GraphRecord): void {
  if (child['@odata.type'] !== external)
    throw badRequest(`Only '${external}' can be created; the other configurations always exist.`);
  const setting = isRecord(child.openIdConnectSetting) ? child.openIdConnectSetting : {};
  const required: [string, Json | undefined][] = [
    ['displayName', child.displayName],
    ['appId', child.appId],
    ['openIdConnectSetting', child.openIdConnectSetting],
    ['clientId', setting.clientId],
    ['discoveryUrl', setting.discoveryUrl],
  ];
  const missing = required.find(([, value]) => value === undefined || value === null || value === '');
  if (missing) {
    throw badRequest(
      `A value is required for property '${missing[0]}' of resource 'ExternalAuthenticationMethodConfiguration'.`,
    );
  }
}

/** Targets are groups of the tenant or everybody; those that were there before may have lost their group since. */
function checkTargets(child: GraphRecord, before: GraphRecord | undefined, { reader }: Context): void {
  for (const name of ['includeTargets', 'excludeTargets']) {
    const earlier = new Set(targetsOf(before ?? {}, name).map(({ id }) => id));
    for (const { id, targetType } of targetsOf(child, name)) {
      const exists =
        id === 'all_users' || reader.get(targetType === 'user' ? 'user' : 'group', String(id)) !== undefined;
      if (!exists && !earlier.has(id))
        throw badRequest(`The target '${id}' in '${name}' does not exist in the directory.`);
    }
  }
}

function targetsOf(child: GraphRecord, name: string): GraphRecord[] {
  const targets = child[name];
  return Array.isArray(targets) ? targets.filter(isRecord) : [];
}

/** Number matching cannot be switched off any more, so its old setting is refused (reference 3.11). */
function checkFeatures(child: GraphRecord): void {
  if (isRecord(child.featureSettings) && 'numberMatchingRequiredState' in child.featureSettings) {
    throw badRequest("Property 'numberMatchingRequiredState' is read-only and cannot be set.");
  }
}

/** Lifetimes of a Temporary Access Pass: 10 minutes to 30 days, the default between the bounds, 8 to 48 characters. */
function checkLifetimes(child: GraphRecord): void {
  const {
    minimumLifetimeInMinutes: least,
    maximumLifetimeInMinutes: most,
    defaultLifetimeInMinutes: usual,
    defaultLength: length,
  } = child;
  if (typeof least !== 'number' || typeof most !== 'number' || typeof usual !== 'number') return;
  if (least < 10 || least > usual || usual > most || most > 43200) {
    throw badRequest(
      "Invalid value specified for property 'defaultLifetimeInMinutes' of resource 'TemporaryAccessPassAuthenticationMethodConfiguration'.",
    );
  }
  if (typeof length === 'number' && (length < 8 || length > 48)) {
    throw badRequest(
      "Invalid value specified for property 'defaultLength' of resource 'TemporaryAccessPassAuthenticationMethodConfiguration'.",
    );
  }
}
