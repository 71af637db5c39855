// The native API: requests below /v1.0/directory and /beta/directory, answered in the shape of Microsoft's recovery service (native.md section 1).
import type { Commit } from '../../model/commit.ts';
import type { JsonObject } from '../../model/json.ts';
import { badRequest, Failure, notFound } from '../failure.ts';
import type { Job } from '../jobs/record.ts';
import type { Asked, Office } from '../office.ts';
import { requireAdministrator } from '../principal.ts';
import { criteriaOf } from './criteria.ts';
import { namespace, unknownMembers } from './names.ts';
import { arranged, page, queryOptions, selected } from './query.ts';
import { changeShape, jobShape, nativeJobs, snapshotId, snapshotShape } from './shapes.ts';

interface Call extends Asked {
  readonly office: Office;
  /** The caller asked for the later members of enumerations. */
  readonly all: boolean;
  /** Root of the version, as the caller addresses it. */
  readonly root: string;
}

const paths = { snapshots: 'directory/recovery/snapshots', jobs: 'directory/recovery/jobs' };

/** Answers one request. Failures as the native service has them (native.md 1.8). */
export async function nativeAnswer(office: Office, asked: Asked): Promise<Response> {
  const [version, ...segments] = segmentsOf(asked.url.pathname);
  const preferences = (asked.headers.get('prefer') ?? '').split(',').map((part) => part.trim().toLowerCase());
  const all = preferences.includes(unknownMembers);
  const call: Call = { ...asked, office, all, root: `${asked.url.origin}/${version}` };
  const response = await route(call, segments.slice(1));
  response.headers.set('odata-version', '4.0');
  if (all) response.headers.set('preference-applied', unknownMembers);
  return response;
}

/** `snapshots('id')` and `snapshots/id` are one; `getChanges()` and `getChanges` too. */
function segmentsOf(path: string): string[] {
  try {
    return path
      .replace(/\((?:'|%27)([^/()]*)(?:'|%27)\)/gi, '/$1')
      .replace(/\(\)$/, '')
      .split('/')
      .filter(Boolean)
      .map(decodeURIComponent);
  } catch {
    throw badRequest('The address is not encoded rightly.');
  }
}

async function route(call: Call, [top, collection, id, child, job, operation, ...more]: string[]): Promise<Response> {
  const get = call.method === 'GET';
  if (top !== 'recovery' || more.length > 0) throw unknown();
  if (collection === undefined)
    return need(get, () =>
      json(call, { '@odata.context': context(call, 'directory/recovery/$entity'), id: 'recovery' }),
    );
  if (collection === 'snapshots') {
    if (id === undefined) return need(get, () => listSnapshots(call));
    if (id === '$count')
      return need(get, async () =>
        counted(arranged((await call.office.snapshots()).map(snapshotShape), queryOptions(call.url)).length),
      );
    const commit = await snapshotNamed(call, id);
    if (child === undefined) return need(get, () => getSnapshot(call, commit));
    const type = (['preview', 'recovery'] as const).find((one) => `${nativeJobs[one]}s` === child);
    if (type === undefined) throw unknown();
    const ofSnapshot = (one: Job) => one.type === type && one.from.commit === commit.id;
    if (job === undefined)
      return get
        ? listJobs(call, ofSnapshot, `${paths.snapshots}('${id}')/${child}`)
        : post(call, () => create(call, type, commit));
    if (job === '$count') return need(get, () => countJobs(call, ofSnapshot));
    const found = jobNamed(call, job, ofSnapshot);
    if (operation === undefined) return need(get, () => getJob(call, found));
    return need(get, () => results(call, found, shortName(operation)));
  }
  if (collection !== 'jobs') throw unknown();
  const native = (one: Job) => one.type !== 'compare';
  if (id === undefined) return need(get, () => listJobs(call, native, paths.jobs));
  if (id === '$count') return need(get, () => countJobs(call, native));
  const cast = (['preview', 'recovery'] as const).find((one) => id === `${namespace}.${nativeJobs[one]}`);
  if (cast !== undefined && child === undefined)
    return need(get, () => listJobs(call, (one) => one.type === cast, paths.jobs));
  if (child !== undefined && shortName(child) === 'cancel' && job === undefined)
    return post(call, () => cancel(call, id));
  const found = jobNamed(call, id, native);
  if (child === undefined) return need(get, () => getJob(call, found));
  if (job !== undefined) throw unknown();
  return need(get, () => results(call, found, shortName(child)));
}

function shortName(operation: string): string {
  return operation.replace(`${namespace}.`, '');
}

function unknown(): Failure {
  return new Failure(400, 'BadRequest', 'Resource not found for the segment: there is no such address.');
}

function need(right: boolean, answer: () => Promise<Response> | Response): Promise<Response> | Response {
  if (!right) throw new Failure(405, 'MethodNotAllowed', 'This address takes GET alone.');
  return answer();
}

function post(call: Call, answer: () => Promise<Response>): Promise<Response> {
  if (call.method !== 'POST') throw new Failure(405, 'MethodNotAllowed', 'This address does not take this method.');
  return answer();
}

function json(_call: Call, body: JsonObject, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; odata.metadata=minimal; charset=utf-8', ...headers },
  });
}

function context({ root }: Call, path: string): string {
  return `${root}/$metadata#${path}`;
}

function counted(count: number): Response {
  return new Response(String(count), { headers: { 'content-type': 'text/plain' } });
}

async function listSnapshots(call: Call): Promise<Response> {
  const options = queryOptions(call.url);
  const items = arranged((await call.office.snapshots()).map(snapshotShape), options);
  return collectionOf(call, items, options, paths.snapshots);
}

function collectionOf(
  call: Call,
  items: readonly JsonObject[],
  options: ReturnType<typeof queryOptions>,
  path: string,
): Response {
  const shown = items.slice(options.skip, options.skip + options.top).map((item) => selected(item, options.select));
  return json(call, page(shown, items.length, options, call.url, context(call, path)));
}

/** A snapshot by its id, or by the id of its commit: so any commit of the history can be a job's target. */
async function snapshotNamed({ office }: Call, id: string): Promise<Commit> {
  const found = (await office.snapshots()).find((commit) => snapshotId(commit) === id);
  if (found !== undefined) return found;
  if (/^[0-9a-f]{40}$/.test(id)) {
    const commit = await office.commit(id).catch(() => undefined);
    if (commit !== undefined) return commit;
  }
  throw notFound('The id is not a valid timestamp for recovery: it must be one of the list of snapshots.');
}

async function getSnapshot(call: Call, commit: Commit): Promise<Response> {
  const { select } = queryOptions(call.url);
  const shape = selected(snapshotShape(commit), select);
  return json(call, { '@odata.context': context(call, `${paths.snapshots}/$entity`), ...shape });
}

function jobNamed({ office }: Call, id: string, belongs: (job: Job) => boolean): Job {
  const job = office.jobs.get(id);
  if (!belongs(job)) throw notFound(`There is no job ${JSON.stringify(id.slice(0, 80))}.`);
  return job;
}

function jobsOf({ office, all }: Call, belongs: (job: Job) => boolean): JsonObject[] {
  return office.jobs.store
    .all()
    .filter(belongs)
    .map((job) => jobShape(job, all));
}

function listJobs(call: Call, belongs: (job: Job) => boolean, path: string): Response {
  const options = queryOptions(call.url);
  return collectionOf(call, arranged(jobsOf(call, belongs), options), options, path);
}

function countJobs(call: Call, belongs: (job: Job) => boolean): Response {
  return counted(arranged(jobsOf(call, belongs), queryOptions(call.url)).length);
}

function getJob(call: Call, job: Job): Response {
  const { select } = queryOptions(call.url);
  return json(call, {
    '@odata.context': context(call, `${paths.jobs}/$entity`),
    ...selected(jobShape(job, call.all), select),
  });
}

async function create(call: Call, type: 'preview' | 'recovery', commit: Commit): Promise<Response> {
  const { office, principal } = call;
  if (type === 'recovery') requireAdministrator(principal);
  const { scope, filter } = criteriaOf(await call.body(), office.context.kinds);
  // A commit that is none of the list of snapshots is found again by its own id alone.
  const snapshot = (await office.snapshots()).some(({ id }) => id === commit.id) ? snapshotId(commit) : commit.id;
  const job = await office.jobs.create({
    type,
    from: { commit: commit.id, at: commit.at, revision: commit.id.slice(0, 12) },
    snapshot,
    scope,
    ...(filter === undefined ? {} : { filter }),
    by: principal,
    ...(type === 'preview' ? {} : { options: office.nativeOptions(), atOnce: !office.asksTwice(principal) }),
  });
  call.made(job.id);
  const location = `${call.root}/${paths.snapshots}/${encodeURIComponent(snapshot)}/${nativeJobs[type]}s/${job.id}`;
  return new Response(null, { status: 202, headers: { location } });
}

async function cancel(call: Call, id: string): Promise<Response> {
  requireAdministrator(call.principal);
  const job = await call.office.jobs.cancel(jobNamed(call, id, (one) => one.type !== 'compare').id);
  call.made(job.id);
  return new Response(null, { status: 202, headers: { location: `${call.root}/${paths.jobs}/${job.id}` } });
}

/** getChanges of a preview that is done; getFailedChanges of a recovery that is over and left something (native.md 1.4). */
async function results(call: Call, job: Job, operation: string): Promise<Response> {
  const { office, all } = call;
  const options = queryOptions(call.url);
  const wanted = job.type === 'recovery' ? 'getFailedChanges' : 'getChanges';
  if (operation !== wanted) throw unknown();
  if (job.type === 'preview' && job.status !== 'successful')
    throw badRequest(`The job ${job.id} must have completed successfully first.`);
  if (
    job.type === 'recovery' &&
    ((job.run === undefined && job.status !== 'successful') || (job.totals.failed ?? 0) === 0)
  )
    throw badRequest(`The job ${job.id} must have completed, with changes that failed.`);
  const entries = (await office.jobs.index(job.id)).filter(
    (entry) => job.type !== 'recovery' || entry.failure !== undefined,
  );
  const shape = (list: Awaited<ReturnType<typeof office.jobs.changes>>) =>
    list.map((change) => changeShape(change, job, office.context.kinds, all));
  const path = `Collection(${namespace}.recoveryChangeObjectBase)`;
  // Only a filter or an order needs all of them: without, a page reads what it shows.
  if (options.filter !== undefined || options.order.length > 0)
    return collectionOf(call, arranged(shape(await office.jobs.changes(job.id, entries)), options), options, path);
  const shown = shape(await office.jobs.changes(job.id, entries.slice(options.skip, options.skip + options.top)));
  const body = page(
    shown.map((item) => selected(item, options.select)),
    entries.length,
    options,
    call.url,
    context(call, path),
  );
  return json(call, body);
}
