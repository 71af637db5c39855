// Drift: changes to a tenant as people and attackers make them, through plain Graph calls; what Graph refuses does not happen.
import type { Place } from './recovery.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of Graph, as loose as they come
type Item = Record<string, any>;

export async function list(place: Place, path: string, version: 'v1.0' | 'beta' = 'v1.0'): Promise<Item[]> {
  const { body } = await place.graph('GET', path, undefined, version);
  return (body.value ?? []) as Item[];
}

/** Objects of a kind that a drift may touch: nothing of the sandbox's own application. */
export async function objects(place: Place, kind: string): Promise<Item[]> {
  const row = place.kinds.get(kind)!;
  const select =
    kind === 'users'
      ? '?$select=id,displayName,userType,onPremisesSyncEnabled,department&$top=999'
      : kind === 'groups'
        ? '?$top=999'
        : '';
  const found = await list(place, `${row.path}${select}`);
  return found.filter(
    ({ displayName, policyType, onPremisesSyncEnabled, appOwnerOrganizationId }) =>
      !String(displayName).startsWith('Driftline') &&
      policyType !== 'builtIn' &&
      onPremisesSyncEnabled !== true &&
      (kind !== 'servicePrincipals' ||
        appOwnerOrganizationId === undefined ||
        !String(appOwnerOrganizationId).startsWith('f8cdef31')),
  );
}

/** One change: a name for the seed's output, and what it does with a number that picks. True where Graph took it. */
export interface Drift {
  readonly name: string;
  run(place: Place, pick: number): Promise<boolean>;
}

function at<Value>(items: readonly Value[], pick: number): Value | undefined {
  return items.length === 0 ? undefined : items[pick % items.length];
}

async function ok(call: Promise<{ status: number }>): Promise<boolean> {
  return (await call).status < 300;
}

function patch(kind: string, path: string, body: (item: Item, pick: number) => Item): Drift {
  return {
    name: `patch ${kind}`,
    async run(place, pick) {
      const item = at(await objects(place, kind), pick);
      return item !== undefined && ok(place.graph('PATCH', `${path}/${item.id}`, body(item, pick)));
    },
  };
}

function remove(kind: string, path: string, bin?: string): Drift {
  return {
    name: `${bin === undefined ? 'delete' : 'purge'} ${kind}`,
    async run(place, pick) {
      const item = at(await objects(place, kind), pick);
      if (item === undefined) return false;
      // A guest cannot be made anew, and that is said elsewhere.
      if (bin !== undefined && item.userType === 'Guest') return false;
      if (item.isTrusted === true)
        await place.graph('PATCH', `${path}/${item.id}`, { '@odata.type': item['@odata.type'], isTrusted: false });
      if (!(await ok(place.graph('DELETE', `${path}/${item.id}`)))) return false;
      return bin === undefined || ok(place.graph('DELETE', `${bin}/${item.id}`));
    },
  };
}

function link(kind: string, name: string, adding: boolean): Drift {
  return {
    name: `${adding ? 'add' : 'remove'} ${kind}.${name}`,
    async run(place, pick) {
      const path = place.kinds.get(kind)!.path;
      const owner = at(await objects(place, kind), pick);
      if (owner === undefined) return false;
      const there = await list(place, `${path}/${owner.id}/${name}`);
      if (!adding) {
        const target = at(there, pick >> 3);
        return target !== undefined && ok(place.graph('DELETE', `${path}/${owner.id}/${name}/${target.id}/$ref`));
      }
      const target = at(await objects(place, 'users'), pick >> 3);
      return (
        target !== undefined &&
        ok(
          place.graph('POST', `${path}/${owner.id}/${name}/$ref`, {
            '@odata.id': `http://127.0.0.1:9/v1.0/directoryObjects/${target.id}`,
          }),
        )
      );
    },
  };
}

const ca = '/identity/conditionalAccess';

/** Every sort of drift that the sandbox takes and a recovery can take back. */
export const drifts: readonly Drift[] = [
  patch('users', '/users', (_item, pick) => ({ department: `Dept ${pick % 7}`, jobTitle: null })),
  patch('users', '/users', ({ displayName }) => ({ displayName: `${displayName} (renamed)`, accountEnabled: false })),
  patch('groups', '/groups', (_item, pick) => ({ description: pick % 2 ? null : `Changed ${pick}` })),
  patch('applications', '/applications', (_item, pick) => ({
    notes: `n${pick}`,
    web: { redirectUris: [`https://evil.example/${pick}`] },
  })),
  patch('applications', '/applications', () => ({ tags: ['HideApp'], requiredResourceAccess: [] })),
  patch('servicePrincipals', '/servicePrincipals', (_item, pick) => ({
    accountEnabled: pick % 2 === 0,
    notes: `sp ${pick}`,
  })),
  patch('conditionalAccessPolicies', `${ca}/policies`, (_item, pick) => ({ state: pick % 2 ? 'disabled' : 'enabled' })),
  patch('conditionalAccessPolicies', `${ca}/policies`, ({ displayName }) => ({ displayName: `${displayName} 2` })),
  patch('namedLocations', `${ca}/namedLocations`, (item) => ({
    '@odata.type': item['@odata.type'],
    displayName: `${item.displayName} moved`,
  })),
  patch('authenticationContextClassReferences', `${ca}/authenticationContextClassReferences`, () => ({
    description: 'changed',
  })),
  patch('authenticationStrengthPolicies', '/policies/authenticationStrengthPolicies', () => ({
    description: 'changed',
  })),
  {
    name: 'patch authorizationPolicy',
    run: (place, pick) =>
      ok(place.graph('PATCH', '/policies/authorizationPolicy', { allowInvitesFrom: pick % 2 ? 'everyone' : 'none' })),
  },
  {
    name: 'patch a method',
    run: (place, pick) =>
      ok(
        place.graph('PATCH', '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Sms', {
          '@odata.type': '#microsoft.graph.smsAuthenticationMethodConfiguration',
          state: pick % 2 ? 'enabled' : 'disabled',
        }),
      ),
  },
  {
    name: 'patch a grant',
    async run(place, pick) {
      const grant = at(await list(place, '/oauth2PermissionGrants'), pick);
      return (
        grant !== undefined &&
        ok(place.graph('PATCH', `/oauth2PermissionGrants/${grant.id}`, { scope: 'User.Read Mail.Read' }))
      );
    },
  },
  remove('users', '/users'),
  remove('users', '/users', '/directory/deletedItems'),
  remove('groups', '/groups'),
  remove('groups', '/groups', '/directory/deletedItems'),
  remove('applications', '/applications'),
  remove('applications', '/applications', '/directory/deletedItems'),
  remove('servicePrincipals', '/servicePrincipals'),
  remove('servicePrincipals', '/servicePrincipals', '/directory/deletedItems'),
  remove('oauth2PermissionGrants', '/oauth2PermissionGrants'),
  remove('conditionalAccessPolicies', `${ca}/policies`),
  remove('conditionalAccessPolicies', `${ca}/policies`, `${ca}/deletedItems/policies`),
  remove('namedLocations', `${ca}/namedLocations`),
  remove('namedLocations', `${ca}/namedLocations`, `${ca}/deletedItems/namedLocations`),
  remove('authenticationStrengthPolicies', '/policies/authenticationStrengthPolicies'),
  link('groups', 'members', true),
  link('groups', 'members', false),
  link('groups', 'owners', true),
  link('groups', 'owners', false),
  link('applications', 'owners', true),
  link('applications', 'owners', false),
  {
    name: 'set a manager',
    async run(place, pick) {
      const users = (await objects(place, 'users')).filter(({ userType }) => userType !== 'Guest');
      const [user, other] = [at(users, pick), at(users, pick >> 3)];
      return (
        user !== undefined &&
        other !== undefined &&
        user.id !== other.id &&
        ok(
          place.graph('PUT', `/users/${user.id}/manager/$ref`, {
            '@odata.id': `http://127.0.0.1:9/v1.0/users/${other.id}`,
          }),
        )
      );
    },
  },
  {
    name: 'give or take a licence',
    async run(place, pick) {
      const users = await list(place, '/users?$select=id,licenseAssignmentStates&$top=999');
      const user = at(users, pick);
      const held = (user?.licenseAssignmentStates ?? []).map(({ skuId }: Item) => skuId);
      const skuId = '06ebc4ee-1bb5-47dd-8120-11324bc54e06';
      const body =
        held.length > 0
          ? { addLicenses: [], removeLicenses: held }
          : { addLicenses: [{ skuId, disabledPlans: [] }], removeLicenses: [] };
      return user !== undefined && ok(place.graph('POST', `/users/${user.id}/assignLicense`, body));
    },
  },
  {
    name: 'add a secret',
    async run(place, pick) {
      const application = at(await objects(place, 'applications'), pick);
      return (
        application !== undefined &&
        ok(place.graph('POST', `/applications/${application.id}/addPassword`, { passwordCredential: {} }))
      );
    },
  },
  {
    name: 'trust a workload',
    async run(place, pick) {
      const application = at(await objects(place, 'applications'), pick);
      return (
        application !== undefined &&
        ok(
          place.graph('POST', `/applications/${application.id}/federatedIdentityCredentials`, {
            name: `drift-${pick}`,
            issuer: 'https://token.actions.githubusercontent.com',
            subject: `repo:elsewhere/evil-${pick}:ref:refs/heads/main`,
            audiences: ['api://AzureADTokenExchange'],
          }),
        )
      );
    },
  },
  {
    name: 'assign or take an app role',
    async run(place, pick) {
      const resources = (await list(place, '/servicePrincipals')).filter(({ appRoles }) => appRoles?.length > 0);
      const resource = at(resources, pick);
      if (resource === undefined) return false;
      const path = `/servicePrincipals/${resource.id}/appRoleAssignedTo`;
      const held = await list(place, path);
      const assignment = at(held, pick >> 2);
      if (assignment !== undefined && pick % 2 === 0) return ok(place.graph('DELETE', `${path}/${assignment.id}`));
      const principal = at(
        (await objects(place, 'servicePrincipals')).filter(({ id }) => id !== resource.id),
        pick >> 2,
      );
      const role = at(
        (resource.appRoles as Item[]).filter(({ allowedMemberTypes }) => allowedMemberTypes.includes('Application')),
        pick >> 1,
      );
      if (principal === undefined || role === undefined) return false;
      return ok(place.graph('POST', path, { principalId: principal.id, resourceId: resource.id, appRoleId: role.id }));
    },
  },
  {
    name: 'make a group dynamic, or widen its rule',
    async run(place, pick) {
      const group = at(
        (await objects(place, 'groups')).filter(({ isAssignableToRole }) => isAssignableToRole !== true),
        pick,
      );
      if (group === undefined) return false;
      const groupTypes = [...new Set([...group.groupTypes, 'DynamicMembership'])];
      return ok(
        place.graph('PATCH', `/groups/${group.id}`, {
          groupTypes,
          membershipRule: 'user.accountEnabled -eq true',
          membershipRuleProcessingState: 'On',
        }),
      );
    },
  },
  {
    name: 'exclude somebody from a policy',
    async run(place, pick) {
      const policy = at(await list(place, `${ca}/policies`, 'beta'), pick);
      const user = at(await objects(place, 'users'), pick >> 1);
      if (policy === undefined || user === undefined || !policy.conditions?.users) return false;
      const { users } = policy.conditions;
      const excludeUsers = [...new Set([...(users.excludeUsers ?? []), user.id])];
      return ok(
        place.graph(
          'PATCH',
          `${ca}/policies/${policy.id}`,
          { conditions: { ...policy.conditions, users: { ...users, excludeUsers } } },
          'beta',
        ),
      );
    },
  },
];
