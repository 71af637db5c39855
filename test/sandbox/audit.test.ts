// The sandbox's audit log: every write leaves an entry in Graph's shape, which is asked for, lags and is forgotten as Graph's is (reference 1.16).
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { SandboxOptions } from '../../src/sandbox/index.ts';
import { application, type Client, clientOf, group, id, principal, tenant, user } from './client.ts';

const path = '/auditLogs/directoryAudits';

interface Entry {
  readonly id: string;
  readonly activityDisplayName: string;
  readonly targetResources: readonly {
    readonly id: string;
    readonly modifiedProperties: readonly {
      readonly displayName: string;
      readonly oldValue: string;
      readonly newValue: string;
    }[];
  }[];
  readonly [name: string]: unknown;
}

function company(options: SandboxOptions = {}): Client {
  return tenant(
    {
      users: [user(1), user(2)],
      groups: [group(1, { links: { members: [`users/${id('a', 1)}`] } })],
      applications: [application(1)],
      servicePrincipals: [principal(1), principal(2)],
    },
    options,
  );
}

const ref = (of: string) => ({ '@odata.id': `http://graph.test/v1.0/directoryObjects/${of}` });

/** What writing leaves in the log, newest first. */
async function loggedBy(write: (client: Client) => Promise<unknown>, client = company()): Promise<Entry[]> {
  await write(client);
  return client.all(path);
}

describe('an entry', () => {
  it('is left by nothing that the tenant held from the start, and by no read', async () => {
    expect(await loggedBy((client) => client.get('/users'))).toEqual([]);
  });

  it('says what changed, as JSON in JSON, and which application did it', async () => {
    const [entry, ...more] = await loggedBy(({ call }) =>
      call('PATCH', `/users/${id('a', 1)}`, { jobTitle: 'Guard' }, { 'client-request-id': id('9', 1) }),
    );
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      category: 'UserManagement',
      correlationId: id('9', 1),
      result: 'success',
      activityDisplayName: 'Update user',
      loggedByService: 'Core Directory',
      initiatedBy: { user: null, app: { displayName: 'Driftline (sandbox)' } },
      targetResources: [
        {
          id: id('a', 1),
          type: 'User',
          modifiedProperties: [
            { displayName: 'JobTitle', oldValue: '[]', newValue: '["Guard"]' },
            { displayName: 'Included Updated Properties', oldValue: null, newValue: '"JobTitle"' },
          ],
        },
      ],
    });
    expect(entry?.activityDateTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  });

  it('says the user and the address of a delegated token', async () => {
    const { sandbox } = company();
    const client = clientOf(sandbox, sandbox.userToken(id('a', 2), '198.51.100.7'));
    const [entry] = await loggedBy(({ call }) => call('PATCH', `/groups/${id('b', 1)}`, { description: 'x' }), client);
    expect(entry?.initiatedBy).toMatchObject({
      app: null,
      user: { id: id('a', 2), userPrincipalName: user(2).userPrincipalName, ipAddress: '198.51.100.7' },
    });
  });

  it('of a link names the member first, and the group among what was modified', async () => {
    const [removed, added] = await loggedBy(async ({ call }) => {
      await call('POST', `/groups/${id('b', 1)}/members/$ref`, ref(id('a', 2)));
      await call('DELETE', `/groups/${id('b', 1)}/members/${id('a', 1)}/$ref`);
    });
    expect(added).toMatchObject({
      activityDisplayName: 'Add member to group',
      targetResources: [
        {
          id: id('a', 2),
          type: 'User',
          modifiedProperties: [
            { displayName: 'Group.ObjectID', oldValue: null, newValue: `"${id('b', 1)}"` },
            { displayName: 'Group.DisplayName', oldValue: null },
          ],
        },
        { id: id('b', 1), type: 'Group', modifiedProperties: [] },
      ],
    });
    expect(removed).toMatchObject({
      activityDisplayName: 'Remove member from group',
      targetResources: [
        {
          id: id('a', 1),
          modifiedProperties: [
            { displayName: 'Group.ObjectID', oldValue: `"${id('b', 1)}"`, newValue: null },
            { displayName: 'Group.DisplayName', newValue: null },
          ],
        },
        { id: id('b', 1) },
      ],
    });
  });

  it('of a policy holds all of it, before and after', async () => {
    const [entry] = await loggedBy(async ({ call }) => {
      const { body } = await call('POST', '/identity/conditionalAccess/policies', {
        displayName: 'Guests',
        state: 'disabled',
        conditions: {
          users: { includeUsers: ['All'] },
          applications: { includeApplications: ['All'] },
          clientAppTypes: ['all'],
        },
        grantControls: { operator: 'OR', builtInControls: ['mfa'] },
      });
      await call('PATCH', `/identity/conditionalAccess/policies/${body.id}`, { state: 'enabled' });
    });
    expect(entry).toMatchObject({
      activityDisplayName: 'Update conditional access policy',
      loggedByService: 'Conditional Access',
      category: 'Policy',
    });
    const { displayName, oldValue, newValue } = entry!.targetResources[0]!.modifiedProperties[0]!;
    expect([displayName, JSON.parse(oldValue).state, JSON.parse(newValue).state]).toEqual([
      'ConditionalAccessPolicy',
      'disabled',
      'enabled',
    ]);
  });

  it('is one for a deletion with all that follows it, and one each way through the bin', async () => {
    const found = await loggedBy(async ({ call }) => {
      await call('DELETE', `/users/${id('a', 1)}`);
      await call('POST', `/directory/deletedItems/${id('a', 1)}/restore`);
      await call('DELETE', `/users/${id('a', 1)}`);
      await call('DELETE', `/directory/deletedItems/${id('a', 1)}`);
    });
    expect(found.map(({ activityDisplayName }) => activityDisplayName)).toEqual([
      'Hard Delete user',
      'Delete user',
      'Restore user',
      'Delete user',
    ]);
  });

  it.each<[string, (client: Client) => Promise<unknown>, string, string[]]>([
    [
      'a secret',
      ({ call }) => call('POST', `/applications/${id('c', 1)}/addPassword`, { passwordCredential: {} }),
      'Update application – Certificates and secrets management ',
      [id('c', 1)],
    ],
    [
      'a grant',
      ({ call }) =>
        call('POST', '/oauth2PermissionGrants', {
          clientId: id('e', 1),
          resourceId: id('e', 2),
          consentType: 'AllPrincipals',
          scope: 'User.Read',
        }),
      'Add delegated permission grant',
      [id('e', 2), id('e', 1)],
    ],
    [
      'an app role assignment',
      ({ call }) =>
        call('POST', `/servicePrincipals/${id('e', 1)}/appRoleAssignedTo`, {
          principalId: id('a', 1),
          resourceId: id('e', 1),
          appRoleId: '00000000-0000-0000-0000-000000000000',
        }),
      'Add app role assignment grant to user',
      [id('e', 1), id('a', 1)],
    ],
    [
      'an owner',
      ({ call }) => call('POST', `/applications/${id('c', 1)}/owners/$ref`, ref(id('a', 1))),
      'Add owner to application',
      [id('a', 1), id('c', 1)],
    ],
  ])('of %s bears the name that Entra gives it, and its targets', async (_, write, activity, targets) => {
    const [entry] = await loggedBy(write);
    expect(entry?.activityDisplayName).toBe(activity);
    expect(entry!.targetResources.map((target) => target.id)).toEqual(targets);
  });

  it('of a policy that is one of its kind does not name it by its id', async () => {
    const [entry] = await loggedBy(({ call }) =>
      call('PATCH', '/policies/authorizationPolicy', { allowInvitesFrom: 'none' }),
    );
    expect(entry).toMatchObject({
      activityDisplayName: 'Update authorization policy',
      category: 'AuthorizationPolicy',
    });
    expect(entry!.targetResources[0]?.id).not.toBe('authorizationPolicy');
  });

  it('is left by no write that was refused', async () => {
    const found = await loggedBy(async ({ call }) => {
      expect((await call('PATCH', `/users/${id('a', 1)}`, { nonsense: 1 })).status).toBe(400);
    });
    expect(found).toEqual([]);
  });
});

describe('the log', () => {
  const rename = async ({ call }: Client, times: number) => {
    for (let at = 1; at <= times; at += 1) await call('PATCH', `/users/${id('a', 1)}`, { jobTitle: `Title ${at}` });
  };

  it.each<[filter: string, count: number]>([
    [`targetResources/any(t: t/id eq '${id('a', 1)}')`, 3],
    [`targetResources/any(t: t/id eq '${id('a', 2)}')`, 0],
    ["startswith(activityDisplayName,'Update u')", 3],
    ["activityDisplayName eq 'Update group'", 1],
    ["category eq 'GroupManagement'", 1],
    ["initiatedBy/app/displayName eq 'Driftline (sandbox)'", 4],
    ["initiatedBy/user/id eq 'x'", 0],
    ['activityDateTime ge 2026-11-23T12:02:00Z and activityDateTime le 2026-11-23T12:03:00Z', 2],
    ["activityDateTime le 2026-11-23T12:02:00.5Z and result eq 'success'", 2],
  ])('is filtered by %s', async (filter, count) => {
    let minutes = 0;
    const client = company({ clock: () => Date.UTC(2026, 10, 23, 12, minutes) });
    for (minutes = 1; minutes <= 3; minutes += 1)
      await client.call('PATCH', `/users/${id('a', 1)}`, { jobTitle: `Title ${minutes}` });
    await client.call('PATCH', `/groups/${id('b', 1)}`, { description: 'x' });
    expect(await client.all(`${path}?$filter=${encodeURIComponent(filter)}`)).toHaveLength(count);
  });

  it('comes by pages, newest first or oldest first', async () => {
    const client = company();
    await rename(client, 5);
    const { body } = await client.get(`${path}?$top=2`);
    expect(body.value).toHaveLength(2);
    expect(body['@odata.nextLink']).toContain('$skiptoken=');
    const all = await client.all(`${path}?$top=2`);
    const upwards = await client.all(`${path}?$top=2&$orderby=activityDateTime`);
    expect(new Set(all.map((entry) => entry.id)).size).toBe(5);
    expect(upwards).toEqual(all.toReversed());
    expect(
      all
        .map(({ activityDateTime }) => activityDateTime)
        .toSorted()
        .toReversed(),
    ).toEqual(all.map(({ activityDateTime }) => activityDateTime));
  });

  it.each(['$top=1001', '$orderby=category', '$filter=operationType eq %27Add%27', '$expand=x'])(
    'refuses %s',
    async (query) => {
      expect((await company().get(`${path}?${query}`)).status).toBe(400);
    },
  );

  it('shows a write when the lag is over, and no longer than it keeps it', async () => {
    let now = Date.UTC(2026, 10, 23, 12);
    const client = company({ clock: () => now, auditLagMs: 300_000, auditRetentionDays: 7 });
    const count = async () => (await client.all(path)).length;
    await rename(client, 1);
    expect(await count()).toBe(0);
    now += 300_000;
    expect(await count()).toBe(1);
    now += 7 * 86_400_000 - 300_001;
    expect(await count()).toBe(1);
    now += 1;
    expect(await count()).toBe(0);
  });

  it('is for tokens with the permission, in tenants with a licence, and five times in ten seconds', async () => {
    const without = await company({ permissions: ['Directory.Read.All'] }).get(path);
    expect([without.status, without.body.error.code]).toEqual([403, 'Authorization_RequestDenied']);
    const free = await company({ unlicensed: ['directoryAudit'] }).get(path);
    expect([free.status, free.body.error.code]).toEqual([403, 'Authentication_RequestFromNonPremiumTenantOrB2CTenant']);
    const busy = company({ throttling: {}, clock: () => 0 });
    const statuses: number[] = [];
    for (let at = 0; at < 6; at += 1) statuses.push((await busy.get(path)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it('is forked with what it holds', async () => {
    const client = company();
    await rename(client, 2);
    const copy = clientOf(client.sandbox.fork());
    await rename(client, 1);
    expect(await copy.all(path)).toHaveLength(2);
    expect(await client.all(path)).toHaveLength(3);
  });

  const file = fileURLToPath(new URL('../../../shared/graph/samples.v1.0.json', import.meta.url));
  const samples: { path: string; body: { value?: Record<string, unknown>[] } }[] = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8')).samples
    : [];
  it.skipIf(samples.length === 0)('shows all that the published samples show', async () => {
    const client = company();
    const delegated = clientOf(client.sandbox, client.sandbox.userToken(id('a', 1)));
    await delegated.call('POST', `/groups/${id('b', 1)}/members/$ref`, ref(id('a', 2)));
    const [own] = await client.all(path);
    const published = samples.flatMap((sample) =>
      sample.path.split('?')[0] === path ? (sample.body.value ?? []) : [],
    );
    expect(published.length).toBeGreaterThan(1);
    for (const sample of published) expect(missing(sample, own)).toEqual([]);
  });
});

/** Paths that a sample has and we have not. One sample writes `Type` for `type`. */
function missing(sample: unknown, own: unknown, at = ''): string[] {
  if (Array.isArray(sample))
    return sample.length === 0 || at === '.additionalDetails' ? [] : missing(sample[0], (own as unknown[])[0], at);
  if (typeof sample !== 'object' || sample === null) return [];
  return Object.entries(sample).flatMap(([name, value]) => {
    const found = (own as Record<string, unknown>)[name === 'Type' ? 'type' : name];
    return found === undefined ? [`${at}.${name}`] : value === null ? [] : missing(value, found, `${at}.${name}`);
  });
}
