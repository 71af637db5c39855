// Who made the changes, as a person asks: a night of a user, an application and a recovery, and the report that says which was whose.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, ReportChange } from '../../src/model/report.ts';
import { createSandbox, exampleState, firstApp, type Listening, type Sandbox } from '../../src/sandbox/index.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';
import { caller } from '../support/graph.ts';

const ravi = '8e3f6537-44ab-4816-bd19-89de73427f89';
const astrid = '8732f44f-1bb7-4879-87fa-18ce893cff7b';
const pilot = '32b3a2b9-1f9c-4996-a1bb-ea9103833fa3';
const registerPolicy = '612e4862-0694-4844-a3f4-e13c6f0b7bbb';
const reader = '0b0b0b0b-0000-4000-8000-000000000001';
const poor = '0b0b0b0b-0000-4000-8000-000000000002';

let sandbox: Sandbox;
let listening: Listening;
const repo = temporaryFolder('actors');
const git = (...words: string[]) => execFileSync('git', ['-C', repo, ...words], { encoding: 'utf8' }).trim();
const call = (words: readonly string[], token?: string) =>
  driftline([...words, '--repo', repo], {
    env: { ...listening.env, ...(token && { DRIFTLINE_ACCESS_TOKEN: token }) },
    columns: 200,
  });

type Answer = Report['header'] & { readonly changes: readonly ReportChange[] };

async function report(words: readonly string[], token?: string): Promise<Answer> {
  const { out } = await call(['diff', ...words, '--format', 'json'], token);
  return JSON.parse(out) as Answer;
}

const actorsOf = ({ changes }: Answer, ref: string) => changes.find((change) => change.ref === ref)?.actors;

async function did(token: string, method: string, path: string, body?: object): Promise<void> {
  const answer = await caller(listening.graphUrl, token)(method, path, body);
  expect([200, 201, 204], `${method} ${path}: ${JSON.stringify(answer.body)}`).toContain(answer.status);
}

beforeAll(async () => {
  sandbox = createSandbox({
    throttling: false,
    apps: [
      { appId: reader, displayName: 'Lifecycle automation', permissions: 'all' },
      { appId: poor, permissions: ['Directory.Read.All', 'Policy.Read.All', 'User.Read.All'] },
    ],
  });
  await sandbox.loadSeed(exampleState);
  listening = await sandbox.listen();
  expect((await call(['snapshot'])).status).toBe(0);
  const session = sandbox.userToken(ravi, '203.0.113.9');
  await did(session, 'PATCH', `/users/${astrid}`, { jobTitle: 'Head of Field Service' });
  await did(session, 'PATCH', '/policies/authorizationPolicy', { allowInvitesFrom: 'everyone' });
  await did(session, 'PATCH', `/identity/conditionalAccess/policies/${registerPolicy}`, { state: 'disabled' });
  await did(sandbox.token(reader), 'POST', `/groups/${pilot}/members/$ref`, {
    '@odata.id': `${listening.graphUrl}/v1.0/directoryObjects/${astrid}`,
  });
  await did(sandbox.token(reader), 'PATCH', `/users/${astrid}`, { jobTitle: 'Head of Service' });
}, 60_000);
afterAll(() => listening.close());

describe('driftline diff --actors', () => {
  it('says of each object who changed it, the newest first', async () => {
    const found = await report(['--actors']);
    expect(found.actors).toMatchObject({ status: 'partial', reason: expect.stringContaining('may not be in it yet') });
    const user = { id: ravi, displayName: 'Ravi Menon', userPrincipalName: 'ravi.menon@heron-robotics.example' };
    const byUser = { initiatedBy: { user: { ...user, ipAddress: '203.0.113.9' } }, result: 'success' };
    const byApp = { initiatedBy: { app: { appId: reader, displayName: 'Lifecycle automation' } }, result: 'success' };
    expect(actorsOf(found, `users/${astrid}`)).toMatchObject([
      { ...byApp, activityDisplayName: 'Update user', correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { ...byApp, activityDisplayName: 'Add member to group' },
      { ...byUser, activityDisplayName: 'Update user' },
    ]);
    expect(actorsOf(found, `groups/${pilot}`)).toMatchObject([
      { ...byApp, activityDisplayName: 'Add member to group' },
    ]);
    expect(actorsOf(found, `conditionalAccessPolicies/${registerPolicy}`)).toMatchObject([byUser]);
    expect(actorsOf(found, 'authorizationPolicy/authorizationPolicy')).toMatchObject([byUser]);
  });

  it('is in the table, and in no report that did not ask for it', async () => {
    const { out } = await call(['diff', '--actors']);
    expect(out).toMatch(
      /by Ravi Menon \(ravi\.menon@heron-robotics\.example\) from 203\.0\.113\.9, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: Update conditional access policy/,
    );
    expect(out).toContain(`by Lifecycle automation (application ${reader})`);
    const before = sandbox.requests.length;
    expect((await call(['diff'])).out).not.toMatch(/\bby /);
    expect(sandbox.requests.slice(before).some(({ path }) => path.includes('/auditLogs'))).toBe(false);
  });

  it('only adds to the report, and says why where it cannot: without the permission', async () => {
    const token = sandbox.token(poor);
    const { actors, ...found } = await report(['--actors', '--kind', 'users'], token);
    expect(actors).toMatchObject({ status: 'forbidden', reason: expect.stringContaining('lacks AuditLog.Read.All') });
    const plain = await report(['--kind', 'users'], token);
    expect({ ...found, to: {} }).toEqual({ ...plain, to: {} });
    const { out, status } = await call(['diff', '--actors', '--kind', 'users'], token);
    expect(status).toBe(0);
    expect(out).toContain('Who made the changes is not known');
  });

  it('writes nothing', async () => {
    const refs = () => [git('for-each-ref'), git('status', '--porcelain')];
    const before = refs();
    await report(['--actors']);
    expect(refs()).toEqual(before);
  });

  it('asks between two commits, too, and names the recovery that wrote', async () => {
    expect((await call(['snapshot'])).status).toBe(0);
    const found = await report(['HEAD~1', 'HEAD', '--actors']);
    expect(actorsOf(found, `conditionalAccessPolicies/${registerPolicy}`)).toMatchObject([
      { activityDisplayName: 'Update conditional access policy', initiatedBy: { user: { id: ravi } } },
    ]);
    const emergency = [...sandbox.store.list('user')].filter(({ displayName }) =>
      /emergency/i.test(String(displayName)),
    );
    writeFileSync(
      join(repo, 'driftline.yaml'),
      `emergencyAccounts:\n${emergency.map(({ id }) => `  - ${id}\n`).join('')}`,
    );
    const recovered = await call([
      'recover',
      'HEAD~1',
      '--id',
      `conditionalAccessPolicies/${registerPolicy}`,
      '--yes',
      '--reason',
      'weakened',
    ]);
    expect(recovered.status, recovered.notes).toBe(0);
    const { runs } = JSON.parse((await call(['runs', '--format', 'json'])).out) as { runs: { id: string }[] };
    const since = await report(['HEAD~1', 'HEAD', '--actors']);
    expect(actorsOf(since, `conditionalAccessPolicies/${registerPolicy}`)?.[0]).toMatchObject({
      initiatedBy: { app: { appId: firstApp.appId } },
      run: runs[0]!.id,
    });
  }, 30_000);
});
