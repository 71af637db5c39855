// Asks: what a caller's words mean (revisions, scopes, options), as jobs to make; the API and the pages ask the same way.
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { type AccessClass, accessClasses } from '../model/kind.ts';
import { requireMoment } from '../model/moment.ts';
import { type PlanOptions, planFlags } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import type { Scope } from '../model/scope.ts';
import { live } from '../verbs/diff.ts';
import { findRun } from '../verbs/runs.ts';
import { resolveScope } from '../verbs/scope.ts';
import { badRequest, conflict, Failure } from './failure.ts';
import type { Job, JobSide } from './jobs/record.ts';
import type { Asked, Office } from './office.ts';
import { requireAdministrator } from './principal.ts';

/** A text of a body. Failure 400 where it is something else, or missing and needed. */
function textIn(body: JsonObject, name: string, needed: true): string;
function textIn(body: JsonObject, name: string): string | undefined;
function textIn(body: JsonObject, name: string, needed = false): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === '') {
    if (needed) throw badRequest(`${name} is missing.`);
    return undefined;
  }
  if (typeof value !== 'string' || value.length > 2_000) throw badRequest(`${name} must be a text.`);
  return value;
}

/** A flag of a body that is set, or undefined. Failure 400 where it is something else. */
function flagIn(body: JsonObject, name: string): true | undefined {
  const value = body[name] ?? false;
  if (typeof value !== 'boolean') throw badRequest(`${name} must be true or false.`);
  return value || undefined;
}

function textsIn(body: JsonObject, name: string): string[] | undefined {
  const value: Json | undefined = typeof body[name] === 'string' ? [body[name]] : body[name];
  if (value === undefined || value === null) return undefined;
  if (!isArray(value) || value.length > 10_000 || !value.every((item) => typeof item === 'string'))
    throw badRequest(`${name} must be a list of texts.`);
  return value as string[];
}

/** The side that a revision names. */
export async function sideOf(office: Office, revision: string): Promise<JobSide> {
  const commit = await office.commit(revision).catch((error) => {
    throw error instanceof Problem && error.kind === 'usage'
      ? badRequest(`${error.summary} (${revision}). ${error.detail}`)
      : error;
  });
  return { commit: commit.id, at: commit.at, revision };
}

/** The scope that `kinds` and `ids` mean; ids may be refs, ids or exact names, looked up in the commits. */
async function scopeIn(office: Office, body: JsonObject, commits: readonly JobSide[]): Promise<Scope> {
  const { repository, kinds } = office.context;
  const asked = { kinds: textsIn(body, 'kinds'), ids: textsIn(body, 'ids') };
  for (const kind of asked.kinds ?? [])
    if (!kinds.has(kind))
      throw badRequest(
        `There is no kind ${JSON.stringify(kind.slice(0, 80))}; the kinds are ${[...kinds.keys()].join(', ')}.`,
      );
  const where = await Promise.all(commits.map(({ commit }) => office.commit(commit)));
  return resolveScope(
    { repository, kinds, commits: where },
    { kinds: asked.kinds?.length === 0 ? undefined : asked.kinds, ids: asked.ids },
  );
}

/** The options of a body, each a flag that a person set. Failure 400 for one that there is not. */
function optionsIn(office: Office, body: JsonObject): PlanOptions {
  const options = body.options ?? {};
  if (!isObject(options)) throw badRequest('options must be an object.');
  for (const [name, value] of Object.entries(options)) {
    if (name === 'allowAccess' || name === 'notAfter') continue;
    if (!Object.hasOwn(planFlags, name))
      throw badRequest(
        `There is no option ${JSON.stringify(name.slice(0, 80))}; the options are ${Object.keys(planFlags).join(', ')}, allowAccess, notAfter.`,
      );
    if (typeof value !== 'boolean') throw badRequest(`The option ${name} is true or false.`);
  }
  const access = textsIn(options, 'allowAccess') ?? [];
  for (const name of access)
    if (!(accessClasses as readonly string[]).includes(name))
      throw badRequest(
        `There is no class of access ${JSON.stringify(name.slice(0, 80))}; the classes are ${accessClasses.join(', ')}.`,
      );
  const { notAfter: _said, ...flags } = options as Partial<PlanOptions>;
  const notAfter = textIn(options, 'notAfter');
  return office.planOptions({
    ...flags,
    allowAccess: access as AccessClass[],
    ...(notAfter === undefined ? {} : { notAfter: requireMoment('notAfter', notAfter, office.context.now()) }),
  });
}

/** A report between two commits, or a commit and the living tenant. */
export async function askPreview(office: Office, asked: Asked): Promise<Job> {
  const body = await asked.body();
  const from = await sideOf(office, textIn(body, 'from', true));
  const other = textIn(body, 'to') ?? live;
  const to = other === live ? undefined : await sideOf(office, other);
  const reason = textIn(body, 'reason');
  const actors = flagIn(body, 'actors');
  if (actors && !office.context.settings.actors) throw withoutActors();
  return office.jobs.create({
    type: to === undefined ? 'preview' : 'compare',
    from,
    ...(to === undefined ? {} : { to }),
    scope: await scopeIn(office, body, to === undefined ? [from] : [to, from]),
    by: asked.principal,
    ...(reason === undefined ? {} : { reason }),
    ...(actors && { actors }),
  });
}

function withoutActors(): Failure {
  return new Failure(
    403,
    'Authorization_RequestDenied',
    'This server does not say who made the changes: whoever runs it can allow it (serve.actors in driftline.yaml).',
  );
}

/** A plan to make the tenant like a commit: all of it, kinds, or single objects. It waits to be confirmed. */
export async function askPlan(office: Office, asked: Asked): Promise<Job> {
  requireAdministrator(asked.principal);
  const body = await asked.body();
  const goal = await sideOf(office, textIn(body, 'goal', true));
  const reason = textIn(body, 'reason');
  return office.jobs.create({
    type: 'recovery',
    from: goal,
    scope: await scopeIn(office, body, [goal]),
    options: optionsIn(office, body),
    by: asked.principal,
    ...(reason === undefined ? {} : { reason }),
  });
}

/** A plan to take a run back. It waits to be confirmed. */
export async function askUndo(office: Office, asked: Asked): Promise<Job> {
  requireAdministrator(asked.principal);
  const body = await asked.body();
  const { record } = await findRun(office.context.repository, textIn(body, 'run'));
  const reason = textIn(body, 'reason');
  return office.jobs.create({
    type: 'recovery',
    from: { ...(await sideOf(office, record.before)), revision: `before run ${record.id}` },
    scope: { refs: record.objects },
    options: optionsIn(office, body),
    undoes: record.id,
    by: asked.principal,
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Goes on with a run that was stopped before its end. It was confirmed when it began. */
export async function askResume(office: Office, asked: Asked, run: string): Promise<Job> {
  requireAdministrator(asked.principal);
  const { stoppedRuns } = await import('../verbs/runs.ts');
  const stopped = (await stoppedRuns(office.context.repository)).find(({ id }) => id === run);
  if (stopped === undefined) throw conflict('That run was not stopped before its end, or is not here.');
  const body = await asked.body();
  const reason = textIn(body, 'reason');
  const job = office.jobs.store.all().find((one) => one.run?.id === run || one.resumes === run);
  const from = job?.from ?? (await sideOf(office, 'HEAD'));
  return office.jobs.create({
    type: 'recovery',
    from,
    scope: job?.scope ?? {},
    resumes: run,
    by: asked.principal,
    ...(reason === undefined ? {} : { reason }),
  });
}

/** Starts a planned recovery by the first characters of its digest. */
export async function askConfirm(office: Office, asked: Asked, id: string): Promise<Job> {
  requireAdministrator(asked.principal);
  const body = await asked.body();
  const typed = textIn(body, 'digest', true).trim().toLowerCase();
  return office.jobs.confirm(id, typed, asked.principal, textIn(body, 'reason'));
}
