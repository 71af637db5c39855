// The sweep over reading: every request of a snapshot fails in turn, in every way, once and for good; and what must hold all the same.
import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { Problem } from '../../src/model/problem.ts';
import { kindOf } from '../../src/model/ref.ts';
import type { Repository } from '../../src/model/repository.ts';
import { openRepository } from '../../src/repo/index.ts';
import { createSandbox, exampleState, type Fault } from '../../src/sandbox/index.ts';
import { openReader } from '../../src/tenant/index.ts';
import { snapshot } from '../../src/verbs/snapshot.ts';
import { VirtualTime } from '../tenant/virtual-time.ts';
import { temporaryFolder } from './driftline.ts';
import { MemoryRepository } from './memory-repository.ts';

const status = (code: number, headers?: Record<string, string>, body?: string): Fault => ({
  kind: 'status',
  status: code,
  ...(headers === undefined ? {} : { headers }),
  ...(body === undefined ? {} : { body }),
});

/** The faults of trust.md 1.3 (R2). */
export const faults: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 410, 412, 423, 500, 503, 504].map((code) => [`${code}`, status(code)]),
  ),
  '429 without header': status(429),
  '429 after 2 s': status(429, { 'retry-after': '2' }),
  '429 until a date': status(429, { 'retry-after': 'Mon, 23 Nov 2026 12:00:05 GMT' }),
  '429 for a day': status(429, { 'retry-after': '86400' }),
  '502 in HTML': status(502, { 'content-type': 'text/html' }, '<html><body>Bad gateway</body></html>'),
  'reset before headers': { kind: 'reset', when: 'beforeHeaders' },
  'reset mid-body': { kind: 'reset', when: 'midBody' },
  'hang before headers': { kind: 'hang', when: 'beforeHeaders' },
  'hang mid-body': { kind: 'hang', when: 'midBody' },
  'truncated JSON': { kind: 'truncated' },
  'empty body': { kind: 'empty' },
  'no value': { kind: 'noValue' },
  'an HTML page': { kind: 'html' },
};

export interface Sweep {
  /** Requests of one unfaulted snapshot, those inside batches too. */
  readonly requests: number;
  /** How many of them the fault can fall on: inside a batch there are answers, and no connections. */
  requestsFor(fault: Fault): number;
  /** Runs one snapshot in which the n-th request (from 1) meets the fault, and checks what must hold; says whether the fault fell. */
  run(nth: number, fault: Fault, times: number): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * A repository with a first snapshot, and a tenant that has drifted since: the ground on which every run starts anew. In memory where thousands
 * of runs are made, since starting git takes most of the time of one.
 */
export async function openSweep(keptIn: 'git' | 'memory' = 'git'): Promise<Sweep> {
  const sandbox = createSandbox({ throttling: false, pageSize: 40 });
  await sandbox.loadSeed(exampleState);
  const root = temporaryFolder('sweep');
  const git = (...words: string[]) => execFileSync('git', ['-C', root, ...words], { encoding: 'utf8' }).trim();
  const repository =
    keptIn === 'memory'
      ? new MemoryRepository(root, kinds)
      : await openRepository({
          root,
          statePath: 'state',
          kinds,
          create: true,
          identity: { name: 'Sweep', email: 'sweep@example.com' },
        });
  const token = sandbox.token();
  const take = async (into: Repository) => {
    const time = new VirtualTime();
    const reader = openReader({
      cloud: 'global',
      graphUrl: 'http://127.0.0.1:9',
      credentials: {},
      accessToken: token,
      environment: {},
      time,
      random: () => 0.5,
      fetch: (input, init) => sandbox.handler(new Request(input as string, init)),
    });
    try {
      return await snapshot({
        repository: into,
        reader,
        kinds,
        scope: {},
        now: () => new Date(time.now()),
        version: '0.0.0',
      });
    } finally {
      await reader.close();
    }
  };
  const base = (await take(repository)).commit;
  const atBase = repository instanceof MemoryRepository ? new MemoryRepository(root, kinds, repository) : undefined;
  /** The repository as it was before the drift. */
  const fresh = (): Repository => {
    if (atBase !== undefined) return new MemoryRepository(root, kinds, atBase);
    git('update-ref', repository.branch, base.id);
    return repository;
  };
  for (const edition of ['one', 'two']) await drift(sandbox.handler, token, edition);
  const goal = (await take(repository)).commit;
  const before = await filesOf(repository, base.id);
  const after = await filesOf(repository, goal.id);
  const begun = sandbox.requests.length;
  await take(fresh());
  const seen = sandbox.requests.slice(begun);
  const alone = seen.filter((request) => !('inBatch' in request && request.inBatch)).length;

  return {
    requests: seen.length,
    requestsFor: ({ kind }) => (kind === 'status' ? seen.length : alone),
    async run(nth, fault, times) {
      const own = fresh();
      sandbox.faults.clear();
      const set = sandbox.faults.add({ match: { nth }, times, fault });
      let result: Awaited<ReturnType<typeof take>> | undefined;
      try {
        result = await take(own);
      } catch (error) {
        // P3: what fails says so as a Problem that a person can act on, and not with a status that means success.
        expect(error).toBeInstanceOf(Problem);
        expect((error as Problem).exitStatus).toBeGreaterThan(0);
      }
      const tip = (await own.tip())!.id;
      if (result === undefined) {
        // P1: nothing was committed.
        expect(tip).toBe(base.id);
        return set.fired() > 0;
      }
      expect(tip).toBe(result.commit.id);
      const found = await filesOf(own, tip);
      for (const kind of kinds.keys()) {
        const complete = result.coverage[kind]?.status === 'complete';
        // P2: a kind is all of the truth, or all of what was known before; never a part of either.
        expect(found.get(kind), `${kind} is ${result.coverage[kind]?.status}`).toBe(
          complete ? after.get(kind) : before.get(kind),
        );
        if (!complete) expect(result.incomplete).toContain(kind);
      }
      return set.fired() > 0;
    },
    async close() {
      await repository.close();
    },
  };
}

/** What a commit has of each kind: every object with what its file holds. */
async function filesOf(repository: Repository, commit: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const { ref, blob } of repository.files(commit))
    found.set(kindOf(ref), `${found.get(kindOf(ref)) ?? ''}${ref} ${blob}\n`);
  return found;
}

/** Some of everything changes: attributes, links, objects that come and go. */
async function drift(handler: (request: Request) => Promise<Response>, token: string, edition: string): Promise<void> {
  const call = async (method: string, path: string, body?: object) => {
    const response = await handler(
      new Request(`http://127.0.0.1:9/v1.0${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  const first = async (path: string) => (await call('GET', path)).value.at(-1);
  const user = await first("/users?$filter=userType eq 'Member'&$select=id,onPremisesSyncEnabled&$top=5");
  await call('PATCH', `/users/${user.id}`, { usageLocation: edition === 'one' ? 'DE' : 'FR' });
  const application = await first('/applications');
  await call('PATCH', `/applications/${application.id}`, { notes: `Edition ${edition}` });
  const made = await call('POST', '/groups', {
    displayName: `Group ${edition}`,
    mailEnabled: false,
    mailNickname: `g-${edition}`,
    securityEnabled: true,
    groupTypes: [],
  });
  await call('POST', `/groups/${made.id}/members/$ref`, {
    '@odata.id': `http://127.0.0.1:9/v1.0/directoryObjects/${user.id}`,
  });
  await call('PATCH', '/policies/authorizationPolicy', { allowInvitesFrom: edition === 'one' ? 'none' : 'everyone' });
  const location = await first('/identity/conditionalAccess/namedLocations');
  await call('PATCH', `/identity/conditionalAccess/namedLocations/${location.id}`, {
    '@odata.type': location['@odata.type'],
    displayName: `Location ${edition}`,
  });
}
