// Recovery as a person does it: the real command line, against the sandbox over HTTP, from plan to undo, with its exit statuses.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, exampleState, type Sandbox } from '../../src/sandbox/index.ts';
import { driftline, type Ran, temporaryFolder } from '../support/driftline.ts';
import { caller, type Graph } from '../support/graph.ts';

let sandbox: Sandbox;
let close: () => Promise<void>;
let graph: Graph;
let repo: string;
let call: (...words: string[]) => Promise<Ran>;
let group: string;
let policy: string;

beforeEach(async () => {
  sandbox = createSandbox({ throttling: false });
  await sandbox.loadSeed(exampleState);
  const listening = await sandbox.listen();
  close = listening.close;
  repo = temporaryFolder('recovery');
  graph = caller(listening.graphUrl, listening.env.DRIFTLINE_ACCESS_TOKEN!);
  call = (...words) => driftline([...words, '--repo', repo], { env: listening.env, cwd: repo });
  expect((await call('snapshot')).status).toBe(0);
  const groups = (await graph('GET', '/groups?$top=50')).body.value as { id: string; displayName: string }[];
  group = groups.find(({ displayName }) => displayName === 'App: Payroll')!.id;
  const policies = (await graph('GET', '/identity/conditionalAccess/policies')).body.value as {
    id: string;
    state: string;
  }[];
  policy = policies.find(({ state }) => state === 'enabled')!.id;
});
afterEach(() => close());

const at2AM = async () => {
  await graph('DELETE', `/groups/${group}`);
  await graph('PATCH', `/identity/conditionalAccess/policies/${policy}`, { state: 'disabled' });
};

describe('plan, apply and undo', () => {
  it('go by a saved plan, are kept, and can be taken back', { timeout: 60_000 }, async () => {
    await at2AM();
    const refused = await call('plan', 'HEAD', '--out', 'plan.json');
    expect(refused.status).toBe(3);
    expect(refused.out).toContain('This plan may not be applied');
    expect((await call('apply', 'plan.json', '--yes')).status).toBe(3);

    const planned = await call(
      'plan',
      'HEAD',
      '--without-emergency-account',
      '--reason',
      'INC-1',
      '--out',
      'plan.json',
      '--details',
    );
    expect(planned).toMatchObject({ status: 0, notes: '' });
    expect(planned.out).toContain('^ App: Payroll');
    expect(planned.out).toContain('disabled → enabled');
    expect((await call('apply', 'plan.json')).status).toBe(3);
    const applied = await call('apply', 'plan.json', '--yes', '--format', 'json');
    expect(applied.status).toBe(0);
    const record = JSON.parse(applied.out);
    expect(record).toMatchObject({ status: 'complete', reason: 'INC-1', left: [], failures: [] });
    expect((await graph('GET', `/groups/${group}`)).status).toBe(200);

    expect((await call('plan', record.goal, '--exit-code')).status).toBe(0);
    expect((await call('runs')).out).toContain(record.id);
    expect((await call('runs', record.id, '--format', 'json')).out).toContain('"INC-1"');
    expect(readFileSync(join(repo, 'state/runs', `${record.id}.yaml`), 'utf8')).toContain('INC-1');

    const undone = await call('undo', '--yes', '--without-emergency-account', '--allow-access', 'all');
    expect(undone.status).toBe(0);
    expect((await graph('GET', `/groups/${group}`)).status).toBe(404);
    expect((await call('plan', record.goal, '--exit-code', '--without-emergency-account')).status).toBe(2);
  });

  it('refuse a plan that somebody edited', async () => {
    await at2AM();
    await call('plan', 'HEAD', '--without-emergency-account', '--out', 'plan.json');
    const path = join(repo, 'plan.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"enabled"', '"disabled"'));
    const ran = await call('apply', 'plan.json', '--yes');
    expect(ran.status).toBe(3);
    expect(ran.notes).toContain('The plan was changed after it was made');
  });
});

describe('recover', () => {
  it('does it in one, only for what is asked', async () => {
    await at2AM();
    const ran = await call('recover', 'HEAD', '--id', 'App: Payroll', '--yes');
    expect(ran).toMatchObject({ status: 0 });
    expect((await graph('GET', `/groups/${group}`)).status).toBe(200);
    expect((await graph('GET', `/identity/conditionalAccess/policies/${policy}`)).body.state).toBe('disabled');
    const again = await call('recover', 'HEAD~1', '--kind', 'groups', '--yes');
    expect(again.out).toContain('Nothing to do');
  });

  it('checks emergency accounts of driftline.yaml', async () => {
    const users = (await graph('GET', '/users?$select=id,displayName&$top=99')).body.value as {
      id: string;
      displayName: string;
    }[];
    const emergency = users.find(({ displayName }) => /emergency|break/i.test(displayName))!;
    writeFileSync(join(repo, 'driftline.yaml'), `emergencyAccounts: ["${emergency.id}"]\n`);
    await at2AM();
    const ran = await call('recover', 'HEAD', '--yes');
    expect(ran).toMatchObject({ status: 0 });
    expect((await graph('GET', `/identity/conditionalAccess/policies/${policy}`)).body.state).toBe('enabled');
  });

  it('ends with 4 where something is not done', async () => {
    await at2AM();
    sandbox.faults.add({
      match: { method: 'POST', path: /restore$/ },
      fault: { kind: 'status', status: 403, code: 'Authorization_RequestDenied' },
      times: Number.POSITIVE_INFINITY,
    });
    const ran = await call('recover', 'HEAD', '--kind', 'groups', '--yes');
    expect(ran.status).toBe(4);
    expect(ran.out).toContain('Authorization_RequestDenied');
    expect(ran.out).toContain('left: App: Payroll');
  });
});

it('drill rehearses without touching the tenant', { timeout: 60_000 }, async () => {
  await at2AM();
  const writes = sandbox.requests.filter(({ wrote }) => wrote).length;
  expect(await call('drill', 'HEAD')).toMatchObject({ status: 0 });
  const live = await call('drill', 'HEAD', '--against', 'live', '--without-emergency-account', '--allow-access', 'all');
  expect(live).toMatchObject({ status: 0 });
  expect(live.out).toContain('conditionalAccessPolicies');
  expect(sandbox.requests.filter(({ wrote }) => wrote).length).toBe(writes);
});
