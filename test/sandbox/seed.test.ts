// What a sandbox begins with: a state folder, objects at hand, or a generated tenant of any size.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, generate, readSeed } from '../../src/sandbox/index.ts';
import { clientOf, handClock, id, tenant, user } from './client.ts';

const tenantId = id('9', 1);
const graphSp = id('e', 1);
const files: Record<string, string> = {
  'tenant.yaml': `tenantId: ${tenantId}\ndisplayName: Example\nformat: 1\n`,
  'coverage.yaml': 'users: complete\n',
  [`users/aa/a/${id('a', 1)}.yaml`]: `id: ${id('a', 1)}\ndisplayName: Ada\naccountEnabled: true\nuserPrincipalName: ada@example.org\nlinks:\n  manager:\n    - users/${id('a', 2)}\n`,
  [`users/aa/a/${id('a', 2)}.yaml`]: `id: ${id('a', 2)}\ndisplayName: Bo\nuserPrincipalName: bo@example.org\n`,
  [`groups/bb/b/${id('b', 1)}.yaml`]: `id: ${id('b', 1)}\ndisplayName: Team\nmailEnabled: false\nmailNickname: team\nsecurityEnabled: true\nlinks:\n  members:\n    - users/${id('a', 1)}\n    - servicePrincipals/${id('e', 2)}\n`,
  [`applications/cc/c/${id('c', 2)}.yaml`]: `id: ${id('c', 2)}\nappId: ${id('d', 2)}\ndisplayName: Portal\nfederatedIdentityCredentials:\n  - name: main\n    issuer: https://issuer\n    subject: s\n    audiences:\n      - api://AzureADTokenExchange\nweb:\n  redirectUris:\n    - https://portal.example.org/cb\n`,
  [`servicePrincipals/ee/e/${graphSp}.yaml`]: `id: ${graphSp}\nappId: 00000003-0000-0000-c000-000000000000\nappOwnerOrganizationId: f8cdef31-a31e-4b4a-93e4-5f571e91255a\ndisplayName: Microsoft Graph\nappRoles:\n  - id: ${id('f', 1)}\n    value: User.Read.All\n    isEnabled: true\n    allowedMemberTypes:\n      - Application\n    displayName: x\n    description: x\nlinks:\n  appRoleAssignedTo:\n    - target: servicePrincipals/${id('e', 2)}\n      appRoleId: ${id('f', 1)}\n`,
  [`servicePrincipals/ee/e/${id('e', 2)}.yaml`]: `id: ${id('e', 2)}\nappId: ${id('d', 2)}\ndisplayName: Portal\n`,
  [`oauth2PermissionGrants/ee/e/${id('e', 2)}_${graphSp}_all.yaml`]: `clientId: ${id('e', 2)}\nresourceId: ${graphSp}\nconsentType: AllPrincipals\nscope: User.Read\n`,
  'organization/organization.yaml': `id: ${tenantId}\ndisplayName: Example\nverifiedDomains:\n  - name: example.org\n    isDefault: true\n    isInitial: true\n    type: Managed\n`,
  'authorizationPolicy/authorizationPolicy.yaml': 'id: authorizationPolicy\nallowInvitesFrom: none\n',
  'authenticationMethodsPolicy/authenticationMethodsPolicy.yaml':
    "id: authenticationMethodsPolicy\nauthenticationMethodConfigurations:\n  - '@odata.type': '#microsoft.graph.smsAuthenticationMethodConfiguration'\n    id: Sms\n    state: enabled\n",
  [`conditionalAccessPolicies/${id('7', 1)}.yaml`]: `id: ${id('7', 1)}\ndisplayName: MFA\nstate: enabled\nconditions:\n  applications:\n    includeApplications:\n      - All\n  users:\n    includeUsers:\n      - All\n  clientAppTypes:\n    - all\ngrantControls:\n  operator: OR\n  builtInControls:\n    - mfa\n`,
  [`namedLocations/${id('8', 1)}.yaml`]: `'@odata.type': '#microsoft.graph.countryNamedLocation'\nid: ${id('8', 1)}\ndisplayName: Home\ncountriesAndRegions:\n  - DE\n`,
};

describe('a state folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-seed-'));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('becomes a tenant with its objects, links, assignments, grants and contained children', async () => {
    const { get, sandbox } = clientOf(createSandbox({ seeds: [await readSeed(folder)], throttling: false }));
    expect(sandbox.store.tenantId).toBe(tenantId);
    expect((await get('/organization')).body.value).toMatchObject([{ id: tenantId, displayName: 'Example' }]);
    expect((await get(`/users/${id('a', 1)}/manager`)).body.id).toBe(id('a', 2));
    expect((await get(`/groups/${id('b', 1)}/members`)).body.value).toHaveLength(2);
    expect((await get(`/applications/${id('c', 2)}`)).body).toMatchObject({
      web: { redirectUris: ['https://portal.example.org/cb'], homePageUrl: null },
    });
    expect((await get(`/applications/${id('c', 2)}/federatedIdentityCredentials`)).body.value).toMatchObject([
      { name: 'main', description: null },
    ]);
    expect((await get(`/servicePrincipals/${graphSp}/appRoleAssignedTo`)).body.value).toMatchObject([
      { principalId: id('e', 2), principalType: 'ServicePrincipal', appRoleId: id('f', 1) },
    ]);
    expect((await get('/oauth2PermissionGrants')).body.value).toMatchObject([
      { clientId: id('e', 2), principalId: null, scope: 'User.Read' },
    ]);
    expect((await get('/policies/authorizationPolicy')).body).toMatchObject({ allowInvitesFrom: 'none' });
    expect((await get('/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Sms')).body.state).toBe(
      'enabled',
    );
    expect((await get(`/identity/conditionalAccess/policies/${id('7', 1)}`)).body).toMatchObject({
      state: 'enabled',
      sessionControls: null,
    });
    expect((await get(`/identity/conditionalAccess/namedLocations/${id('8', 1)}`)).body['@odata.type']).toBe(
      '#microsoft.graph.countryNamedLocation',
    );
  });

  it('lets roles of services of others be assigned again: what was assigned was declared', async () => {
    const vendor = {
      id: id('e', 3),
      appId: id('d', 3),
      displayName: 'Vendor',
      appOwnerOrganizationId: id('f', 3),
      links: { appRoleAssignedTo: [{ target: `users/${id('a', 1)}`, appRoleId: id('f', 4) }] },
    };
    const { call, get } = tenant({ users: [user(1), user(2)], servicePrincipals: [vendor] });
    const body = { principalId: id('a', 2), resourceId: vendor.id, appRoleId: id('f', 4) };
    expect((await call('POST', `/servicePrincipals/${vendor.id}/appRoleAssignedTo`, body)).status).toBe(201);
    const graph = clientOf(createSandbox({ seeds: [await readSeed(folder)], throttling: false }));
    const roles = (await graph.get(`/servicePrincipals/${graphSp}`)).body.appRoles;
    expect(roles.map((each: { value: string }) => each.value)).toContain('Group.Read.All');
    expect((await get(`/servicePrincipals/${vendor.id}`)).body.appRoles).toHaveLength(1);
  });

  it('is the same tenant every time, and tells no delta', async () => {
    const read = async () => {
      const { all, get } = clientOf(
        createSandbox({
          seeds: [await readSeed(folder)],
          throttling: false,
          shuffleArrays: false,
          touchNoise: false,
          clock: handClock().clock,
        }),
      );
      const answers = [];
      for (const path of [
        'users',
        'groups',
        'applications',
        'servicePrincipals',
        'oauth2PermissionGrants',
        'organization',
        `servicePrincipals/${graphSp}/appRoleAssignedTo`,
      ]) {
        answers.push(await all(`/${path}`));
      }
      return [answers, (await get('/policies/authenticationMethodsPolicy')).body];
    };
    expect(await read()).toEqual(await read());
  });

  it('says which file is not YAML', async () => {
    await writeFile(join(folder, 'users/broken.yaml'), 'a: [');
    await expect(readSeed(folder)).rejects.toThrow('users/broken.yaml');
    await rm(join(folder, 'users/broken.yaml'));
  });
});

describe('an empty sandbox', () => {
  it('has an organization, what every tenant has, and the application that signs in', async () => {
    const { get, all } = tenant();
    expect(await all('/users')).toEqual([]);
    expect((await get('/organization')).body.value).toHaveLength(1);
    expect(await all('/applications')).toHaveLength(1);
    expect((await get('/policies/authorizationPolicy')).status).toBe(200);
  });

  it('listens, and says in env what driftline needs', async () => {
    const sandbox = createSandbox();
    const { graphUrl, authorityUrl, env, close } = await sandbox.listen();
    try {
      expect(Object.keys(env).sort()).toEqual([
        'AZURE_CLIENT_ID',
        'AZURE_CLIENT_SECRET',
        'AZURE_TENANT_ID',
        'DRIFTLINE_ACCESS_TOKEN',
        'DRIFTLINE_AUTHORITY_URL',
        'DRIFTLINE_GRAPH_URL',
      ]);
      expect([graphUrl, authorityUrl]).toEqual([env.DRIFTLINE_GRAPH_URL, env.DRIFTLINE_AUTHORITY_URL]);
      const response = await fetch(`${graphUrl}/v1.0/organization`, {
        headers: { authorization: `Bearer ${env.DRIFTLINE_ACCESS_TOKEN}` },
      });
      expect(response.status).toBe(200);
      expect(((await response.json()) as { '@odata.context': string })['@odata.context']).toContain(graphUrl);
    } finally {
      await close();
    }
  });
});

describe('a generated tenant', () => {
  const sizes = { users: 1000, groups: 50, applications: 30, grants: 100, assignments: 200, membersPerGroup: 12 };
  const make = () =>
    clientOf(createSandbox({ seeds: [generate(sizes, tenantId)], throttling: false, shuffleArrays: false }));

  it('has as many objects as asked for, under ids that find them again', async () => {
    const { all, get } = make();
    const users = await all('/users?$top=999');
    expect(new Set(users.map((each) => each.id)).size).toBe(1000);
    expect((await get(`/users/${users[777].id}`)).body).toEqual({
      '@odata.context': expect.any(String),
      ...users[777],
    });
    expect((await get(`/users/${users[5].userPrincipalName}`)).body.id).toBe(users[5].id);
    expect(await all('/groups')).toHaveLength(50);
    expect(await all('/applications')).toHaveLength(31);
    const grants = await all('/oauth2PermissionGrants');
    expect(new Set(grants.map((each) => each.id)).size).toBe(100);
    expect((await get(`/oauth2PermissionGrants/${grants[42].id}`)).body.clientId).toBe(grants[42].clientId);
  });

  it('has links that agree both ways, and stay right when they change', async () => {
    const { all, call, get } = make();
    const groups = await all('/groups');
    const members = await all(`/groups/${groups[3].id}/members`);
    expect(members).toHaveLength(12);
    expect((await all(`/users/${members[0].id}/memberOf`)).map((each) => each.id)).toContain(groups[3].id);
    await call('DELETE', `/groups/${groups[3].id}/members/${members[0].id}/$ref`);
    expect(await all(`/groups/${groups[3].id}/members`)).toHaveLength(11);
    expect((await all(`/users/${members[0].id}/memberOf`)).map((each) => each.id)).not.toContain(groups[3].id);
    const principals = await all('/servicePrincipals');
    const assigned = await all(`/servicePrincipals/${principals[4].id}/appRoleAssignedTo`);
    expect(assigned.length).toBeGreaterThan(0);
    expect((await all(`/users/${assigned[0].principalId}/appRoleAssignments`)).map((each) => each.id)).toContain(
      assigned[0].id,
    );
    expect((await get(`/users/${members[1].id}/manager`)).status).toBe(200);
  });

  it('can be written to like any other', async () => {
    const { all, call, get } = make();
    const [first, second] = await all('/users?$top=999');
    await call('PATCH', `/users/${first.id}`, { city: 'Rome' });
    await call('DELETE', `/users/${second.id}`);
    await call('POST', '/users', { ...user(1), id: undefined, passwordProfile: { password: 'x' } });
    expect((await get(`/users/${first.id}?$select=city`)).body.city).toBe('Rome');
    expect(await all('/users?$top=999')).toHaveLength(1000);
    await call('POST', `/directory/deletedItems/${second.id}/restore`);
    expect(await all('/users?$top=999')).toHaveLength(1001);
  });

  it('costs nothing until it is read, a million users or one', async () => {
    const { get } = clientOf(
      createSandbox({
        seeds: [generate({ users: 1_000_000, groups: 1000, membersPerGroup: 100 }, tenantId)],
        throttling: false,
      }),
    );
    expect((await get('/users?$top=999')).body.value).toHaveLength(999);
    expect((await get('/users/person999999@contoso.com')).body.displayName).toBe('Person 999999');
    expect((await get('/users/person1000000@contoso.com')).status).toBe(404);
  });
});
