// Reading kinds through the port: pages, links from every source, contained objects, singletons, single objects, the bin.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import type { Entity } from '../../src/model/entity.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Kind } from '../../src/model/kind.ts';
import { type KindPage, type Place, PlaceLost } from '../../src/model/tenant.ts';
import { all, FakeGraph, type FakeOptions, guid, open, refusal, tenantId, tokenOf } from './fake-graph.ts';

const row = (name: string): Kind => kinds.get(name)!;

function users(count: number): JsonObject[] {
  return Array.from({ length: count }, (_, at) => ({
    id: guid('a', at).toUpperCase(),
    displayName: `User ${at}`,
    userPrincipalName: `user${at}@example.com`,
    accountEnabled: true,
    businessPhones: [],
    jobTitle: null,
    sponsors: [],
  }));
}

async function* pagesOf(pages: AsyncIterable<KindPage>) {
  for await (const { entities } of pages) yield entities;
}

const byRef = (entities: readonly Entity[]) => new Map(entities.map((entity) => [entity.ref, entity]));

describe('a listing', () => {
  it('is read over all its pages, an empty one in the middle included', async () => {
    const fake = new FakeGraph({
      objects: { users: users(7) },
      delta: { users: users(7).map(({ id }) => ({ id: id! })) },
      pageSize: 3,
      fault: ({ url }) =>
        url.searchParams.get('$skiptoken') === '3'
          ? { status: 200, body: { value: [], '@odata.nextLink': url.href.replace('skiptoken=3', 'skiptoken=03') } }
          : undefined,
    });
    const { reader } = open(fake);
    const entities = await all(reader.read(row('users')));
    expect(entities).toHaveLength(7);
    expect(entities[0]).toEqual({
      ref: `users/${guid('a', 0)}`,
      attributes: { accountEnabled: true, displayName: 'User 0', userPrincipalName: 'user0@example.com' },
      links: {},
    });
  });

  it('goes on from a place that it gave, past what was met before, and not from that of something else', async () => {
    const objects = { users: users(9) };
    const fake = new FakeGraph({ objects, delta: { users: [] }, pageSize: 3 });
    const { reader } = open(fake);
    const places: (Place | undefined)[] = [];
    for await (const { next } of reader.readPages!(row('users'))) places.push(next);
    expect(places).toEqual([expect.anything(), expect.anything(), undefined]);
    const seen: string[] = [];
    const start = { from: places[0]!, met: (key: string) => key === guid('a', 4) };
    for await (const { entities } of reader.readPages!(row('users'), start))
      seen.push(...entities.map(({ ref }) => ref));
    expect(seen).toEqual([3, 5, 6, 7, 8].map((n) => `users/${guid('a', n)}`));
    // Of another kind, or with another choice of attributes: the link is not followed.
    const accessToken = tokenOf({ roles: ['User.Read.All', 'CustomSecAttributeAssignment.Read.All'] });
    const asked = fake.requests.length;
    for (const [other, kind] of [
      [reader, 'groups'],
      [open(fake, { accessToken }).reader, 'users'],
    ] as const)
      await expect(all(pagesOf(other.readPages!(row(kind), start)))).rejects.toThrow(PlaceLost);
    expect(fake.requests.slice(asked)).toEqual([]);
  });

  it('says so where Graph refuses the place, and keeps no link to another server', async () => {
    let refused = false;
    const fake = new FakeGraph({
      objects: { users: users(9) },
      delta: { users: [] },
      pageSize: 3,
      fault: ({ url }) => (refused && url.searchParams.get('$skiptoken') === '3' ? refusal(400, 'Strange') : undefined),
    });
    const { reader } = open(fake);
    const places: (Place | undefined)[] = [];
    for await (const { next } of reader.readPages!(row('users'))) places.push(next);
    refused = true;
    const start = { from: places[0]!, met: () => false };
    await expect(all(pagesOf(reader.readPages!(row('users'), start)))).rejects.toThrow(PlaceLost);
    const hostile = new FakeGraph({
      objects: { users: users(9) },
      delta: { users: [] },
      fault: ({ url }) =>
        url.searchParams.has('$top')
          ? { status: 200, body: { value: users(2), '@odata.nextLink': 'https://elsewhere.example/v1.0/users' } }
          : undefined,
    });
    const given: unknown[] = [];
    await expect(
      (async () => {
        for await (const page of open(hostile).reader.readPages!(row('users'))) given.push(page);
      })(),
    ).rejects.toThrow(/another server/);
    expect(given).toEqual([]);
  });

  it('asks for what the row lists and nothing else, with the header that shows newer enum members', async () => {
    const fake = new FakeGraph({ objects: { users: users(1) }, delta: { users: [] } });
    await all(open(fake).reader.read(row('users')));
    const listing = fake.requests.findLast(({ path }) => path === 'users')!;
    const select = listing.url.searchParams.get('$select')!.split(',');
    expect(select).toContain('accountEnabled');
    expect(select).toContain('id');
    expect(select).not.toContain('customSecurityAttributes');
    expect(select).not.toContain('imAddresses');
    for (const request of fake.requests) {
      expect(request.headers.Prefer).toBe('include-unknown-enum-members');
      if (!request.inBatch) expect(request.headers['client-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('asks for a guarded attribute when the token has the permission for it', async () => {
    const fake = new FakeGraph({ objects: { users: users(1) }, delta: { users: [] } });
    const accessToken = tokenOf({ roles: ['User.Read.All', 'CustomSecAttributeAssignment.Read.All'] });
    await all(open(fake, { accessToken }).reader.read(row('users')));
    const listing = fake.requests.findLast(({ path }) => path === 'users')!;
    expect(listing.url.searchParams.get('$select')).toContain('customSecurityAttributes');
  });

  it('gives the same entities for any page size, page order and concurrency', async () => {
    const people = users(23);
    const groups = Array.from({ length: 9 }, (_, at) => ({
      id: guid('b', at),
      displayName: `Group ${at}`,
      groupTypes: [],
    }));
    const delta = groups.map(({ id }, at) => ({
      id,
      'members@delta': people.slice(at, at + 5).map((one) => ({ '@odata.type': '#microsoft.graph.user', id: one.id! })),
    }));
    const read = async (options: Partial<FakeOptions>, concurrency: number) => {
      const fake = new FakeGraph({
        objects: { users: people, groups },
        delta: { groups: delta, users: [] },
        ...options,
      });
      const { reader } = open(fake, { concurrency });
      const entities = [...(await all(reader.read(row('groups')))), ...(await all(reader.read(row('users'))))];
      return entities.sort((left, right) => (left.ref < right.ref ? -1 : 1));
    };
    const expected = await read({}, 1);
    expect(expected).toHaveLength(32);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 16 }),
        fc.shuffledSubarray(people, { minLength: 23 }),
        fc.shuffledSubarray(groups, { minLength: 9 }),
        fc.shuffledSubarray(delta, { minLength: 9 }),
        async (pageSize, concurrency, shuffled, shuffledGroups, shuffledDelta) => {
          const objects = { users: shuffled, groups: shuffledGroups };
          const got = await read({ pageSize, objects, delta: { groups: shuffledDelta, users: [] } }, concurrency);
          expect(got).toEqual(expected);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('links', () => {
  const group = (at: number, more: JsonObject = {}) => ({
    id: guid('b', at),
    displayName: `Group ${at}`,
    groupTypes: [],
    ...more,
  });
  const user = (at: number) => ({ '@odata.type': '#microsoft.graph.user', id: guid('a', at) });
  const link = (ref: string) => ({ target: ref });

  it('come in bulk from delta, merged over its pages, with removals', async () => {
    const fake = new FakeGraph({
      objects: { groups: [group(1), group(2)] },
      delta: {
        groups: [
          { id: guid('b', 1), 'members@delta': [user(1), user(2)], 'owners@delta': [user(9)] },
          { id: guid('b', 2) },
          { id: guid('b', 1), 'members@delta': [{ ...user(1), '@removed': { reason: 'deleted' } }, user(3), user(2)] },
          { id: guid('b', 7), '@removed': { reason: 'changed' } },
        ],
      },
      pageSize: 2,
    });
    const { reader } = open(fake);
    const entities = byRef(await all(reader.read(row('groups'))));
    expect(entities.get(`groups/${guid('b', 1)}`)?.links).toEqual({
      members: [link(`users/${guid('a', 2)}`), link(`users/${guid('a', 3)}`)],
      owners: [link(`users/${guid('a', 9)}`)],
    });
    expect(entities.get(`groups/${guid('b', 2)}`)?.links).toEqual({});
    expect(fake.requests.filter(({ path }) => path.includes('members'))).toEqual([]);
  });

  it('of an object that delta never told of are read one by one, over all pages', async () => {
    const members = Array.from({ length: 5 }, (_, at) => user(at));
    const fake = new FakeGraph({
      objects: { groups: [group(1), group(2)], [`groups/${guid('b', 2)}/members`]: members },
      delta: { groups: [{ id: guid('b', 1) }] },
      pageSize: 2,
    });
    const entities = byRef(await all(open(fake).reader.read(row('groups'))));
    expect(entities.get(`groups/${guid('b', 2)}`)?.links.members).toHaveLength(5);
    const batches = fake.requests.filter(({ path, inBatch }) => path === '$batch' && !inBatch);
    expect(batches).toHaveLength(1);
  });

  it('are read one by one where the server has no delta', async () => {
    const fake = new FakeGraph({
      objects: { groups: [group(1)], [`groups/${guid('b', 1)}/members`]: [user(4)] },
    });
    const entities = await all(open(fake).reader.read(row('groups')));
    expect(entities[0]?.links.members).toEqual([link(`users/${guid('a', 4)}`)]);
  });

  it('of an object that delta says is gone, but that is listed, are read anew', async () => {
    const fake = new FakeGraph({
      objects: { groups: [group(1)], [`groups/${guid('b', 1)}/members`]: [user(4)] },
      delta: {
        groups: [
          { id: guid('b', 1), 'members@delta': [user(1)] },
          { id: guid('b', 1), '@removed': { reason: 'changed' } },
        ],
      },
    });
    const entities = await all(open(fake).reader.read(row('groups')));
    expect(entities[0]?.links.members).toEqual([link(`users/${guid('a', 4)}`)]);
  });

  it('of two passes of a delta listing are never joined', async () => {
    const pages = [
      [{ id: guid('b', 1), 'members@delta': [user(1)] }, { id: guid('b', 2) }, { id: guid('b', 3) }],
      [{ id: guid('b', 1), 'members@delta': [user(2)] }, { id: guid('b', 2) }, { id: guid('b', 3) }],
    ];
    const delta = { groups: pages[0]! };
    const fake = new FakeGraph({
      objects: { groups: [group(1)] },
      delta,
      pageSize: 2,
      fault: ({ path, url }) => {
        if (path !== 'groups/delta' || !url.searchParams.has('$skiptoken') || delta.groups !== pages[0])
          return undefined;
        delta.groups = pages[1]!;
        return refusal(410, 'syncStateNotFound');
      },
    });
    const entities = await all(open(fake).reader.read(row('groups')));
    expect(entities[0]?.links.members).toEqual([link(`users/${guid('a', 2)}`)]);
  });

  it('that the server computes are left out', async () => {
    const fake = new FakeGraph({
      objects: { groups: [group(1, { groupTypes: ['DynamicMembership'] })] },
      delta: { groups: [{ id: guid('b', 1), 'members@delta': [user(1)] }] },
    });
    const entities = await all(open(fake).reader.read(row('groups')));
    expect(entities[0]?.links).toEqual({});
  });

  it('come expanded up to 19, and by a list of their own from 20 on', async () => {
    const owners = Array.from({ length: 25 }, (_, at) => user(at));
    const application = (at: number, expanded: JsonObject[]) => ({
      id: guid('c', at),
      displayName: `App ${at}`,
      owners: expanded,
    });
    const fake = new FakeGraph({
      objects: {
        applications: [application(1, owners.slice(0, 19)), application(2, owners.slice(0, 20))],
        [`applications/${guid('c', 2)}/owners`]: owners,
      },
    });
    const entities = byRef(await all(open(fake).reader.read(row('applications'))));
    expect(entities.get(`applications/${guid('c', 1)}`)?.links.owners).toHaveLength(19);
    expect(entities.get(`applications/${guid('c', 2)}`)?.links.owners).toHaveLength(25);
  });

  it('that are objects of their own have targets by type and properties', async () => {
    const assignment = (principalId: string, principalType: string) => ({
      id: 'AbC-_x',
      principalId,
      principalType,
      appRoleId: guid('d', 1).toUpperCase(),
    });
    const fake = new FakeGraph({
      objects: {
        servicePrincipals: [{ id: guid('c', 1), displayName: 'App', owners: [] }],
        [`servicePrincipals/${guid('c', 1)}/appRoleAssignedTo`]: [
          assignment(guid('b', 1), 'Group'),
          assignment(guid('a', 1), 'User'),
          assignment(guid('c', 2), 'ServicePrincipal'),
        ],
      },
    });
    const [entity] = await all(open(fake).reader.read(row('servicePrincipals')));
    const properties = { appRoleId: guid('d', 1) };
    expect(entity?.links.appRoleAssignedTo).toEqual([
      { target: `groups/${guid('b', 1)}`, properties },
      { target: `servicePrincipals/${guid('c', 2)}`, properties },
      { target: `users/${guid('a', 1)}`, properties },
    ]);
    const asked = fake.requests.find(({ path }) => path === '$batch')?.body as { requests: { url: string }[] };
    expect(asked.requests[0]?.url).toContain('$top=999');
  });
});

describe('contained objects, singletons and natural keys', () => {
  it('puts contained objects into their owner', async () => {
    const fake = new FakeGraph({
      objects: {
        applications: [{ id: guid('c', 1), displayName: 'App', owners: [] }],
        [`applications/${guid('c', 1)}/federatedIdentityCredentials`]: [
          {
            id: guid('d', 2),
            name: 'main',
            issuer: 'https://token.actions.githubusercontent.com',
            subject: 'repo:o/r',
            audiences: ['api://AzureADTokenExchange'],
          },
        ],
      },
    });
    const [entity] = await all(open(fake).reader.read(row('applications')));
    expect(entity?.attributes.federatedIdentityCredentials).toEqual([
      {
        audiences: ['api://AzureADTokenExchange'],
        issuer: 'https://token.actions.githubusercontent.com',
        name: 'main',
        subject: 'repo:o/r',
      },
    ]);
  });

  it('reads a singleton, and one that comes wrapped', async () => {
    const fake = new FakeGraph({
      objects: { organization: [{ id: tenantId, displayName: 'Contoso' }] },
      singletons: { 'policies/authorizationPolicy': { id: 'authorizationPolicy', allowInvitesFrom: 'everyone' } },
    });
    const { reader } = open(fake);
    expect((await all(reader.read(row('authorizationPolicy'))))[0]?.ref).toBe(
      'authorizationPolicy/authorizationPolicy',
    );
    expect((await all(reader.read(row('organization'))))[0]?.attributes.displayName).toBe('Contoso');
    expect(await reader.identity()).toMatchObject({
      tenantId,
      displayName: 'Contoso',
      servicePrincipalId: guid('e', 1),
    });
  });

  it('makes the key of a grant of what it grants, and finds Graph’s id by it', async () => {
    const clientId = '263a5b01-03e5-408e-8557-bab681df104c';
    const resourceId = '1804a6f8-e623-4520-8f40-ba1b0c11c42d';
    const id = 'AVs6JuUDjkCFV7q2gd8QTPimBBgj5iBFj0C6GwwRxC0';
    const fake = new FakeGraph({
      objects: {
        oauth2PermissionGrants: [
          { id, clientId, resourceId, consentType: 'AllPrincipals', principalId: null, scope: 'b a' },
        ],
      },
    });
    const { reader } = open(fake);
    const key = `${clientId}_${resourceId}_all`;
    expect((await all(reader.read(row('oauth2PermissionGrants'))))[0]?.ref).toBe(`oauth2PermissionGrants/${key}`);
    const found = await reader.readObjects(row('oauth2PermissionGrants'), [key]);
    expect(found.get(key)?.attributes.scope).toBe('a b');
  });
});

describe('single objects', () => {
  it('come with all their links in a handful of requests; what is not there is absent', async () => {
    const fake = new FakeGraph({
      objects: {
        users: users(30).map((one) => ({
          ...one,
          id: String(one.id).toLowerCase(),
          manager: { '@odata.type': '#microsoft.graph.user', id: guid('a', 0) },
        })),
      },
    });
    const { reader } = open(fake);
    const keys = Array.from({ length: 31 }, (_, at) => guid('a', at));
    const found = await reader.readObjects(row('users'), keys);
    expect(found.size).toBe(30);
    expect(found.get(guid('a', 7))?.links.manager).toEqual([{ target: `users/${guid('a', 0)}` }]);
    expect(fake.requests.filter(({ inBatch }) => !inBatch)).toHaveLength(2 + 2);
  });

  it('are resolved to refs a thousand at a time', async () => {
    const fake = new FakeGraph({
      objects: {
        users: users(3).map((one) => ({
          ...one,
          id: String(one.id).toLowerCase(),
          '@odata.type': '#microsoft.graph.user',
        })),
      },
    });
    const { reader } = open(fake);
    const ids = Array.from({ length: 1001 }, (_, at) => guid('a', at));
    expect([...(await reader.resolve(ids)).values()]).toEqual([0, 1, 2].map((at) => `users/${guid('a', at)}`));
    expect(fake.requests).toHaveLength(2);
  });

  it('are found in the bin with all that the row lists, where another type with the same id is not', async () => {
    const fake = new FakeGraph({
      objects: {
        'directory/deletedItems/microsoft.graph.user': [
          { id: guid('a', 1), '@odata.type': '#microsoft.graph.user', displayName: 'Gone', usageLocation: 'SE' },
          { id: guid('b', 1), '@odata.type': '#microsoft.graph.group', displayName: 'Gone too' },
        ],
      },
    });
    const { reader } = open(fake);
    const found = await all(reader.readDeleted(row('users'), [guid('a', 1), guid('b', 1), guid('a', 2)]));
    expect(found).toMatchObject([
      { ref: `users/${guid('a', 1)}`, attributes: { displayName: 'Gone', usageLocation: 'SE' } },
    ]);
  });
});

describe('coverage', () => {
  const read = (fault: FakeOptions['fault'], kind = 'groups', roles: string[] = []) => {
    const fake = new FakeGraph({
      objects: { groups: [], users: [] },
      delta: { groups: [] },
      ...(fault ? { fault } : {}),
    });
    const { reader } = open(fake, { accessToken: tokenOf({ roles }) });
    return all(reader.read(row(kind)));
  };

  it('names the permission that is missing', async () => {
    await expect(
      read(() => refusal(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')),
    ).rejects.toMatchObject({
      status: 'forbidden',
      subject: 'groups',
      detail: expect.stringContaining('The token lacks Group.Read.All'),
    });
  });

  it('tells a missing licence from a missing permission', async () => {
    for (const refused of [
      refusal(
        403,
        'Authentication_RequestFromNonPremiumTenantOrB2CTenant',
        "Neither tenant is B2C or tenant doesn't have premium license",
      ),
      refusal(400, 'AadPremiumLicenseRequired', 'The tenant needs an AAD Premium 2 license.'),
    ])
      await expect(read(() => refused)).rejects.toMatchObject({ status: 'unlicensed' });
  });

  it('skips what the cloud does not have', async () => {
    const fake = new FakeGraph({ objects: {} });
    const { reader } = open(fake, { cloud: 'china', graphUrl: 'https://graph.microsoft.com' });
    await expect(all(reader.read(row('authenticationMethodsPolicy')))).rejects.toMatchObject({ status: 'skipped' });
    expect(fake.requests).toEqual([]);
  });

  it('does not ask a cloud for links that it does not have', async () => {
    const fake = new FakeGraph({
      objects: { users: users(3).map((user) => ({ ...user, userType: 'Guest' })) },
      delta: { users: users(3).map(({ id }) => ({ id: id! })) },
      fault: ({ url }) => (/sponsors/i.test(url.href) ? refusal(400, 'Request_UnsupportedQuery') : undefined),
    });
    const { reader } = open(fake, { cloud: 'usgov', graphUrl: 'https://graph.microsoft.com' });
    expect(await all(reader.read(row('users')))).toHaveLength(3);
    await reader.readObjects(row('users'), [guid('a', 1)]);
    expect(await reader.tracking!.besides(row('users'))).toEqual(new Map());
    expect(fake.requests.filter(({ url }) => /sponsors/i.test(url.href))).toEqual([]);
  });

  it('probes a kind with one small read', async () => {
    const fake = new FakeGraph({ objects: { users: users(5) } });
    expect(await open(fake).reader.probe(row('users'))).toBeUndefined();
    expect(fake.requests[0]?.url.searchParams.get('$top')).toBe('1');
    const refused = new FakeGraph({ objects: {}, fault: () => refusal(403, 'Authorization_RequestDenied') });
    expect(await open(refused).reader.probe(row('users'))).toMatchObject({ status: 'forbidden' });
  });

  it('is partial where Graph refuses one object of a kind that it lists', async () => {
    const fake = new FakeGraph({
      objects: { servicePrincipals: [{ id: guid('c', 1), owners: [] }] },
      fault: ({ path }) =>
        path.endsWith('appRoleAssignedTo') ? refusal(403, 'Authorization_RequestDenied') : undefined,
    });
    await expect(all(open(fake).reader.read(row('servicePrincipals')))).rejects.toMatchObject({
      status: 'partial',
      detail: expect.stringContaining(guid('c', 1)),
    });
  });
});
