// Our own API, route by route: what the native shape cannot say. The OpenAPI document is made of the same table.
import type { JsonObject } from '../../model/json.ts';
import { accessClasses } from '../../model/kind.ts';
import { planFlags } from '../../model/plan.ts';
import { coverageAt } from '../../verbs/capture.ts';
import { history } from '../../verbs/history.ts';
import { permissionsFor } from '../../verbs/permissions.ts';
import { endedRuns, findRun, runJson, stoppedRuns } from '../../verbs/runs.ts';
import { show } from '../../verbs/show.ts';
import { askConfirm, askPlan, askPreview, askResume, askUndo } from '../asks.ts';
import { badRequest, conflict, notFound } from '../failure.ts';
import type { Job } from '../jobs/record.ts';
import { passes } from '../jobs/results.ts';
import type { Asked, Office } from '../office.ts';
import { requireAdministrator } from '../principal.ts';
import type { Role } from '../settings.ts';
import { settingsShown } from '../shown.ts';

export interface RouteCall {
  readonly office: Office;
  readonly asked: Asked;
  readonly path: (name: string) => string;
  readonly query: (name: string) => string | undefined;
}

export interface RouteAnswer {
  readonly status?: number;
  readonly location?: string;
  readonly body: unknown;
}

/** A JSON schema, as far as the document needs one. */
export type Schema = JsonObject;

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Path with `{name}` for what is taken out of it. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Schema;
  readonly answers: number;
  answer(call: RouteCall): Promise<RouteAnswer>;
}

const text: Schema = { type: 'string' };
const texts: Schema = { type: 'array', items: text };
const scope = {
  kinds: { ...texts, description: 'Kind names; absent: all kinds' },
  ids: { ...texts, description: 'Refs (kind/id), object ids or exact display names; absent: all objects' },
};
const reason: Schema = { ...text, description: 'Why; kept in the job, the audit log, the run and the commit' };
const options: Schema = {
  type: 'object',
  properties: {
    ...Object.fromEntries(
      Object.entries(planFlags).map(([name, description]) => [name, { type: 'boolean', default: false, description }]),
    ),
    allowAccess: { type: 'array', items: { type: 'string', enum: accessClasses } },
    notAfter: {
      ...text,
      description: 'Of what gives access, only what was there at this time (UTC): 2026-11-20, 2026-11-20T14:00Z',
    },
  },
  additionalProperties: false,
};

function object(properties: JsonObject, required: readonly string[]): Schema {
  return { type: 'object', properties, required };
}

/** A whole number of a query. Failure 400 for anything else. */
function numberOf(call: RouteCall, name: string, usual: number, most: number): number {
  const value = call.query(name);
  if (value === undefined) return usual;
  if (!/^\d{1,9}$/.test(value) || Number(value) > most)
    throw badRequest(`${name} must be a whole number up to ${most}.`);
  return Number(value);
}

function made(job: Job, asked: Asked): RouteAnswer {
  asked.made(job.id);
  return { status: 202, location: `/api/jobs/${job.id}`, body: { ...job, see: `/jobs/${job.id}` } };
}

const pageQuery = { top: 'Items on the page, up to 999 (default 100)', skip: 'Items to leave out first' };

function paged<Item>(items: readonly Item[], call: RouteCall): { total: number; value: readonly Item[] } {
  const [top, skip] = [numberOf(call, 'top', 100, 999), numberOf(call, 'skip', 0, 999_999_999)];
  return { total: items.length, value: items.slice(skip, skip + top) };
}

export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/me',
    role: 'reader',
    summary: 'Who is asking, and what they may do',
    answers: 200,
    async answer({ asked, office }) {
      const { allowRecover, settings } = office.context;
      return { body: { ...asked.principal, local: office.local, allowRecover, twoPersons: settings.twoPersons } };
    },
  },
  {
    method: 'GET',
    path: '/api/snapshots',
    role: 'reader',
    summary: 'Commits that record a snapshot, newest first',
    query: pageQuery,
    answers: 200,
    async answer(call) {
      return { body: paged(await call.office.snapshots(), call) };
    },
  },
  {
    method: 'GET',
    path: '/api/commits/{revision}',
    role: 'reader',
    summary: 'The commit that a text names (id, branch, tag, @2026-11-20), with its coverage',
    answers: 200,
    async answer({ office, path }) {
      const commit = await office.commit(path('revision'));
      return { body: { ...commit, coverage: await coverageAt(office.context.repository, commit.id) } };
    },
  },
  {
    method: 'POST',
    path: '/api/previews',
    role: 'reader',
    summary: 'Make a report between two commits, or a commit and the living tenant',
    body: object({ from: text, to: { ...text, default: 'live' }, ...scope, reason }, ['from']),
    answers: 202,
    async answer({ office, asked }) {
      return made(await askPreview(office, asked), asked);
    },
  },
  {
    method: 'POST',
    path: '/api/plans',
    role: 'administrator',
    summary: 'Plan a recovery: update, restore and recreate, as driftline recover does; it waits to be confirmed',
    body: object({ goal: text, ...scope, options, reason }, ['goal']),
    answers: 202,
    async answer({ office, asked }) {
      return made(await askPlan(office, asked), asked);
    },
  },
  {
    method: 'POST',
    path: '/api/undos',
    role: 'administrator',
    summary: 'Plan to take a run back (default: the last one); it waits to be confirmed',
    body: object({ run: text, options, reason }, []),
    answers: 202,
    async answer({ office, asked }) {
      return made(await askUndo(office, asked), asked);
    },
  },
  {
    method: 'GET',
    path: '/api/jobs',
    role: 'reader',
    summary: 'All jobs, newest first',
    query: { ...pageQuery, type: 'preview, compare or recovery', status: 'A recoveryStatus' },
    answers: 200,
    async answer(call) {
      const [type, status] = [call.query('type'), call.query('status')];
      const jobs = call.office.jobs.store.all();
      return {
        body: paged(
          jobs.filter((job) => (type ?? job.type) === job.type && (status ?? job.status) === job.status),
          call,
        ),
      };
    },
  },
  {
    method: 'GET',
    path: '/api/jobs/{id}',
    role: 'reader',
    summary: 'One job, with what it is doing right now',
    answers: 200,
    async answer({ office, path }) {
      const job = office.jobs.get(path('id'));
      return {
        body: { ...job, progress: office.jobs.progress(job.id) ?? null, newPasswords: office.jobs.hasSecrets(job.id) },
      };
    },
  },
  {
    method: 'GET',
    path: '/api/jobs/{id}/changes',
    role: 'reader',
    summary: 'The changes of a job that has them: of a report, a plan, or what came of a recovery',
    query: {
      ...pageQuery,
      kind: 'Kind or type name',
      operation: 'create, update or delete',
      action: 'restore, recreate, update, softDelete or none',
      name: 'A piece of the name or id',
      access: 'true: only what may give access',
      failed: 'true: only what was not done',
    },
    answers: 200,
    async answer(call) {
      const { office, path, query } = call;
      const job = office.jobs.get(path('id'));
      if (job.status !== 'successful' && job.plan === undefined && job.run === undefined)
        throw conflict(`The job is ${job.status}: it has no changes to show.`);
      const filter = {
        kind: query('kind'),
        operation: query('operation'),
        action: query('action'),
        name: query('name'),
        access: query('access') === 'true',
      };
      const failed = query('failed') === 'true';
      const entries = (await office.jobs.index(job.id)).filter(
        (entry) => passes(entry, filter) && (!failed || entry.failure !== undefined),
      );
      const { total, value } = paged(entries, call);
      return { body: { total, value: await office.jobs.changes(job.id, value) } };
    },
  },
  {
    method: 'GET',
    path: '/api/jobs/{id}/plan',
    role: 'reader',
    summary: 'The plan of a recovery: steps, refusals, digest',
    answers: 200,
    async answer({ office, path }) {
      const plan = await office.jobs.store.plan(office.jobs.get(path('id'), 'recovery').id);
      if (plan === undefined) throw notFound('The job has no plan yet.');
      return { body: plan };
    },
  },
  {
    method: 'POST',
    path: '/api/jobs/{id}/confirm',
    role: 'administrator',
    summary: 'Start a planned recovery by the first 8 characters of its digest',
    body: object({ digest: { ...text, minLength: 8 }, reason }, ['digest']),
    answers: 202,
    async answer({ office, asked, path }) {
      return made(await askConfirm(office, asked, path('id')), asked);
    },
  },
  {
    method: 'POST',
    path: '/api/jobs/{id}/cancel',
    role: 'administrator',
    summary: 'Abandon a job; what a recovery has done by then stays',
    body: object({ reason }, []),
    answers: 202,
    async answer({ office, asked, path }) {
      requireAdministrator(asked.principal);
      return made(await office.jobs.cancel(path('id')), asked);
    },
  },
  {
    method: 'POST',
    path: '/api/jobs/{id}/passwords',
    role: 'administrator',
    summary: 'New passwords of users that were made anew: told once, kept nowhere',
    answers: 200,
    async answer({ office, asked, path }) {
      requireAdministrator(asked.principal);
      const { id } = office.jobs.get(path('id'), 'recovery');
      asked.made(id);
      return { body: { value: office.jobs.takeSecrets(id) } };
    },
  },
  {
    method: 'GET',
    path: '/api/objects',
    role: 'reader',
    summary: 'Objects of a commit whose name or id holds a text',
    query: { ...pageQuery, q: 'The text', kind: 'Kind name', commit: 'A revision (default: the newest snapshot)' },
    answers: 200,
    async answer(call) {
      const { office, query } = call;
      const commit = await office.newestOr(query('commit'));
      const found = await office.search.find(commit.id, query('q') ?? '', query('kind'));
      return { body: { commit: commit.id, ...paged(found, call) } };
    },
  },
  {
    method: 'GET',
    path: '/api/objects/{kind}/{key}',
    role: 'reader',
    summary: 'One object as it was in a commit',
    query: { commit: 'A revision (default: the newest snapshot)' },
    answers: 200,
    async answer({ office, path, query }) {
      const { repository, now } = office.context;
      const commit = await office.newestOr(query('commit'));
      const shown = await show(repository, commit.id, `${path('kind')}/${path('key')}`, now());
      return { body: { ...shown.entity, commit: commit.id, at: commit.at } };
    },
  },
  {
    method: 'GET',
    path: '/api/objects/{kind}/{key}/history',
    role: 'reader',
    summary: 'What each commit changed in an object, newest first',
    query: { limit: 'How many commits, up to 1000 (default 100)' },
    answers: 200,
    async answer(call) {
      const { office, path } = call;
      const { repository, kinds, now } = office.context;
      const object = `${path('kind')}/${path('key')}`;
      const found = await history({ repository, kinds, object, limit: numberOf(call, 'limit', 100, 1_000), now });
      const value = [];
      try {
        for await (const { commit, change } of found.entries) value.push({ commit: commit.id, at: commit.at, change });
      } finally {
        await found.close();
      }
      return { body: { ref: found.ref, value } };
    },
  },
  {
    method: 'GET',
    path: '/api/runs',
    role: 'reader',
    summary: 'The recoveries so far, newest first, and those that were stopped here',
    query: { top: 'How many, up to 999 (default 100)' },
    answers: 200,
    async answer(call) {
      const { repository } = call.office.context;
      const value = [];
      for await (const entry of endedRuns(repository, numberOf(call, 'top', 100, 999))) value.push(runJson(entry));
      return { body: { value, stopped: await stoppedRuns(repository) } };
    },
  },
  {
    method: 'GET',
    path: '/api/runs/{run}',
    role: 'reader',
    summary: 'What came of one recovery',
    answers: 200,
    async answer({ office, path }) {
      return { body: runJson(await findRun(office.context.repository, path('run'))) };
    },
  },
  {
    method: 'POST',
    path: '/api/runs/{run}/resume',
    role: 'administrator',
    summary: 'Go on with a run that was stopped before its end',
    body: object({ reason }, []),
    answers: 202,
    async answer({ office, asked, path }) {
      return made(await askResume(office, asked, path('run')), asked);
    },
  },
  {
    method: 'GET',
    path: '/api/coverage',
    role: 'reader',
    summary: 'How completely each kind was read, and the permissions that reading and writing need',
    query: { commit: 'A revision (default: the newest snapshot)' },
    answers: 200,
    async answer({ office, query }) {
      const { repository, kinds } = office.context;
      const commit = await office.newestOr(query('commit'));
      const coverage = await coverageAt(repository, commit.id);
      return { body: { commit: commit.id, at: commit.at, coverage, permissions: permissionsFor(kinds, 'both') } };
    },
  },
  {
    method: 'GET',
    path: '/api/settings',
    role: 'reader',
    summary: 'The settings as they are, without anything secret',
    answers: 200,
    async answer({ office }) {
      return { body: settingsShown(office) };
    },
  },
  {
    method: 'GET',
    path: '/api/audit',
    role: 'administrator',
    summary: 'The newest lines of the audit log',
    query: { top: 'How many, up to 999 (default 100)' },
    answers: 200,
    async answer(call) {
      requireAdministrator(call.asked.principal);
      return { body: { value: await call.office.audit.newest(numberOf(call, 'top', 100, 999)) } };
    },
  },
];
