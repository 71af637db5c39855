// A fork of a sandbox: goes on from where the first one is, and neither sees what becomes of the other.
import { describe, expect, it } from 'vitest';
import { clientOf, group, handClock, id, origin, tenant, user } from './client.ts';

const member = { '@odata.id': `${origin}/v1.0/directoryObjects/${id('a', 1)}` };
const anew = { displayName: 'New', mailEnabled: false, securityEnabled: true, mailNickname: 'new' };

/** A tenant with a member, an object in the bin, and a delta token. */
async function lived() {
  const first = tenant({ users: [user(1), user(2)], groups: [group(1)] });
  await first.call('POST', `/groups/${id('b', 1)}/members/$ref`, member);
  const { body } = await first.get('/users/delta?$select=displayName');
  await first.call('DELETE', `/users/${id('a', 2)}`);
  return { first, delta: body['@odata.deltaLink'] as string };
}

describe('a fork of a sandbox', () => {
  it('has the objects, links, bins and tokens of the first one, and will give the same ids', async () => {
    const { first, delta } = await lived();
    const fork = clientOf(first.sandbox.fork());
    for (const path of [
      `/groups/${id('b', 1)}/members?$select=id`,
      '/directory/deletedItems/microsoft.graph.user?$select=id',
    ])
      expect((await fork.get(path)).body.value).toEqual((await first.get(path)).body.value);
    expect((await fork.get(delta)).body.value).toMatchObject([{ id: id('a', 2), '@removed': { reason: 'changed' } }]);
    expect((await fork.call('POST', `/directory/deletedItems/${id('a', 2)}/restore`)).status).toBe(200);
    const [one, other] = [await first.call('POST', '/groups', anew), await fork.call('POST', '/groups', anew)];
    expect(one.status).toBe(201);
    expect(other.body.id).toBe(one.body.id);
  });

  it('sees nothing of what is written to the first one afterwards, nor the first one of what is written to it', async () => {
    const { first, delta } = await lived();
    const fork = clientOf(first.sandbox.fork());
    const before = JSON.stringify([...first.sandbox.store.list('user'), ...first.sandbox.store.list('group')]);
    await fork.call('PATCH', `/users/${id('a', 1)}`, { city: 'Gdynia' });
    await fork.call('DELETE', `/groups/${id('b', 1)}/members/${id('a', 1)}/$ref`);
    await fork.call('POST', `/directory/deletedItems/${id('a', 2)}/restore`);
    await fork.call('POST', '/groups', anew);
    expect(JSON.stringify([...first.sandbox.store.list('user'), ...first.sandbox.store.list('group')])).toBe(before);
    expect((await first.get(`/groups/${id('b', 1)}/members`)).body.value).toHaveLength(1);
    expect((await first.get('/directory/deletedItems/microsoft.graph.user')).body.value).toHaveLength(1);
    expect((await first.get(delta)).body.value).toHaveLength(1);
    await first.call('DELETE', `/groups/${id('b', 1)}`);
    expect((await fork.get(`/groups/${id('b', 1)}`)).status).toBe(200);
  });

  it('leaves faults, the log of requests and used-up budgets behind, and may have a clock of its own', async () => {
    const { clock } = handClock();
    const first = tenant({ users: [user(1)] }, { clock, throttling: { writes: 1 } });
    first.sandbox.faults.add({ fault: { kind: 'status', status: 500 }, times: Number.POSITIVE_INFINITY });
    expect((await first.get('/users')).status).toBe(500);
    const later = Date.UTC(2030, 0, 1);
    const fork = clientOf(first.sandbox.fork({ clock: () => later }));
    expect(fork.sandbox.requests).toEqual([]);
    expect((await fork.call('PATCH', `/users/${id('a', 1)}`, { city: 'Gdynia' })).status).toBe(204);
    expect(fork.sandbox.store.now().getTime()).toBe(later);
  });
});
