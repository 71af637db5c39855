// The native API: Microsoft's own clients, the published metadata, and the words of its documentation, against our server (native.md section 1).
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DefaultRequestAdapter } from '@microsoft/kiota-bundle';
import { HttpClient } from '@microsoft/kiota-http-fetchlibrary';
import { createGraphServiceClient } from '@microsoft/msgraph-sdk';
import '@microsoft/msgraph-sdk-directory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { administrator, type Issuer, startIssuer } from './issuer.ts';
import { type Loose, type Place, seedStory, servePlace, storyPolicy } from './place.ts';

const root = '/directory/recovery';
const namespace = 'microsoft.graph.entraRecoveryServices';

describe('the recovery API in the shape of Microsoft Graph', () => {
  let issuer: Issuer;
  let place: Place;
  let bearer: Record<string, string>;
  let story: Awaited<ReturnType<typeof seedStory>>;
  let snapshot: string;
  let preview: string;

  beforeAll(async () => {
    issuer = await startIssuer();
    place = await servePlace({
      configuration: `${issuer.configuration}  recovery:\n    withoutEmergencyAccount: true\n`,
    });
    bearer = { authorization: `Bearer ${await issuer.sign()}` };
    story = await seedStory(place);
    const { value } = await place.client(bearer).api(`${root}/snapshots`).get();
    snapshot = value[0].id;
    const made = await post(`${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryPreviewJobs`);
    preview = made.headers.get('location')!.split('/').at(-1)!;
    await place.server.jobs.settled(preview);
  });
  afterAll(async () => {
    await place?.close();
    await issuer?.close();
  });

  const get = (path: string, headers: Record<string, string> = {}) =>
    place.raw(`/v1.0${path}`, { headers: { ...bearer, ...headers } });
  const post = (path: string, body?: unknown) =>
    place.raw(`/v1.0${path}`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const policyNow = async () =>
    (await place.graph('GET', `/identity/conditionalAccess/policies/${story.policy}`)).grantControls.builtInControls;

  it('lists snapshots and gets one, with $select, $top, $orderby, $filter, $count and next links', async () => {
    await place.snapshot();
    const all = (await get(`${root}/snapshots`)).body.value;
    expect(all.length).toBeGreaterThanOrEqual(2);
    expect(Buffer.from(all[0].id, 'base64').toString()).toBe(all[0].createdDateTime);
    const first = await get(`${root}/snapshots?$top=1&$count=true&$orderby=createdDateTime%20asc&$select=id`);
    expect(first.body['@odata.count']).toBe(all.length);
    expect(first.body.value).toEqual([{ id: all.at(-1).id }]);
    const next = new URL(first.body['@odata.nextLink']);
    const rest = await place.raw(next.pathname + next.search, { headers: bearer });
    expect(rest.body.value).toEqual([{ id: all.at(-2).id }]);
    const filtered = await get(`${root}/snapshots?$filter=createdDateTime%20lt%20${all[0].createdDateTime}`);
    expect(filtered.body.value.map(({ id }: Loose) => id)).not.toContain(all[0].id);
    expect((await get(`${root}/snapshots/${encodeURIComponent(all[0].id)}`)).body).toMatchObject(all[0]);
    expect((await get(`${root}/snapshots('${encodeURIComponent(all[0].id)}')`)).body).toMatchObject(all[0]);
    expect((await get(`${root}/snapshots/$count`)).text).toBe(String(all.length));
  });

  it('works with Microsoft’s Graph client: preview by type and by object, changes with paging, in both spellings', async () => {
    const client = place.client(bearer);
    const changes = await client
      .api(`${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryPreviewJobs/${preview}/${namespace}.getChanges`)
      .get();
    const policy = changes.value.find(({ id }: Loose) => id === story.policy);
    expect(policy).toMatchObject({
      displayName: storyPolicy.displayName,
      entityTypeName: 'conditionalAccessPolicy',
      recoveryAction: 'update',
      failureMessage: null,
      deltaFromCurrent: {
        '@odata.type': '#microsoft.graph.conditionalAccessPolicy',
        grantControls: { builtInControls: ['compliantApplication'] },
      },
      currentState: { grantControls: { builtInControls: ['mfa'] } },
    });
    const group = changes.value.find(({ id }: Loose) => id === story.group);
    expect(group.deltaFromCurrent['members@delta']).toEqual([
      { '@odata.type': '#microsoft.graph.user', id: story.member },
    ]);
    const short = await client
      .api(`${root}/snapshots/${snapshot}/recoveryPreviewJobs/${preview}/getChanges`)
      .version('beta')
      .top(1)
      .get();
    expect(short.value.length).toBe(1);
    const second = await client.api(short['@odata.nextLink']).get();
    expect(second.value.map(({ id }: Loose) => id)).toEqual([changes.value[1].id]);
    const named = await client
      .api(`${root}/jobs/${preview}/getChanges()`)
      .filter(`startswith(displayName,'mobile') and recoveryAction eq 'update'`)
      .get();
    expect(named.value.map(({ id }: Loose) => id)).toEqual([story.policy]);
  });

  it('takes both filters, and refuses what the native service refuses', async () => {
    const jobs = `${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryPreviewJobs`;
    const byType = (entityTypes: unknown) => ({
      filteringCriteria: { '@odata.type': `#${namespace}.recoveryJobEntityNamesFilter`, entityTypes },
    });
    const byId = (filterValues: unknown) => ({
      filteringCriteria: { '@odata.type': `#${namespace}.recoveryJobEntityNameAndIdsFilter`, filterValues },
    });
    const count = async (body: unknown) => {
      const made = await post(jobs, body);
      expect(made.status, made.text).toBe(202);
      const job = await place.server.jobs.settled(made.headers.get('location')!.split('/').at(-1)!);
      const shape = await get(`${root}/jobs/${job.id}`);
      expect(shape.body.filteringCriteria).toEqual((body as Loose).filteringCriteria);
      return job.totals.objects;
    };
    expect(await count(byType(['group']))).toBe(1);
    expect(await count(byType(['user', 'appRoleAssignment', 'organization']))).toBe(0);
    expect(
      await count(byId([{ entityType: 'conditionalAccessPolicy', entityIds: [story.policy.toUpperCase()] }])),
    ).toBe(1);
    const ids = Array.from({ length: 101 }, (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`);
    const bad: unknown[] = [
      byType(['device']),
      byType([]),
      byType('user'),
      byId([{ entityType: 'user', entityIds: ids }]),
      byId([
        { entityType: 'user', entityIds: ids.slice(0, 1) },
        { entityType: 'user', entityIds: ids.slice(1, 2) },
      ]),
      byId([{ entityType: 'user', entityIds: ['../../x'] }]),
      byId([{ entityType: 'user', entityIds: [7] }]),
      { filteringCriteria: { entityTypes: ['user'] } },
    ];
    for (const body of bad) expect((await post(jobs, body)).status, JSON.stringify(body).slice(0, 120)).toBe(400);
    for (const id of ['nonsense', Buffer.from('2020-01-01T00:00:00Z').toString('base64'), '%00'])
      expect((await post(`${root}/snapshots/${encodeURIComponent(id)}/recoveryPreviewJobs`)).status).toBe(404);
    expect((await get(`${root}/jobs/99999999-9999-4999-8999-999999999999`)).status).toBe(404);
    expect((await get(`${root}/snapshots?$apply=x`)).status).toBe(400);
    expect((await get(`${root}/snapshots?$top=1000`)).status).toBe(400);
    expect((await get(`${root}/nowhere`)).status).toBe(400);
  });

  it('says later members of enumerations only to those who ask', async () => {
    const job = place.server.jobs.get(preview);
    await place.server.jobs.store.put({
      ...job,
      id: '00000000-0000-4000-8000-000000000001',
      status: 'calculating',
      completedAt: null,
    });
    const path = `${root}/jobs/00000000-0000-4000-8000-000000000001`;
    expect((await get(path)).body.status).toBe('unknownFutureValue');
    const asked = await get(path, { prefer: 'include-unknown-enum-members' });
    expect(asked.body.status).toBe('calculating');
    expect(asked.headers.get('preference-applied')).toBe('include-unknown-enum-members');
    expect((await get(`${path}/getChanges`)).status).toBe(400);
    await place.server.jobs.store.remove('00000000-0000-4000-8000-000000000001');
  });

  it('recovers at once for a token, as the native service does, and reports it', async () => {
    const client = place.client(bearer);
    const { value: before } = await place.graph('GET', '/users?$top=999');
    const made = await post(`${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryJobs`, {
      filteringCriteria: {
        '@odata.type': `#${namespace}.recoveryJobEntityNamesFilter`,
        entityTypes: ['group', 'conditionalAccessPolicy'],
      },
    });
    expect(made.status).toBe(202);
    expect(made.text).toBe('');
    const location = new URL(made.headers.get('location')!);
    const id = location.pathname.split('/').at(-1)!;
    const other = await post(`${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryJobs`);
    expect(other.status).toBe(409);
    expect((await post(`${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryPreviewJobs`)).status).toBe(202);
    await place.server.jobs.settled(id);
    const job = await client.api(location.pathname.replace('/v1.0', '')).get();
    expect(job).toMatchObject({
      '@odata.type': `#${namespace}.recoveryJob`,
      status: 'successful',
      totalChangedObjectsCalculated: 2,
      totalChangedLinksCalculated: 1,
      totalObjectsModified: 2,
      totalLinksModified: 1,
      totalFailedChanges: 0,
    });
    expect(await policyNow()).toEqual(['compliantApplication']);
    expect((await place.graph('GET', '/users?$top=999')).value.length).toBe(before.length);
    expect((await get(`${root}/jobs/${id}/${namespace}.getFailedChanges`)).status).toBe(400);
    const recoveries = await client.api(`${root}/jobs`).filter(`isof('${namespace}.recoveryJob')`).get();
    expect(recoveries.value.map((one: Loose) => one.id)).toContain(id);
    expect(recoveries.value.every((one: Loose) => one['@odata.type'].endsWith('recoveryJob'))).toBe(true);
    const previews = await client
      .api(`${root}/jobs`)
      .filter(`isof('${namespace}.recoveryPreviewJob') and status eq 'successful'`)
      .select('id')
      .get();
    expect(previews.value.map((one: Loose) => one.id)).toContain(preview);
  });

  it('takes any commit for a snapshot, by its id, and finds its jobs again', async () => {
    const { execFileSync } = await import('node:child_process');
    const git = (...words: string[]) =>
      execFileSync('git', ['-C', place.root, ...words])
        .toString()
        .trim();
    const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];
    const commit = git(...who, 'commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', 'a commit of a person');
    git('update-ref', 'refs/heads/proposal', commit);
    const made = await post(`${root}/snapshots/${commit}/recoveryPreviewJobs`);
    expect(made.status).toBe(202);
    const location = new URL(made.headers.get('location')!).pathname.replace('/v1.0', '');
    await place.server.jobs.settled(location.split('/').at(-1)!);
    expect((await get(location)).body).toMatchObject({ status: 'successful' });
    expect((await get(`${location}/getChanges`)).status).toBe(200);
    expect((await get(`${root}/snapshots/${'0'.repeat(40)}/recoveryPreviewJobs`)).status).toBe(404);
  });

  it('names each change that was not made, and why', async () => {
    await place.graph('PATCH', `/groups/${story.group}`, { description: 'changed' });
    await place.graph('PATCH', `/identity/conditionalAccess/policies/${story.policy}`, {
      grantControls: { operator: 'OR', builtInControls: ['mfa'] },
    });
    const remove = place.sandbox.faults.add({
      match: { method: 'PATCH', path: /\/groups\// },
      fault: { kind: 'status', status: 400 },
    } as Loose);
    const made = await post(`${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryJobs`, {
      filteringCriteria: {
        '@odata.type': `#${namespace}.recoveryJobEntityNameAndIdsFilter`,
        filterValues: [
          { entityType: 'group', entityIds: [story.group] },
          { entityType: 'conditionalAccessPolicy', entityIds: [story.policy] },
        ],
      },
    });
    const job = await place.server.jobs.settled(made.headers.get('location')!.split('/').at(-1)!);
    remove.remove();
    expect(job.totals.failed).toBe(1);
    const failed = await get(
      `${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryJobs/${job.id}/getFailedChanges`,
    );
    expect(failed.body.value).toMatchObject([{ id: story.group, entityTypeName: 'group', recoveryAction: 'update' }]);
    expect(failed.body.value[0].failureMessage).toContain('Microsoft Graph refused');
  });

  it('starts one of a hundred recoveries that are asked for together', async () => {
    const path = `${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryJobs`;
    const release = place.hold();
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(path)));
    expect(answers.filter(({ status }) => status === 202).length).toBe(1);
    expect(answers.filter(({ status, body }) => status === 409 && body.error.code === 'Conflict').length).toBe(99);
    const id = answers
      .find(({ status }) => status === 202)!
      .headers.get('location')!
      .split('/')
      .at(-1)!;
    const cancelled = await post(`${root}/jobs/${id}/${namespace}.cancel`);
    expect(cancelled.status).toBe(202);
    expect(cancelled.headers.get('location')).toContain(`${root}/jobs/${id}`);
    release();
    await place.server.jobs.settled(id);
    expect((await get(`${root}/jobs/${id}`)).body.status).toBe('abandoned');
    expect((await post(`${root}/jobs/${id}/cancel`)).status).toBe(409);
  });

  it('works with Microsoft’s TypeScript SDK', async () => {
    const authentication: ConstructorParameters<typeof DefaultRequestAdapter>[0] = {
      async authenticateRequest(request) {
        request.headers.add('Authorization', bearer.authorization!);
      },
    };
    const http = new HttpClient(async (address: string, init?: RequestInit) => {
      const url = new URL(address);
      return (await place.server.fetch(
        new Request(address, {
          ...init,
          headers: { ...Object.fromEntries(new Headers(init?.headers)), host: url.host },
        }),
      )) as Response;
    });
    const adapter = new DefaultRequestAdapter(authentication, undefined, undefined, http);
    const client = createGraphServiceClient(adapter);
    adapter.baseUrl = `${place.server.origin}/v1.0`;
    const snapshots = await client.directory.recovery.snapshots.get();
    const found = snapshots?.value?.find(({ id }) => id === snapshot);
    expect(found?.createdDateTime).toBeInstanceOf(Date);
    const made = await client.directory.recovery.snapshots.bySnapshotId(snapshot).recoveryPreviewJobs.get();
    const job = made?.value?.find(({ id }) => id === preview);
    expect(job?.status).toBe('successful');
    expect(job?.totalChangedObjectsCalculated).toBe(2);
    const jobs = await client.directory.recovery.jobs.get({ queryParameters: { filter: `status eq 'successful'` } });
    expect(jobs?.value?.map(({ id }) => id)).toContain(preview);
  });

  const published = resolve(import.meta.dirname, '../../../shared/graph/schema.v1.0.json');
  it.skipIf(!existsSync(published))(
    `answers with the properties and types that Microsoft publishes${existsSync(published) ? '' : ' (skipped: the metadata is not here)'}`,
    async () => {
      const { types, enums } = JSON.parse(readFileSync(published, 'utf8'));
      const propertiesOf = (type: string): Record<string, Loose> => {
        const row = types[type];
        return { ...(row.base === undefined ? {} : propertiesOf(row.base)), ...row.properties };
      };
      const conform = (type: string, value: Loose) => {
        const known = propertiesOf(type);
        for (const [name, member] of Object.entries(value)) {
          if (name.startsWith('@')) continue;
          const property = known[name];
          if (property === undefined) expect(types[type].open, `${type}.${name}`).toBe(true);
          else if (member === null) expect(property.nullable, `${type}.${name} is null`).not.toBe(false);
          else if (property.type === 'Edm.Int32') expect(Number.isInteger(member)).toBe(true);
          else if (property.type === 'Edm.DateTimeOffset')
            expect(member).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
          else if (property.type === 'Edm.String') expect(typeof member).toBe('string');
          else if (enums[property.type] !== undefined) {
            const members = enums[property.type].members ?? enums[property.type];
            expect(JSON.stringify(members)).toContain(`"${member}"`);
          }
        }
      };
      for (const one of (await get(`${root}/snapshots`)).body.value) conform(`${namespace}.snapshot`, one);
      for (const one of (await get(`${root}/jobs`)).body.value) conform(one['@odata.type'].slice(1), one);
      for (const one of (await get(`${root}/jobs/${preview}/getChanges`)).body.value)
        conform(`${namespace}.recoveryChangeObjectBase`, one);
    },
  );

  it('tells the audit log who started what', async () => {
    const lines = (await place.raw('/api/audit?top=999', { headers: bearer })).body.value;
    const started = lines.filter(
      ({ phase, path, status }: Loose) => phase === 'answered' && path.endsWith('/recoveryJobs') && status === 202,
    );
    expect(started.length).toBe(3);
    expect(started.every(({ who, job }: Loose) => who.id === administrator && typeof job === 'string')).toBe(true);
  });

  it('carries the seed story through Microsoft’s client: one object, the whole scope, and back', async () => {
    const client = place.client(bearer);
    const isMember = async () =>
      (await place.graph('GET', `/groups/${story.group}/members`)).value.some(({ id }: Loose) => id === story.member);
    const settle = async (made: { headers: Headers }) => {
      const path = new URL(made.headers.get('location')!).pathname;
      await place.server.jobs.settled(path.split('/').at(-1)!);
      return path;
    };
    await place.graph('PATCH', `/identity/conditionalAccess/policies/${story.policy}`, {
      grantControls: { operator: 'OR', builtInControls: ['mfa'] },
    });
    if (await isMember()) await place.graph('DELETE', `/groups/${story.group}/members/${story.member}/$ref`);
    const jobs = client.api(`${root}/snapshots/${encodeURIComponent(snapshot)}/recoveryJobs`);
    const one = await jobs.responseType('raw' as Loose).post({
      filteringCriteria: {
        '@odata.type': `#${namespace}.recoveryJobEntityNameAndIdsFilter`,
        filterValues: [{ entityType: 'group', entityIds: [story.group] }],
      },
    });
    await settle(one);
    expect(await isMember()).toBe(true);
    expect(await policyNow()).toEqual(['mfa']);
    const whole = await settle(await jobs.responseType('raw' as Loose).post({}));
    expect(await client.api(whole.replace('/v1.0', '')).get()).toMatchObject({
      status: 'successful',
      totalObjectsModified: 1,
    });
    expect(await policyNow()).toEqual(['compliantApplication']);
    const undo = await client
      .api(`${place.server.origin}/api/undos`)
      .post({ options: { withoutEmergencyAccount: true } });
    const planned = await place.server.jobs.settled(undo.id);
    expect(planned.status).toBe('initialized');
    await client
      .api(`${place.server.origin}/api/jobs/${undo.id}/confirm`)
      .post({ digest: planned.plan!.digest.slice(0, 8) });
    expect((await place.server.jobs.settled(undo.id)).run!.status).toBe('complete');
    expect(await policyNow()).toEqual(['mfa']);
  });
});
