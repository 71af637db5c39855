// Journeys of recovery: plans on pull requests, reverts by comment, and reviewed plans applied behind an approval, against a sandbox and a GitHub.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Journey, startJourney, startWithBaseline } from '../support/action-journey.ts';

// Journeys start many processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const stages: Journey[] = [];

afterEach(async () => {
  for (const stage of stages.splice(0)) {
    expect(stage.server.offences).toEqual([]);
    await stage.end();
  }
});

const exclusion = '122d320e-7082-4b26-bd3f-f2c20beaf3ba';
const pilot = '32b3a2b9-1f9c-4996-a1bb-ea9103833fa3';
const pilotFile = `state/groups/32/b/${pilot}.yaml`;

/** A repository with an accepted baseline of the groups, and an environment that asks for approval. */
async function recovery() {
  const stage = await startWithBaseline('kinds: [groups]\n');
  stages.push(stage);
  const { server, run, graph } = stage;
  server.reviewedEnvironments.set('recovery', true);
  server.jobEnvironment = 'recovery';
  const describe = async (id: string, description: string) => {
    expect((await graph('PATCH', `/groups/${id}`, { description })).status).toBe(204);
  };
  const description = async (id: string) => (await graph('GET', `/groups/${id}?$select=description`)).body.description;
  const apply = (folder: string, digest: string, more: Record<string, string> = {}) =>
    run({ command: 'apply', plan: folder, digest, environment: 'recovery', ...more }, { env: server.oidc });
  const writes = () => stage.sandbox.requests.filter(({ wrote }) => wrote).length;
  return { ...stage, describe, description, apply, writes };
}

function pullRequestEvent(number: number, from = 'acme/tenant') {
  return {
    name: 'pull_request',
    payload: { action: 'opened', pull_request: { number, head: { repo: { full_name: from } } } },
  };
}

function commentEvent(number: number, login: string, body: string) {
  return {
    name: 'issue_comment',
    payload: { action: 'created', issue: { number, pull_request: {} }, comment: { body, user: { login } } },
  };
}

describe('a recovery by commit', () => {
  it('is planned, approved, applied by digest, recorded, and undone by an ordinary plan', async () => {
    const { server, run, describe: say, description, apply } = await recovery();
    const baseline = server.git('rev-parse', 'main');
    const before = await description(pilot);
    await say(pilot, 'Changed at night');
    const planned = await run({ command: 'plan', commit: 'main', reason: 'ticket 7' });
    expect(planned.log).not.toContain('::error');
    expect(planned.status).toBe(0);
    expect(planned.outputs).toMatchObject({ changed: '1', commit: baseline });
    expect(planned.outputs['plan-digest']).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(planned.outputs['report-path']!, 'utf8')).toContain('Passkey pilot');
    expect(planned.summary).toContain('**1 step**');

    const done = await apply(planned.outputs['plan-path']!, planned.outputs['plan-digest']!);
    expect(done.log).not.toContain('::error');
    expect(done.status).toBe(0);
    expect(await description(pilot)).toBe(before);
    expect(done.outputs).toMatchObject({ changed: '1', commit: server.git('rev-parse', 'main') });
    const [after, kept, first] = server.git('log', '-3', '--format=%s', 'main').split('\n');
    expect(after).toMatch(/^After a recovery/);
    expect(kept).toMatch(/^Before a recovery/);
    expect(first).toMatch(/added/);
    expect(server.git('show', `main:state/runs/${done.outputs.run}.yaml`)).toContain('reason: ticket 7');
    expect(server.git('show', `main^:${pilotFile}`)).toContain('Changed at night');

    const again = await apply(planned.outputs['plan-path']!, planned.outputs['plan-digest']!);
    expect(again.status).toBe(3);
    expect(again.log).toContain('The plan was applied already');

    const undo = await run({ command: 'plan', commit: 'main^' });
    expect(undo.outputs.changed).toBe('1');
    await apply(undo.outputs['plan-path']!, undo.outputs['plan-digest']!);
    expect(await description(pilot)).toBe('Changed at night');
  });

  it('skips what moved since the plan was made, says so, and ends with 4', async () => {
    const { run, describe: say, description, apply } = await recovery();
    await say(pilot, 'Changed at night');
    const { outputs } = await run({ command: 'plan', commit: 'main' });
    await say(pilot, 'Changed again by a colleague');
    const stale = await apply(outputs['plan-path']!, outputs['plan-digest']!);
    expect(stale.status).toBe(4);
    expect(stale.log).toContain('::warning title=A step was skipped');
    expect(await description(pilot)).toBe('Changed again by a colleague');
  });

  it('is refused with another digest, a changed plan, an old plan, and a plan of what is not merged, each before any write', async () => {
    const { server, run, describe: say, apply, writes } = await recovery();
    await say(pilot, 'Changed at night');
    const { outputs } = await run({ command: 'plan', commit: 'main' });
    const [folder, digest] = [outputs['plan-path']!, outputs['plan-digest']!];
    const sent = writes();
    expect(await apply(folder, 'f'.repeat(64))).toMatchObject({
      status: 3,
      log: expect.stringContaining('not the one that was reviewed'),
    });
    expect(await apply(folder, '')).toMatchObject({
      status: 7,
      log: expect.stringContaining('The input digest is missing'),
    });
    const late = { env: server.oidc, now: () => new Date(Date.now() + 2 * 86_400_000) };
    expect(await run({ command: 'apply', plan: folder, digest, environment: 'recovery' }, late)).toMatchObject({
      status: 3,
      log: expect.stringContaining('too old'),
    });
    server.edit('proposal', {
      [pilotFile]: `${server.git('show', `main:${pilotFile}`).replace(/^description:.*$/m, 'description: Mine')}\n`,
    });
    const unmerged = (await run({ command: 'plan', commit: 'proposal' })).outputs;
    const refused = { status: 3, log: expect.stringContaining('The goal of the plan is not merged') };
    expect(await apply(unmerged['plan-path']!, unmerged['plan-digest']!)).toMatchObject(refused);
    expect(writes()).toBe(sent);
    const text = readFileSync(join(folder, 'plan.json'), 'utf8');
    writeFileSync(join(folder, 'plan.json'), text.replace('Passkey pilot', 'Passkey pilots'));
    expect(await apply(folder, digest)).toMatchObject({
      status: 3,
      log: expect.stringContaining('The plan was changed after it was made'),
    });
    expect(writes()).toBe(sent);
  });

  it('is refused outside of an environment with required reviewers, whatever the workflow says of itself', async () => {
    const { server, run, describe: say, apply, writes } = await recovery();
    await say(pilot, 'Changed at night');
    const { outputs } = await run({ command: 'plan', commit: 'main' });
    const [folder, digest] = [outputs['plan-path']!, outputs['plan-digest']!];
    const sent = writes();
    server.jobEnvironment = undefined;
    expect(await apply(folder, digest)).toMatchObject({
      status: 3,
      log: expect.stringContaining('not in a protected environment'),
    });
    server.jobEnvironment = 'playground';
    expect((await apply(folder, digest)).status).toBe(3);
    server.reviewedEnvironments.set('playground', false);
    expect((await apply(folder, digest, { environment: 'playground' })).log).toContain('no required reviewers');
    expect((await apply(folder, digest, { environment: 'none' })).log).toContain('no environment of that name');
    expect((await apply(folder, digest, { environment: '' })).status).toBe(3);
    expect(writes()).toBe(sent);
    const open = await apply(folder, digest, { environment: '', 'allow-unprotected': 'true' });
    expect(open.status).toBe(0);
    expect(open.log).toContain('nobody had to approve');
  });

  it('says who approved it, and warns where that was who started it, or nobody', async () => {
    const { server, run, apply, describe } = await recovery();
    await describe(pilot, 'Changed at night');
    const planned = await run({ command: 'plan', commit: 'main' });
    const [folder, digest] = [planned.outputs['plan-path']!, planned.outputs['plan-digest']!];
    const done = await apply(folder, digest);
    expect(done.summary).toContain('Approved&#32;by&#32;robin');
    expect(done.log).not.toContain('::warning');
    for (const [approvers, words] of [
      [['alex'], 'prevent_self_review'],
      [[], 'an administrator went past its rules'],
    ] as const) {
      server.approvers.clear();
      for (const login of approvers) server.approvers.add(login);
      const { log, status } = await apply(folder, digest);
      expect(status, 'it was applied already').toBe(3);
      expect(log).toContain(words);
    }
  });

  it('that was stopped midway keeps its journal, and is resumed where it stopped', async () => {
    const { server, run, describe: say, description, apply, sandbox } = await recovery();
    const wanted = [await description(pilot), await description(exclusion)];
    await say(pilot, 'Changed at night');
    await say(exclusion, 'Changed at night');
    const { outputs } = await run({ command: 'plan', commit: 'main' });
    const [folder, digest] = [outputs['plan-path']!, outputs['plan-digest']!];
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
    const stopped = await run(
      { command: 'apply', plan: folder, digest, environment: 'recovery' },
      { env: server.oidc, signal: stop.signal },
    );
    expect(stopped.status).toBe(130);
    expect(server.git('log', '-1', '--format=%s', 'main')).toMatch(/^Before a recovery/);
    fault.remove();
    expect((await apply(folder, digest, { resume: 'nowhere' })).log).toContain('resume names no folder');
    expect((await apply(folder, digest, { resume: folder })).log).toContain('without the journal of a run');
    const resumed = await apply(folder, digest, { resume: stopped.outputs['run-path']! });
    expect(resumed.log).not.toContain('::error');
    expect(resumed.status).toBe(0);
    expect([await description(pilot), await description(exclusion)]).toEqual(wanted);
    expect(server.git('log', '-1', '--format=%s', 'main')).toMatch(/^After a recovery/);

    await say(pilot, 'Changed once more');
    const anew = (await run({ command: 'plan', commit: outputs.commit! })).outputs;
    const other = await apply(anew['plan-path']!, anew['plan-digest']!, { resume: stopped.outputs['run-path']! });
    expect(other.log).toContain('::notice title=Not resumed');
    expect(other.status).toBe(0);
    expect(await description(pilot)).toBe(wanted[0]);
  });

  it('keeps what others pushed meanwhile', async () => {
    const { server, run, describe: say, apply } = await recovery();
    await say(pilot, 'Changed at night');
    const { outputs } = await run({ command: 'plan', commit: 'main' });
    let pushes = 0;
    const between = () => {
      pushes += 1;
      if (pushes === 2) server.edit('main', { 'README.md': 'meanwhile\n' });
      server.beforePush = between;
    };
    server.beforePush = between;
    const done = await apply(outputs['plan-path']!, outputs['plan-digest']!);
    server.beforePush = undefined;
    expect(done.status).toBe(0);
    expect(server.git('show', 'main:README.md')).toBe('meanwhile');
    expect(server.git('log', '-1', '--format=%s', 'main')).toMatch(/^After a recovery/);
    expect(done.outputs.commit).toBe(server.git('rev-parse', 'main'));
  });
});

describe('a pull request', () => {
  async function proposed(text: (now: string) => string, files: Record<string, string> = {}) {
    const stage = await recovery();
    const { server } = stage;
    server.edit('proposal', { [pilotFile]: `${text(server.git('show', `main:${pilotFile}`))}\n`, ...files });
    const { number } = server.open('proposal', 'Say what the pilot is for');
    return { ...stage, number };
  }
  const edited = (now: string) => now.replace(/^description:.*$/m, 'description: Try-outs');

  it('gets one comment with the plan of its merged result, and of nothing else that drifted', async () => {
    const { server, run, number, describe: say } = await proposed(edited);
    await say(exclusion, 'Other drift, which is not this change');
    const event = pullRequestEvent(number);
    const first = await run({ command: 'plan' }, { event });
    expect(first.log).not.toContain('::error');
    expect(first.outputs).toMatchObject({ changed: '1', 'pull-request': String(number) });
    expect(server.comments).toHaveLength(1);
    expect(server.comments[0]!.body).toContain(first.outputs['plan-digest']);
    expect(server.comments[0]!.body).not.toContain('temporary');
    const second = await run({ command: 'plan' }, { event });
    expect(server.comments).toHaveLength(1);
    expect(server.comments[0]!.body).toContain(second.outputs['plan-digest']);
  });

  it('is applied only once it is merged, by a plan of the branch', async () => {
    const { server, run, number, apply, description, writes } = await proposed(edited);
    const preview = await run({ command: 'plan' }, { event: pullRequestEvent(number) });
    const sent = writes();
    const early = await apply(preview.outputs['plan-path']!, preview.outputs['plan-digest']!);
    expect(early.status).toBe(3);
    expect(early.log).toContain('The goal of the plan is not merged');
    expect(writes()).toBe(sent);
    const merged = server.merge(number);
    const base = server.git('rev-parse', `${merged}^1`);
    const event = pullRequestEvent(number);
    Object.assign(event.payload.pull_request, { merged: true, merge_commit_sha: merged, base: { sha: base } });
    const plan = await run({ command: 'plan' }, { event });
    expect(plan.log).not.toContain('::error');
    expect(plan.outputs).toMatchObject({ changed: '1', commit: merged });
    expect((await apply(plan.outputs['plan-path']!, plan.outputs['plan-digest']!)).status).toBe(0);
    expect(await description(pilot)).toBe('Try-outs');
  });

  it('with a broken file is told the line, and makes no plan', async () => {
    const { server, run, number } = await proposed((now) => `${now}\nnotAnAttribute: x`);
    const { status, log, outputs } = await run({ command: 'plan' }, { event: pullRequestEvent(number) });
    expect(status).toBe(7);
    expect(outputs['plan-digest']).toBeUndefined();
    expect(log).toMatch(/::error title=State file state\/groups/);
    expect(server.comments[0]!.body).toContain('The state is not valid');
  });

  it('from a fork gets no identity and no comment, and is shown all the same', async () => {
    const { server, run } = await recovery();
    server.edit('theirs', { [pilotFile]: `${edited(server.git('show', `main:${pilotFile}`))}\n` });
    server.git('update-ref', 'refs/forks/mallory/tenant/patch', server.git('rev-parse', 'theirs'));
    const { number } = server.open('patch', 'Trust me', 'mallory/tenant');
    const graphCalls = stages.at(-1)!.sandbox.requests.length;
    const shown = await run({ command: 'plan' }, { event: pullRequestEvent(number, 'mallory/tenant') });
    expect(shown.status).toBe(0);
    expect(shown.outputs).toMatchObject({ changed: '1', 'plan-digest': '' });
    expect(shown.summary).toContain('from a fork');
    expect(server.comments).toEqual([]);
    expect(stages.at(-1)!.sandbox.requests.length).toBe(graphCalls);
  });

  it('that changes workflows or the configuration too says so first, and its configuration is not heeded', async () => {
    const { server, run, number } = await proposed(edited, {
      'driftline.yaml': 'tenant:\n  graphUrl: https://evil.example\nkinds: [groups]\n',
      '.github/workflows/x.yml': 'on: push\n',
    });
    const { log, status } = await run({ command: 'plan' }, { event: pullRequestEvent(number) });
    expect(status).toBe(0);
    expect(log).toContain('.github/workflows/x.yml is changed');
    expect(log).toContain('driftline.yaml is changed');
    expect(server.comments[0]!.body).toMatch(/^<!--.*-->\n> \*\*This pull request also changes/);
  });

  it('that changes no state has nothing to plan', async () => {
    const { server, run } = await recovery();
    server.edit('words', { 'README.md': 'words\n' });
    const { number } = server.open('words', 'Words');
    const { status, outputs } = await run({ command: 'plan' }, { event: pullRequestEvent(number) });
    expect(status).toBe(0);
    expect(outputs).toMatchObject({ changed: '0', 'plan-digest': '' });
  });
});

describe('/driftline revert on a drift pull request', () => {
  it('by somebody with write access plans to take back what it shows, waits for approval, and closes with the drift', async () => {
    const { server, run, describe: say, description, apply } = await recovery();
    const before = await description(pilot);
    await say(pilot, 'Changed at night');
    await run({ command: 'drift' });
    const event = commentEvent(1, 'alex', '/driftline revert\nThis was not us.');
    const planned = await run({ command: 'revert' }, { event });
    expect(planned.log).not.toContain('::error');
    expect(planned.outputs).toMatchObject({ changed: '1', 'pull-request': '1' });
    expect(await description(pilot)).toBe('Changed at night');
    expect(server.comments.at(-1)!.body).toContain(planned.outputs['plan-digest']);
    expect((await apply(planned.outputs['plan-path']!, planned.outputs['plan-digest']!)).status).toBe(0);
    expect(await description(pilot)).toBe(before);
    await run({ command: 'drift' });
    expect(server.pulls[0]!.state).toBe('closed');
  });

  it('by anybody else, elsewhere, or in other words does nothing, and says so to those who may ask', async () => {
    const { server, run, describe: say } = await recovery();
    await say(pilot, 'Changed at night');
    await run({ command: 'drift' });
    const revert = async (login: string, body: string, number = 1) =>
      run({ command: 'revert' }, { event: commentEvent(number, login, body) });
    expect(await revert('mallory', '/driftline revert')).toMatchObject({ status: 3, outputs: { 'plan-digest': '' } });
    expect(await revert('alex', 'I would /driftline revert this')).toMatchObject({
      status: 0,
      outputs: { 'plan-digest': '' },
    });
    expect(server.comments).toEqual([]);
    expect(await revert('alex', '/driftline revert --all')).toMatchObject({ status: 7 });
    expect(server.comments.map(({ body }) => body).join()).toContain('&#45;&#45;allow&#45;mass&#45;change');
    expect(await revert('alex', '/driftline revert --kind users')).toMatchObject({ status: 7 });
    server.edit('words', { 'README.md': 'words\n' });
    const { number } = server.open('words', 'Words');
    expect(await revert('alex', '/driftline revert', number)).toMatchObject({ status: 3 });
    expect(server.comments.map(({ issue }) => issue)).toEqual([1, number]);
    expect(server.comments[1]!.body).toContain('no&#32;open&#32;drift&#32;pull&#32;request');
    expect((await revert('alex', '/driftline revert')).status).toBe(0);
    expect(server.comments[0]!.body, 'the one comment has the plan now').toContain('Recovery plan');
  });

  it('deletes what came since only where it is told to', async () => {
    const { run, graph } = await recovery();
    await graph('POST', '/groups', {
      displayName: 'New',
      mailEnabled: false,
      mailNickname: 'new',
      securityEnabled: true,
    });
    await run({ command: 'drift' });
    const refused = await run({ command: 'revert' }, { event: commentEvent(1, 'alex', '/driftline revert') });
    expect(refused.outputs).toMatchObject({ changed: '0', 'plan-digest': '' });
    expect(refused.log).toContain('::warning title=A change is refused');
    const told = await run({ command: 'revert' }, { event: commentEvent(1, 'alex', '/driftline revert --delete-new') });
    expect(told.outputs.changed).toBe('1');
  });
});

describe('verify and tenants', () => {
  it('verify finds a sound repository sound, and a rewritten one not', async () => {
    const { server, run } = await recovery();
    const anchor = server.git('rev-parse', 'main');
    expect(await run({ command: 'verify', anchor })).toMatchObject({
      status: 0,
      summary: expect.stringContaining('## Sound'),
    });
    server.edit('other', {});
    server.git('update-ref', 'refs/heads/main', server.git('commit-tree', `${anchor}^{tree}`, '-m', 'Rewritten'));
    const found = await run({ command: 'verify', anchor });
    expect(found.status).toBe(1);
    expect(found.log).toContain('its history was rewritten');
  });

  it('of a repository with several tenants wants to know which one', async () => {
    const stage = await startJourney({ 'tenants/a/driftline.yaml': 'kinds: [groups]\n' });
    stages.push(stage);
    for (const command of ['drift', 'verify']) {
      const { status, log } = await stage.run({ command });
      expect(status).toBe(7);
      expect(log).toContain('Name its tenants/NAME/driftline.yaml');
    }
    expect(stage.server.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  it('tenants gives the matrix, and each tenant its own state and pull request', async () => {
    const stage = await startJourney({
      'tenants/a/driftline.yaml': 'kinds: [groups]\n',
      'tenants/b/driftline.yaml': 'kindz: [groups]\n',
    });
    stages.push(stage);
    const { server, run } = stage;
    const listed = await run({ command: 'tenants' });
    expect(JSON.parse(listed.outputs.matrix!).include).toEqual([
      { name: 'a', config: 'tenants/a/driftline.yaml' },
      { name: 'b', config: 'tenants/b/driftline.yaml' },
    ]);
    expect(listed.log).toContain('::warning title=tenants/b/driftline.yaml');
    const shown = await run({ command: 'drift', config: 'tenants/a/driftline.yaml' });
    expect(shown.status).toBe(0);
    expect(server.pulls[0]!.title).toMatch(/^First baseline in a:/);
    expect(server.git('ls-tree', '--name-only', `${server.pulls[0]!.head}:tenants/a`)).toContain('state');
    expect((await run({ command: 'drift', config: 'tenants/b/driftline.yaml' })).status).toBe(7);
  });
});
