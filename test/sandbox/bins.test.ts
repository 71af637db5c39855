// Both recycle bins: what goes there, what comes back and how, and what is gone at once (reference 1.12, 5.2.9).
import { describe, expect, it } from 'vitest';
import { application, group, handClock, id, principal, tenant, user } from './client.ts';

const day = 86_400_000;
const role = {
  id: id('f', 1),
  allowedMemberTypes: ['User'],
  description: 'Reads',
  displayName: 'Reader',
  isEnabled: true,
  value: 'Read',
};

describe('the directory’s bin', () => {
  it('brings a user back under its id with its memberships; manager and ownerships stay lost', async () => {
    const { call, get } = tenant({
      users: [user(1, { city: 'Berlin', links: { manager: [`users/${id('a', 2)}`] } }), user(2)],
      groups: [
        group(1, {
          links: { members: [`users/${id('a', 1)}`], owners: [`users/${id('a', 1)}`, `users/${id('a', 2)}`] },
        }),
      ],
    });
    const path = `/users/${id('a', 1)}`;
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await get(path)).status).toBe(404);
    expect((await get(`/groups/${id('b', 1)}/members`)).body.value).toHaveLength(0);
    const { body: binned } = await get('/directory/deletedItems/microsoft.graph.user');
    expect(binned.value[0]).toMatchObject({
      id: id('a', 1),
      userPrincipalName: `${id('a', 1).replaceAll('-', '')}user1@contoso.com`,
    });
    expect(binned.value[0].deletedDateTime).toMatch(/^\d{4}-/);
    expect((await get('/directory/deletedItems')).status).toBe(400);
    const restored = await call('POST', `/directory/deletedItems/${id('a', 1)}/restore`);
    expect([restored.status, restored.body.id, restored.body['@odata.type']]).toEqual([
      200,
      id('a', 1),
      '#microsoft.graph.user',
    ]);
    expect((await get(`${path}?$select=city,userPrincipalName`)).body).toMatchObject({
      city: 'Berlin',
      userPrincipalName: 'user1@contoso.com',
    });
    expect((await get(`/groups/${id('b', 1)}/members`)).body.value).toHaveLength(1);
    expect((await get(`/groups/${id('b', 1)}/owners`)).body.value).toHaveLength(1);
    expect((await get(`${path}/manager`)).status).toBe(404);
    expect((await call('POST', `/directory/deletedItems/${id('a', 1)}/restore`)).status).toBe(404);
  });

  it('refuses a user whose name was given away, unless it gets a new one', async () => {
    const { call, get } = tenant({ users: [user(1), user(2)] });
    await call('DELETE', `/users/${id('a', 1)}`);
    expect((await call('PATCH', `/users/${id('a', 2)}`, { userPrincipalName: 'user1@contoso.com' })).status).toBe(204);
    const path = `/directory/deletedItems/${id('a', 1)}/restore`;
    expect((await call('POST', path)).body.error.code).toBe('ObjectConflict');
    expect((await call('POST', path, { newUserPrincipalName: 'again@contoso.com' })).status).toBe(200);
    expect((await get(`/users/${id('a', 1)}`)).body.userPrincipalName).toBe('again@contoso.com');
  });

  it('takes a service principal with its application, and gives each back by its own restore, with grants and assignments', async () => {
    const { call, get } = tenant({
      users: [user(1)],
      applications: [application(1, { appRoles: [role] }), application(2)],
      servicePrincipals: [
        principal(1, { links: { appRoleAssignedTo: [{ target: `users/${id('a', 1)}`, appRoleId: role.id }] } }),
        principal(2),
      ],
      oauth2PermissionGrants: [
        { clientId: id('e', 2), resourceId: id('e', 1), consentType: 'AllPrincipals', scope: 'x' },
      ],
    });
    await call('DELETE', `/applications/${id('c', 1)}`);
    expect((await get(`/servicePrincipals/${id('e', 1)}`)).status).toBe(404);
    expect((await get('/oauth2PermissionGrants')).body.value).toHaveLength(0);
    expect((await get(`/users/${id('a', 1)}/appRoleAssignments`)).body.value).toHaveLength(0);
    await call('POST', `/directory/deletedItems/${id('c', 1)}/restore`);
    expect((await get(`/servicePrincipals/${id('e', 1)}`)).status).toBe(404);
    await call('POST', `/directory/deletedItems/${id('e', 1)}/restore`);
    expect((await get('/oauth2PermissionGrants')).body.value).toHaveLength(1);
    expect((await get(`/servicePrincipals/${id('e', 1)}/appRoleAssignedTo`)).body.value).toHaveLength(1);
  });

  it('keeps for 30 days, and can be emptied by hand', async () => {
    const { clock, turn } = handClock();
    const { call, get } = tenant({ users: [user(1), user(2)] }, { clock });
    await call('DELETE', `/users/${id('a', 1)}`);
    await call('DELETE', `/users/${id('a', 2)}`);
    expect((await call('DELETE', `/directory/deletedItems/${id('a', 2)}`)).status).toBe(204);
    expect((await get(`/directory/deletedItems/${id('a', 2)}`)).status).toBe(404);
    turn(29 * day);
    expect((await get(`/directory/deletedItems/${id('a', 1)}`)).status).toBe(200);
    turn(2 * day);
    expect((await get(`/directory/deletedItems/${id('a', 1)}`)).status).toBe(404);
  });

  it('has no place for grants and assignments', async () => {
    const { call, get } = tenant({
      applications: [application(1), application(2)],
      servicePrincipals: [principal(1), principal(2)],
      oauth2PermissionGrants: [
        { clientId: id('e', 2), resourceId: id('e', 1), consentType: 'AllPrincipals', scope: 'x' },
      ],
    });
    const grant = (await get('/oauth2PermissionGrants')).body.value[0];
    await call('DELETE', `/oauth2PermissionGrants/${grant.id}`);
    expect((await get(`/directory/deletedItems/${grant.id}`)).status).toBe(404);
    expect((await get('/directory/deletedItems/microsoft.graph.oAuth2PermissionGrant')).status).toBe(400);
  });

  it('asks for the permission to restore', async () => {
    const { sandbox, get } = tenant({ users: [user(1)] }, { permissions: ['User.DeleteRestore.All', 'User.Read.All'] });
    const client = tenant({ users: [user(1)] }, { permissions: ['User.Read.All'] });
    sandbox.store.bury('user', id('a', 1), 'directory');
    client.sandbox.store.bury('user', id('a', 1), 'directory');
    expect((await get(`/directory/deletedItems/${id('a', 1)}`)).status).toBe(200);
    expect((await client.call('POST', `/directory/deletedItems/${id('a', 1)}/restore`)).status).toBe(403);
  });
});

describe('the Conditional Access bin', () => {
  it('brings a named location back under its id', async () => {
    const { call, get } = tenant();
    const made = await call('POST', '/identity/conditionalAccess/namedLocations', {
      '@odata.type': '#microsoft.graph.countryNamedLocation',
      displayName: 'Home',
      countriesAndRegions: ['DE'],
    });
    const path = `/identity/conditionalAccess/namedLocations/${made.body.id}`;
    expect((await call('DELETE', path)).status).toBe(204);
    const { body } = await get('/identity/conditionalAccess/deletedItems/namedLocations');
    expect(body.value[0]).toMatchObject({ id: made.body.id, displayName: 'Home' });
    expect((await get('/identity/conditionalAccess/deletedItems/policies')).body.value).toHaveLength(0);
    expect(
      (await call('POST', `/identity/conditionalAccess/deletedItems/namedLocations/${made.body.id}/restore`)).status,
    ).toBe(200);
    expect((await get(path)).body.displayName).toBe('Home');
  });
});
