// The example workflows in a real runner, as init writes them: from the first pull request to a recovery, with no secret but the job's token.
import { afterEach, describe, expect, it } from 'vitest';
import { hasAct, startRunner } from '../support/act.ts';
import { type Journey, startWithApplications } from '../support/action-journey.ts';

const stages: Journey[] = [];

afterEach(async () => {
  for (const stage of stages.splice(0)) {
    expect(stage.server.offences).toEqual([]);
    await stage.end();
  }
});

const group = '32b3a2b9-1f9c-4996-a1bb-ea9103833fa3';
const schedule = { name: 'schedule' };

async function setUp(
  configurations: (variables: Readonly<Record<string, string>>) => Record<string, string> = () => ({
    'driftline.yaml': 'kinds: [groups]\n',
  }),
) {
  const { variables, ...stage } = await startWithApplications({});
  stages.push(stage);
  const { DRIFTLINE_GRAPH_URL, DRIFTLINE_AUTHORITY_URL } = stage.env;
  const act = await startRunner(stage.server, configurations(variables), variables, {
    DRIFTLINE_GRAPH_URL,
    DRIFTLINE_AUTHORITY_URL,
  });
  const name = async () => (await stage.graph('GET', `/groups/${group}`)).body.displayName;
  const rename = (displayName: string) => stage.graph('PATCH', `/groups/${group}`, { displayName });
  return { ...stage, act, name, rename };
}

describe.skipIf(!hasAct())('in a real runner', () => {
  it('drift, merge, revert, snapshot and recovery go as the set-up guide says', async () => {
    const { server, act, name, rename } = await setUp();
    const first = (await act.run('drift', schedule)).drift!;
    expect(first.result, first.log).toBe('success');
    expect(first.outputs['drift.pull-request']).toBe('1');
    expect(first.log).not.toMatch(/::(error|warning)/);
    expect(first.summary).toContain('## First baseline');
    server.merge(1);

    await rename('Renamed by night');
    const second = (await act.run('drift', schedule)).drift!;
    expect(second.outputs).toMatchObject({ 'drift.changed': '1', 'drift.pull-request': '2' });

    const comment = { body: '/driftline revert', user: { login: 'alex' } };
    const reverted = await act.run('revert', {
      name: 'issue_comment',
      payload: { action: 'created', issue: { number: 2, pull_request: {} }, comment },
    });
    expect(reverted.plan!.result, reverted.plan!.log).toBe('success');
    expect(reverted.plan!.summary).toContain('Digest');
    expect(reverted.apply!.result, reverted.apply!.log).toBe('success');
    expect(await name()).toBe('Passkey pilot');

    const gone = (await act.run('drift', schedule)).drift!;
    expect(gone.outputs['drift.drift']).toBe('false');
    expect(server.pulls[1]!.state).toBe('closed');

    const taken = (await act.run('snapshot', schedule)).snapshot!;
    expect(taken.result, taken.log).toBe('success');
    await rename('Renamed again');
    const recovered = await act.run('recover', {
      name: 'workflow_dispatch',
      inputs: { commit: 'snapshots', ids: group, reason: 'ticket 8' },
    });
    expect(recovered.apply!.result, recovered.apply!.log).toBe('success');
    expect(await name()).toBe('Passkey pilot');

    const verified = await act.run('verify', schedule);
    expect(Object.keys(verified)).toEqual(['verify', 'snapshots']);
    for (const { summary } of Object.values(verified)) expect(summary).toContain('## Sound');
  });

  it('a pull request is planned, and applied when it is merged', async () => {
    const { server, act, name } = await setUp();
    await act.run('drift', schedule);
    server.merge(1);
    const path = `state/groups/32/b/${group}.yaml`;
    server.edit('proposal', { [path]: `${server.git('show', `main:${path}`).replace('Passkey pilot', 'Passkeys')}\n` });
    const { number } = server.open('proposal', 'Rename the pilot');
    const pull = { number, head: { ref: 'proposal', repo: { full_name: server.repository } } };
    const planned = (await act.run('plan', { name: 'pull_request', payload: { action: 'opened', pull_request: pull } }))
      .plan!;
    expect(planned.result, planned.log).toBe('success');
    expect(planned.outputs).toMatchObject({ 'plan.changed': '1', 'plan.pull-request': String(number) });
    const base = { ref: 'main', sha: server.git('rev-parse', 'main') };
    const merged = { ...pull, base, merged: true, merge_commit_sha: server.merge(number) };
    const applied = await act.run('recover', {
      name: 'pull_request',
      payload: { action: 'closed', pull_request: merged },
    });
    expect(applied.apply!.result, applied.apply!.log).toBe('success');
    expect(await name()).toBe('Passkeys');
  });

  it('several tenants fan out, and the drift of one is taken back behind its own environment', async () => {
    const tenant = (id: string, client: string) =>
      `tenant:\n  id: ${id}\ncredentials:\n  clientId: ${client}\nkinds: [groups]\n`;
    const { server, act, name, rename, trust } = await setUp((variables) => ({
      'tenants/a/driftline.yaml': tenant(variables.AZURE_TENANT_ID!, variables.DRIFTLINE_READER_CLIENT_ID!),
      'tenants/b/driftline.yaml': 'kindz: [groups]\n',
    }));
    await trust('recovery-a');
    expect((await act.run('tenants', schedule)).list!.result).toBe('success');
    expect(server.pulls, 'the one that fails hides no other').toHaveLength(1);
    server.merge(1);
    await rename('Renamed by night');
    await act.run('tenants', schedule);
    const comment = { body: '/driftline revert', user: { login: 'alex' } };
    const payload = { action: 'created', issue: { number: 2, pull_request: {} }, comment };
    const jobs = await act.run('tenants-recover', { name: 'issue_comment', payload });
    expect(
      await name(),
      Object.values(jobs)
        .map(({ log }) => log)
        .join('\n'),
    ).toBe('Passkey pilot');
  });

  it('a comment of somebody without write access plans nothing, and nothing is applied', async () => {
    const { server, act, name, rename } = await setUp();
    await act.run('drift', schedule);
    server.merge(1);
    await rename('Renamed by night');
    await act.run('drift', schedule);
    const comment = { body: '/driftline revert', user: { login: 'mallory' } };
    const jobs = await act.run('revert', {
      name: 'issue_comment',
      payload: { action: 'created', issue: { number: 2, pull_request: {} }, comment },
    });
    expect(jobs.plan!.result).toBe('failure');
    expect(jobs.plan!.log).toContain('may not write to the repository');
    expect(jobs.apply?.outputs ?? {}).toEqual({});
    expect(await name()).toBe('Renamed by night');
  });
});
