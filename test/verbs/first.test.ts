// A first snapshot that dies: the next attempt goes on from the kinds that were read, and says that they are of an earlier moment.
import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { openRepository } from '../../src/repo/index.ts';
import { createSandbox, generate } from '../../src/sandbox/index.ts';
import { openReader } from '../../src/tenant/index.ts';
import { type CaptureOptions, capture } from '../../src/verbs/capture.ts';
import { hurriedTime, temporaryFolder } from '../support/driftline.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const day = 86_400_000;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function tenant() {
  let at = Date.UTC(2026, 10, 23, 8);
  const sandbox = createSandbox({
    seeds: [generate({ users: 300, groups: 40, applications: 5, grants: 5, assignments: 5 }, tenantId)],
    tenantId,
    throttling: false,
    clock: () => at,
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
  });
  const open = () =>
    openReader({
      cloud: 'global',
      graphUrl,
      credentials: {},
      accessToken: sandbox.token(),
      environment: {},
      time: hurriedTime(),
    });
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
    attempt,
    git,
    kept,
    /** An attempt that dies while Graph is silent about groups, after all users were read. */
    async dies(): Promise<void> {
      sandbox.faults.add({ match: { path: /\/groups/ }, fault: { kind: 'hang' }, times: Number.POSITIVE_INFINITY });
      const reader = open();
      const dying = attempt({ reader });
      dying.catch(() => undefined);
      while (kept().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      await reader.close();
      await expect(dying).rejects.toThrow();
      sandbox.faults.clear();
    },
    listedUsers: (from: number) =>
      sandbox.requests.slice(from).filter(({ path }) => /^\/v1\.0\/users\?/.test(path)).length,
    pass: (milliseconds: number) => {
      at += milliseconds;
    },
  };
}

describe('a first snapshot that dies', () => {
  it('keeps the large kinds it has read; the next attempt takes them, says of when they are, and lets them go', async () => {
    const it = await tenant();
    await it.dies();
    expect(it.kept()).toEqual(['refs/driftline/first/users']);
    expect(it.git('for-each-ref', 'refs/heads/')).toBe('');
    it.pass(3_600_000);
    const from = it.sandbox.requests.length;
    const { commit, continued, coverage, counts } = await it.attempt();
    expect(it.listedUsers(from)).toBe(0);
    expect(continued).toEqual({ users: '2026-11-23T08:00:00.000Z' });
    expect(commit!.snapshot!.notes).toEqual({ Continued: 'users as of 2026-11-23T08:00:00.000Z' });
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
      expect(it.listedUsers(from)).toBeGreaterThan(0);
      expect(continued).toEqual({});
      expect(commit!.snapshot!.notes).toBeUndefined();
      expect(it.kept()).toEqual([]);
    }
  }, 60_000);
});
