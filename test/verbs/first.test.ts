// A first snapshot that dies: the next attempt goes on from what was read, kind by kind and page by page, and says of what moments it is.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { openRepository } from '../../src/repo/index.ts';
import { createSandbox, generate, type SandboxOptions } from '../../src/sandbox/index.ts';
import { openReader } from '../../src/tenant/index.ts';
import { type CaptureOptions, capture } from '../../src/verbs/capture.ts';
import { hurriedTime, temporaryFolder } from '../support/driftline.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const day = 86_400_000;
/** The listing of users, and not that of their sponsors. */
const users = /^\/v1\.0\/users\?.*displayName/;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function tenant(options: SandboxOptions = {}) {
  let at = Date.UTC(2026, 10, 23, 8);
  const sandbox = createSandbox({
    seeds: [generate({ users: 300, groups: 40, applications: 5, grants: 5, assignments: 5 }, tenantId)],
    tenantId,
    throttling: false,
    clock: () => at,
    ...options,
  });
  const { graphUrl, close } = await sandbox.listen();
  ends.push(close);
  const root = temporaryFolder('first');
  const repository = await openRepository({
    root,
    statePath: 'state',
    kinds,
    create: true,
    identity: { name: 'Test', email: 'test@example.com' },
    // Most of what is read waits in a file, as it does in a tenant of millions.
    objectsInMemory: 7,
  });
  const readers: ReturnType<typeof openReader>[] = [];
  const open = (appId?: string, url = graphUrl) => {
    const reader = openReader({
      cloud: 'global',
      graphUrl: url,
      credentials: {},
      accessToken: sandbox.token(appId),
      environment: {},
      time: hurriedTime(),
    });
    readers.push(reader);
    return reader;
  };
  const attempt = (more: Partial<CaptureOptions> = {}) =>
    capture({
      repository,
      reader: open(),
      kinds,
      scope: {},
      base: undefined,
      ref: repository.branch,
      now: () => new Date(at),
      version: '1.0.0',
      keepFrom: 100,
      ...more,
    });
  const git = (...words: string[]) => execFileSync('git', ['-C', root, ...words], { encoding: 'utf8' }).trim();
  const kept = () => git('for-each-ref', '--format=%(refname)', 'refs/driftline/first/').split('\n').filter(Boolean);
  return {
    sandbox,
    root,
    open,
    attempt,
    git,
    kept,
    /** An attempt that dies while Graph is silent about groups, after all users were read. */
    async dies(): Promise<void> {
      sandbox.faults.add({ match: { path: /\/groups/ }, fault: { kind: 'hang' }, times: Number.POSITIVE_INFINITY });
      const reader = open();
      const dying = attempt({ reader });
      dying.catch(() => undefined);
      const whole = () => kept().some((ref) => git('log', '-1', '--format=%s', ref).startsWith('users of'));
      while (!whole()) await new Promise((resolve) => setTimeout(resolve, 20));
      await reader.close();
      await expect(dying).rejects.toThrow();
      sandbox.faults.clear();
    },
    /** An attempt that dies at a page of users: its link leads where no Graph is. */
    async diesAt(page: number, more: Partial<CaptureOptions> = {}): Promise<void> {
      const link = { kind: 'nextLink', to: 'https://elsewhere.example/v1.0/users' } as const;
      const fault = sandbox.faults.add({ match: { path: users, nth: page }, fault: link });
      await expect(attempt(more)).rejects.toThrow(/elsewhere/);
      expect(fault.fired()).toBe(1);
      sandbox.faults.clear();
    },
    /** The pages of users that were asked for since. */
    pages: (from: number) => sandbox.requests.slice(from).filter(({ path }) => users.test(path)),
    tip: () => repository.tip(),
    /** Closes the readers, so that what hangs ends. */
    closeAll: async () => {
      for (const reader of readers.splice(0)) await reader.close();
    },
    pass: (milliseconds: number) => {
      at += milliseconds;
    },
  };
}

describe('a first snapshot that dies', () => {
  it('keeps the large kinds it has read; the next attempt takes them, looks at what has changed since, and lets them go', async () => {
    const it = await tenant();
    await it.dies();
    expect(it.kept()).toEqual(['refs/driftline/first/users']);
    expect(it.git('for-each-ref', 'refs/heads/')).toBe('');
    it.pass(3_600_000);
    const from = it.sandbox.requests.length;
    const { commit, continued, coverage, counts } = await it.attempt();
    expect(it.pages(from)).toEqual([]);
    // Graph told that nothing has changed since.
    expect(continued).toEqual({});
    expect(commit!.snapshot!.notes).toBeUndefined();
    expect(coverage.users).toEqual({ status: 'complete', count: 300 });
    expect(counts.added).toBe(Object.values(coverage).reduce((sum, { count }) => sum + count, 0));
    expect(commit!.parents).toEqual([]);
    expect(it.kept()).toEqual([]);
    // Nothing has changed in between, so reading all of it at once gives the same tree.
    const other = await tenant();
    const whole = await other.attempt({ keepFrom: Number.POSITIVE_INFINITY });
    other.git('fsck', '--strict');
    const state = (git: typeof it.git, name: string) => git('rev-parse', `HEAD:state/${name}`);
    for (const name of ['users', 'groups', 'applications', 'coverage.yaml'])
      expect(state(it.git, name), name).toBe(state(other.git, name));
    expect(whole.continued).toEqual({});
    it.git('fsck', '--strict');
  }, 60_000);

  it('is begun anew where what was kept is a day old, or of another version', async () => {
    for (const later of [
      { wait: day + 1, version: '1.0.0' },
      { wait: 0, version: '1.0.1' },
    ]) {
      const it = await tenant();
      await it.dies();
      it.pass(later.wait);
      const from = it.sandbox.requests.length;
      const { continued, commit } = await it.attempt({ version: later.version });
      expect(it.pages(from)).not.toEqual([]);
      expect(continued).toEqual({});
      expect(commit!.snapshot!.notes).toBeUndefined();
      expect(it.kept()).toEqual([]);
    }
  }, 60_000);
});

/** Thirty pages of users, of which every two are kept. */
const paged: SandboxOptions = {
  pageSize: 10,
  seeds: [generate({ users: 300, groups: 15, applications: 2, grants: 2, assignments: 2 }, tenantId)],
};
const small: Partial<CaptureOptions> = { keepFrom: 20, scope: { kinds: ['users', 'groups'] } };
const first = '2026-11-23T08:00:00.000Z';

/** What a snapshot that never died gives of the tenant as it is now. */
async function wholeTree({ attempt, git }: Awaited<ReturnType<typeof tenant>>): Promise<string> {
  const { commit } = await attempt({ ...small, keepFrom: Number.POSITIVE_INFINITY, ref: 'refs/driftline/whole' });
  return git('rev-parse', `${commit!.id}:state`);
}

describe('a first snapshot that dies between two pages', () => {
  it('goes on from there, and is the snapshot that never died, wherever and however often it dies (a law)', async () => {
    const it = await tenant(paged);
    const goal = await wholeTree(it);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 29 }), { minLength: 1, maxLength: 3 }), async (pages) => {
        let kept = 0;
        for (const page of pages) {
          if (kept + page >= 30) continue;
          await it.diesAt(page, small);
          // Pages are kept by twos, from where this attempt began; one with such a link is not taken.
          kept += page - 1 - ((page - 1) % 2);
        }
        const from = it.sandbox.requests.length;
        const { commit, continued } = await it.attempt(small);
        expect(it.pages(from).length).toBe(30 - kept);
        // Nothing is of an earlier moment: Graph told that nothing had changed since.
        expect(continued).toEqual({});
        expect(commit!.snapshot!.notes).toBeUndefined();
        expect(it.git('rev-parse', 'HEAD:state')).toBe(goal);
        expect(it.kept()).toEqual([]);
        it.git('update-ref', '-d', 'refs/heads/main');
      }),
      { numRuns: 8, examples: [[[3]], [[29]], [[1, 1]], [[9, 9, 9]]] },
    );
    it.git('fsck', '--strict');
  }, 180_000);

  it('is of one moment where Graph can tell what has changed since', async () => {
    const it = await tenant(paged);
    await it.diesAt(15, small);
    it.pass(1_800_000);
    const { store } = it.sandbox;
    const [changed, gone, managed, bound, late] = [...store.list('user')];
    const guest = [...store.list('user')].find(({ userType }) => userType === 'Guest')!;
    store.put('user', { ...changed!, jobTitle: 'Changed' }, ['jobTitle']);
    store.bury('user', gone!.id, 'directory');
    for (const id of store.targets('manager', managed!.id)) store.unlink('manager', managed!.id, id);
    store.link('manager', managed!.id, late!.id);
    for (const id of store.targets('manager', bound!.id)) store.unlink('manager', bound!.id, id);
    // Of sponsors no change tracking tells.
    store.silently(() => {
      for (const id of store.targets('sponsors', guest.id)) store.unlink('sponsors', guest.id, id);
      store.link('sponsors', guest.id, late!.id);
    });
    const from = it.sandbox.requests.length;
    const { commit, continued } = await it.attempt(small);
    expect(it.pages(from).length).toBeLessThan(20);
    expect(continued).toEqual({});
    expect(commit!.snapshot!.notes).toBeUndefined();
    expect(it.git('rev-parse', 'HEAD:state')).toBe(await wholeTree(it));
  }, 60_000);

  it('asks no page of links twice, wherever it dies before the first object', async () => {
    const bulk = (from: number, it: Awaited<ReturnType<typeof tenant>>) =>
      it.sandbox.requests
        .slice(from)
        .filter(({ path }) => /users\/delta\?\$(select=manager|skiptoken)|users\?\$filter/.test(path));
    const unhurt = await tenant(paged);
    await unhurt.attempt(small);
    const all = bulk(0, unhurt).length;
    const goal = unhurt.git('rev-parse', 'HEAD:state');
    for (const deaths of [[1], [9, 3]]) {
      const it = await tenant(paged);
      const from = it.sandbox.requests.length;
      for (const nth of deaths) {
        const link = { kind: 'nextLink', to: 'https://elsewhere.example/v1.0/users/delta' } as const;
        it.sandbox.faults.add({ match: { path: /users\/delta\?\$(select=manager|skiptoken)/, nth }, fault: link });
        await expect(it.attempt(small)).rejects.toThrow(/elsewhere/);
        it.sandbox.faults.clear();
      }
      await it.attempt(small);
      expect(it.git('rev-parse', 'HEAD:state')).toBe(goal);
      // One page for each death: the one with the bad link is asked for again. At the end sponsors are looked at once more.
      expect(bulk(from, it).length - all, String(deaths)).toBeLessThanOrEqual(deaths.length + 4);
      expect(it.kept()).toEqual([]);
    }
  }, 60_000);

  it('says since when a kind was read of which nobody can tell what has changed', async () => {
    const it = await tenant({ ...paged, deltaTokenLifetimeMs: 60_000 });
    await it.diesAt(15, small);
    it.pass(1_800_000);
    const from = it.sandbox.requests.length;
    const { commit, continued } = await it.attempt(small);
    expect(it.pages(from).length).toBe(16);
    expect(continued).toEqual({ users: first });
    expect(commit!.snapshot!.notes).toEqual({ Continued: `users since ${first}` });
  }, 60_000);

  it('says so also where that attempt dies after the kind is whole', async () => {
    const it = await tenant({ ...paged, deltaTokenLifetimeMs: 60_000 });
    await it.diesAt(15, small);
    it.pass(1_800_000);
    const groups = { match: { path: /\/groups/ }, fault: { kind: 'hang' }, times: Number.POSITIVE_INFINITY } as const;
    it.sandbox.faults.add(groups);
    const stop = new AbortController();
    const dying = it.attempt({ ...small, signal: stop.signal });
    while (it.git('log', '-1', '--format=%s', 'refs/driftline/first/users').startsWith('A part'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all([expect(dying).rejects.toThrow(), it.closeAll()]);
    it.sandbox.faults.clear();
    it.pass(1_800_000);
    const from = it.sandbox.requests.length;
    const { commit } = await it.attempt(small);
    expect(it.pages(from)).toEqual([]);
    expect(commit!.snapshot!.notes).toEqual({ Continued: `users since ${first}` });
  }, 60_000);

  it('reads each object once, also one that has moved to a page that is still to come', async () => {
    const it = await tenant({ ...paged, deltaTokenLifetimeMs: 60_000 });
    await it.diesAt(15, small);
    it.pass(1_800_000);
    const again: unknown[] = [];
    it.sandbox.faults.add({
      match: { path: users },
      fault: {
        kind: 'rewrite',
        change: (body) => {
          const page = body as { value: Record<string, unknown>[] };
          const one = [...it.sandbox.store.list('user')][0]!;
          again.push(one.id);
          return { ...page, value: [...page.value, { ...page.value[0], id: one.id, jobTitle: 'As it is later' }] };
        },
      },
    });
    const { coverage } = await it.attempt(small);
    expect(again).toHaveLength(1);
    expect(coverage.users).toEqual({ status: 'complete', count: 300 });
    // As it was when it was met first.
    const path = it
      .git('ls-tree', '-r', '--name-only', 'HEAD')
      .split('\n')
      .find((name) => name.includes(`${again[0]}`));
    expect(it.git('show', `HEAD:${path}`)).not.toContain('As it is later');
  }, 60_000);

  it('is begun anew where the page token has expired, what was kept is a day old, or Microsoft has recovered something since', async () => {
    for (const happens of [
      { options: { pageTokenLifetimeMs: 60_000 }, wait: 120_000 },
      { options: { pageTokenLifetimeMs: 30 * day }, wait: day + 1 },
      { options: {}, wait: 0, version: '1.0.1' },
      { options: {}, wait: 0, recovered: true },
    ]) {
      const permissions = ['User.Read.All', 'Group.Read.All', 'Application.Read.All', 'EntraBackup.Read.All'];
      const it = await tenant({ ...paged, permissions, ...happens.options });
      const jobs = (body: string) =>
        it.sandbox.faults.add({
          match: { path: /recovery\/jobs/ },
          fault: { kind: 'status', status: 200, body },
          times: Number.POSITIVE_INFINITY,
        });
      jobs('{"value":[]}');
      await it.diesAt(15, small);
      it.pass(happens.wait);
      jobs(happens.recovered ? '{"value":[{"id":"8d0c"}]}' : '{"value":[]}');
      // One that was there and is gone must not come back with what was kept.
      const [gone] = [...it.sandbox.store.list('user')];
      it.sandbox.store.bury('user', gone!.id, 'directory');
      const from = it.sandbox.requests.length;
      const { commit, continued } = await it.attempt({ ...small, version: happens.version ?? '1.0.0' });
      expect(it.pages(from).length).toBeGreaterThanOrEqual(30);
      expect(continued).toEqual({});
      expect(commit!.snapshot!.notes).toBeUndefined();
      expect(it.git('rev-parse', 'HEAD:state')).toBe(await wholeTree(it));
      expect(it.kept()).toEqual([]);
    }
  }, 120_000);

  it('is begun anew where the token lets us see something else, at another address of Graph, or where the kept part is damaged', async () => {
    const appId = '99999999-2222-4333-8444-555555555555';
    const apps = [{ appId, permissions: ['User.Read.All', 'Group.Read.All', 'User-LifeCycleInfo.Read.All'] }];
    for (const happens of ['permission', 'address', 'damage'] as const) {
      const it = await tenant({ ...paged, permissions: ['User.Read.All', 'Group.Read.All'], apps });
      await it.diesAt(15, small);
      const other = await it.sandbox.listen();
      ends.push(other.close);
      if (happens === 'damage') {
        const [file] = it.git('ls-tree', '-r', 'refs/driftline/first/users').split('\n');
        const blob = file!.split(/\s/)[2]!;
        rmSync(join(it.root, '.git/objects', blob.slice(0, 2), blob.slice(2)));
      }
      const reader = { permission: it.open(appId), address: it.open(undefined, other.graphUrl), damage: it.open() };
      const from = it.sandbox.requests.length;
      const { coverage, continued } = await it.attempt({ ...small, reader: reader[happens] });
      expect(it.pages(from).length, happens).toBe(30);
      expect(coverage.users).toEqual({ status: 'complete', count: 300 });
      expect(continued).toEqual({});
      it.git('fsck', '--strict');
    }
  }, 60_000);

  it('goes on also where the attempt came to its end without that kind', async () => {
    const it = await tenant(paged);
    // Graph answers no more, so the kind is not complete; all others are committed.
    const silent = { kind: 'status', status: 404 } as const;
    it.sandbox.faults.add({ match: { path: users, nth: 15 }, fault: silent, times: Number.POSITIVE_INFINITY });
    const { coverage } = await it.attempt(small);
    expect(coverage.users).toMatchObject({ status: 'failed', count: 0 });
    it.sandbox.faults.clear();
    expect(it.kept()).toEqual(['refs/driftline/first/users']);
    const from = it.sandbox.requests.length;
    const base = await it.tip();
    const { commit } = await it.attempt({ ...small, base });
    expect(it.pages(from).length).toBe(16);
    expect(commit!.parents).toEqual([base!.id]);
    expect(it.git('rev-parse', 'HEAD:state')).toBe(await wholeTree(it));
    expect(it.kept()).toEqual([]);
  }, 60_000);

  it('lets the next snapshot ask for what has changed since, and miss nothing', async () => {
    const it = await tenant(paged);
    await it.diesAt(15, { ...small, delta: true });
    it.pass(1_800_000);
    const { store } = it.sandbox;
    const [changed] = [...store.list('user')];
    store.put('user', { ...changed!, jobTitle: 'Changed' }, ['jobTitle']);
    await it.attempt({ ...small, delta: true });
    const sponsored = [...store.list('user')].find(({ id }) => store.targets('sponsors', id).length > 0)!;
    store.silently(() => {
      for (const id of store.targets('sponsors', sponsored.id)) store.unlink('sponsors', sponsored.id, id);
    });
    const from = it.sandbox.requests.length;
    const base = await it.tip();
    const { counts } = await it.attempt({ ...small, delta: true, base });
    expect(it.pages(from)).toEqual([]);
    expect(counts).toEqual({ added: 0, changed: 1, removed: 0 });
    expect(it.git('rev-parse', 'HEAD:state')).toBe(await wholeTree(it));
  }, 60_000);

  it('says nothing of the page token in the commit that everybody sees', async () => {
    const it = await tenant({ ...paged, deltaTokenLifetimeMs: 60_000 });
    await it.diesAt(15, small);
    const token = /skiptoken=([\w.-]+)/.exec(it.git('cat-file', '-p', 'refs/driftline/first/users'))?.[1];
    expect(token).toBeDefined();
    it.pass(1_800_000);
    const result = await it.attempt(small);
    expect(JSON.stringify(result)).not.toContain('skiptoken');
    expect(it.git('log', '--format=%B')).not.toContain('skiptoken');
    expect(it.git('ls-tree', '-r', '--name-only', 'HEAD')).not.toContain('first');
  }, 60_000);
});
