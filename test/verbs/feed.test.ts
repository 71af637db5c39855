// Snapshots that read only what has changed: whatever happens in the tenant, the tree is the one that reading everything gives.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createSandbox, type SandboxOptions } from '../../src/sandbox/index.ts';
import { companySeed } from '../support/company-seeded.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';
import { event, events, vanish } from '../support/events.ts';
import { caller } from '../support/graph.ts';
import { seeded } from '../support/seeded.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const day = 86_400_000;
const readOnly = ['User.Read.All', 'Group.Read.All', 'Application.Read.All', 'DelegatedPermissionGrant.Read.All'];
const tracked = ['users', 'groups', 'applications', 'servicePrincipals', 'oauth2PermissionGrants'];

/** The company on a port, with a clock of its own, and folders that take snapshots of it. */
async function company(options: SandboxOptions = {}) {
  let at = Date.UTC(2026, 10, 2, 8);
  const sandbox = createSandbox({ seeds: [companySeed()], throttling: false, clock: () => at, ...options });
  for (let at = 0; at < 8; at += 1) events.consent!(sandbox, at, 3 * at + 2);
  const { env, close } = await sandbox.listen();
  ends.push(close);
  const time = {
    now: () => at,
    sleep: async (milliseconds: number) => {
      at += milliseconds;
    },
    timeout: () => ({ signal: new AbortController().signal, clear: () => {} }),
  };
  const words = ['snapshot', '--format', 'json', ...tracked.flatMap((kind) => ['--kind', kind])];
  const snapshot = async (repo: string, ...more: string[]) => {
    const asked = sandbox.requests.length;
    const ran = await driftline([...words, '--repo', repo, ...more], { env, time, now: () => new Date(at) });
    if (!more.includes('--untracked-max-age')) expect(ran.notes).toBe('');
    const paths = sandbox.requests.slice(asked).map(({ path }) => path);
    return { tree: JSON.parse(ran.out).tree as string, result: JSON.parse(ran.out), paths, notes: ran.notes };
  };
  return {
    sandbox,
    env,
    snapshot,
    /** What a snapshot that knows nothing of the others gives. */
    whole: async () => (await snapshot(temporaryFolder('whole'))).tree,
    pass: (milliseconds: number) => {
      at += milliseconds;
    },
  };
}

const listed = (paths: readonly string[], kind: string) =>
  paths.some((path) => new RegExp(`^/v1.0/${kind}(\\?|$)`).test(path) && !/\$filter=|\$select=id(&|$)/.test(path));

describe('a snapshot by differences', () => {
  it('gives the tree that reading everything gives, whatever has happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(event, { maxLength: 4 }), { minLength: 1, maxLength: 3 }), async (days) => {
        const { sandbox, snapshot, whole, pass } = await company();
        const repo = temporaryFolder('fed');
        await snapshot(repo, '--delta');
        for (const happened of days) {
          pass(day);
          for (const [name, one, other] of happened) events[name]!(sandbox, one, other);
          const { tree, paths } = await snapshot(repo, '--delta');
          for (const kind of tracked) expect(listed(paths, kind), `${kind} were listed`).toBe(false);
          expect(tree).toBe(await whole());
        }
      }),
      seeded(5),
    );
  }, 240_000);

  it('sees what went and came back with another object, of which change tracking tells nothing', async () => {
    const { sandbox, snapshot, whole, pass } = await company();
    const { store } = sandbox;
    const repo = temporaryFolder('fed');
    const counts = async () => {
      pass(day);
      const { tree, result, paths } = await snapshot(repo, '--delta');
      expect(tracked.filter((kind) => listed(paths, kind))).toEqual([]);
      expect(tree).toBe(await whole());
      return result.coverage.oauth2PermissionGrants.count as number;
    };
    await snapshot(repo, '--delta');
    const before = await counts();
    const [grant] = store.list('oAuth2PermissionGrant');
    vanish(store, 'servicePrincipal', String(grant!.clientId));
    expect(await counts()).toBeLessThan(before);
    events.comeBack!(sandbox, 0, 0);
    expect(await counts()).toBe(before);
    // Gone and back between two snapshots, and what went with it is not back.
    vanish(store, 'servicePrincipal', String(grant!.clientId));
    store.restore(String(grant!.clientId));
    expect(await counts()).toBeLessThan(before);
  });

  it('asks for what has changed and nothing else, and says so in counts', async () => {
    const { sandbox, snapshot, pass } = await company();
    const repo = temporaryFolder('fed');
    const first = await snapshot(repo, '--delta');
    pass(day);
    events.rename!(sandbox, 3, 1);
    const { result, paths } = await snapshot(repo, '--delta');
    expect(result.counts).toEqual({ added: 0, changed: 1, removed: 0 });
    expect(result.coverage.users).toEqual(first.result.coverage.users);
    expect(tracked.filter((kind) => listed(paths, kind))).toEqual([]);
  });

  it('reads everything after a week, after an expired token, and where its memory is not of the commit, or broken', async () => {
    const { sandbox, snapshot, whole, pass } = await company();
    const repo = temporaryFolder('fed');
    const memory = () => {
      const folder = join(repo, '.git/driftline/delta');
      return join(folder, readdirSync(folder)[0]!);
    };
    const reads = async () => {
      const { paths, tree } = await snapshot(repo, '--delta');
      expect(tree).toBe(await whole());
      return listed(paths, 'users');
    };
    expect(await reads()).toBe(true);
    for (let at = 1; at <= 6; at += 1) {
      pass(day);
      events.rename!(sandbox, at, at);
      expect(await reads(), `day ${at}`).toBe(false);
    }
    pass(day);
    expect(await reads(), 'a week later').toBe(true);
    pass(6.2 * day);
    expect(await reads(), 'the mark is too old').toBe(true);
    pass(day);
    writeFileSync(memory(), readFileSync(memory(), 'utf8').replace(/deltatoken=[^"]+/gi, '$deltatoken=unknown'));
    expect(await reads(), 'Graph does not know the token').toBe(true);
    writeFileSync(
      memory(),
      readFileSync(memory(), 'utf8').replace(/http:\/\/127\.0\.0\.1:\d+/g, 'https://graph.microsoft.us'),
    );
    expect(await reads(), 'another Graph').toBe(true);
    writeFileSync(memory(), '{"format":1');
    expect(await reads(), 'broken').toBe(true);
    execFileSync('git', ['-C', repo, 'commit', '--quiet', '--allow-empty', '-m', 'A commit of somebody else']);
    expect(await reads(), 'another commit').toBe(true);
    expect(await reads()).toBe(false);
  }, 120_000);

  it('reads everything after a recovery by Microsoft, of which change tracking tells nothing', async () => {
    const { sandbox, snapshot, whole, pass } = await company({
      permissions: [...readOnly, 'EntraBackup.Read.All'],
    });
    const repo = temporaryFolder('fed');
    const jobs = (body: string) => {
      sandbox.faults.clear();
      sandbox.faults.add({
        match: { path: /directory\/recovery\/jobs/ },
        times: Number.POSITIVE_INFINITY,
        fault: { kind: 'status', status: 200, body },
      });
    };
    jobs('{"value":[]}');
    await snapshot(repo, '--delta');
    pass(day);
    expect(listed((await snapshot(repo, '--delta')).paths, 'users')).toBe(false);
    sandbox.store.silently(() => events.rename!(sandbox, 5, 5));
    jobs('{"value":[{"id":"8d0c"}]}');
    pass(day);
    const { tree, paths } = await snapshot(repo, '--delta');
    expect(listed(paths, 'users')).toBe(true);
    expect(tree).toBe(await whole());
  });

  it('says of a kind that it may not read what a full read says, and reads the others', async () => {
    const { sandbox, pass } = await company({ permissions: ['User.Read.All', 'Group.Read.All'] });
    const { env } = await sandbox.listen();
    const repo = temporaryFolder('fed');
    for (const more of [['--delta'], ['--delta'], []]) {
      pass(day);
      const ran = await driftline(
        ['snapshot', '--format', 'json', '--repo', repo, '--kind', 'users', '--kind', 'applications', ...more],
        { env },
      );
      expect(ran.status).toBe(4);
      expect(JSON.parse(ran.out).coverage).toMatchObject({
        users: { status: 'complete' },
        applications: { status: 'forbidden', reason: expect.stringContaining('Application.Read.All') },
      });
    }
  });

  describe('with an age that the untracked may have', () => {
    const untracked = ['own', 'federate', 'assign', 'sponsor', 'unsponsor'];
    const every = ['--delta', '--untracked-max-age', '21600'];
    const expanded = (paths: readonly string[]) => paths.filter((path) => /^\/v1.0\/\w+\?.*\$expand=/.test(path));

    it('compares nothing else within it, says so, and is as a full read once it is over (a law)', async () => {
      const known = fc.tuple(
        fc.constantFrom(...Object.keys(events).filter((name) => !untracked.includes(name))),
        fc.nat(1000),
        fc.nat(1000),
      );
      const unknown = fc.tuple(fc.constantFrom('own', 'federate', 'assign'), fc.nat(1000), fc.nat(1000));
      await fc.assert(
        fc.asyncProperty(
          fc.array(known, { maxLength: 4 }),
          fc.array(unknown, { maxLength: 2 }),
          async (some, hidden) => {
            const { sandbox, snapshot, whole, pass } = await company();
            const repo = temporaryFolder('fed');
            const first = await snapshot(repo, ...every);
            expect(first.result.untracked.since).toEqual({});
            pass(3_600_000);
            for (const [name, one, other] of some) events[name]!(sandbox, one, other);
            const second = await snapshot(repo, ...every);
            expect(expanded(second.paths)).toEqual([]);
            expect(Object.keys(second.result.untracked.since)).toEqual(['applications', 'servicePrincipals', 'users']);
            expect(second.tree).toBe(await whole());
            for (const [name, one, other] of hidden) events[name]!(sandbox, one, other);
            pass(6 * 3_600_000);
            const third = await snapshot(repo, ...every);
            expect(third.result.untracked.since).toEqual({});
            expect(third.tree).toBe(await whole());
          },
        ),
        seeded(2),
      );
    }, 240_000);

    it('sees by the audit log what else has changed, and says since when the rest is as it was', async () => {
      const { sandbox, snapshot, whole, pass, env } = await company({ auditLagMs: 0 });
      const graph = caller(env.DRIFTLINE_GRAPH_URL!, env.DRIFTLINE_ACCESS_TOKEN!);
      const repo = temporaryFolder('fed');
      const { result } = await snapshot(repo, ...every);
      const [application] = sandbox.store.list('application');
      const [user] = sandbox.store.list('user');
      pass(3_600_000);
      const owner = { '@odata.id': `${env.DRIFTLINE_GRAPH_URL}/v1.0/directoryObjects/${user!.id}` };
      expect(await graph('POST', `/applications/${application!.id}/owners/$ref`, owner)).toMatchObject({ status: 204 });
      const second = await snapshot(repo, ...every);
      expect(second.result.counts).toEqual({ added: 0, changed: 1, removed: 0 });
      expect(second.tree).toBe(await whole());
      expect(second.result.untracked.notAsked).toBeUndefined();
      const said = execFileSync('git', ['-C', repo, 'log', '-1', '--format=%B'], { encoding: 'utf8' });
      expect(said).toMatch(
        /^Driftline-Note: Untracked applications since 2026-11-02T08:00:00\S*Z, servicePrincipals since /m,
      );
      expect(result.commit).not.toBe(second.result.commit);
    });

    it('gives by the audit log the tree that reading everything gives, whatever of the untracked was written (a law)', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(5), fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 5 }),
          async (some) => {
            const { sandbox, snapshot, whole, pass, env } = await company({ auditLagMs: 0 });
            const { store } = sandbox;
            const graph = caller(env.DRIFTLINE_GRAPH_URL!, env.DRIFTLINE_ACCESS_TOKEN!);
            const users = [...store.list('user')];
            const [guests, applications, principals] = [
              users.filter(({ userType }) => userType === 'Guest'),
              [...store.list('application')],
              [...store.list('servicePrincipal')],
            ];
            /** Links the user where they are not, and ends the link where they are. */
            const toggle = async (path: string, relation: string, owner: string, user: string) =>
              store.targets(relation, owner).includes(user)
                ? graph('DELETE', `${path}/${owner}/${relation}/${user}/$ref`)
                : graph('POST', `${path}/${owner}/${relation}/$ref`, {
                    '@odata.id': `${env.DRIFTLINE_GRAPH_URL}/v1.0/directoryObjects/${user}`,
                  });
            const id = (items: readonly { readonly id: string }[], at: number) => items[at % items.length]!.id;
            const writes: ((one: number, other: number) => Promise<{ readonly status: number }>)[] = [
              (one, other) => toggle('/applications', 'owners', id(applications, one), id(users, other)),
              (one, other) => toggle('/servicePrincipals', 'owners', id(principals, one), id(users, other)),
              (one, other) => toggle('/users', 'sponsors', id(guests, one), id(users, other)),
              (one, other) =>
                graph('POST', `/applications/${id(applications, one)}/federatedIdentityCredentials`, {
                  ...{ name: `job-${other}`, issuer: `https://issuer-${other}.example`, subject: `of ${other}` },
                  audiences: ['api://AzureADTokenExchange'],
                }),
              (one, other) =>
                graph('POST', `/servicePrincipals/${id(principals, one)}/appRoleAssignedTo`, {
                  ...{ principalId: id(users, other), resourceId: id(principals, one) },
                  appRoleId: '00000000-0000-0000-0000-000000000000',
                }),
              async (one) => {
                const held = [...store.list('appRoleAssignment')];
                if (held.length === 0) return { status: 404 };
                const { id: key, resourceId } = held[one % held.length]!;
                return graph('DELETE', `/servicePrincipals/${resourceId}/appRoleAssignedTo/${key}`);
              },
            ];
            const repo = temporaryFolder('fed');
            let { tree } = await snapshot(repo, ...every);
            for (const [what, one, other] of some) {
              pass(600_000);
              const { status } = await writes[what]!(one, other);
              const taken = await snapshot(repo, ...every);
              expect(expanded(taken.paths)).toEqual([]);
              expect(taken.tree).toBe(await whole());
              if (status < 300) expect(taken.tree).not.toBe(tree);
              tree = taken.tree;
            }
          },
        ),
        seeded(3),
      );
    }, 240_000);

    it('asks the audit log back to where it was last read, also where a snapshot could not', async () => {
      const { sandbox, snapshot, whole, pass, env } = await company({ auditLagMs: 0 });
      const graph = caller(env.DRIFTLINE_GRAPH_URL!, env.DRIFTLINE_ACCESS_TOKEN!);
      const repo = temporaryFolder('fed');
      const before = await snapshot(repo, ...every);
      const [application] = sandbox.store.list('application');
      const [user] = sandbox.store.list('user');
      const owner = { '@odata.id': `${env.DRIFTLINE_GRAPH_URL}/v1.0/directoryObjects/${user!.id}` };
      await graph('POST', `/applications/${application!.id}/owners/$ref`, owner);
      const now = await whole();
      expect(now).not.toBe(before.tree);
      for (const status of [403, 429, 500]) {
        sandbox.faults.clear();
        const fault = { kind: 'status' as const, status };
        sandbox.faults.add({ match: { path: /directoryAudits/ }, times: Number.POSITIVE_INFINITY, fault });
        pass(5_400_000);
        const { tree, result, notes } = await snapshot(repo, ...every);
        expect(tree).toBe(before.tree);
        expect(result.untracked.notAsked).toContain(status === 429 ? 'no time left' : String(status));
        expect(Object.keys(result.untracked.since)).toContain('applications');
        expect(notes).toContain('The audit log was not asked');
      }
      sandbox.faults.clear();
      pass(60_000);
      expect((await snapshot(repo, ...every)).tree).toBe(now);
    });

    it('goes on without the audit log where that may not be read, and compares where it has too much', async () => {
      const { sandbox, snapshot, pass } = await company({ permissions: [...readOnly, 'AuditLog.Read.All'] });
      const repo = temporaryFolder('fed');
      await snapshot(repo, ...every);
      const answers = (status: number, body?: string) => {
        sandbox.faults.clear();
        const fault = { kind: 'status' as const, status, ...(body === undefined ? {} : { body }) };
        sandbox.faults.add({ match: { path: /directoryAudits/ }, times: Number.POSITIVE_INFINITY, fault });
        pass(60_000);
      };
      answers(403);
      const forbidden = await snapshot(repo, ...every);
      expect(forbidden.result.untracked.notAsked).toContain('403');
      expect(forbidden.notes).toMatch(/was not compared .* The audit log was not asked: Graph answers 403/);
      const entry = (at: number) => ({
        id: `entry-${at}`,
        activityDateTime: '2026-11-02T08:00:00Z',
        targetResources: [],
      });
      answers(200, JSON.stringify({ value: Array.from({ length: 10_001 }, (_, at) => entry(at)) }));
      const busy = await snapshot(repo, ...every);
      expect(busy.result.untracked.since).toEqual({});
      expect(expanded(busy.paths).length).toBeGreaterThan(0);
    });

    it('is refused for what is no number of seconds, and without --delta', async () => {
      for (const [said, ...words] of [
        ['--untracked-max-age is not valid', '--untracked-max-age', '-1', '--delta'],
        ['Not a number (--untracked-max-age)', '--untracked-max-age', 'soon', '--delta'],
        ['--untracked-max-age is not valid', '--untracked-max-age', '60'],
      ] as const) {
        const { status, notes } = await driftline(['snapshot', ...words], {});
        expect(status, words.join(' ')).toBe(7);
        expect(notes).toContain(said);
      }
    });
  });
});
