// Jobs: they outlast the process, wait for who must confirm them, can be cancelled, resumed and undone; and every change stands in the audit log.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { administrator, second, startIssuer } from './issuer.ts';
import { type Loose, type Place, seedStory, servePlace } from './place.ts';

const free = { withoutEmergencyAccount: true };

describe('the jobs of the server', () => {
  let place: Place;
  afterEach(() => place?.close());
  const policyNow = async (id: string) =>
    (await place.graph('GET', `/identity/conditionalAccess/policies/${id}`)).grantControls.builtInControls;

  it('are kept in the repository, with what they found', async () => {
    place = await servePlace();
    const story = await seedStory(place);
    const report = await place.job('/api/previews', { from: 'HEAD', reason: 'morning round' });
    expect(report.totals).toMatchObject({ objects: 2, links: 1, attributes: 1 });
    const newest = await place.snapshot();
    const between = await place.job('/api/previews', {
      from: `${newest}~1`,
      to: newest,
      ids: [story.memberName === '' ? story.group : `groups/${story.group}`],
    });
    expect(between).toMatchObject({ type: 'compare', totals: { objects: 1 } });
    place = await place.again();
    const { body } = await place.call('GET', '/api/jobs');
    expect(body.value.map(({ id }: Loose) => id).sort()).toEqual([report.id, between.id].sort());
    const changes = await place.call('GET', `/api/jobs/${report.id}/changes?kind=group`);
    expect(changes.body.value).toMatchObject([
      { ref: `groups/${story.group}`, links: [{ operation: 'remove', targetName: story.memberName }] },
    ]);
    expect((await place.call('GET', `/jobs/${report.id}`)).text).toContain('morning round');
    expect((await place.call('GET', `/v1.0/directory/recovery/jobs`)).body.value.map(({ id }: Loose) => id)).toEqual([
      report.id,
    ]);
  });

  it('are taken up after a server was stopped: reports begin again, plans go on waiting, a run that was under way is said to be abandoned', async () => {
    place = await servePlace({ allowRecover: true });
    await seedStory(place);
    const plan = await place.job('/api/plans', { goal: 'HEAD', options: free });
    expect(plan.status).toBe('initialized');
    const { jobs } = place.server;
    await jobs.store.put({ ...plan, id: '00000000-0000-4000-8000-000000000002', status: 'running' });
    const release = place.hold();
    const report = (await place.call('POST', '/api/previews', { from: 'HEAD' })).body;
    // A process that is killed says nothing: what it leaves is a job that is not over.
    const left = jobs.get(report.id);
    release();
    await jobs.settled(report.id);
    await jobs.store.put(left);
    place = await place.again();
    const again = await place.server.jobs.settled(report.id);
    expect(again).toMatchObject({ status: 'successful', totals: { objects: 2 } });
    expect(place.server.jobs.get('00000000-0000-4000-8000-000000000002')).toMatchObject({
      status: 'abandoned',
      problem: { summary: 'The server was stopped' },
    });
    expect(place.server.jobs.get(plan.id).status).toBe('initialized');
    const done = await place.job(`/api/jobs/${plan.id}/confirm`, { digest: plan.plan!.digest.slice(0, 8) });
    expect(done).toMatchObject({
      status: 'successful',
      run: { status: 'complete' },
      totals: { objectsModified: 2, failed: 0 },
    });
  });

  it('make any number of reports, none of which keeps a recovery waiting', async () => {
    place = await servePlace({ allowRecover: true });
    const story = await seedStory(place);
    const plan = await place.job('/api/plans', { goal: 'HEAD', ids: [`groups/${story.group}`] });
    const asked = await Promise.all(
      Array.from({ length: 12 }, () => place.call('POST', '/api/previews', { from: 'HEAD', kinds: ['groups'] })),
    );
    const done = await place.job(`/api/jobs/${plan.id}/confirm`, { digest: plan.plan!.digest.slice(0, 8) });
    expect(done.run!.status).toBe('complete');
    for (const { body } of asked) expect((await place.server.jobs.settled(body.id)).status).toBe('successful');
    expect((await place.call('POST', `/api/jobs/${asked[0]!.body.id}/cancel`, {})).status).toBe(409);
  });

  it('leave nothing of a job that a killed process had only begun to write', async () => {
    place = await servePlace({ snapshots: true });
    const report = await place.job('/api/previews', { from: 'HEAD' });
    const folder = place.server.jobs.store.folder(report.id).replace(report.id, '00000000-0000-4000-8000-000000000003');
    const { mkdir, writeFile } = await import('node:fs/promises');
    await mkdir(folder);
    await writeFile(join(folder, 'job.json.x.new'), '{"id":');
    place = await place.again();
    expect(place.server.jobs.store.all().map(({ id }) => id)).toEqual([report.id]);
  });

  it('recover only by the digest, and are undone by another plan', async () => {
    place = await servePlace({ allowRecover: true });
    const story = await seedStory(place);
    const plan = await place.job('/api/plans', { goal: 'HEAD', options: free, reason: 'policy was weakened' });
    for (const digest of ['', '0'.repeat(8), plan.plan!.digest.slice(0, 7), `${plan.plan!.digest.slice(0, 8)}x`])
      expect((await place.call('POST', `/api/jobs/${plan.id}/confirm`, { digest })).status).toBeGreaterThanOrEqual(400);
    expect(await policyNow(story.policy)).toEqual(['mfa']);
    const done = await place.job(`/api/jobs/${plan.id}/confirm`, { digest: plan.plan!.digest.slice(0, 8) });
    expect(await policyNow(story.policy)).toEqual(['compliantApplication']);
    expect(
      (await place.call('POST', `/api/jobs/${plan.id}/confirm`, { digest: plan.plan!.digest.slice(0, 8) })).status,
    ).toBe(409);
    expect((await place.call('GET', `/api/runs/${done.run!.id}`)).body).toMatchObject({
      reason: 'policy was weakened',
      status: 'complete',
    });
    const undo = await place.job('/api/undos', { run: done.run!.id, options: free });
    expect(undo.undoes).toBe(done.run!.id);
    const undone = await place.job(`/api/jobs/${undo.id}/confirm`, { digest: undo.plan!.digest.slice(0, 8) });
    expect(undone.run!.status).toBe('complete');
    expect(await policyNow(story.policy)).toEqual(['mfa']);
  });

  it('begin once, however many tabs start them together', async () => {
    place = await servePlace({ allowRecover: true });
    const story = await seedStory(place);
    const [one, other] = [
      await place.job('/api/plans', { goal: 'HEAD', options: free }),
      await place.job('/api/plans', { goal: 'HEAD', ids: [`groups/${story.group}`] }),
    ];
    const start = (job: typeof one) =>
      place.call('POST', `/api/jobs/${job.id}/confirm`, { digest: job.plan!.digest.slice(0, 8) });
    const answers = await Promise.all([start(one), start(one), start(other), start(one)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409]);
    await place.server.jobs.settled(one.id);
    await place.server.jobs.settled(other.id);
    expect((await place.call('GET', '/api/runs')).body.value.length).toBe(1);
  });

  it('refuse what the plan refuses, and say so', async () => {
    place = await servePlace({ allowRecover: true });
    await seedStory(place);
    const plan = await place.job('/api/plans', { goal: 'HEAD', kinds: ['conditionalAccessPolicies'] });
    const text = (await place.call('GET', `/jobs/${plan.id}`)).text;
    expect(text).toContain('emergency account');
    expect(plan.plan).toMatchObject({ steps: 1, blockers: 1 });
    const refused = await place.call('POST', `/api/jobs/${plan.id}/confirm`, { digest: plan.plan!.digest.slice(0, 8) });
    expect(refused.status).toBe(422);
    expect(refused.body.error.message).toContain('names no emergency account');
  });

  it('go on with a run that was stopped before its end', async () => {
    place = await servePlace({ allowRecover: true });
    const story = await seedStory(place);
    // The policy and the group are steps of two waves: the second does not begin once somebody has said stop.
    const plan = await place.job('/api/plans', { goal: 'HEAD', options: free });
    expect(plan.plan!.steps).toBe(2);
    place.beforeWrite(async () => {
      await place.call('POST', `/api/jobs/${plan.id}/cancel`, { reason: 'wrong night' });
    });
    const stopped = await place.job(`/api/jobs/${plan.id}/confirm`, { digest: plan.plan!.digest.slice(0, 8) });
    expect(stopped).toMatchObject({ status: 'abandoned', run: { status: 'interrupted' } });
    expect(stopped.run!.counts.done).toBe(1);
    expect((await place.call('GET', `/jobs/${plan.id}`)).text).toContain('Go on with it');
    const [open] = (await place.call('GET', '/api/runs')).body.stopped;
    const resumed = await place.job(`/api/runs/${open.id}/resume`, {});
    expect(resumed).toMatchObject({
      status: 'successful',
      run: { status: 'complete', counts: { done: 2 } },
    });
    expect(await policyNow(story.policy)).toEqual(['compliantApplication']);
    const { value: members } = await place.graph('GET', `/groups/${story.group}/members`);
    expect(members.map(({ id }: Loose) => id)).toContain(story.member);
  });

  it('tell a new password once, and keep it nowhere', async () => {
    place = await servePlace({ allowRecover: true });
    const user = await place.graph('POST', '/users', {
      accountEnabled: true,
      displayName: 'Nora',
      mailNickname: 'nora',
      userPrincipalName: `nora@${(await place.graph('GET', '/organization')).value[0].verifiedDomains[0].name}`,
      passwordProfile: { password: 'Xk9!hhQe21#zzT' },
    });
    await place.snapshot();
    await place.graph('DELETE', `/users/${user.id}`);
    await place.graph('DELETE', `/directory/deletedItems/${user.id}`);
    const plan = await place.job('/api/plans', {
      goal: 'HEAD',
      ids: [`users/${user.id}`],
      options: { allowAccess: ['guestAccess'] },
    });
    const done = await place.job(`/api/jobs/${plan.id}/confirm`, { digest: plan.plan!.digest.slice(0, 8) });
    expect(done.status).toBe('successful');
    expect((await place.call('GET', `/api/jobs/${done.id}`)).body.newPasswords).toBe(true);
    const told = await place.call('POST', `/api/jobs/${done.id}/passwords`, {});
    expect(told.body.value).toMatchObject([{ displayName: 'Nora' }]);
    const secret = told.body.value[0].secret as string;
    expect(secret.length).toBeGreaterThan(10);
    expect((await place.call('POST', `/api/jobs/${done.id}/passwords`, {})).body.value).toEqual([]);
    const { execFileSync } = await import('node:child_process');
    const found = execFileSync('sh', ['-c', `grep -rlF -e "$SECRET" "$ROOT" || true`], {
      env: { PATH: process.env.PATH, SECRET: secret, ROOT: place.root },
    });
    expect(found.toString()).toBe('');
  });

  it('say who made the changes where that is asked for, and none but those that may', async () => {
    place = await servePlace();
    const story = await seedStory(place);
    const plain = await place.job('/api/previews', { from: 'HEAD' });
    expect(plain.header!.actors).toBeUndefined();
    expect((await place.call('GET', `/jobs/${plain.id}`)).text).toContain('Who made the changes?');
    const report = await place.job('/api/previews', { from: 'HEAD', actors: true });
    expect(report.header!.actors).toMatchObject({ status: 'partial', reason: expect.stringContaining('lags') });
    const { body } = await place.call('GET', `/api/jobs/${report.id}/changes?kind=conditionalAccessPolicies`);
    const [{ actors }] = body.value;
    expect(actors).toMatchObject([
      { activityDisplayName: 'Update conditional access policy', initiatedBy: { app: { appId: expect.any(String) } } },
    ]);
    const page = (await place.call('GET', `/jobs/${report.id}`)).text;
    expect(page).toContain('Update conditional access policy');
    expect(page).not.toContain('Who made the changes?');
    const one = (await place.call('GET', `/jobs/${report.id}/changes?ref=conditionalAccessPolicies/${story.policy}`))
      .text;
    expect(one).toContain(`application ${actors[0].initiatedBy.app.appId}`);
    // Between two snapshots the report that is made once for all is another one.
    const newest = await place.snapshot();
    const sides = { from: `${newest}~1`, to: newest };
    const between = await place.job('/api/previews', { ...sides, actors: true });
    expect(between.header!.actors).toBeDefined();
    const looked = (await place.call('GET', `/compare?from=${sides.from}&to=${sides.to}`)).text;
    expect(looked).toContain('Who made the changes?');
    expect((await place.call('POST', '/api/previews', { ...sides, actors: 'yes' })).status).toBe(400);
  });

  it('do not say it where driftline.yaml does not let them, which for others is so by default', async () => {
    const issuer = await startIssuer();
    for (const [more, status] of [
      ['', 403],
      ['  actors: true\n', 202],
    ] as const) {
      place = await servePlace({ configuration: `${issuer.configuration}${more}` });
      const headers = {
        authorization: `Bearer ${await issuer.sign({ oid: administrator })}`,
        'content-type': 'application/json',
      };
      const body = JSON.stringify({ from: 'HEAD', actors: true });
      const answer = await place.raw('/api/previews', { method: 'POST', headers, body });
      expect(answer.status).toBe(status);
      if (status === 403) expect(answer.text).toContain('serve.actors');
      await place.close();
    }
    await issuer.close();
  });

  it('need a second person where driftline.yaml says so', async () => {
    const issuer = await startIssuer();
    place = await servePlace({ configuration: `${issuer.configuration}  twoPersons: true\n` });
    await seedStory(place);
    const as = async (oid: string) => ({
      authorization: `Bearer ${await issuer.sign({ oid })}`,
      'content-type': 'application/json',
    });
    const [first, other] = [await as(administrator), await as(second)];
    const { body } = await place.raw('/v1.0/directory/recovery/snapshots', { headers: first });
    const made = await place.raw(
      `/v1.0/directory/recovery/snapshots/${encodeURIComponent(body.value[0].id)}/recoveryJobs`,
      {
        method: 'POST',
        headers: first,
        body: JSON.stringify({
          filteringCriteria: {
            '@odata.type': '#microsoft.graph.entraRecoveryServices.recoveryJobEntityNamesFilter',
            entityTypes: ['group'],
          },
        }),
      },
    );
    const id = made.headers.get('location')!.split('/').at(-1)!;
    const waiting = await place.server.jobs.settled(id);
    expect(waiting.status).toBe('initialized');
    const confirm = (headers: Record<string, string>) =>
      place.raw(`/api/jobs/${id}/confirm`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ digest: waiting.plan!.digest.slice(0, 8) }),
      });
    expect((await confirm(first)).status).toBe(403);
    expect((await confirm(other)).status).toBe(202);
    expect(await place.server.jobs.settled(id)).toMatchObject({
      status: 'successful',
      by: { id: administrator },
      confirmedBy: { id: second },
    });
    await issuer.close();
  });

  it('take a session of this machine for no second person', async () => {
    place = await servePlace({ configuration: 'serve:\n  twoPersons: true\n', allowRecover: true, localToken: true });
    const story = await seedStory(place);
    const plan = await place.job('/api/plans', { goal: 'HEAD', ids: [`groups/${story.group}`] });
    const answer = await place.raw(`/api/jobs/${plan.id}/confirm`, {
      method: 'POST',
      headers: { authorization: `Bearer ${place.server.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ digest: plan.plan!.digest.slice(0, 8) }),
    });
    expect(answer.status).toBe(403);
    expect((await place.call('GET', `/jobs/${plan.id}`)).text).toContain('It waits for a second person');
  });

  it('stand in the audit log, asked and answered, each line bound to the one before', async () => {
    place = await servePlace();
    await place.job('/api/previews', { from: 'HEAD', reason: 'why\nnot' });
    expect((await place.call('POST', '/api/plans', { goal: 'HEAD' })).status).toBe(403);
    await place.call('POST', '/nowhere', {});
    const path = join(place.root, '.git', 'driftline', 'audit.jsonl');
    await appendFile(path, '{"torn":');
    place = await place.again();
    await place.call('POST', '/api/plans', { goal: 'HEAD' });
    const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
    const said = lines.filter((line) => line !== '{"torn":').map((line) => JSON.parse(line));
    expect(said.map(({ phase, path, status }) => [phase, path, status])).toEqual([
      ['asked', '/api/previews', undefined],
      ['answered', '/api/previews', 202],
      ['asked', '/api/plans', undefined],
      ['answered', '/api/plans', 403],
      ['asked', '/nowhere', undefined],
      ['answered', '/nowhere', 404],
      ['asked', '/api/plans', undefined],
      ['answered', '/api/plans', 403],
    ]);
    expect(said[0]).toMatchObject({ why: 'why\nnot', who: { role: 'reader', via: 'session' } });
    for (const [at, line] of lines.entries())
      if (at > 0 && line !== '{"torn":')
        expect(JSON.parse(line).previous).toBe(
          createHash('sha256')
            .update(lines[at - 1]!)
            .digest('hex'),
        );
  });

  it('hold reports of a hundred thousand changes, and give a page of them without reading the rest', async () => {
    place = await servePlace();
    const report = await place.job('/api/previews', { from: 'HEAD' });
    const writer = await place.server.jobs.store.writer(report.id);
    const total = 100_000;
    for (let at = 0; at < total; at += 1) {
      const key = `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`;
      await writer.write({
        ref: `users/${key}`,
        kind: 'users',
        type: 'user',
        id: key,
        displayName: `Person ${at}`,
        operation: at % 10 === 0 ? 'delete' : 'update',
        recoveryAction: 'update',
        synced: false,
        native: true,
        attributes: [{ path: 'jobTitle', before: 'a', after: 'b' }],
        links: [],
      });
    }
    await writer.close();
    const page = await place.call('GET', `/jobs/${report.id}?operation=delete&skip=9900`);
    expect(page.text).toContain('9901–10000 of 10000');
    expect(page.text).toContain('Person 99990');
    expect(page.text.length).toBeLessThan(200_000);
    const found = await place.call('GET', `/api/jobs/${report.id}/changes?name=person%2012345`);
    expect(found.body).toMatchObject({ total: 1, value: [{ displayName: 'Person 12345' }] });
    const native = await place.call(
      'GET',
      `/v1.0/directory/recovery/jobs/${report.id}/getChanges?$top=999&$skip=99500`,
    );
    expect(native.body.value.length).toBe(500);
    expect(native.body['@odata.nextLink']).toBeUndefined();
  });
});
