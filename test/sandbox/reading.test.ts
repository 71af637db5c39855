// Collections and single objects as Graph reads them: default properties, $select, paging, advanced queries, $expand (reference 1.4, 5.2.2 to 5.2.4).
import { describe, expect, it } from 'vitest';
import { application, clientOf, group, handClock, id, principal, tenant, user } from './client.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => user(index));
const eventual = { ConsistencyLevel: 'eventual' };

describe('default properties and $select', () => {
  it('reads users with Graph’s default set, and everything else by $select only', async () => {
    const { get } = tenant({ users: [user(1, { department: 'Sales' })] });
    const { status, body } = await get('/users');
    expect(status).toBe(200);
    expect(body['@odata.context']).toBe('http://graph.test/v1.0/$metadata#users');
    expect(Object.keys(body.value[0]).sort()).toEqual(
      [
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
      ].sort(),
    );
    const selected = await get('/users?$select=department,city,businessPhones,accountEnabled');
    expect(selected.body.value[0]).toEqual({
      id: id('a', 1),
      department: 'Sales',
      city: null,
      businessPhones: [],
      accountEnabled: true,
    });
  });

  it('finds a user by user principal name and an application by appId', async () => {
    const { get } = tenant({ users: [user(1)], applications: [application(1)] });
    expect((await get('/users/USER1@contoso.com')).body.id).toBe(id('a', 1));
    expect((await get(`/applications(appId='${id('d', 1)}')`)).body.id).toBe(id('c', 1));
    expect((await get(`/users('${id('a', 1)}')`)).body.displayName).toBe('User 1');
  });

  it('refuses unknown properties, SharePoint’s in a listing, and guarded ones without the permission', async () => {
    const { get } = tenant({ users: [user(1)] }, { permissions: ['User.Read.All'] });
    expect((await get('/users?$select=shoeSize')).body.error).toMatchObject({
      code: 'Request_BadRequest',
      message: "Could not find a property named 'shoeSize' on type 'microsoft.graph.user'.",
    });
    expect((await get('/users?$select=skills')).status).toBe(501);
    expect((await get(`/users/${id('a', 1)}?$select=skills`)).status).toBe(200);
    expect((await get('/users?$select=id,signInActivity')).status).toBe(403);
  });

  it('looks at each caller’s permissions for the same $select anew', async () => {
    const reader = { appId: id('9', 1), permissions: ['User.Read.All'] };
    const { sandbox, get } = tenant(
      { users: [user(1)], servicePrincipals: [{ id: id('9', 2), appId: reader.appId, displayName: 'Reader' }] },
      { apps: [reader] },
    );
    const path = '/users?$select=id,signInActivity';
    expect((await get(path)).status).toBe(200);
    expect((await clientOf(sandbox, sandbox.token(reader.appId)).get(path)).status).toBe(403);
    expect((await get(path)).status).toBe(200);
  });

  it('answers 404 in Graph’s form with its headers, and echoes the client’s request id', async () => {
    const { get } = tenant();
    const { status, body, headers } = await get(`/users/${id('a', 9)}`, { 'client-request-id': id('f', 1) });
    expect(status).toBe(404);
    expect(body.error.code).toBe('Request_ResourceNotFound');
    expect(body.error.innerError['client-request-id']).toBe(id('f', 1));
    expect(headers.get('client-request-id')).toBe(id('f', 1));
    expect(headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('shows keyCredentials[].key in a single read by $select only, and secrets never', async () => {
    const credentials = {
      keyCredentials: [{ keyId: id('f', 2), key: 'AQID', type: 'AsymmetricX509Cert', usage: 'Verify' }],
    };
    const { get, call } = tenant({ applications: [application(1, credentials)] });
    const path = `/applications/${id('c', 1)}`;
    expect((await get(path)).body.keyCredentials[0].key).toBeNull();
    expect((await get(`${path}?$select=keyCredentials`)).body.keyCredentials[0].key).toBe('AQID');
    expect(
      (await get('/applications?$select=keyCredentials')).body.value.every(
        (each: { keyCredentials: { key: unknown }[] }) => each.keyCredentials.every(({ key }) => key === null),
      ),
    ).toBe(true);
    const made = await call('POST', `${path}/addPassword`, { passwordCredential: { displayName: 'one' } });
    expect(made.body.secretText).toMatch(/.{40}/);
    expect((await get(path)).body.passwordCredentials[0]).toMatchObject({
      displayName: 'one',
      secretText: null,
      hint: made.body.secretText.slice(0, 3),
    });
  });
});

describe('paging', () => {
  it('gives 100 a page, up to 999 when asked, and follows nextLinks to the end', async () => {
    const { get, all } = tenant({ users: many(250) });
    const { body } = await get('/users');
    expect(body.value).toHaveLength(100);
    expect(body['@odata.nextLink']).toMatch(/^http:\/\/graph\.test\/v1\.0\/users\?\$skiptoken=/);
    expect(new Set((await all('/users')).map((each) => each.id)).size).toBe(250);
    expect((await get('/users?$top=999')).body.value).toHaveLength(250);
    expect((await get('/users?$top=1000')).body.error.message).toBe(
      "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.",
    );
    expect((await get('/users?$skip=5')).status).toBe(400);
  });

  it('counts on the first page only, and in advanced mode only', async () => {
    const { get } = tenant({ users: many(150) });
    const first = await get('/users?$count=true', eventual);
    expect(first.body['@odata.count']).toBe(150);
    expect((await get(first.body['@odata.nextLink'], eventual)).body['@odata.count']).toBeUndefined();
    expect((await get('/users?$count=true')).body['@odata.count']).toBeUndefined();
    expect((await get('/users/$count')).body.error.message).toBe('$count is not currently supported.');
    expect((await get('/users/$count', eventual)).body).toBe('150');
  });

  it('lets page tokens expire, and refuses forged ones', async () => {
    const { clock, turn } = handClock();
    const { get } = tenant({ users: many(150) }, { clock, pageTokenLifetimeMs: 60_000 });
    const next = (await get('/users')).body['@odata.nextLink'];
    expect((await get(next.replace('skiptoken=', 'skiptoken=x'))).body.error.message).toBe('Invalid page token.');
    turn(61_000);
    expect((await get(next)).body.error.code).toBe('Directory_ExpiredPageToken');
  });

  it('takes a page token for the listing only that it was made for', async () => {
    const { get } = tenant({ users: many(150) });
    const next: string = (await get('/users?$select=displayName')).body['@odata.nextLink'];
    expect((await get(next)).body.value).toHaveLength(50);
    for (const other of [next.replace('/users', '/groups'), next.replace('displayName', 'city')]) {
      expect((await get(other)).body.error.message).toBe('Invalid page token.');
    }
  });

  it('has empty pages that go on, when told to', async () => {
    const { get, all } = tenant({ users: many(300) }, { emptyPages: 0.5 });
    const pages: number[] = [];
    for (let next: string | undefined = '/users'; next; ) {
      const { body } = await get(next);
      pages.push(body.value.length);
      next = body['@odata.nextLink'];
    }
    expect(pages).toContain(0);
    expect(await all('/users')).toHaveLength(300);
  });
});

describe('filters and advanced queries', () => {
  const data = {
    users: [
      user(1, { department: 'Sales', otherMails: ['one@x.org'], createdDateTime: '2025-01-01T00:00:00Z' }),
      user(2, { department: 'Finance', accountEnabled: false, createdDateTime: '2026-01-01T00:00:00Z' }),
      user(3, { department: "O'Brien", displayName: 'Zoe' }),
    ],
  };
  const names = (answer: { body: { value: { displayName: string }[] } }) =>
    answer.body.value.map((each) => each.displayName).sort();

  it('understands the simple forms without more', async () => {
    const { get } = tenant(data);
    expect(names(await get("/users?$filter=department eq 'sales'"))).toEqual(['User 1']);
    expect(names(await get("/users?$filter=department eq 'O''Brien'"))).toEqual(['Zoe']);
    expect(names(await get(`/users?$filter=id in ('${id('a', 1)}','${id('a', 3)}')`))).toEqual(['User 1', 'Zoe']);
    expect(names(await get("/users?$filter=startswith(displayName,'User') and accountEnabled eq true"))).toEqual([
      'User 1',
    ]);
    expect(names(await get("/users?$filter=otherMails/any(m: m eq 'one@x.org')"))).toEqual(['User 1']);
    expect(
      names(
        await get('/users?$filter=createdDateTime ge 2025-06-01T00:00:00Z and createdDateTime le 2026-06-01T00:00:00Z'),
      ),
    ).toEqual(['User 2']);
  });

  it('asks for ConsistencyLevel and $count for ne, not, endsWith, $search and most sorting', async () => {
    const { get } = tenant(data);
    for (const query of [
      "$filter=department ne 'Sales'",
      'department',
      "$filter=not(department eq 'Sales')",
      "$filter=endsWith(userPrincipalName,'com')",
      '$orderby=department',
    ]) {
      if (!query.startsWith('$')) continue;
      expect((await get(`/users?${query}`)).body.error.code).toBe('Request_UnsupportedQuery');
      expect((await get(`/users?${query}&$count=true`, eventual)).status).toBe(200);
    }
    expect((await get('/users?$search="displayName:zoe"')).body.error.message).toContain(
      "special request header: 'ConsistencyLevel: eventual'",
    );
    expect(names(await get('/users?$search="displayName:zoe"', eventual))).toEqual(['Zoe']);
    expect(
      (await get('/users?$orderby=displayName')).body.value.map((each: { displayName: string }) => each.displayName),
    ).toEqual(['User 1', 'User 2', 'Zoe']);
  });
});

describe('$expand and relations', () => {
  it('cuts an expanded collection at 20 without a word, and gives a single value whole', async () => {
    const users = many(30).map((each, index) =>
      index === 0 ? each : { ...each, links: { manager: [`users/${id('a', 0)}`] } },
    );
    const { get, all } = tenant({
      users,
      groups: [group(1, { links: { members: users.map((each) => `users/${each.id}`) } })],
    });
    const { body } = await get('/groups?$expand=members&$top=999');
    expect(body.value[0].members).toHaveLength(20);
    expect(await all(`/groups/${id('b', 1)}/members?$top=7`)).toHaveLength(30);
    const managed = await all('/users?$expand=manager($select=id)');
    expect(managed.filter((each) => each.manager?.id === id('a', 0))).toHaveLength(29);
    expect((await get('/groups?$expand=members,owners')).status).toBe(400);
  });

  it('expands the federated credentials of listed applications, all that one can have', async () => {
    const credential = (owner: number, number: number) => ({
      id: id('f', owner * 100 + number),
      name: `deploy-${number}`,
      issuer: 'https://token.actions.githubusercontent.com',
      subject: `repo:contoso/app-${owner}-${number}:ref:refs/heads/main`,
      audiences: ['api://AzureADTokenExchange'],
    });
    const held = (owner: number) => (owner === 1 ? 20 : owner === 2 ? 1 : 0);
    const { get, all } = tenant({
      applications: Array.from({ length: 130 }, (_, owner) =>
        application(owner, {
          federatedIdentityCredentials: Array.from({ length: held(owner) }, (_, number) => credential(owner, number)),
        }),
      ),
    });
    const path = '/applications?$expand=federatedIdentityCredentials';
    expect((await get(`${path}&$top=999`)).body.value).toHaveLength(100);
    const listed = new Map((await all(`${path}&$select=displayName`)).map((each) => [each.id, each]));
    for (const owner of [0, 1, 2]) {
      const { displayName, federatedIdentityCredentials, ...rest } = listed.get(id('c', owner));
      expect(Object.keys(rest).filter((name) => !name.startsWith('@'))).toEqual(['id']);
      expect(displayName).toBe(`Application ${owner}`);
      const apart = await all(`/applications/${id('c', owner)}/federatedIdentityCredentials`);
      expect(federatedIdentityCredentials).toHaveLength(held(owner));
      expect(federatedIdentityCredentials).toEqual(expect.arrayContaining(apart));
    }
    const [only] = (await get(`/applications/${id('c', 2)}?$expand=federatedIdentityCredentials($select=name)`)).body
      .federatedIdentityCredentials;
    expect(only).toEqual({ id: id('f', 200), name: 'deploy-0' });
    const unknown = await get('/applications?$expand=federatedIdentityCredentials($select=shoeSize)');
    expect(unknown.body.error.message).toBe(
      "Could not find a property named 'shoeSize' on type 'microsoft.graph.federatedIdentityCredential'.",
    );
    expect((await get('/applications?$expand=federatedIdentityCredentials,owners')).status).toBe(400);
  });

  it('cuts the expanded app role assignments of a listed service principal at 20, and lists them whole apart', async () => {
    const assigned = (count: number) =>
      Array.from({ length: count }, (_, number) => ({ target: `users/${id('a', number)}`, appRoleId: id('0', 0) }));
    const { get, all } = tenant({
      users: many(21),
      servicePrincipals: [
        ...Array.from({ length: 120 }, (_, number) => principal(number + 10)),
        principal(1),
        principal(2, { links: { appRoleAssignedTo: assigned(1) } }),
        principal(3, { links: { appRoleAssignedTo: assigned(20) } }),
        principal(4, { links: { appRoleAssignedTo: assigned(21) } }),
      ],
    });
    const path = '/servicePrincipals?$expand=appRoleAssignedTo';
    expect((await get(`${path}&$top=999`)).body.value).toHaveLength(100);
    const listed = new Map((await all(path)).map((each) => [each.id, each]));
    for (const [number, count] of [1, 2, 3, 4].map((each) => [each, [0, 1, 20, 21][each - 1] as number] as const)) {
      const apart = await all(`/servicePrincipals/${id('e', number)}/appRoleAssignedTo?$top=999`);
      expect(apart).toHaveLength(count);
      const { appRoleAssignedTo, ...rest } = listed.get(id('e', number));
      expect(appRoleAssignedTo).toHaveLength(Math.min(20, count));
      expect(apart).toEqual(expect.arrayContaining(appRoleAssignedTo));
      expect(Object.keys(rest).filter((name) => /nextLink/i.test(name))).toEqual([]);
    }
    expect((await get('/servicePrincipals?$expand=appRoleAssignedTo,owners')).status).toBe(400);
  });

  it('refuses to expand what the caller may not read, also where there is nothing', async () => {
    const { get } = tenant({ users: [user(1)] }, { permissions: ['User.Read.All'] });
    expect((await get('/users?$expand=manager')).status).toBe(200);
    expect((await get('/users?$expand=appRoleAssignments')).status).toBe(403);
  });

  it('says the type of each item of a mixed collection, and casts to one', async () => {
    const { get } = tenant({
      users: [user(1)],
      groups: [group(1, { links: { members: [`users/${id('a', 1)}`, `groups/${id('b', 2)}`] } }), group(2)],
    });
    const { body } = await get(`/groups/${id('b', 1)}/members`);
    expect(body.value.map((each: Record<string, string>) => each['@odata.type']).sort()).toEqual([
      '#microsoft.graph.group',
      '#microsoft.graph.user',
    ]);
    expect(
      (await get(`/groups/${id('b', 1)}/members/microsoft.graph.user`)).body.value.map(
        (each: { id: string }) => each.id,
      ),
    ).toEqual([id('a', 1)]);
    expect((await get(`/groups/${id('b', 1)}/members/$ref`)).body.value).toContainEqual({
      '@odata.id': `http://graph.test/v1.0/directoryObjects/${id('a', 1)}`,
    });
    expect((await get(`/users/${id('a', 1)}/memberOf`)).body.value.map((each: { id: string }) => each.id)).toEqual([
      id('b', 1),
    ]);
    expect((await get(`/groups/${id('b', 1)}/members/$count`, eventual)).body).toBe('2');
  });

  it('shows on a service principal what it takes over from its application', async () => {
    const { get } = tenant({
      applications: [
        application(1, {
          displayName: 'Real name',
          identifierUris: ['https://x.contoso.com'],
          web: { redirectUris: ['https://x/cb'] },
          tags: ['HideApp'],
        }),
      ],
      servicePrincipals: [principal(1, { tags: ['own'] })],
    });
    const { body } = await get(`/servicePrincipals/${id('e', 1)}`);
    expect(body).toMatchObject({ displayName: 'Real name', appDisplayName: 'Real name', replyUrls: ['https://x/cb'] });
    expect(body.servicePrincipalNames.sort()).toEqual([id('d', 1), 'https://x.contoso.com'].sort());
    expect(body.tags.sort()).toEqual(['HideApp', 'own']);
  });
});

describe('getByIds', () => {
  it('resolves what is there, and leaves the rest out without a word', async () => {
    const { call } = tenant({ users: [user(1)], groups: [group(1)] });
    const { body } = await call('POST', '/directoryObjects/getByIds', {
      ids: [id('a', 1), id('b', 1), id('a', 9)],
      types: ['user', 'group'],
    });
    expect(body.value.map((each: Record<string, string>) => each['@odata.type']).sort()).toEqual([
      '#microsoft.graph.group',
      '#microsoft.graph.user',
    ]);
    expect(
      (await call('POST', '/directoryObjects/getByIds', { ids: Array.from({ length: 1001 }, () => id('a', 1)) }))
        .status,
    ).toBe(400);
  });
});
