// Delta queries: the first round, what changed since, links, removed objects, and tokens that expire (reference 1.5, 5.2.5).
import { describe, expect, it } from 'vitest';
import { application, type Client, group, handClock, id, origin, principal, tenant, user } from './client.ts';

const ref = (objectId: string) => ({ '@odata.id': `${origin}/v1.0/directoryObjects/${objectId}` });

/** One round: all its records, and the link to the next one. */
async function round(client: Client, path: string, headers: Record<string, string> = {}) {
  // biome-ignore lint/suspicious/noExplicitAny: records of every shape.
  const records: any[] = [];
  for (let next = path; ; ) {
    const { status, body } = await client.get(next, headers);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    records.push(...body.value);
    if (body['@odata.deltaLink']) return { records, link: body['@odata.deltaLink'] as string };
    next = body['@odata.nextLink'];
  }
}

describe('a delta query', () => {
  it('tells every object, with what was never set left out', async () => {
    const client = tenant({ users: [user(1, { city: 'Berlin', department: null }), user(2)] });
    const { records } = await round(client, '/users/delta?$select=displayName,city,department');
    expect(records.sort((one, other) => (one.id < other.id ? -1 : 1))).toEqual([
      { id: id('a', 1), displayName: 'User 1', city: 'Berlin', department: null },
      { id: id('a', 2), displayName: 'User 2' },
    ]);
  });

  it('tells later what was created, changed and removed, and why', async () => {
    const client = tenant({ users: [user(1), user(2), user(3)] });
    const { link } = await round(client, '/users/delta?$select=displayName,city');
    await client.call('PATCH', `/users/${id('a', 1)}`, { city: 'Berlin' });
    await client.call('PATCH', `/users/${id('a', 1)}`, { city: null });
    await client.call('DELETE', `/users/${id('a', 2)}`);
    await client.call('DELETE', `/users/${id('a', 3)}`);
    await client.call('DELETE', `/directory/deletedItems/${id('a', 3)}`);
    const made = await client.call('POST', '/users', { ...user(4), id: undefined, passwordProfile: { password: 'x' } });
    const { records, link: next } = await round(client, link);
    expect(new Map(records.map((each) => [each.id, each]))).toEqual(
      new Map<string, unknown>([
        [id('a', 1), { id: id('a', 1), displayName: 'User 1', city: null }],
        [id('a', 2), { id: id('a', 2), '@removed': { reason: 'changed' } }],
        [id('a', 3), { id: id('a', 3), '@removed': { reason: 'deleted' } }],
        [made.body.id, { id: made.body.id, displayName: 'User 4' }],
      ]),
    );
    expect((await round(client, next)).records).toEqual([]);
  });

  it('says nothing of properties that were not selected, and only what changed with return=minimal', async () => {
    const client = tenant({ users: [user(1, { department: 'Sales' })] });
    const { link } = await round(client, '/users/delta?$select=displayName,department');
    await client.call('PATCH', `/users/${id('a', 1)}`, { city: 'Berlin' });
    expect((await round(client, link)).records).toEqual([]);
    await client.call('PATCH', `/users/${id('a', 1)}`, { department: 'Finance' });
    expect((await round(client, link)).records).toEqual([
      { id: id('a', 1), displayName: 'User 1', department: 'Finance' },
    ]);
    expect((await round(client, link, { Prefer: 'return=minimal' })).records).toEqual([
      { id: id('a', 1), department: 'Finance' },
    ]);
  });

  it('tells members and owners, a large group over several pages', async () => {
    const users = Array.from({ length: 1000 }, (_, index) => user(index));
    const client = tenant({
      users,
      groups: [
        group(1, { links: { members: users.map((each) => `users/${each.id}`), owners: [`users/${id('a', 0)}`] } }),
        group(2),
      ],
    });
    const { records, link } = await round(client, '/groups/delta?$select=displayName,members,owners');
    const told = records.filter((each) => each.id === id('b', 1));
    expect(told.length).toBeGreaterThan(1);
    expect(new Set(told.flatMap((each) => each['members@delta'] ?? []).map((each) => each.id)).size).toBe(1000);
    expect(told.flatMap((each) => each['owners@delta'] ?? [])).toEqual([
      { '@odata.type': '#microsoft.graph.user', id: id('a', 0) },
    ]);
    await client.call('DELETE', `/groups/${id('b', 1)}/members/${id('a', 5)}/$ref`);
    await client.call('POST', `/groups/${id('b', 2)}/members/$ref`, ref(id('a', 7)));
    const { records: later } = await round(client, link);
    expect(later.find((each) => each.id === id('b', 1))['members@delta']).toEqual([
      { '@odata.type': '#microsoft.graph.user', id: id('a', 5), '@removed': { reason: 'deleted' } },
    ]);
    expect(later.find((each) => each.id === id('b', 2))['members@delta']).toEqual([
      { '@odata.type': '#microsoft.graph.user', id: id('a', 7) },
    ]);
  });

  it('tells managers in bulk', async () => {
    const client = tenant({ users: [user(1, { links: { manager: [`users/${id('a', 2)}`] } }), user(2)] });
    const { records, link } = await round(client, '/users/delta?$select=manager');
    expect(records.find((each) => each.id === id('a', 1))).toEqual({
      id: id('a', 1),
      'manager@delta': [{ '@odata.type': '#microsoft.graph.user', id: id('a', 2) }],
    });
    await client.call('DELETE', `/users/${id('a', 1)}/manager/$ref`);
    expect((await round(client, link)).records[0]['manager@delta'][0]['@removed']).toEqual({ reason: 'deleted' });
  });

  it('begins from now with $deltaToken=latest, and can watch single ids', async () => {
    const client = tenant({ users: [user(1), user(2)] });
    const { records, link } = await round(client, '/users/delta?$deltaToken=latest&$select=city');
    expect(records).toEqual([]);
    const watched = await round(client, `/users/delta?$select=city&$filter=id eq '${id('a', 2)}'`);
    expect(watched.records.map((each) => each.id)).toEqual([id('a', 2)]);
    await client.call('PATCH', `/users/${id('a', 1)}`, { city: 'Berlin' });
    expect((await round(client, link)).records).toEqual([{ id: id('a', 1), city: 'Berlin' }]);
    expect((await round(client, watched.link)).records).toEqual([]);
  });

  it('is there for applications, service principals and grants, and not for policies', async () => {
    const client = tenant({
      applications: [application(1), application(2)],
      servicePrincipals: [principal(1), principal(2)],
      oauth2PermissionGrants: [
        { clientId: id('e', 2), resourceId: id('e', 1), consentType: 'AllPrincipals', scope: 'x' },
      ],
    });
    expect((await round(client, '/applications/delta')).records.length).toBeGreaterThanOrEqual(2);
    expect((await round(client, '/servicePrincipals/delta')).records.length).toBeGreaterThanOrEqual(2);
    const { records, link } = await round(client, '/oauth2PermissionGrants/delta');
    expect(records).toMatchObject([{ scope: 'x', consentType: 'AllPrincipals' }]);
    await client.call('DELETE', `/servicePrincipals/${id('e', 2)}`);
    expect((await round(client, link)).records).toEqual([{ id: records[0].id, '@removed': { reason: 'deleted' } }]);
    expect((await client.get('/identity/conditionalAccess/policies/delta')).status).toBe(400);
  });

  it('refuses what it does not support', async () => {
    const { get } = tenant();
    for (const query of ['$top=5', '$expand=manager', '$orderby=displayName', "$filter=displayName eq 'x'"]) {
      expect((await get(`/users/delta?${query}`)).status).toBe(400);
    }
  });

  it('forgets after seven days, by 400 or by 410', async () => {
    for (const deltaExpiry of ['400', '410'] as const) {
      const { clock, turn } = handClock();
      const client = tenant({ users: [user(1)] }, { clock, deltaExpiry });
      const { link } = await round(client, '/users/delta');
      turn(8 * 86_400_000);
      const { status, headers, body } = await client.get(link);
      expect(status).toBe(Number(deltaExpiry));
      if (deltaExpiry === '400') expect(body.error.code).toBe('syncStateNotFound');
      else expect(headers.get('location')).toContain('/users/delta?$deltatoken=');
    }
  });

  it('is blind to what Microsoft’s own recovery wrote', async () => {
    const client = tenant({ users: [user(1)] });
    const { link } = await round(client, '/users/delta?$select=city');
    const { store } = client.sandbox;
    const before = store.get('user', id('a', 1));
    store.silently(() => store.put('user', { ...before, id: id('a', 1), city: 'Berlin' }));
    expect((await round(client, link)).records).toEqual([]);
    expect((await client.get(`/users/${id('a', 1)}?$select=city`)).body.city).toBe('Berlin');
  });
});
