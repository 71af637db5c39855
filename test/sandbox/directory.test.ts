// Users, groups, applications, service principals and what lies between them: creating, changing and deleting as strictly as Graph (reference 3.1 to 3.6, 5.2.6 to 5.2.8).
import { describe, expect, it } from 'vitest';
import { application, clientOf, group, id, origin, principal, tenant, user } from './client.ts';

const ref = (objectId: string) => ({ '@odata.id': `${origin}/v1.0/directoryObjects/${objectId}` });
const newUser = (more: Record<string, unknown> = {}) => ({
  accountEnabled: true,
  displayName: 'Nora New',
  mailNickname: 'nora',
  userPrincipalName: 'nora@contoso.com',
  passwordProfile: { password: 'not-a-real-one-1' },
  ...more,
});
const newGroup = (more: Record<string, unknown> = {}) => ({
  displayName: 'New',
  mailEnabled: false,
  mailNickname: 'new',
  securityEnabled: true,
  ...more,
});
const messageOf = (answer: { body: { error?: { message: string } } }) => answer.body.error?.message;

describe('users', () => {
  it('are created with what the server fills in, and without the password', async () => {
    const { call, get } = tenant();
    const made = await call('POST', '/users', newUser());
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`${origin}/v1.0/users/${made.body.id}`);
    const { body } = await get(
      `/users/${made.body.id}?$select=userType,identities,passwordProfile,securityIdentifier,createdDateTime`,
    );
    expect(body).toMatchObject({
      userType: 'Member',
      passwordProfile: null,
      identities: [{ signInType: 'userPrincipalName', issuer: 'contoso.com', issuerAssignedId: 'nora@contoso.com' }],
    });
    expect(body.securityIdentifier).toMatch(/^S-1-12-1-\d+-\d+-\d+-\d+$/);
  });

  it.each([
    ['a required property', { displayName: undefined }, 'A value is required for property'],
    [
      'an unverified domain',
      { userPrincipalName: 'nora@elsewhere.org' },
      'The domain portion of the userPrincipalName property is invalid.',
    ],
    [
      'a name that is taken',
      { userPrincipalName: 'user1@contoso.com' },
      'Another object with the same value for property userPrincipalName already exists.',
    ],
    [
      'a read-only property',
      { proxyAddresses: ['SMTP:x@contoso.com'] },
      "Property 'proxyAddresses' is read-only and cannot be set.",
    ],
    ['an empty text', { city: '' }, "Invalid value specified for property 'city' of resource 'User'."],
    ['an unknown property', { shoeSize: 4 }, "Could not find a property named 'shoeSize'"],
    ['a wrong type', { accountEnabled: 'yes' }, "Invalid value specified for property 'accountEnabled'"],
    ['two business phones', { businessPhones: ['1', '2'] }, 'One or more property values specified are invalid.'],
  ])('are refused for %s', async (_, more, message) => {
    const { call } = tenant({ users: [user(1)] });
    const answer = await call('POST', '/users', newUser(more));
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
  });

  it('change by PATCH: what is not named stays, null clears, arrays are replaced whole', async () => {
    const { call, get } = tenant({
      users: [user(1, { city: 'Berlin', department: 'Sales', otherMails: ['a@x.org', 'b@x.org'] })],
    });
    const path = `/users/${id('a', 1)}`;
    expect((await call('PATCH', path, { city: null, otherMails: ['c@x.org'] })).status).toBe(204);
    expect((await get(`${path}?$select=city,department,otherMails`)).body).toMatchObject({
      city: null,
      department: 'Sales',
      otherMails: ['c@x.org'],
    });
    expect((await call('PATCH', path, { displayName: null })).status).toBe(400);
    expect((await call('PATCH', path, { otherMails: null })).status).toBe(400);
    expect((await call('PATCH', path, { skills: ['x'], city: 'y' })).status).toBe(400);
    expect((await call('PATCH', path, { userPrincipalName: 'renamed@contoso.com' })).status).toBe(204);
    expect((await get(`${path}?$select=identities`)).body.identities[0].issuerAssignedId).toBe('renamed@contoso.com');
  });

  it('mastered on-premises refuse what is synced, and nothing else', async () => {
    const { call } = tenant({ users: [user(1, { onPremisesSyncEnabled: true }), user(2)] });
    const path = `/users/${id('a', 1)}`;
    expect(messageOf(await call('PATCH', path, { displayName: 'x' }))).toContain(
      'on-premises mastered Directory Sync objects',
    );
    expect((await call('PATCH', path, { usageLocation: 'DE' })).status).toBe(204);
    expect((await call('DELETE', path)).status).toBe(400);
    expect((await call('PUT', `${path}/manager/$ref`, ref(id('a', 2)))).status).toBe(400);
  });

  it('that are administrators are out of reach for an application without a directory role', async () => {
    const data = {
      users: [user(1), user(2)],
      groups: [group(1, { isAssignableToRole: true, links: { members: [`users/${id('a', 1)}`] } })],
    };
    const weak = tenant(data, { privileged: false });
    expect((await weak.call('PATCH', `/users/${id('a', 1)}`, { accountEnabled: false })).status).toBe(403);
    expect((await weak.call('DELETE', `/users/${id('a', 1)}`)).status).toBe(403);
    expect((await weak.call('PATCH', `/users/${id('a', 1)}`, { city: 'Berlin' })).status).toBe(204);
    expect((await weak.call('PATCH', `/users/${id('a', 2)}`, { accountEnabled: false })).status).toBe(204);
    expect((await tenant(data).call('PATCH', `/users/${id('a', 1)}`, { accountEnabled: false })).status).toBe(204);
  });

  it('have a manager that is set by PUT and cleared by DELETE', async () => {
    const { call, get } = tenant({ users: [user(1), user(2), user(3)] });
    const path = `/users/${id('a', 1)}/manager`;
    expect((await get(path)).status).toBe(404);
    expect((await call('PUT', `${path}/$ref`, ref(id('a', 2)))).status).toBe(204);
    expect((await call('PUT', `${path}/$ref`, ref(id('a', 3)))).status).toBe(204);
    expect((await get(path)).body).toMatchObject({ id: id('a', 3), '@odata.type': '#microsoft.graph.user' });
    expect((await get(`/users/${id('a', 3)}/directReports`)).body.value).toHaveLength(1);
    expect((await call('DELETE', `${path}/$ref`)).status).toBe(204);
    expect((await call('DELETE', `${path}/$ref`)).status).toBe(404);
  });

  it('need a usage location before a licence', async () => {
    const { call, get } = tenant({ users: [user(1)] });
    const path = `/users/${id('a', 1)}`;
    const licence = { addLicenses: [{ skuId: id('f', 1), disabledPlans: [] }], removeLicenses: [] };
    expect((await call('POST', `${path}/assignLicense`, licence)).status).toBe(400);
    await call('PATCH', path, { usageLocation: 'DE' });
    expect((await call('POST', `${path}/assignLicense`, licence)).status).toBe(200);
    expect(
      (await get(`${path}?$select=assignedLicenses,licenseAssignmentStates`)).body.licenseAssignmentStates[0],
    ).toMatchObject({ skuId: id('f', 1), assignedByGroup: null });
  });
});

describe('groups', () => {
  it('belong to the caller when nobody else is named, and refuse to have it named', async () => {
    const { call, get, sandbox } = tenant({ users: [user(1)] });
    const made = await call('POST', '/groups', newGroup());
    expect(made.status).toBe(201);
    const owners = (await get(`/groups/${made.body.id}/owners`)).body.value;
    const self = sandbox.store.find('servicePrincipal', 'id', owners[0].id)[0] ?? owners[0];
    expect(owners).toHaveLength(1);
    expect(owners[0]['@odata.type']).toBe('#microsoft.graph.servicePrincipal');
    const bound = await call('POST', '/groups', newGroup({ 'owners@odata.bind': [ref(id('a', 1))['@odata.id']] }));
    expect((await get(`/groups/${bound.body.id}/owners`)).body.value.map((each: { id: string }) => each.id)).toEqual([
      id('a', 1),
    ]);
    expect(
      messageOf(await call('POST', '/groups', newGroup({ 'owners@odata.bind': [ref(self.id)['@odata.id']] }))),
    ).toBe('Request contains a property with duplicate values.');
  });

  it.each([
    ['mail-enabled security groups', { mailEnabled: true }],
    ['distribution lists', { mailEnabled: true, securityEnabled: false }],
    ['Exchange properties at creation', { allowExternalSenders: true }],
    ['a dynamic group without a rule', { groupTypes: ['DynamicMembership'] }],
    [
      'a rule that cannot be read',
      { groupTypes: ['DynamicMembership'], membershipRule: '(nonsense', membershipRuleProcessingState: 'On' },
    ],
    [
      'a role-assignable dynamic group',
      {
        isAssignableToRole: true,
        groupTypes: ['DynamicMembership'],
        membershipRule: 'user.department -eq "Sales"',
        membershipRuleProcessingState: 'On',
      },
    ],
  ])('refuse %s', async (_, more) => {
    const { call } = tenant();
    expect((await call('POST', '/groups', newGroup(more))).status).toBe(400);
  });

  it('keep what is decided at creation', async () => {
    const { call } = tenant({
      groups: [group(1), group(2, { groupTypes: ['Unified'], mailEnabled: true, securityEnabled: false })],
    });
    expect((await call('PATCH', `/groups/${id('b', 1)}`, { isAssignableToRole: true })).status).toBe(400);
    expect((await call('PATCH', `/groups/${id('b', 1)}`, { mailEnabled: true })).status).toBe(400);
    expect((await call('PATCH', `/groups/${id('b', 2)}`, { groupTypes: [] })).status).toBe(400);
    expect((await call('PATCH', `/groups/${id('b', 2)}`, { hideFromAddressLists: true })).status).toBe(403);
    expect(
      (
        await call(
          'POST',
          '/groups',
          newGroup({ groupTypes: ['Unified'], mailEnabled: true, securityEnabled: false, mailNickname: 'GROUP2' }),
        )
      ).status,
    ).toBe(400);
  });

  it('take members by $ref and by bind, each once, all or nothing', async () => {
    const { call, all } = tenant({ users: Array.from({ length: 30 }, (_, index) => user(index)), groups: [group(1)] });
    const path = `/groups/${id('b', 1)}`;
    expect((await call('POST', `${path}/members/$ref`, ref(id('a', 1)))).status).toBe(204);
    expect(messageOf(await call('POST', `${path}/members/$ref`, ref(id('a', 1))))).toBe(
      "One or more added object references already exist for the following modified properties: 'members'.",
    );
    expect((await call('POST', `${path}/members/$ref`, ref(id('a', 99)))).status).toBe(404);
    expect(
      (
        await call('POST', `${path}/members/$ref`, {
          '@odata.id': `https://elsewhere.example/v1.0/directoryObjects/${id('a', 2)}`,
        })
      ).status,
    ).toBe(400);
    const bind = (numbers: number[]) => ({
      'members@odata.bind': numbers.map((number) => ref(id('a', number))['@odata.id']),
    });
    expect((await call('PATCH', path, bind([2, 3, 1]))).status).toBe(400);
    expect(await all(`${path}/members`)).toHaveLength(1);
    expect((await call('PATCH', path, bind([2, 3]))).status).toBe(204);
    expect((await call('PATCH', path, bind(Array.from({ length: 21 }, (_, index) => index + 5)))).status).toBe(400);
    expect(await all(`${path}/members`)).toHaveLength(3);
    expect((await call('DELETE', `${path}/members/${id('a', 2)}/$ref`)).status).toBe(204);
    expect((await call('DELETE', `${path}/members/${id('a', 2)}/$ref`)).status).toBe(404);
  });

  it('delete the member itself when /$ref is forgotten: the trap that the documentation warns of', async () => {
    const { call, get } = tenant({
      users: [user(1)],
      groups: [group(1, { links: { members: [`users/${id('a', 1)}`] } })],
    });
    expect((await call('DELETE', `/groups/${id('b', 1)}/members/${id('a', 1)}`)).status).toBe(204);
    expect((await get(`/users/${id('a', 1)}`)).status).toBe(404);
  });

  it('that are dynamic compute their members, and lose the static ones when they become so', async () => {
    const dynamic = {
      groupTypes: ['DynamicMembership'],
      membershipRule: 'user.department -eq "Sales"',
      membershipRuleProcessingState: 'On',
    };
    const { call, all } = tenant({
      users: [user(1), user(2)],
      groups: [group(1, dynamic), group(2, { links: { members: [`users/${id('a', 1)}`] } })],
    });
    expect((await call('POST', `/groups/${id('b', 1)}/members/$ref`, ref(id('a', 1)))).status).toBe(400);
    expect((await call('PATCH', `/groups/${id('b', 2)}`, dynamic)).status).toBe(204);
    expect(await all(`/groups/${id('b', 2)}/members`)).toHaveLength(0);
  });

  it('that are synced or Exchange’s own are read-only', async () => {
    const { call } = tenant({
      users: [user(1)],
      groups: [group(1, { onPremisesSyncEnabled: true }), group(2, { mailEnabled: true })],
    });
    for (const number of [1, 2]) {
      const path = `/groups/${id('b', number)}`;
      expect((await call('PATCH', path, { description: 'x' })).status).toBe(400);
      expect((await call('POST', `${path}/members/$ref`, ref(id('a', 1)))).status).toBe(400);
      expect((await call('DELETE', path)).status).toBe(400);
    }
  });

  it('that are assignable to roles need the permission for that, and take users and service principals only', async () => {
    const data = {
      users: [user(1)],
      groups: [group(1, { isAssignableToRole: true }), group(2)],
    };
    const weak = tenant(data, { permissions: ['Group.ReadWrite.All', 'GroupMember.ReadWrite.All'] });
    expect((await weak.call('POST', `/groups/${id('b', 1)}/members/$ref`, ref(id('a', 1)))).status).toBe(403);
    expect((await weak.call('POST', '/groups', newGroup({ isAssignableToRole: true }))).status).toBe(403);
    const strong = tenant(data);
    expect((await strong.call('POST', `/groups/${id('b', 1)}/members/$ref`, ref(id('a', 1)))).status).toBe(204);
    expect((await strong.call('POST', `/groups/${id('b', 1)}/members/$ref`, ref(id('b', 2)))).status).toBe(400);
  });

  it('keep their last owner that is a user', async () => {
    const owners = [`users/${id('a', 1)}`, `users/${id('a', 2)}`];
    const { call } = tenant({ users: [user(1), user(2)], groups: [group(1, { links: { owners } })] });
    const path = `/groups/${id('b', 1)}/owners`;
    expect((await call('DELETE', `${path}/${id('a', 1)}/$ref`)).status).toBe(204);
    expect(messageOf(await call('DELETE', `${path}/${id('a', 2)}/$ref`))).toContain('must have at least one owner');
  });
});

describe('applications', () => {
  const role = {
    id: id('f', 1),
    allowedMemberTypes: ['User'],
    description: 'Reads',
    displayName: 'Reader',
    isEnabled: true,
    value: 'Read',
  };

  it('get an appId, the server’s defaults, and the caller as owner', async () => {
    const { call, get } = tenant();
    const made = await call('POST', '/applications', {
      displayName: 'New',
      passwordCredentials: [{ displayName: 'first' }],
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      signInAudience: 'AzureADMyOrg',
      identifierUris: [],
      publisherDomain: 'contoso.com',
      web: { redirectUris: [] },
    });
    expect(made.body.appId).not.toBe(made.body.id);
    expect(made.body.passwordCredentials[0].secretText).toMatch(/.{40}/);
    expect((await get(`/applications/${made.body.id}/owners`)).body.value).toHaveLength(1);
    expect((await get(`/applications/${made.body.id}`)).body.passwordCredentials).toMatchObject([
      { displayName: 'first', secretText: null },
    ]);
  });

  it('take a complex value member by member, or whole where the knob says so', async () => {
    const data = {
      applications: [application(1, { web: { homePageUrl: 'https://a', redirectUris: ['https://a/cb'] } })],
    };
    const patch = { web: { redirectUris: ['https://b/cb'] } };
    const path = `/applications/${id('c', 1)}`;
    const merging = tenant(data);
    await merging.call('PATCH', path, patch);
    expect((await merging.get(path)).body.web).toMatchObject({
      homePageUrl: 'https://a',
      redirectUris: ['https://b/cb'],
    });
    const replacing = tenant(data, { mergeMode: 'replace' });
    await replacing.call('PATCH', path, patch);
    expect((await replacing.get(path)).body.web.homePageUrl ?? null).toBeNull();
  });

  it('keep an enabled app role as it is until it is disabled', async () => {
    const { call, get } = tenant({ applications: [application(1, { appRoles: [role] })] });
    const path = `/applications/${id('c', 1)}`;
    for (const roles of [[], [{ ...role, value: 'Other' }], [{ ...role, isEnabled: false, value: 'Other' }]]) {
      expect((await call('PATCH', path, { appRoles: roles })).body.error.code).toBe(
        'CannotDeleteOrUpdateEnabledEntitlement',
      );
    }
    expect((await call('PATCH', path, { appRoles: [{ ...role, isEnabled: false }] })).status).toBe(204);
    expect((await call('PATCH', path, { appRoles: [] })).status).toBe(204);
    expect((await get(path)).body.appRoles).toEqual([]);
    expect((await call('PATCH', path, { appRoles: [role, role] })).status).toBe(400);
    expect((await call('PATCH', path, { appRoles: [{ ...role, origin: 'Application' }] })).status).toBe(400);
  });

  it('have identifier URIs that nobody else has, in the bin neither, and in a form that is theirs', async () => {
    const { call } = tenant({
      applications: [application(1, { identifierUris: ['https://one.contoso.com'] }), application(2)],
    });
    const path = `/applications/${id('c', 2)}`;
    expect((await call('PATCH', path, { identifierUris: ['https://evil.example'] })).body.error.code).toBe(
      'HostNameNotOnVerifiedDomain',
    );
    expect((await call('PATCH', path, { identifierUris: [`api://${id('d', 2)}`] })).status).toBe(204);
    expect(
      (await call('POST', '/applications', { displayName: 'x', identifierUris: [`api://${id('d', 7)}`] })).status,
    ).toBe(400);
    await call('DELETE', `/applications/${id('c', 1)}`);
    expect((await call('PATCH', path, { identifierUris: ['https://one.contoso.com'] })).status).toBe(400);
  });

  it('have federated credentials of their own: unique, one audience, a name that stays', async () => {
    const { call, get } = tenant({ applications: [application(1)] });
    const path = `/applications/${id('c', 1)}/federatedIdentityCredentials`;
    const credential = {
      name: 'main',
      issuer: 'https://issuer',
      subject: 'repo:x',
      audiences: ['api://AzureADTokenExchange'],
    };
    const made = await call('POST', path, credential);
    expect(made.status).toBe(201);
    expect((await call('POST', path, credential)).status).toBe(409);
    expect((await call('POST', path, { ...credential, name: 'other' })).status).toBe(400);
    expect((await call('POST', path, { ...credential, name: 'two', subject: 'y', audiences: ['a', 'b'] })).status).toBe(
      400,
    );
    expect((await call('PATCH', `${path}/${made.body.id}`, { name: 'renamed' })).status).toBe(400);
    expect((await call('PATCH', `${path}(name='main')`, { subject: 'repo:y' })).status).toBe(204);
    expect(
      (
        await call(
          'PATCH',
          `${path}(name='third')`,
          { ...credential, name: undefined, subject: 'z' },
          { Prefer: 'create-if-missing' },
        )
      ).status,
    ).toBe(201);
    expect((await get(path)).body.value).toHaveLength(2);
    expect((await get(`/applications/${id('c', 1)}`)).body.federatedIdentityCredentials).toBeUndefined();
    expect((await call('DELETE', `${path}/${made.body.id}`)).status).toBe(204);
  });

  it('keep a certificate that is sent without its key under its keyId, and take no new one without', async () => {
    const { call, get } = tenant({ applications: [application(1)], servicePrincipals: [principal(1)] });
    for (const path of [`/applications/${id('c', 1)}`, `/servicePrincipals/${id('e', 1)}`]) {
      const keyId = id('f', 3);
      expect(
        (await call('PATCH', path, { keyCredentials: [{ keyId, type: 'AsymmetricX509Cert', usage: 'Verify' }] }))
          .status,
      ).toBe(400);
      expect(
        (
          await call('PATCH', path, {
            keyCredentials: [{ keyId, key: 'AQID', type: 'AsymmetricX509Cert', usage: 'Verify' }],
          })
        ).status,
      ).toBe(204);
      expect((await call('PATCH', path, { keyCredentials: [{ keyId, displayName: 'again' }] })).status).toBe(204);
      expect((await get(`${path}?$select=keyCredentials`)).body.keyCredentials).toMatchObject([
        { keyId, key: 'AQID', displayName: 'again' },
      ]);
    }
  });

  it('pass on to their service principal what it takes over, in filters and deltas too', async () => {
    const { call, get } = tenant({
      applications: [application(1)],
      servicePrincipals: [principal(1, { tags: ['own'] })],
    });
    const link = (await get('/servicePrincipals/delta?$deltaToken=latest&$select=displayName,replyUrls')).body[
      '@odata.deltaLink'
    ];
    await call('PATCH', `/applications/${id('c', 1)}`, { displayName: 'Renamed', tags: ['HideApp'] });
    expect((await get("/servicePrincipals?$filter=displayName eq 'Renamed'")).body.value).toHaveLength(1);
    expect((await get(link)).body.value).toEqual([{ id: id('e', 1), displayName: 'Renamed', replyUrls: [] }]);
    expect((await get(`/servicePrincipals/${id('e', 1)}`)).body.tags.toSorted()).toEqual(['HideApp', 'own']);
  });

  it('are created by unique name when they are missing, if asked to', async () => {
    const { call, get } = tenant();
    const path = "/applications(uniqueName='app-65278')";
    expect((await call('PATCH', path, { displayName: 'Display name' })).status).toBe(404);
    expect((await call('PATCH', path, { displayName: 'Display name' }, { Prefer: 'create-if-missing' })).status).toBe(
      201,
    );
    expect((await call('PATCH', path, { displayName: 'Other' }, { Prefer: 'create-if-missing' })).status).toBe(204);
    expect((await get(path)).body).toMatchObject({ displayName: 'Other', uniqueName: 'app-65278' });
  });
});

describe('service principals, assignments and grants', () => {
  const role = {
    id: id('f', 1),
    allowedMemberTypes: ['User'],
    description: 'Reads',
    displayName: 'Reader',
    isEnabled: true,
    value: 'Read',
  };
  const data = {
    users: [user(1), user(2)],
    groups: [group(1)],
    applications: [application(1, { appRoles: [role] }), application(2), application(3)],
    servicePrincipals: [principal(1), principal(2)],
  };
  const [resource, client] = [id('e', 1), id('e', 2)];

  it('are made for an application that is there, once, and leave what is inherited alone', async () => {
    const { call } = tenant(data);
    expect(messageOf(await call('POST', '/servicePrincipals', { appId: id('d', 9) }))).toBe(
      `The appId '${id('d', 9)}' of the service principal does not reference a valid application object.`,
    );
    expect((await call('POST', '/servicePrincipals', { appId: id('d', 1) })).status).toBe(409);
    const made = await call('POST', '/servicePrincipals', { appId: id('d', 3), tags: ['own'] });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      displayName: 'Application 3',
      accountEnabled: true,
      servicePrincipalType: 'Application',
    });
    expect((await call('PATCH', `/servicePrincipals/${made.body.id}`, { displayName: 'x' })).status).toBe(400);
    expect(
      (await call('PATCH', `/servicePrincipals/${made.body.id}`, { appRoleAssignmentRequired: true })).status,
    ).toBe(204);
  });

  it('of foreign applications can be made again from what was known of them', async () => {
    const foreign = principal(8, { appOwnerOrganizationId: id('f', 8), displayName: 'Vendor', appRoles: [role] });
    const { call } = tenant({ servicePrincipals: [foreign] });
    await call('DELETE', `/servicePrincipals/${id('e', 8)}`);
    await call('DELETE', `/directory/deletedItems/${id('e', 8)}`);
    const again = await call('POST', '/servicePrincipals', { appId: id('d', 8) });
    expect(again.body).toMatchObject({ displayName: 'Vendor', appOwnerOrganizationId: id('f', 8) });
    expect(again.body.id).not.toBe(id('e', 8));
  });

  it('assign app roles from either side, once, to the right sort of principal', async () => {
    const { call, get } = tenant(data);
    const body = { principalId: id('a', 1), resourceId: resource, appRoleId: role.id };
    const made = await call('POST', `/servicePrincipals/${resource}/appRoleAssignedTo`, body);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      principalDisplayName: 'User 1',
      resourceDisplayName: 'Application 1',
      principalType: 'User',
    });
    expect(Buffer.from(made.body.id, 'base64url')).toHaveLength(32);
    expect(messageOf(await call('POST', `/users/${id('a', 1)}/appRoleAssignments`, body))).toBe(
      'Permission being assigned already exists on the object',
    );
    expect(
      (await call('POST', `/users/${id('a', 2)}/appRoleAssignments`, { ...body, principalId: id('a', 2) })).status,
    ).toBe(201);
    expect(
      (await call('POST', `/groups/${id('b', 1)}/appRoleAssignments`, { ...body, principalId: id('b', 1) })).status,
    ).toBe(201);
    expect((await get(`/servicePrincipals/${resource}/appRoleAssignedTo`)).body.value).toHaveLength(3);
    for (const wrong of [
      { principalId: client },
      { appRoleId: id('f', 9) },
      { appRoleId: '00000000-0000-0000-0000-000000000000' },
    ]) {
      expect(
        (await call('POST', `/servicePrincipals/${resource}/appRoleAssignedTo`, { ...body, ...wrong })).status,
      ).toBe(400);
    }
    expect((await call('DELETE', `/servicePrincipals/${resource}/appRoleAssignedTo/${made.body.id}`)).status).toBe(204);
    expect((await get(`/users/${id('a', 1)}/appRoleAssignments`)).body.value).toHaveLength(0);
  });

  it('take default access only where there are no roles', async () => {
    const { call } = tenant(data);
    const none = '00000000-0000-0000-0000-000000000000';
    const body = { principalId: id('a', 1), resourceId: client, appRoleId: none };
    expect((await call('POST', `/servicePrincipals/${client}/appRoleAssignedTo`, body)).status).toBe(201);
  });

  it('grant permissions once per client, resource and principal, under an id that follows from them', async () => {
    const { call, get } = tenant(data);
    const body = { clientId: client, resourceId: resource, consentType: 'AllPrincipals', scope: 'User.Read' };
    const made = await call('POST', '/oauth2PermissionGrants', body);
    expect(made.status).toBe(201);
    expect((await call('POST', '/oauth2PermissionGrants', body)).status).toBe(409);
    expect((await call('PATCH', `/oauth2PermissionGrants/${made.body.id}`, { scope: 'openid' })).status).toBe(204);
    expect((await call('PATCH', `/oauth2PermissionGrants/${made.body.id}`, { resourceId: client })).status).toBe(400);
    expect((await get(`/oauth2PermissionGrants?$filter=clientId eq '${client}'`)).body.value[0].scope).toBe('openid');
    await call('DELETE', `/oauth2PermissionGrants/${made.body.id}`);
    expect((await get('/oauth2PermissionGrants')).body.value).toHaveLength(0);
    expect((await call('POST', '/oauth2PermissionGrants', body)).body.id).toBe(made.body.id);
    expect((await call('POST', '/oauth2PermissionGrants', { ...body, consentType: 'Principal' })).status).toBe(400);
    expect((await call('POST', '/oauth2PermissionGrants', { ...body, clientId: id('e', 9) })).status).toBe(400);
  });

  it('has the ids that Graph’s documentation shows', async () => {
    const { call } = tenant({
      servicePrincipals: [
        { id: '263a5b01-03e5-408e-8557-bab681df104c', appId: id('d', 1), displayName: 'one' },
        { id: '1804a6f8-e623-4520-8f40-ba1b0c11c42d', appId: id('d', 2), displayName: 'two' },
      ],
    });
    const made = await call('POST', '/oauth2PermissionGrants', {
      clientId: '263a5b01-03e5-408e-8557-bab681df104c',
      resourceId: '1804a6f8-e623-4520-8f40-ba1b0c11c42d',
      consentType: 'AllPrincipals',
      scope: 'User.Read',
    });
    expect(made.body.id).toBe('AVs6JuUDjkCFV7q2gd8QTPimBBgj5iBFj0C6GwwRxC0');
  });

  it('change organization in its few writable properties', async () => {
    const { call, get, sandbox } = tenant();
    const path = `/organization/${sandbox.store.tenantId}`;
    expect((await get('/organization')).body.value[0].displayName).toBe('Contoso');
    expect((await call('PATCH', path, { technicalNotificationMails: ['it@contoso.com'] })).status).toBe(204);
    expect((await call('PATCH', path, { displayName: 'Other' })).status).toBe(400);
    expect((await call('POST', '/organization', {})).status).toBe(405);
    expect((await call('DELETE', path)).status).toBe(405);
  });
});

describe('permissions', () => {
  it('decide what a token may read and write', async () => {
    const { get, call } = tenant({ users: [user(1)] }, { permissions: ['User.Read.All'] });
    expect((await get('/users')).status).toBe(200);
    const refused = await get('/groups');
    expect(refused.status).toBe(403);
    expect(refused.body.error).toMatchObject({
      code: 'Authorization_RequestDenied',
      message: 'Insufficient privileges to complete the operation.',
    });
    expect((await call('PATCH', `/users/${id('a', 1)}`, { city: 'x' })).status).toBe(403);
    expect((await get('/identity/conditionalAccess/policies')).status).toBe(403);
  });

  it('are asked for by relation: members need less than the group itself', async () => {
    const { call } = tenant(
      { users: [user(1)], groups: [group(1)] },
      { permissions: ['GroupMember.ReadWrite.All', 'Group.Read.All'] },
    );
    const path = `/groups/${id('b', 1)}`;
    expect((await call('PATCH', path, { description: 'x' })).status).toBe(403);
    expect((await call('PATCH', path, { 'members@odata.bind': [ref(id('a', 1))['@odata.id']] })).status).toBe(204);
    expect((await call('POST', `${path}/owners/$ref`, ref(id('a', 1)))).status).toBe(403);
  });

  it('are those that were assigned to the application, where it says so', async () => {
    const graph = {
      id: id('e', 5),
      appId: '00000003-0000-0000-c000-000000000000',
      displayName: 'Microsoft Graph',
      appOwnerOrganizationId: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a',
      appRoles: [
        {
          id: id('f', 5),
          allowedMemberTypes: ['Application'],
          value: 'Group.Read.All',
          isEnabled: true,
          displayName: 'x',
          description: 'x',
        },
      ],
      links: { appRoleAssignedTo: [{ target: `servicePrincipals/${id('e', 1)}`, appRoleId: id('f', 5) }] },
    };
    const { sandbox } = tenant({
      applications: [application(1)],
      servicePrincipals: [graph, principal(1)],
      groups: [group(1)],
    });
    const { get } = clientOf(sandbox, sandbox.token(id('d', 1)));
    expect((await get('/groups')).status).toBe(200);
    expect((await get('/users')).status).toBe(403);
  });

  it('are not all: a missing licence refuses a type whole', async () => {
    const { get } = tenant({}, { unlicensed: ['conditionalAccessPolicy'] });
    const { status, body } = await get('/identity/conditionalAccess/policies');
    expect([status, body.error.code]).toEqual([403, 'Authentication_RequestFromNonPremiumTenantOrB2CTenant']);
  });
});
