// The reader and the writer against the sandbox, a Graph that knows nothing of our rows: every kind whole, whatever the server does on the way.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { NotComplete } from '../../src/model/coverage.ts';
import { type Entity, linkText } from '../../src/model/entity.ts';
import type { Kind } from '../../src/model/kind.ts';
import { keyOf } from '../../src/model/ref.ts';
import type { TenantReader } from '../../src/model/tenant.ts';
import { createSandbox, generate, type Listening, type SandboxOptions } from '../../src/sandbox/index.ts';
import { openReader, openWriter, type TenantOptions } from '../../src/tenant/index.ts';
import { realTime, type Time } from '../../src/tenant/time.ts';
import { buildCompany } from '../support/company.ts';
import { companySeed } from '../support/company-seeded.ts';
import { all } from './fake-graph.ts';

const row = (name: string): Kind => kinds.get(name)!;
const running: Listening[] = [];
afterAll(() => Promise.all(running.map(({ close }) => close())));

/** Time that passes only by waiting, and without anybody waiting for it. */
function hastyTime(): Time {
  let skipped = 0;
  return {
    ...realTime,
    now: () => Date.now() + skipped,
    sleep: async (milliseconds) => {
      skipped += milliseconds;
    },
  };
}

async function company(options: SandboxOptions = {}) {
  const sandbox = createSandbox({ seeds: [companySeed()], throttling: false, ...options });
  const listening = await sandbox.listen();
  running.push(listening);
  return { sandbox, ...listening };
}

function connection(
  { graphUrl, env }: Pick<Listening, 'graphUrl' | 'env'>,
  more: Partial<TenantOptions> = {},
): TenantOptions {
  return {
    cloud: 'global',
    graphUrl,
    credentials: {},
    accessToken: env.DRIFTLINE_ACCESS_TOKEN,
    environment: {},
    time: hastyTime(),
    ...more,
  };
}

async function readAll(
  reader: TenantReader,
  names: Iterable<string> = kinds.keys(),
): Promise<Record<string, readonly Entity[]>> {
  const tenant: Record<string, readonly Entity[]> = {};
  for (const name of names) {
    const entities: Entity[] = [];
    for await (const page of reader.read(row(name))) entities.push(...page);
    tenant[name] = entities.sort((left, right) => (left.ref < right.ref ? -1 : 1));
  }
  return tenant;
}

/** The same ids and dates in every sandbox. */
const still = { clock: () => Date.UTC(2026, 10, 23, 12) };

describe('the company', () => {
  let built: Awaited<ReturnType<typeof company>>;
  let tenant: Record<string, readonly Entity[]>;

  beforeAll(async () => {
    built = await company(still);
    await buildCompany({ graphUrl: built.graphUrl, token: String(built.env.DRIFTLINE_ACCESS_TOKEN) });
    tenant = await readAll(openReader(connection(built)));
  });

  it('is read whole: every kind, every object once, with its links', () => {
    for (const [name, entities] of Object.entries(tenant)) {
      expect(entities.length, name).toBeGreaterThan(0);
      expect(new Set(entities.map(({ ref }) => ref)).size, name).toBe(entities.length);
    }
    for (const [name, type] of [
      ['users', 'user'],
      ['groups', 'group'],
      ['applications', 'application'],
      ['servicePrincipals', 'servicePrincipal'],
    ] as const)
      expect(
        tenant[name]!.map(({ ref }) => keyOf(ref)),
        name,
      ).toEqual([...built.sandbox.store.list(type)].map(({ id }) => id).sort());
    const links = (name: string, link: string) => tenant[name]!.flatMap((entity) => entity.links[link] ?? []);
    for (const [name, link] of [
      ['users', 'manager'],
      ['users', 'sponsors'],
      ['groups', 'members'],
      ['groups', 'owners'],
      ['applications', 'owners'],
      ['servicePrincipals', 'appRoleAssignedTo'],
    ] as const)
      expect(links(name, link).length, `${name}.${link}`).toBeGreaterThan(0);
  });

  it('is the same for any page size, order of arrays, noise and concurrency', async () => {
    const before = built.sandbox.requests.length;
    expect(await readAll(openReader(connection(built, { concurrency: 1 })))).toEqual(tenant);
    expect(built.sandbox.requests.length).toBeGreaterThan(before);
    for (const options of [{ pageSize: 1 }, { pageSize: 7 }, { shuffleArrays: false, touchNoise: false }]) {
      const other = await company({ ...still, ...options });
      await buildCompany({ graphUrl: other.graphUrl, token: String(other.env.DRIFTLINE_ACCESS_TOKEN) });
      expect(await readAll(openReader(connection(other, { concurrency: 16 }))), JSON.stringify(options)).toEqual(
        tenant,
      );
    }
  });

  it('says the same of single objects as of the whole', async () => {
    const reader = openReader(connection(built));
    for (const [name, entities] of Object.entries(tenant)) {
      const some = entities.filter((_, at) => at % 3 === 0);
      const found = await reader.readObjects(row(name), [
        ...some.map(({ ref }) => keyOf(ref)),
        '00000000-0000-4000-8000-00000000dead',
      ]);
      expect(
        [...found.values()].sort((left, right) => (left.ref < right.ref ? -1 : 1)),
        name,
      ).toEqual(some);
    }
  });

  it('resolves the targets of its links', async () => {
    const reader = openReader(connection(built));
    const targets = [
      ...new Set(tenant.groups!.flatMap(({ links }) => links.members ?? []).map(({ target }) => target)),
    ];
    const found = await reader.resolve(targets.map(keyOf));
    expect([...found.values()].sort()).toEqual([...targets].sort());
  });

  it('finds a deleted object in the bin', async () => {
    const reader = openReader(connection(built));
    const writer = openWriter(connection(built));
    for (const name of ['users', 'groups', 'applications', 'namedLocations']) {
      const kind = row(name);
      const candidates = tenant[name]!.filter(
        ({ attributes }) => attributes.onPremisesSyncEnabled !== true && attributes.isTrusted !== true,
      );
      let gone: Entity | undefined;
      for (const entity of candidates) {
        const answer = await writer.send({
          method: 'DELETE',
          version: kind.version,
          path: `${kind.path}/${keyOf(entity.ref)}`,
          lane: kind.lane,
        });
        if (answer.outcome === 'answered' && answer.status === 204) gone = entity;
        if (gone !== undefined) break;
      }
      const key = keyOf(gone!.ref);
      expect((await reader.readObjects(kind, [key])).size, name).toBe(0);
      const inBin = await all(reader.readDeleted(kind, [key, keyOf(candidates.at(-1)!.ref)]));
      expect(
        inBin.map(({ ref }) => keyOf(ref)),
        name,
      ).toEqual([key]);
      expect(inBin[0]?.attributes.displayName).toBe(gone!.attributes.displayName);
      // So many that the whole bin is listed.
      const others = Array.from({ length: 1000 }, (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`);
      expect(await all(reader.readDeleted(kind, [...others, key]))).toEqual(inBin);
    }
  });
});

describe('coverage', () => {
  it('names the missing permission of each kind, and reads the others', async () => {
    const sandbox = await company({ permissions: ['User.Read.All', 'Organization.Read.All'] });
    const reader = openReader(connection(sandbox));
    const statuses: Record<string, string> = {};
    for (const name of kinds.keys()) {
      const problem = await readAll(reader, [name]).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (problem !== undefined) expect(problem).toBeInstanceOf(NotComplete);
      statuses[name] = problem instanceof NotComplete ? problem.status : 'complete';
      const probed = await reader.probe(row(name));
      expect(probed?.status ?? 'complete', name).toBe(statuses[name]);
    }
    expect(statuses).toMatchObject({
      users: 'complete',
      organization: 'complete',
      groups: 'forbidden',
      conditionalAccessPolicies: 'forbidden',
    });
    expect(await reader.identity()).toMatchObject({ permissions: ['User.Read.All', 'Organization.Read.All'] });
  });

  it('tells a missing licence', async () => {
    const sandbox = await company({ unlicensed: ['conditionalAccessPolicy'] });
    await expect(readAll(openReader(connection(sandbox)), ['conditionalAccessPolicies'])).rejects.toMatchObject({
      status: 'unlicensed',
    });
  });
});

describe('a larger tenant', () => {
  const sizes = { users: 2500, groups: 120, membersPerGroup: 30, applications: 60, grants: 200, assignments: 90 };
  const seeded = async (options: SandboxOptions = {}) => {
    const sandbox = createSandbox({ throttling: false, ...options });
    sandbox.load(generate(sizes, String(sandbox.store.tenantId)));
    const listening = await sandbox.listen();
    running.push(listening);
    return { sandbox, ...listening };
  };

  it('costs pages, and batches for what has no bulk form', async () => {
    const tenant = await seeded();
    const reader = openReader(connection(tenant));
    const read = await readAll(reader, ['groups', 'applications', 'servicePrincipals', 'oauth2PermissionGrants']);
    const count = (name: string) => read[name]!.length;
    expect(count('groups')).toBe(120);
    expect(read.groups!.reduce((sum, { links }) => sum + (links.members?.length ?? 0), 0)).toBe(120 * 30);
    const asked = tenant.sandbox.requests.filter(({ inBatch }) => !inBatch).map(({ path }) => path);
    const deltaPages = asked.filter((path) => path.includes('/delta')).length;
    const pages = (items: number, size: number) => Math.max(1, Math.ceil(items / size));
    const principals = count('servicePrincipals');
    expect(asked.length - deltaPages).toBe(
      pages(count('groups'), 999) +
        // owners and federated credentials come expanded, in pages of a hundred; app role assignments go in batches of 20
        2 * pages(count('applications'), 100) +
        pages(principals, 100) +
        pages(principals, 20) +
        pages(count('oauth2PermissionGrants'), 999),
    );
    expect(reader.statistics().requests).toBe(asked.length);
  });

  it('is the same with empty pages in between', async () => {
    const names = ['users', 'groups', 'applications'];
    const expected = await readAll(openReader(connection(await seeded())), names);
    // A clock that never shows the same time twice: the sandbox's page tokens bear it.
    let ticks = 0;
    const gaps = await seeded({ pageSize: 30, emptyPages: 0.4, clock: () => Date.now() + ticks++ });
    expect(await readAll(openReader(connection(gaps)), names)).toEqual(expected);
  });

  it('is whole in spite of throttling, resets, expired tokens and cut answers on the way', async () => {
    const calm = await seeded();
    const expected = await readAll(openReader(connection(calm)), ['groups', 'servicePrincipals']);
    const rough = await seeded({ pageSize: 40 });
    const { faults } = rough.sandbox;
    const listing = /^\/v1\.0\/groups\?/;
    const fired = [
      faults.add({
        match: { path: listing, nth: 2 },
        fault: { kind: 'status', status: 429, headers: { 'Retry-After': '1' } },
      }),
      faults.add({
        match: { path: listing, nth: 4 },
        fault: { kind: 'status', status: 400, code: 'Directory_ExpiredPageToken' },
      }),
      faults.add({ match: { path: /groups\/delta/, nth: 2 }, fault: { kind: 'reset', when: 'midBody' } }),
      faults.add({ match: { path: /groups\/delta/, nth: 4 }, fault: { kind: 'status', status: 410 } }),
      faults.add({ match: { path: /servicePrincipals\?/, nth: 2 }, fault: { kind: 'truncated' } }),
      faults.add({ match: { path: /appRoleAssignedTo/, nth: 5 }, fault: { kind: 'status', status: 429 }, times: 3 }),
      faults.add({ match: { path: /appRoleAssignedTo/, nth: 30 }, fault: { kind: 'status', status: 503 }, times: 2 }),
      faults.add({ match: { path: /\$batch/, nth: 2 }, fault: { kind: 'reset', when: 'beforeHeaders' } }),
    ];
    const reader = openReader(connection(rough));
    expect(await readAll(reader, ['groups', 'servicePrincipals'])).toEqual(expected);
    expect(fired.map((fault) => fault.fired() > 0)).toEqual(fired.map(() => true));
    expect(reader.statistics().retries).toBeGreaterThan(6);
  });

  it('is never half read: hostile pages end the run', async () => {
    const tenant = await seeded({ pageSize: 40 });
    for (const fault of [
      { kind: 'nextLink', to: 'https://evil.example/v1.0/groups' },
      { kind: 'redirect', to: 'https://evil.example/' },
    ] as const) {
      tenant.sandbox.faults.clear();
      tenant.sandbox.faults.add({ match: { path: /^\/v1\.0\/groups\?/ }, fault });
      const error = await readAll(openReader(connection(tenant)), ['groups']).catch((thrown: unknown) => thrown);
      expect(error).not.toBeInstanceOf(NotComplete);
      expect(error).toMatchObject({ kind: 'failed' });
    }
    for (const fault of [
      { kind: 'nextLink', to: 'self' },
      { kind: 'noValue' },
      { kind: 'html' },
      { kind: 'empty' },
    ] as const) {
      tenant.sandbox.faults.clear();
      tenant.sandbox.faults.add({ match: { path: /^\/v1\.0\/groups\?/ }, fault, times: Number.POSITIVE_INFINITY });
      await expect(readAll(openReader(connection(tenant)), ['groups'])).rejects.toMatchObject({ status: 'failed' });
    }
  });
});

describe('signing in to the sandbox', () => {
  it('works with its client secret through @azure/identity, and renews a short token', async () => {
    const sandbox = await company({ tokenLifetimeSeconds: 400 });
    const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET } = sandbox.env;
    const reader = openReader({
      ...connection(sandbox),
      accessToken: undefined,
      authorityUrl: sandbox.authorityUrl,
      credentials: { tenantId: tenantId!, clientId: clientId! },
      environment: { AZURE_CLIENT_SECRET },
    });
    expect(await reader.identity()).toMatchObject({ tenantId, appId: clientId });
    expect((await readAll(reader, ['organization'])).organization).toHaveLength(1);
  });
});

describe('writing to the sandbox', () => {
  it('sends a batch, and the reader sees what became of it', async () => {
    const tenant = await company();
    const writer = openWriter(connection(tenant));
    const post = (name: string) => ({
      method: 'POST' as const,
      version: 'v1.0' as const,
      path: '/groups',
      body: { displayName: name, mailNickname: name, mailEnabled: false, securityEnabled: true, groupTypes: [] },
      lane: 'directory' as const,
    });
    const answers = await writer.sendBatch([
      post('one'),
      post('two'),
      { ...post('three'), body: { displayName: 'three' } },
    ]);
    expect(answers.map((answer) => answer.outcome === 'answered' && answer.status)).toEqual([201, 201, 400]);
    const { groups } = await readAll(openReader(connection(tenant)), ['groups']);
    expect(groups!.map(({ attributes }) => attributes.displayName)).toEqual(expect.arrayContaining(['one', 'two']));
    expect(groups!.flatMap(({ links }) => Object.values(links).flat()).map(linkText)).toEqual(expect.any(Array));
  });
});
