// Journeys of snapshots and drift: the Action against a sandbox tenant and a GitHub, from the first run to the merge.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SandboxOptions } from '../../src/sandbox/index.ts';
import { type Journey, startJourney, startWithBaseline } from '../support/action-journey.ts';
import { temporaryFolder } from '../support/driftline.ts';

// Journeys start many processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const stages: Journey[] = [];

afterEach(async () => {
  for (const stage of stages.splice(0)) {
    expect(stage.server.offences).toEqual([]);
    await stage.end();
  }
});

async function journey(options: SandboxOptions = {}, files: Record<string, string> = { 'README.md': 'Our tenant\n' }) {
  const stage = await startJourney(files, options);
  stages.push(stage);
  return stage;
}

const newGroup = { displayName: 'New', mailEnabled: false, mailNickname: 'new', securityEnabled: true };
const tenant = '(?<tenant>[0-9a-f-]{36})';

describe('the first run', () => {
  it('of snapshot in an empty repository commits the tenant and pushes it', async () => {
    const { server, run } = await journey({}, {});
    const { status, outputs, summary, log } = await run({ command: 'snapshot' });
    expect(log).not.toContain('::error');
    expect(status).toBe(0);
    expect(outputs.commit).toBe(server.git('rev-parse', 'main'));
    expect(Number(outputs.changed)).toBeGreaterThan(100);
    expect(server.git('log', '-1', '--format=%an %s', 'main')).toBe(
      `Driftline 0 changed, ${outputs.changed} added, 0 removed`,
    );
    expect(summary).toContain('| users |');
  });

  it('of drift opens a pull request that holds the whole tenant, and merging it is the baseline', async () => {
    const { server, run } = await journey();
    const first = await run({ command: 'drift' });
    expect(first.log).not.toContain('::error');
    expect(first.status).toBe(0);
    expect(first.outputs).toMatchObject({ drift: 'true', 'pull-request': '1' });
    expect(server.pulls[0]!.title).toMatch(/^First baseline: \d+ objects/);
    expect(server.pulls[0]!.head).toMatch(new RegExp(`^driftline/drift/${tenant}$`));
    server.merge(1);
    const second = await run({ command: 'drift' });
    expect(second.outputs).toMatchObject({ drift: 'false', changed: '0', 'pull-request': '' });
    expect(second.status).toBe(0);
    expect(server.git('for-each-ref', 'refs/heads/driftline')).toBe('');
  });
});

describe('drift', () => {
  async function withBaseline(config = 'kinds: [groups, namedLocations, conditionalAccessPolicies]\n') {
    const all = await startWithBaseline(config);
    stages.push(all);
    const groups = (await all.graph('GET', '/groups?$select=id,displayName,onPremisesSyncEnabled')).body
      .value as Record<string, string>[];
    const group = groups.find(({ onPremisesSyncEnabled }) => !onPremisesSyncEnabled)!;
    const rename = async (displayName: string) => {
      expect((await all.graph('PATCH', `/groups/${group.id}`, { displayName })).status).toBe(204);
    };
    return { ...all, group, rename };
  }

  it('has one rolling pull request: opened, unchanged, updated, closed when it vanishes, and merged', async () => {
    const { server, run, rename, group } = await withBaseline();
    const baseline = server.git('rev-parse', 'main');
    expect((await run({ command: 'drift' })).outputs).toMatchObject({ drift: 'false', changed: '0' });
    expect(server.pulls).toHaveLength(0);

    await rename('Renamed by night');
    const first = await run({ command: 'drift' });
    expect(first.status).toBe(0);
    expect(first.outputs).toMatchObject({ drift: 'true', changed: '1', 'pull-request': '1' });
    const [pull] = server.pulls;
    expect(pull).toMatchObject({
      title: 'Drift: 1 object (1 changed, 0 added, 0 removed)',
      labels: ['driftline', 'driftline:groups'],
    });
    expect(pull!.body).toContain('Renamed&#32;by&#32;night');
    expect(pull!.body).toContain('Merging accepts this drift');
    expect(server.git('diff', '--name-only', 'main', pull!.head)).toContain(`${group.id}.yaml`);
    expect(server.git('rev-parse', `${pull!.head}^`)).toBe(baseline);

    const branchTip = server.git('rev-parse', pull!.head);
    const again = await run({ command: 'drift' });
    expect(again.outputs['pull-request']).toBe('1');
    expect(server.git('rev-parse', pull!.head), 'the same drift runs no check again').toBe(branchTip);

    await rename('Renamed again');
    await run({ command: 'drift' });
    expect(server.pulls).toHaveLength(1);
    expect(server.pulls[0]!.body).toContain('Renamed&#32;again');

    await rename(group.displayName!);
    const vanished = await run({ command: 'drift' });
    expect(vanished.outputs).toMatchObject({ drift: 'false', 'pull-request': '' });
    expect(server.pulls[0]!.state).toBe('closed');
    expect(server.comments.at(-1)!.body).toContain('No drift any more');
    expect(server.git('for-each-ref', 'refs/heads/driftline')).toBe('');

    await rename('Renamed for good');
    expect((await run({ command: 'drift' })).outputs['pull-request']).toBe('2');
    server.merge(2, 'squash');
    expect((await run({ command: 'drift' })).outputs.drift).toBe('false');
    expect(server.git('rev-parse', 'main')).not.toBe(baseline);
  });

  it('that a person closed stays closed until it is another', async () => {
    const { server, run, rename } = await withBaseline();
    await rename('Known');
    await run({ command: 'drift' });
    server.close(1);
    const known = await run({ command: 'drift' });
    expect(known.outputs).toMatchObject({ drift: 'true', 'pull-request': '' });
    expect(known.log).toContain('closed by a person');
    await rename('Not known');
    expect((await run({ command: 'drift' })).outputs['pull-request']).toBe('2');
  });

  it('says who made it where that is asked for, also on a baseline that somebody merged', async () => {
    const { server, run, rename, sandbox } = await withBaseline();
    await rename('Known');
    await run({ command: 'drift' });
    expect(server.pulls[0]!.body).not.toContain('Update&#32;group');
    server.merge(1, 'squash');
    await rename('Not known');
    const { summary } = await run({ command: 'drift', actors: 'true' });
    for (const text of [server.pulls[1]!.body, summary]) {
      expect(text).toContain('by&#32;Driftline&#32;&#40;sandbox&#41;&#32;&#40;application');
      expect(text).toContain('Update&#32;group');
    }
    expect(sandbox.requests.some(({ path }) => path.includes('/auditLogs/'))).toBe(true);
  });

  it('fails the step only where it is asked to', async () => {
    const { run, rename } = await withBaseline();
    await rename('Other');
    expect((await run({ command: 'drift', 'fail-on-drift': 'true' })).status).toBe(2);
  });

  it('has one pull request a kind where that is asked for, each closed by itself', async () => {
    const { server, run, rename, graph, group } = await withBaseline();
    await rename('Other');
    const { body } = await graph('GET', '/identity/conditionalAccess/namedLocations');
    const place = (body.value as Record<string, string>[])[0]!;
    await graph('PATCH', `/identity/conditionalAccess/namedLocations/${place.id}`, {
      '@odata.type': place['@odata.type'],
      displayName: 'Elsewhere',
    });
    const both = await run({ command: 'drift', 'per-kind': 'true' });
    expect(both.outputs).toMatchObject({ changed: '2', 'pull-request': '1,2' });
    expect(server.pulls.map(({ labels }) => labels)).toEqual([
      ['driftline', 'driftline:groups'],
      ['driftline', 'driftline:namedLocations'],
    ]);
    for (const { number, head } of server.pulls) {
      const changed = server.git('diff', '--name-only', 'main', head).split('\n');
      expect(
        changed.every((path) => path.startsWith(number === 1 ? 'state/groups' : 'state/namedLocations')),
        changed.join(),
      ).toBe(true);
    }
    await rename(group.displayName!);
    const one = await run({ command: 'drift', 'per-kind': 'true' });
    expect(one.outputs['pull-request']).toBe('2');
    expect(server.pulls.map(({ state }) => state)).toEqual(['closed', 'open']);
  });

  it('in what is ignored is none, and expired rules fail loudly', async () => {
    const rule = 'ignore:\n  - attribute: displayName\n    reason: names change\n';
    const { run, rename, server } = await withBaseline(`kinds: [groups]\n${rule}`);
    await rename('Other');
    expect((await run({ command: 'drift' })).outputs.drift).toBe('false');
    server.edit('main', { 'driftline.yaml': `kinds: [groups]\n${rule}    until: 2020-01-01\n` });
    const expired = await run({ command: 'drift' });
    expect(expired.status).toBe(7);
    expect(expired.log).toContain('::error title=');
  });

  it('that could not be read is coverage: status 4, an annotation, and nothing closed', async () => {
    const { server, run, rename, sandbox } = await withBaseline();
    await rename('Other');
    await run({ command: 'drift' });
    sandbox.faults.add({
      match: { path: /\/groups/ },
      times: Number.POSITIVE_INFINITY,
      fault: { kind: 'status', status: 403, code: 'Authorization_RequestDenied', message: 'no' },
    });
    const blind = await run({ command: 'drift' });
    expect(blind.status).toBe(4);
    expect(blind.outputs).toMatchObject({ drift: 'false', incomplete: 'groups' });
    expect(blind.log).toContain('::warning title=Not complete%3A groups');
    expect(server.pulls[0]!.state).toBe('open');
  });

  it('with hostile names reaches log, summary, title, body, labels and outputs inert', async () => {
    const { server, run, rename } = await withBaseline();
    await rename('x ##[set-output name=drift]false ::add-mask::e @octocat <img src=x> | `');
    const { outputs, summary, log, status } = await run({ command: 'drift' });
    expect(status).toBe(0);
    expect(outputs.drift).toBe('true');
    const { title, body, labels } = server.pulls[0]!;
    for (const text of [summary, body, log, title, labels.join(), JSON.stringify(outputs)]) {
      expect(text).not.toMatch(/##\[|<img|(?<!`)@octocat(?!<)/);
      expect(
        text.split('\n').filter((line) => /^\s*::/.test(line) && !/^::(notice|warning|error) /.test(line)),
      ).toEqual([]);
    }
    expect(body).toContain('&#64;octocat');
  });

  it('leaves the branch alone where a person has committed on it', async () => {
    const { server, run, rename } = await withBaseline();
    await rename('Other');
    await run({ command: 'drift' });
    const edit = server.edit(server.pulls[0]!.head, { 'note.md': 'mine\n' });
    await rename('Another');
    const ran = await run({ command: 'drift' });
    expect(server.git('rev-parse', server.pulls[0]!.head)).toBe(edit);
    expect(ran.log).toContain('Somebody committed on');
    expect(ran.outputs['pull-request']).toBe('1');
  });

  it('ends at the same one pull request, whichever request a run is killed at', async () => {
    const { server, run, rename } = await withBaseline('kinds: [namedLocations, groups]\n');
    await rename('Other');
    for (let failing = 1; failing < 60; failing += 3) {
      const killed = new AbortController();
      let count = 0;
      server.fault = () => {
        count += 1;
        if (count < failing) return undefined;
        killed.abort(new Error('killed'));
        return 'drop';
      };
      const died = await run({ command: 'drift' }, { signal: killed.signal });
      server.fault = undefined;
      expect([0, 130]).toContain(died.status);
      if (died.status === 0) return;
      const { status } = await run({ command: 'drift' });
      expect(status).toBe(0);
      expect(server.pulls.filter(({ state }) => state === 'open')).toHaveLength(1);
      expect(server.pulls[0]!.labels).toEqual(['driftline', 'driftline:groups']);
      // As if it had never been, for the next place to die at.
      server.git('update-ref', '-d', `refs/heads/${server.pulls[0]!.head}`);
      (server.pulls as unknown[]).length = 0;
    }
    expect.unreachable('a run ends after so many requests');
  });

  it('says which token or setting is missing', async () => {
    const { server, run, rename } = await withBaseline();
    await rename('Other');
    server.mayOpenPulls = false;
    const refused = await run({ command: 'drift' });
    expect(refused.status).toBe(3);
    expect(refused.log).toContain('Allow GitHub Actions to create and approve pull requests');
    server.isPublic = true;
    const open = await run({ command: 'drift' });
    expect(open.status).toBe(3);
    expect(open.log).toContain('allow-public');
  });

  it('goes on without labels where it may not make them, and says which permission that needs', async () => {
    const { server, run, rename } = await withBaseline();
    await rename('Other');
    server.permissions = { contents: 'write', 'pull-requests': 'write' };
    const { status, log } = await run({ command: 'drift' });
    expect(status).toBe(0);
    expect(server.pulls[0]).toMatchObject({ state: 'open', labels: [] });
    expect(log).toContain('::warning title=Labels');
    expect(log).toContain('issues: write');
    server.permissions = { ...server.permissions, issues: 'write' };
    expect((await run({ command: 'drift' })).log).not.toContain('::warning');
    expect(server.pulls[0]!.labels).toEqual(['driftline', 'driftline:groups']);
  });

  it('against a branch that is not there is a mistake in its name, and begins no new baseline', async () => {
    const { server, run } = await withBaseline();
    const { status, log } = await run({ command: 'drift', branch: 'mian' });
    expect(status).toBe(7);
    expect(log).toContain('mian: The repository has no branch of this name, which the input branch gives');
    server.edit('main', { 'driftline.yaml': 'branch: mian\n' });
    expect((await run({ command: 'plan', commit: 'main' })).log).toContain('which driftline.yaml gives');
    expect(server.git('for-each-ref', '--format=%(refname)', 'refs/heads')).toBe('refs/heads/main');
  });

  it('says in the log what was read, kind by kind', async () => {
    const { run } = await withBaseline();
    expect((await run({ command: 'drift' })).log).toMatch(/^Read groups: \d+ objects$/m);
  });
});

describe('pushes that race', () => {
  it('come together where they touch different things', async () => {
    const { server, run, graph } = await journey({}, { 'driftline.yaml': 'kinds: [groups]\n' });
    const key = join(temporaryFolder('key'), 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const signed = { command: 'snapshot', 'signing-key': readFileSync(key, 'utf8') };
    await run(signed);
    await graph('POST', '/groups', newGroup);
    const signers = `driftline@users.noreply.github.com ${readFileSync(`${key}.pub`, 'utf8')}`;
    server.beforePush = () => void server.edit('main', { 'README.md': 'written meanwhile\n', signers });
    const { status, outputs } = await run(signed);
    expect(status).toBe(0);
    const verified = await run({ command: 'verify', signers: 'signers' });
    expect(verified.summary, 'made again, it is signed again').toContain('## Sound');
    expect(server.git('show', 'main:README.md')).toBe('written meanwhile');
    expect(server.git('rev-parse', 'main')).toBe(outputs.commit);
    expect(server.git('log', '-1', '--format=%s', 'main')).toBe('0 changed, 1 added, 0 removed');
  });

  it('of two drift runs leave one pull request, and the slower one says so', async () => {
    const { server, run, graph } = await journey({}, { 'driftline.yaml': 'kinds: [groups]\n' });
    await run({ command: 'snapshot' });
    await graph('POST', '/groups', newGroup);
    const branch = `driftline/drift/${server.git('show', 'main:state/tenant.yaml').match(/tenantId: "?([0-9a-f-]+)/)![1]}`;
    let faster = '';
    server.beforePush = () => {
      faster = server.git('commit-tree', 'main^{tree}', '-p', 'main', '-m', 'Of the other run');
      server.git('update-ref', `refs/heads/${branch}`, faster);
    };
    const { status, log } = await run({ command: 'drift' });
    expect(status).toBe(5);
    expect(log).toContain('::error title=The remote branch has moved');
    expect(server.git('rev-parse', branch)).toBe(faster);
    expect(server.pulls).toEqual([]);
  });

  it("never overwrite each other: the slower one says so and leaves the faster one's state", async () => {
    const { server, run, graph } = await journey({}, { 'driftline.yaml': 'kinds: [groups]\n' });
    await run({ command: 'snapshot' });
    await graph('POST', '/groups', newGroup);
    let faster = '';
    server.beforePush = () => {
      faster = server.edit('main', { 'state/groups/note.yaml': 'x\n' });
    };
    const { status, log } = await run({ command: 'snapshot' });
    expect(status).toBe(5);
    expect(log).toContain('::error title=The remote branch has moved');
    expect(server.git('rev-parse', 'main')).toBe(faster);
  });
});
