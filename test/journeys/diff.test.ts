// Difference reports as a person asks for them: drift of every sort made through Graph calls, then looked at through the command line.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportChange } from '../../src/model/report.ts';
import { createSandbox, exampleState, type Listening, type Sandbox } from '../../src/sandbox/index.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';
import { caller, type Graph } from '../support/graph.ts';

const astrid = '8732f44f-1bb7-4879-87fa-18ce893cff7b';
const saga = 'd8540e70-bd84-458b-8675-723c7b07f66e';
const ravi = '8e3f6537-44ab-4816-bd19-89de73427f89';
const pawel = '1f6f0c8a-6f0e-4d53-9a4b-0b8d4f6a1c03';
const guest = '5d0f9c7e-2b1a-4c3d-8e5f-7a6b5c4d3e05';
const pilot = '32b3a2b9-1f9c-4996-a1bb-ea9103833fa3';
const salesNordics = '64bd286c-0d3a-4357-a6e6-20257cdd6c28';
const allEmployees = '7397851a-0de8-409c-aa0d-f53315fcfc00';
const shopFloorPolicy = '203639ee-0f23-41a0-abc7-d17796525fa1';
const registerPolicy = '612e4862-0694-4844-a3f4-e13c6f0b7bbb';
const fieldPortal = '07f76d2c-f1e9-4b68-8796-d66ca70e49bc';
const graphServicePrincipal = '0a3c1c0e-91f7-4a5e-8f25-6f1d2b7e9a01';
const clientOfGrant = '48a3ca3f-e507-4d58-8baa-f41d6e9d2ca7';
const grant = `${clientOfGrant}_${graphServicePrincipal}_all`;

let sandbox: Sandbox;
let listening: Listening;
let graph: Graph;
let revived: string;
const repo = temporaryFolder('diff');
const git = (...words: string[]) => execFileSync('git', ['-C', repo, ...words], { encoding: 'utf8' }).trim();
const call = (...words: string[]) => driftline([...words, '--repo', repo], { env: listening.env, columns: 80 });

async function changes(...words: string[]): Promise<Record<string, ReportChange>> {
  const { out } = await call('diff', ...words, '--format', 'json');
  const found = (JSON.parse(out) as { changes: ReportChange[] }).changes;
  return Object.fromEntries(found.map((change) => [change.ref, change]));
}

/** The changes without what says where they were looked at from. */
function bare(found: Record<string, ReportChange>) {
  return Object.values(found).map(({ recoveryAction: _, because: __, native: ___, ...rest }) => rest);
}

async function did(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await graph(method, path, body, path.startsWith('/identity') ? { version: 'beta' } : {});
  expect([200, 201, 204], `${method} ${path}: ${JSON.stringify(answer.body)}`).toContain(answer.status);
  return answer.body;
}

const object = (id: string) => ({ '@odata.id': `${listening.graphUrl}/v1.0/directoryObjects/${id}` });

beforeAll(async () => {
  sandbox = createSandbox({ throttling: false, shuffleArrays: true, touchNoise: true });
  await sandbox.loadSeed(exampleState);
  listening = await sandbox.listen();
  graph = caller(listening.graphUrl, String(listening.env.DRIFTLINE_ACCESS_TOKEN));
  revived = String(
    (
      await did('POST', '/groups', {
        displayName: 'Gone and back',
        mailEnabled: false,
        mailNickname: 'gone',
        securityEnabled: true,
      })
    ).id,
  );
  await did('DELETE', `/groups/${revived}`);
  expect((await call('snapshot')).status).toBe(0);
}, 60_000);

afterAll(() => listening.close());

describe('a tenant that is noisy but unchanged', () => {
  it('differs in nothing, live or between two snapshots', async () => {
    expect((await call('diff', '--exit-code')).status).toBe(0);
    await call('snapshot');
    const { status, out } = await call('diff', 'HEAD~1', 'HEAD', '--exit-code');
    expect([status, out]).toEqual([0, expect.stringContaining('No differences.')]);
    expect((await call('diff', 'HEAD~1', 'HEAD', '--format', 'patch')).out).not.toContain('displayName');
  });
});

describe('drift of every sort', () => {
  let live: Record<string, ReportChange>;

  beforeAll(async () => {
    await did('PATCH', `/users/${astrid}`, { jobTitle: 'Head of Field Service', otherMails: ['astrid@example.org'] });
    await did('DELETE', `/users/${saga}`);
    await did('PATCH', `/users/${pawel}`, { usageLocation: 'DE' });
    await did('POST', `/groups/${pilot}/members/$ref`, object(astrid));
    await did('DELETE', `/groups/${pilot}/members/${ravi}/$ref`);
    await did('PATCH', `/groups/${salesNordics}`, { displayName: '::add-mask::Sales | <b>`North`</b> ##[add-path]x' });
    await did('PATCH', `/groups/${allEmployees}`, { membershipRule: '(user.accountEnabled -eq true)' });
    await did('POST', `/directory/deletedItems/${revived}/restore`);
    const policy = await did('GET', `/identity/conditionalAccess/policies/${registerPolicy}`);
    const conditions = policy.conditions as { users: { excludeUsers: string[] } };
    await did('PATCH', `/identity/conditionalAccess/policies/${registerPolicy}`, {
      conditions: { ...conditions, users: { ...conditions.users, excludeUsers: [astrid] } },
    });
    await did('DELETE', `/identity/conditionalAccess/policies/${shopFloorPolicy}`);
    const application = await did('GET', `/applications/${fieldPortal}`);
    await did('PATCH', `/applications/${fieldPortal}`, {
      web: {
        ...(application.web as object),
        redirectUris: ['https://field.heron-robotics.example/auth/callback', 'https://evil.example/'],
      },
    });
    const grants = (await did('GET', '/oauth2PermissionGrants')).value as Record<string, string>[];
    const gone = grants.find(
      ({ clientId, resourceId }) => clientId === clientOfGrant && resourceId === graphServicePrincipal,
    );
    await did('DELETE', `/oauth2PermissionGrants/${gone?.id}`);
    await did('POST', `/servicePrincipals/${graphServicePrincipal}/appRoleAssignedTo`, {
      principalId: clientOfGrant,
      resourceId: graphServicePrincipal,
      appRoleId: '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30',
    });
    live = await changes();
  }, 60_000);

  it('is found, each object once and nothing else', () => {
    const expected = {
      [`applications/${fieldPortal}`]: ['update', 'update'],
      [`conditionalAccessPolicies/${shopFloorPolicy}`]: ['delete', 'restore'],
      [`conditionalAccessPolicies/${registerPolicy}`]: ['update', 'update'],
      [`groups/${revived}`]: ['create', 'softDelete'],
      [`groups/${pilot}`]: ['update', 'update'],
      [`groups/${salesNordics}`]: ['update', 'update'],
      [`groups/${allEmployees}`]: ['update', 'update'],
      [`oauth2PermissionGrants/${grant}`]: ['delete', 'recreate'],
      [`servicePrincipals/${graphServicePrincipal}`]: ['update', 'update'],
      [`users/${pawel}`]: ['update', 'update'],
      [`users/${astrid}`]: ['update', 'update'],
      [`users/${saga}`]: ['delete', 'restore'],
    };
    const found = Object.fromEntries(
      Object.entries(live).map(([ref, { operation, recoveryAction }]) => [ref, [operation, recoveryAction]]),
    );
    expect(found).toMatchObject(expected);
    // What follows from it: whom Saga sponsored lost her, and the service principal copies its application's redirect URIs.
    const { [`users/${guest}`]: sponsored, [`servicePrincipals/${clientOfGrant}`]: copied } = live;
    expect(sponsored?.links).toEqual([expect.objectContaining({ operation: 'remove', target: `users/${saga}` })]);
    expect(copied).toMatchObject({ recoveryAction: 'none', because: 'read-only in Graph' });
    expect(Object.keys(live).length).toBe(Object.keys(expected).length + 2);
  });

  it('is said in attributes and links, with names', () => {
    expect(live[`users/${astrid}`]?.attributes).toEqual([
      { path: 'jobTitle', before: expect.any(String), after: 'Head of Field Service' },
      { path: 'otherMails', after: ['astrid@example.org'], added: ['astrid@example.org'], removed: [] },
    ]);
    expect(live[`groups/${pilot}`]?.links).toEqual([
      expect.objectContaining({ link: 'members', operation: 'add', targetName: 'Astrid Holm', targetType: 'user' }),
      expect.objectContaining({ link: 'members', operation: 'remove', targetName: 'Ravi Menon', targetType: 'user' }),
    ]);
    const excluded = live[`conditionalAccessPolicies/${registerPolicy}`];
    expect(excluded?.attributes).toEqual([
      {
        path: 'conditions.users.excludeUsers',
        after: [astrid],
        added: [astrid],
        removed: [],
        names: { [astrid]: 'Astrid Holm' },
      },
    ]);
    expect(excluded?.access).toEqual(['policyExclusion']);
    expect(live[`groups/${salesNordics}`]).toMatchObject({ formerName: 'Sales Nordics', type: 'group', native: true });
    expect(live[`groups/${allEmployees}`]?.native).toBe(false);
    expect(live[`users/${pawel}`]).toMatchObject({ synced: true, native: false });
    expect(live[`applications/${fieldPortal}`]?.access).toEqual(['redirectUri']);
    expect(live[`servicePrincipals/${graphServicePrincipal}`]?.links).toEqual([
      expect.objectContaining({
        link: 'appRoleAssignedTo',
        operation: 'add',
        target: `servicePrincipals/${clientOfGrant}`,
      }),
    ]);
    expect(live[`oauth2PermissionGrants/${grant}`]?.id).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('ends with 2 where that was asked for', async () => {
    expect((await call('diff', '--exit-code')).status).toBe(2);
    expect((await call('diff')).status).toBe(0);
    expect((await call('diff', '--exit-code', '--format', 'patch')).status).toBe(2);
  });

  it('of one object costs a handful of requests', async () => {
    for (const [word, ref] of [
      [astrid, `users/${astrid}`],
      [`groups/${pilot}`, `groups/${pilot}`],
      ['Astrid Holm', `users/${astrid}`],
      [String(live[`oauth2PermissionGrants/${grant}`]?.id), `oauth2PermissionGrants/${grant}`],
    ] as const) {
      const before = sandbox.requests.length;
      expect(Object.keys(await changes('--id', word))).toEqual([ref]);
      expect(sandbox.requests.length - before).toBeLessThan(12);
    }
  });

  it('of an object that came since is found by its id', async () => {
    expect(Object.keys(await changes('--id', revived))).toEqual([`groups/${revived}`]);
  });

  it('is scoped by kind', async () => {
    const kinds = new Set(Object.values(await changes('--kind', 'groups', '--kind', 'users')).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['groups', 'users']);
  });

  it('is the same between two commits, without any request', async () => {
    await call('snapshot');
    const before = sandbox.requests.length;
    const between = await changes('HEAD~1', 'HEAD');
    expect(bare(between)).toEqual(bare(live));
    expect(between[`users/${saga}`]?.because).toContain('if it is still in the recycle bin');
    expect(sandbox.requests.length).toBe(before);
    const back = await changes('HEAD', 'HEAD~1');
    expect(back[`users/${saga}`]?.operation).toBe('create');
    expect(Object.keys(back)).toEqual(Object.keys(between));
  });

  it('is inert in every format', async () => {
    for (const format of ['table', 'markdown', 'html', 'csv', 'json', 'ndjson']) {
      const { out, status } = await call('diff', 'HEAD~1', 'HEAD', '--format', format, '--details');
      expect(status).toBe(0);
      expect(out, format).not.toContain('##[');
      if (format === 'markdown' || format === 'html') expect(out).not.toContain('<b>`');
      expect(out.split('\n').filter((line) => line.trimStart().startsWith('::'))).toEqual([]);
    }
  });

  it('says at the ignore rules what is counted and not told', async () => {
    const rules = (until: string) =>
      writeFileSync(
        join(repo, 'driftline.yaml'),
        `ignore:\n  - kind: users\n    attribute: jobTitle\n    reason: HR writes it.\n    until: "${until}"\n  - ref: groups/${pilot}\n    reason: A pilot.\n`,
      );
    rules('2999-12-31');
    const { out } = await call('diff', 'HEAD~1', 'HEAD', '--format', 'json');
    const report = JSON.parse(out) as { changes: ReportChange[]; summary: { ignored: number } };
    const refs = report.changes.map(({ ref }) => ref);
    expect(refs).not.toContain(`groups/${pilot}`);
    expect(report.changes.find(({ ref }) => ref === `users/${astrid}`)?.attributes.length).toBe(1);
    expect(report.summary.ignored).toBe(3);
    rules('2026-01-01');
    const failed = await call('diff', 'HEAD~1', 'HEAD');
    expect(failed.status).toBe(7);
    expect(failed.notes).toMatch(/expired.*driftline\.yaml:2:/s);
    writeFileSync(join(repo, 'driftline.yaml'), 'ignore: []\n');
  });

  it('has a history, object by object', async () => {
    const { out } = await call('history', 'Astrid Holm', '--format', 'json');
    const found = JSON.parse(out) as { ref: string; entries: { operation: string; attributes: { path: string }[] }[] };
    expect(found.ref).toBe(`users/${astrid}`);
    expect(found.entries.map(({ operation }) => operation)).toEqual(['update', 'create']);
    expect(found.entries[0]?.attributes.map(({ path }) => path)).toEqual(['jobTitle', 'otherMails']);
    const gone = await call('history', saga);
    expect(gone.status).toBe(0);
    expect(gone.out).toContain(' - Saga Ekdahl');
    expect(gone.out).toContain('2 changes, newest first.');
  });
});

describe('sides and scopes that mean nothing', () => {
  it('are refused with what to do', async () => {
    expect(await call('diff', 'live', 'live')).toMatchObject({ status: 7 });
    expect(await call('diff', 'nowhere')).toMatchObject({ status: 7, notes: expect.stringContaining('Near are') });
    expect(await call('diff', '--id', 'Nobody of this name')).toMatchObject({
      status: 7,
      notes: expect.stringContaining('No such object'),
    });
    const twins = ['one', 'two'].map((nickname) =>
      did('POST', '/groups', {
        displayName: 'Twins',
        mailEnabled: false,
        mailNickname: nickname,
        securityEnabled: true,
      }),
    );
    const ids = (await Promise.all(twins)).map(({ id }) => String(id));
    await call('snapshot');
    const { status, notes } = await call('diff', '--id', 'Twins');
    expect(status).toBe(7);
    for (const id of ids) expect(notes).toContain(`groups/${id}`);
  });

  it('say that there is nothing to compare with in a repository without snapshots', async () => {
    const empty = temporaryFolder('empty');
    mkdirSync(join(empty, 'sub'));
    execFileSync('git', ['init', '-q', empty]);
    const { status, notes } = await driftline(['diff', '--repo', empty], { env: listening.env });
    expect(status).toBe(7);
    expect(notes).toContain('driftline snapshot');
  });
});

describe('a kind that cannot be read', () => {
  it('is said at the top and ends with 4, and nothing of it is deleted, drifted or gone', async () => {
    const fault = sandbox.faults.add({
      match: { path: /\/groups/ },
      times: Number.POSITIVE_INFINITY,
      fault: {
        kind: 'status',
        status: 403,
        code: 'Authorization_RequestDenied',
        message: 'Insufficient privileges to complete the operation.',
      },
    });
    try {
      const table = await call('diff', 'HEAD~1', 'live');
      expect(table.status).toBe(4);
      expect(table.out).toMatch(/groups: complete in FROM, forbidden in TO.*(No differences|objects? differ)/s);
      const { out } = await call('diff', 'HEAD~1', 'live', '--format', 'json');
      const report = JSON.parse(out) as { changes: ReportChange[]; coverage: { kind: string }[] };
      expect(report.changes.filter(({ kind }) => kind === 'groups')).toEqual([]);
      expect(report.coverage.find(({ kind }) => kind === 'groups')).toMatchObject({ to: 'forbidden' });
    } finally {
      fault.remove();
    }
    expect(git('for-each-ref', 'refs/driftline/live')).toBe('');
  });
});
