// Snapshots as a person takes them: the real command line, against the sandbox over HTTP, into a real repository.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSandbox, exampleState, type SandboxOptions } from '../../src/sandbox/index.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** The example company, served over HTTP, and a folder for its history. */
async function company(options: SandboxOptions = {}) {
  const sandbox = createSandbox({ throttling: false, ...options });
  await sandbox.loadSeed(exampleState);
  const { env, close } = await sandbox.listen();
  ends.push(close);
  const repo = temporaryFolder('snapshot');
  const git = (...words: string[]) => execFileSync('git', ['-C', repo, ...words], { encoding: 'utf8' }).trim();
  const call = (...words: string[]) => driftline([...words, '--repo', repo], { env });
  const snapshot = async (...words: string[]) => {
    const ran = await call('snapshot', '--format', 'json', ...words);
    return { ...ran, result: ran.out === '' ? undefined : JSON.parse(ran.out) };
  };
  return { sandbox, env, repo, git, call, snapshot };
}

describe('a snapshot', () => {
  it('commits the whole tenant, says so, and leaves the folder clean', async () => {
    const { git, snapshot, repo } = await company();
    const { status, result, notes } = await snapshot();
    expect(notes).toBe('');
    expect(status).toBe(0);
    expect(result.counts.changed).toBe(0);
    expect(result.coverage.users).toEqual({ status: 'complete', count: expect.any(Number) });
    expect(result.coverage.users.count).toBeGreaterThan(50);
    expect(git('status', '--porcelain')).toBe('');
    expect(git('log', '-1', '--format=%s')).toBe(`0 changed, ${result.counts.added} added, 0 removed`);
    expect(git('log', '-1', '--format=%(trailers:key=Driftline-Tenant,valueonly)')).toMatch(/^[0-9a-f-]{36}$/);
    expect(readFileSync(join(repo, 'state/tenant.yaml'), 'utf8')).toContain('formatVersion: 1');
  });

  it('of the example company is the example of the format: the tree of state/', async () => {
    const { git, snapshot, repo } = await company();
    await snapshot();
    const listed = git('ls-files', 'state').split('\n');
    for (const path of listed) {
      const example = join(exampleState, path.slice('state/'.length));
      expect(existsSync(example), path).toBe(true);
      expect(readFileSync(join(repo, path), 'utf8'), path).toBe(readFileSync(example, 'utf8'));
    }
  });

  it('of an unchanged but noisy tenant has the same tree, and is evidence all the same', async () => {
    const { git, snapshot } = await company({ shuffleArrays: true, touchNoise: true });
    const first = (await snapshot()).result;
    const second = (await snapshot()).result;
    expect(second.tree).toBe(first.tree);
    expect(second.commit).not.toBe(first.commit);
    const third = (await snapshot('--skip-unchanged')).result;
    expect(third.commit).toBe(second.commit);
    expect(git('rev-list', '--count', 'HEAD')).toBe('2');
  });

  it('has the same tree for any page size', async () => {
    const trees = new Set<string>();
    for (const pageSize of [1, 7, 999]) trees.add((await (await company({ pageSize })).snapshot()).result.tree);
    expect(trees.size).toBe(1);
  }, 120_000);

  it('keeps the files of a kind that it may not read, says so, and ends with 4', async () => {
    const { sandbox, snapshot, git, call } = await company();
    await snapshot();
    const before = git('rev-parse', 'HEAD:state/groups');
    sandbox.faults.add({
      match: { path: /\/groups/ },
      times: Number.POSITIVE_INFINITY,
      fault: {
        kind: 'status',
        status: 403,
        code: 'Authorization_RequestDenied',
        message: 'Insufficient privileges to complete the operation.',
      },
    });
    const { status, result, notes } = await snapshot();
    expect(status).toBe(4);
    expect(result.coverage.groups.status).toBe('forbidden');
    expect(result.coverage.groups.reason).toContain('Group.Read.All');
    expect(notes).toContain('groups');
    expect(git('rev-parse', 'HEAD:state/groups')).toBe(before);
    const diff = JSON.parse((await call('diff', 'HEAD~1', 'HEAD', '--format', 'json')).out);
    expect(diff.changes).toEqual([]);
    expect(diff.coverage).toContainEqual(
      expect.objectContaining({ kind: 'groups', from: 'complete', to: 'forbidden' }),
    );
  });

  it('says which licence a kind lacks', async () => {
    const { snapshot } = await company({ unlicensed: ['conditionalAccessPolicy'] });
    const { status, result } = await snapshot();
    expect(status).toBe(4);
    expect(result.coverage.conditionalAccessPolicies.status).toBe('unlicensed');
  });

  it('begins a collection anew whose page token has expired', async () => {
    const { sandbox, snapshot } = await company({ pageSize: 10 });
    const whole = (await snapshot()).result;
    const fault = sandbox.faults.add({
      match: { path: /\/users\?.*skiptoken/i, nth: 3 },
      fault: {
        kind: 'status',
        status: 400,
        code: 'Directory_ExpiredPageToken',
        message: 'The specified page token value has expired.',
      },
    });
    const again = (await snapshot()).result;
    expect(fault.fired()).toBe(1);
    expect(again.tree).toBe(whole.tree);
  });

  it('waits when it is throttled, and comes out the same', async () => {
    const { sandbox, snapshot } = await company();
    const whole = (await snapshot()).result;
    sandbox.faults.add({
      match: { path: /\/users/ },
      times: 3,
      fault: {
        kind: 'status',
        status: 429,
        code: 'TooManyRequests',
        message: 'Please retry again later.',
        headers: { 'retry-after': '0.1' },
      },
    });
    const throttled = (await snapshot()).result;
    expect(throttled.retries).toBeGreaterThanOrEqual(3);
    expect(throttled.tree).toBe(whole.tree);
  });

  it('does not believe at once that a kind is gone', async () => {
    const { sandbox, snapshot, git } = await company();
    await snapshot();
    const before = git('rev-parse', 'HEAD:state/applications');
    sandbox.faults.add({
      match: { path: /\/applications\?/ },
      times: 1,
      fault: { kind: 'rewrite', change: (body) => ({ ...(body as object), value: [], '@odata.nextLink': undefined }) },
    });
    const { result } = await snapshot();
    expect(git('rev-parse', 'HEAD:state/applications')).toBe(before);
    expect(result.counts).toEqual({ added: 0, changed: 0, removed: 0 });
  });

  it('leaves uncommitted work and other files alone', async () => {
    const { sandbox, snapshot, repo, git, env } = await company();
    await snapshot();
    const [user, other] = git('ls-files', 'state/users').split('\n') as [string, string];
    writeFileSync(join(repo, user), `${readFileSync(join(repo, user), 'utf8')}# mine\n`);
    writeFileSync(join(repo, 'notes.txt'), 'mine too\n');
    for (const path of [user, other]) {
      const id = /([0-9a-f-]{36})\.yaml$/.exec(path)?.[1];
      const response = await fetch(`${env.DRIFTLINE_GRAPH_URL}/v1.0/users/${id}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${env.DRIFTLINE_ACCESS_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ officeLocation: 'Roof' }),
      });
      expect(response.status).toBe(204);
    }
    expect(sandbox.requests.some(({ method }) => method === 'PATCH')).toBe(true);
    const { result, notes } = await snapshot();
    expect(result.counts.changed).toBe(2);
    expect(result.leftAlone).toEqual([user]);
    expect(notes).toContain(user);
    expect(readFileSync(join(repo, user), 'utf8')).toContain('# mine');
    expect(readFileSync(join(repo, other), 'utf8')).toContain('officeLocation: Roof');
    expect(git('status', '--porcelain').split('\n').sort()).toEqual(['?? notes.txt', `M ${user}`]);
  });

  it('refuses the history of another tenant', async () => {
    const mine = await company();
    await mine.snapshot();
    const other = await createSandbox({ tenantId: '99999999-9999-4999-8999-999999999999', throttling: false }).listen();
    ends.push(other.close);
    const ran = await driftline(['snapshot', '--repo', mine.repo], {
      env: other.env,
    });
    expect(ran.notes).toContain('another tenant');
    expect(ran.status).toBe(3);
  });

  it('says what stands where its private folder should be', async () => {
    const { repo, git, snapshot } = await company();
    git('init', '--quiet');
    const inTheWay = join(repo, '.git', 'driftline');
    writeFileSync(inTheWay, '');
    const { status, notes } = await snapshot();
    expect([status, notes]).toEqual([1, expect.stringContaining(`Something is there already (${inTheWay})`)]);
  });

  it('is won by one of two that run at once', async () => {
    const { snapshot, git } = await company();
    await snapshot();
    const ends = await Promise.all([snapshot(), snapshot()]);
    const statuses = ends.map(({ status }) => status).sort();
    expect([
      [0, 0],
      [0, 5],
    ]).toContainEqual(statuses);
    expect(git('fsck', '--strict')).toBe('');
    expect(git('rev-list', '--count', 'HEAD')).toBe(String(1 + statuses.filter((status) => status === 0).length));
  });
});
