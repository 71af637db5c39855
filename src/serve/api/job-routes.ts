// Routes of jobs: previews, plans, undos; what they found, what they are doing, and what starts or ends them.
import { accessClasses } from '../../model/kind.ts';
import { planFlags } from '../../model/plan.ts';
import { askConfirm, askPlan, askPreview, askUndo } from '../asks.ts';
import { eventStream } from '../events.ts';
import { conflict, Failure, notFound } from '../failure.ts';
import { refuseForeignPage } from '../guard.ts';
import { passes } from '../jobs/results.ts';
import { requireAdministrator } from '../principal.ts';
import { bodyWith, made, paged, pageQuery, type Route, reason } from './route.ts';
import { listOf, named, needing, pageOf, type Schema, text, texts } from './schemas.ts';

const scope = {
  kinds: { ...texts, description: 'Kind names; absent: all kinds' },
  ids: { ...texts, description: 'Refs (kind/id), object ids or exact display names; absent: all objects' },
};
const actors: Schema = {
  type: 'boolean',
  default: false,
  description: "Also who made the changes, by the tenant's audit log; where the server allows it",
};
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

export const jobRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/api/previews',
    role: 'reader',
    summary: 'Make a report between two commits, or a commit and the living tenant',
    body: bodyWith({ from: text, to: { ...text, default: 'live' }, ...scope, actors, reason }, ['from']),
    answers: 202,
    returns: named('job'),
    async answer({ office, asked }) {
      return made(await askPreview(office, asked), asked);
    },
  },
  {
    method: 'POST',
    path: '/api/plans',
    role: 'administrator',
    summary: 'Plan a recovery: update, restore and recreate, as driftline recover does; it waits to be confirmed',
    body: bodyWith({ goal: text, ...scope, options, reason }, ['goal']),
    answers: 202,
    returns: named('job'),
    async answer({ office, asked }) {
      return made(await askPlan(office, asked), asked);
    },
  },
  {
    method: 'POST',
    path: '/api/undos',
    role: 'administrator',
    summary: 'Plan to take a run back (default: the last one); it waits to be confirmed',
    body: bodyWith({ run: text, options, reason }, []),
    answers: 202,
    returns: named('job'),
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
    returns: pageOf(named('job')),
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
    returns: { allOf: [named('job'), needing({ progress: named('progress'), newPasswords: { type: 'boolean' } })] },
    async answer({ office, path }) {
      const job = office.jobs.get(path('id'));
      return {
        body: { ...job, progress: office.jobs.progress(job.id) ?? null, newPasswords: office.jobs.hasSecrets(job.id) },
      };
    },
  },
  {
    method: 'GET',
    path: '/api/events',
    role: 'reader',
    summary:
      'Jobs as they change, as server-sent events: { id, status, progress }; a stream ends after some minutes, come again',
    query: { job: 'Only this job (default: all jobs)' },
    answers: 200,
    returns: text,
    media: 'text/event-stream',
    async answer({ office: { jobs }, asked, query }) {
      refuseForeignPage(asked.headers, asked.url.origin);
      if (asked.method !== 'GET') throw new Failure(405, 'MethodNotAllowed', 'This address takes GET alone.');
      const only = query('job');
      const first = only === undefined ? jobs.underWay() : [jobs.get(only).id];
      const source = {
        events: jobs.events,
        job: (id: string) => jobs.store.get(id),
        progress: (id: string) => jobs.progress(id),
      };
      return { stream: eventStream(source, first, only) };
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
    returns: pageOf(named('change')),
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
    returns: needing({ digest: text, steps: listOf({ type: 'object' }), refusals: listOf({ type: 'object' }) }),
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
    body: bodyWith({ digest: { ...text, minLength: 8 }, reason }, ['digest']),
    answers: 202,
    returns: named('job'),
    async answer({ office, asked, path }) {
      return made(await askConfirm(office, asked, path('id')), asked);
    },
  },
  {
    method: 'POST',
    path: '/api/jobs/{id}/cancel',
    role: 'administrator',
    summary: 'Abandon a job; what a recovery has done by then stays',
    body: bodyWith({ reason }, []),
    answers: 202,
    returns: named('job'),
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
    returns: needing({ value: listOf(needing({ ref: text, displayName: text, secret: text })) }),
    async answer({ office, asked, path }) {
      requireAdministrator(asked.principal);
      const { id } = office.jobs.get(path('id'), 'recovery');
      asked.made(id);
      return { body: { value: office.jobs.takeSecrets(id) } };
    },
  },
];
