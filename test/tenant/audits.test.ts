// Reading the audit log: what is asked, at which pace, what is made of an entry, and what of a refusal.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/model/audit.ts';
import { NotComplete } from '../../src/model/coverage.ts';
import type { Json } from '../../src/model/json.ts';
import { createSandbox, type SandboxOptions, seedObjects } from '../../src/sandbox/index.ts';
import { readerOf } from '../support/reader.ts';
import { all, FakeGraph, open, tokenOf } from './fake-graph.ts';
import { VirtualTime } from './virtual-time.ts';

const from = '2026-11-22T00:00:00.000Z';
const to = '2026-11-23T12:00:00.000Z';

/** The log as one page of Graph would give it. */
function logOf(value: Json[]) {
  const fake = new FakeGraph({ objects: {}, fault: () => ({ status: 200, body: { value } }) });
  return { fake, read: () => all(open(fake).reader.audits!({ from, to })) };
}

const raw = { id: 'x', activityDateTime: to, activityDisplayName: 'Update user', result: 'success' };

describe('an entry', () => {
  it.each<[string, Json, AuditEntry['initiatedBy']]>([
    [
      'a user',
      {
        app: null,
        user: { id: 'u', displayName: 'Ravi', userPrincipalName: 'r@x', ipAddress: '203.0.113.7', userType: null },
      },
      { user: { id: 'u', displayName: 'Ravi', userPrincipalName: 'r@x', ipAddress: '203.0.113.7' } },
    ],
    [
      'an application without an application id',
      { user: null, app: { appId: null, displayName: 'Sync', servicePrincipalId: 's', servicePrincipalName: null } },
      { app: { displayName: 'Sync', servicePrincipalId: 's' } },
    ],
    ['nobody', { user: null, app: null }, {}],
    ['nonsense', ['x'], {}],
  ])('is by %s', async (_, initiatedBy, expected) => {
    const [entry] = await logOf([{ ...raw, initiatedBy }]).read();
    expect(entry?.initiatedBy).toEqual(expected);
  });

  it.each<[string, Json]>([
    ['as Graph writes it', '"bbbbbbbb-0000-4000-8000-000000000001"'],
    ['as an array of one', '["bbbbbbbb-0000-4000-8000-000000000001"]'],
    ['with quotes escaped', '"[\\"BBBBBBBB-0000-4000-8000-000000000001\\"]"'],
    ['bare', 'bbbbbbbb-0000-4000-8000-000000000001'],
  ])('is also about the group that it names by %s', async (_, value) => {
    for (const side of ['oldValue', 'newValue']) {
      const [entry] = await logOf([
        {
          ...raw,
          targetResources: [
            {
              id: 'AAAAAAAA-0000-4000-8000-000000000001',
              modifiedProperties: [
                { displayName: 'Group.ObjectID', oldValue: null, newValue: null, [side]: value },
                { displayName: 'Group.DisplayName', newValue: '"cccccccc-0000-4000-8000-000000000001"' },
              ],
            },
          ],
        },
      ]).read();
      expect(entry?.about).toEqual(['aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001']);
    }
  });

  it('without an id or a time is no entry of Graph', async () => {
    for (const name of ['id', 'activityDateTime'])
      await expect(logOf([{ ...raw, [name]: null }]).read()).rejects.toMatchObject({ status: 'failed' });
    const [entry] = await logOf([{ ...raw, activityDateTime: '2026-11-23T13:00:00+01:00' }]).read();
    expect(entry?.activityDateTime).toBe(to);
  });

  const file = fileURLToPath(new URL('../../../shared/graph/samples.v1.0.json', import.meta.url));
  const samples: { path: string; body: { value?: Json[] } }[] = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8')).samples
    : [];
  it.skipIf(samples.length === 0)('of the published samples is understood', async () => {
    const published = samples.filter(({ path }) => path === '/auditLogs/directoryAudits');
    const [entry] = await logOf(published.flatMap(({ body }) => body.value ?? [])).read();
    expect(entry).toMatchObject({
      activityDisplayName: 'Add member to group',
      initiatedBy: { user: { displayName: 'Audry Oliver', userPrincipalName: 'bob@wingtiptoysonline.com' } },
      result: 'success',
      about: ['ef7e527d-6c92-4234-8c6d-cf6fdfb57f95', '1f0e98f5-3161-4c6b-9b50-d488572f2bb7'],
    });
  });
});

describe('a question', () => {
  it('is put in the words of a filter, and a quote in it is a quote', async () => {
    const { fake } = logOf([]);
    const { reader } = open(fake);
    await all(reader.audits!({ from, to, id: "o'neill" }));
    await all(reader.audits!({ from, to, activity: 'Update a' }));
    const asked = fake.requests.map(({ url }) => url.searchParams);
    const time = `activityDateTime ge ${from} and activityDateTime le ${to}`;
    expect(asked.map((query) => query.get('$filter'))).toEqual([
      `${time} and targetResources/any(t: t/id eq 'o''neill')`,
      `${time} and startswith(activityDisplayName,'Update a')`,
    ]);
    expect(asked.map((query) => [query.get('$top'), query.get('$orderby')])).toEqual([
      ['1000', 'activityDateTime desc'],
      ['1000', 'activityDateTime desc'],
    ]);
  });

  const ravi = 'aaaaaaaa-0000-4000-8000-000000000007';

  async function sandboxed(writes: number, options: SandboxOptions = {}) {
    const time = new VirtualTime();
    const user = { id: ravi, displayName: 'Ravi', userPrincipalName: 'ravi@x.example', accountEnabled: true };
    const sandbox = createSandbox({ seeds: [seedObjects({ users: [user] })], clock: () => time.now(), ...options });
    for (let at = 0; at < writes; at += 1)
      await sandbox.handler(
        new Request(`http://127.0.0.1:1/v1.0/users/${ravi}`, {
          method: 'PATCH',
          headers: { authorization: `Bearer ${sandbox.token()}` },
          body: JSON.stringify({ jobTitle: `Title ${at}` }),
        }),
      );
    const reader = readerOf(sandbox, time);
    return { reader, time };
  }

  it('is answered whole over its pages, and within five requests in ten seconds never refused', async () => {
    const { reader, time } = await sandboxed(70, { pageSize: 5, emptyPages: 0.3 });
    const entries = await all(reader.audits!({ from, to, id: ravi }));
    expect(new Set(entries.map(({ id }) => id)).size).toBe(70);
    expect(entries.every(({ about }) => about.includes(ravi))).toBe(true);
    expect(reader.statistics()).toMatchObject({ throttled: 0 });
    expect(reader.statistics().requests).toBeGreaterThanOrEqual(14);
    expect(time.elapsed).toBeGreaterThanOrEqual(20_000);
  });

  it.each<[string, SandboxOptions, string, RegExp]>([
    ['without the permission', { permissions: ['User.Read.All'] }, 'forbidden', /lacks AuditLog\.Read\.All/],
    ['without a licence', { unlicensed: ['directoryAudit'] }, 'unlicensed', /P1 or P2/],
  ])('is refused %s, and that is said', async (_, options, status, detail) => {
    const { reader } = await sandboxed(1, options);
    const answer = all(reader.audits!({ from, to }));
    await expect(answer).rejects.toBeInstanceOf(NotComplete);
    await expect(answer).rejects.toMatchObject({ status, detail: expect.stringMatching(detail) });
  });

  it('that is answered with something else is not answered', async () => {
    const elsewhere = { '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#users', value: [] };
    const fake = new FakeGraph({ objects: {}, fault: () => ({ status: 200, body: elsewhere }) });
    await expect(all(open(fake).reader.audits!({ from, to }))).rejects.toMatchObject({ status: 'failed' });
  });

  it('by a token that may be a user’s says what it takes', async () => {
    const fake = new FakeGraph({
      objects: {},
      fault: () => ({ status: 403, body: { error: { code: 'x', message: 'y' } } }),
    });
    const { reader } = open(fake, { accessToken: tokenOf({ idtyp: 'user', scp: 'x' }) });
    await expect(all(reader.audits!({ from, to }))).rejects.toMatchObject({
      status: 'forbidden',
      detail: expect.stringContaining('of a user a role'),
    });
  });
});
