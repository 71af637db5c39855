// Apply: an approved plan in; its steps carried out under a lock and a journal, the tenant looked at again, and a record of the run out.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JournalState, leftovers, openJournal, readJournal, type WalkResult, walk } from '../apply/index.ts';
import type { Commit } from '../model/commit.ts';
import type { Configuration } from '../model/config.ts';
import type { Entity } from '../model/entity.ts';
import { grouped } from '../model/grouped.ts';
import type { JsonObject } from '../model/json.ts';
import type { Kinds } from '../model/kind.ts';
import { currentRef, type IdMap, type Plan, planBlocked, type Step } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { Leftover, Outcome, RunRecord, SettlePolicy, StepRequests } from '../model/run.ts';
import type { TenantReader, TenantWriter } from '../model/tenant.ts';
import { decidesInBin, digestOf, lockOutGuard, parsePlan, policyKind, printPlan } from '../plan/index.ts';
import { readingTogether, settle, stepRequests } from '../tenant/index.ts';
import { keepOnBranch } from './branch.ts';
import { capture } from './capture.ts';
import { idMapAt, idMapFile } from './id-map.ts';
import { accessState } from './knowledge.ts';
import { planRecovery, type RecoveryConfiguration } from './plan.ts';
import { type Begun, recordOf } from './record.ts';
import { runFolder, startedRuns } from './runs.ts';

/**
 * An object is under way for some seconds, nearly all of which are spent waiting for its write to show on every replica; Graph allows 20
 * writes a second. So many under way use that up; how many requests are sent at once is the lanes' business.
 */
const objectsAtATime = 240;

export interface ApplyRequest {
  readonly repository: Repository;
  readonly reader: TenantReader;
  readonly writer: TenantWriter;
  readonly requests: StepRequests;
  readonly kinds: Kinds;
  readonly configuration: RecoveryConfiguration;
  readonly version: string;
  /** Seconds that a plan stays good for; default a day. */
  readonly maxAge?: number;
  readonly settle: SettlePolicy;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal?: AbortSignal;
  /** Objects of the directory that are written to at the same time; default {@link objectsAtATime}. */
  readonly concurrency?: number;
  /** Tries of one write whose answer was lost or came too early; default 5. */
  readonly attempts?: number;
  /** The run that the plan undoes. */
  readonly undoes?: string;
  readonly onStep?: (step: Step, outcome: Outcome, done: number, total: number) => void;
  readonly onSecret?: (step: Step, secret: string) => void;
  /** Wraps the journal; tests stop a run at one of its lines. */
  readonly journal?: typeof openJournal;
}

export interface Applied {
  readonly record: RunRecord;
  readonly plan: Plan;
  readonly walked: WalkResult;
  /** The snapshot after the run; undefined where the run was interrupted. */
  readonly commit?: Commit;
}

/** How steps are said to the configured Graph, and how long a write is waited for until it shows. */
export function writingTo({
  cloud,
  graphUrl,
}: Pick<Configuration, 'cloud' | 'graphUrl'>): Pick<ApplyRequest, 'requests' | 'settle'> {
  // Replicas answer by turns (reference 1.9); a server on this machine has none.
  const here = graphUrl !== undefined && /^https?:\/\/(localhost|127\.|\[::1\])/.test(graphUrl);
  return {
    requests: stepRequests({ cloud, graphUrl, randomBytes }),
    settle: here
      ? { confirmations: 1, pause: 100, patience: 60_000 }
      : { confirmations: 3, pause: 2_000, patience: 720_000 },
  };
}

/**
 * Applies a plan. Problems before anything is written: `refused` for a plan that is blocked, of another tenant, too old, or applied already;
 * `conflict` where another recovery runs. What goes wrong after that is in the record.
 */
export async function applyPlan(plan: Plan, request: ApplyRequest): Promise<Applied> {
  await mayApply(plan, request);
  const lock = await request.repository.lock('recovery');
  try {
    await notYetApplied(plan, request);
    const began = request.now().toISOString();
    const run = `${began.replace(/[-:]|\.\d+/g, '')}-${plan.digest.slice(0, 6)}`;
    const folder = runFolder(request.repository, run);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'plan.json'), printPlan(plan), { mode: 0o600 });
    const before = await keepBefore(plan, request, run);
    const begin = { run, plan, before, began, ...(request.undoes === undefined ? {} : { undoes: request.undoes }) };
    await writeFile(join(folder, 'run.json'), `${JSON.stringify({ before, undoes: request.undoes })}\n`);
    const journal = await (request.journal ?? openJournal)(join(folder, 'journal.jsonl'));
    try {
      await journal.append([{ line: 'begin', run, digest: plan.digest, at: began }]);
      return await carryOn(begin, request, journal, undefined);
    } finally {
      await journal.close();
    }
  } finally {
    await lock.release();
  }
}

/** Goes on with a run that was stopped: what it had done stays done, what it was doing is looked up. Problems as {@link applyPlan}. */
export async function resumeRun(run: string | undefined, request: ApplyRequest): Promise<Applied> {
  const lock = await request.repository.lock('recovery');
  try {
    const open = (await startedRuns(request.repository)).filter(({ state }) => !state.ended || state.interrupted);
    const found = run === undefined ? open.at(-1) : open.find(({ id }) => id === run);
    if (found === undefined)
      throw new Problem({
        kind: 'usage',
        summary: 'There is nothing to resume',
        detail:
          run === undefined
            ? 'No run of this repository was stopped before its end.'
            : 'That run is not here, or it has ended. See driftline runs.',
        ...(run === undefined ? {} : { subject: run }),
      });
    const folder = runFolder(request.repository, found.id);
    const plan = parsePlan(await readFile(join(folder, 'plan.json'), 'utf8'), join(folder, 'plan.json'));
    await sameTenant(plan, request.reader);
    const kept = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as { before: string; undoes?: string };
    const state = await readJournal(join(folder, 'journal.jsonl'));
    const journal = await (request.journal ?? openJournal)(join(folder, 'journal.jsonl'));
    try {
      await journal.append([{ line: 'resume', at: request.now().toISOString() }]);
      return await carryOn({ run: found.id, plan, began: state.startedAt, ...kept }, request, journal, state);
    } finally {
      await journal.close();
    }
  } finally {
    await lock.release();
  }
}

async function mayApply(plan: Plan, request: ApplyRequest): Promise<void> {
  if (plan.blockers.length > 0) throw planBlocked(plan);
  await sameTenant(plan, request.reader);
  const age = (request.now().getTime() - Date.parse(plan.createdAt)) / 1000;
  const maxAge = request.maxAge ?? 86_400;
  if (age > maxAge || age < -300)
    throw new Problem({
      kind: 'refused',
      summary: 'The plan is too old',
      detail: `It was made at ${plan.createdAt}, and a plan is good for ${maxAge} seconds (--max-age). Nothing was changed. Make it again, and look at what is different.`,
      subject: `plan ${plan.digest.slice(0, 12)}`,
    });
  for (const step of plan.steps)
    if (!request.kinds.has(kindOf(step.ref)))
      throw new Problem({
        kind: 'usage',
        summary: 'The plan has a kind that is not configured',
        detail: `${kindOf(step.ref)} is not among the kinds of driftline.yaml. Nothing was changed.`,
        subject: step.ref,
      });
}

async function sameTenant(plan: Plan, reader: TenantReader): Promise<void> {
  const { tenantId, cloud, displayName } = await reader.identity();
  if (tenantId === plan.tenant.tenantId && cloud === plan.tenant.cloud) return;
  throw new Problem({
    kind: 'refused',
    summary: 'The plan is of another tenant',
    detail: `It was made for ${plan.tenant.displayName} (${plan.tenant.tenantId}, ${plan.tenant.cloud}), and you are signed in to ${displayName} (${tenantId}, ${cloud}). Nothing was changed.`,
    subject: `plan ${plan.digest.slice(0, 12)}`,
  });
}

/** A plan makes things anew, so it is applied once; what earlier recoveries made since is not made again. */
async function notYetApplied(plan: Plan, { repository }: ApplyRequest): Promise<void> {
  const runs = (await startedRuns(repository)).filter(({ state }) => state.digest === plan.digest);
  const [run] = runs;
  const ids = await idMapAt(repository, await repository.tip());
  let again: Step | undefined;
  for (const step of plan.steps) {
    if (step.action !== 'recreate' || !Object.values(step.renews).some((was) => Object.hasOwn(ids, was))) continue;
    again = step;
    break;
  }
  if (run === undefined && again === undefined) return;
  const stopped = run !== undefined && (!run.state.ended || run.state.interrupted);
  throw new Problem({
    kind: stopped ? 'conflict' : 'refused',
    summary: stopped ? 'The plan is applied in part' : 'The plan was applied already',
    detail: stopped
      ? `Run ${run.id} was stopped before its end. Go on with driftline apply --resume.`
      : `${run === undefined ? `${again!.displayName} was made anew by another recovery since` : `Run ${run.id} did it`}. Nothing was changed. Plan again to see what still differs.`,
    subject: `plan ${plan.digest.slice(0, 12)}`,
  });
}

/** The state before the run, on the branch: what undo goes back to, here or on any clone. */
async function keepBefore(plan: Plan, request: ApplyRequest, run: string): Promise<string> {
  const { repository, now, version } = request;
  const commit = await keepOnBranch({
    repository,
    from: await liveCommit(plan, request),
    scope: plan.scope,
    subject: 'Before a recovery',
    version,
    notes: { Run: run },
    at: now().toISOString(),
  });
  return commit.id;
}

/** The tenant as the plan found it; in a clone that does not have that private commit, as it is now: each object is looked at before its write. */
async function liveCommit(plan: Plan, request: ApplyRequest): Promise<Commit> {
  const { repository, reader, kinds, now, version } = request;
  try {
    return await repository.resolve(plan.live.commit, now());
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'usage') throw error;
    const base = (await repository.tip()) ?? (await repository.resolve(plan.goal.commit, now()));
    const ref = 'refs/driftline/runs/before';
    const { commit } = await capture({ repository, reader, kinds, scope: plan.scope, base, ref, now, version });
    return commit!;
  }
}

async function carryOn(
  begun: Begun,
  request: ApplyRequest,
  journal: Awaited<ReturnType<typeof openJournal>>,
  state: JournalState | undefined,
): Promise<Applied> {
  const { plan } = begun;
  const { writer, kinds, repository, now, sleep } = request;
  const reader = readingTogether(request.reader);
  const guard = await guardFor(plan, request, state?.ids ?? {});
  const walked = await walk({
    plan,
    kinds,
    reader,
    writer,
    journal,
    requests: request.requests,
    settle: (kind, keys, shows) => settle({ reader, policy: request.settle, now, sleep }, kind, keys, shows),
    ...(guard === undefined ? {} : { guard }),
    digestOf,
    known: async (ref) => (await repository.entity(begun.before, ref)) !== undefined,
    ...(state === undefined ? {} : { before: state }),
    now,
    sleep,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    attempts: request.attempts ?? 5,
    pause: request.settle.pause,
    concurrency: request.concurrency ?? objectsAtATime,
    ...(request.onStep === undefined ? {} : { onStep: request.onStep }),
    ...(request.onSecret === undefined ? {} : { onSecret: request.onSecret }),
  });
  const applied = walked.interrupted
    ? { plan, walked, record: recordOf(begun, now().toISOString(), walked, [], 'interrupted') }
    : await finish(begun, request, walked);
  // Only now: killed before this line, a run is resumed, finds all its steps done, and is looked at and kept after all.
  await journal.append([{ line: 'end', interrupted: walked.interrupted, at: now().toISOString() }]);
  return applied;
}

/** Follows who can sign in from what the tenant is now, not from what it was when the plan was made. */
async function guardFor(plan: Plan, request: ApplyRequest, ids: IdMap) {
  const { emergencyAccounts } = request.configuration;
  if (emergencyAccounts.length === 0) return undefined;
  const changing = new Set<string>();
  const restoring: Ref[] = [];
  const coming: { attributes: JsonObject }[] = [];
  for (const step of plan.steps) {
    const kind = kindOf(step.ref);
    changing.add(kind);
    if (step.action === 'restore' && decidesInBin(step.ref, emergencyAccounts)) restoring.push(step.ref);
    if (kind === policyKind && (step.action === 'update' || step.action === 'recreate'))
      coming.push({ attributes: withoutPlaceholders(step.after, ids) });
  }
  const access = await accessState(request, changing, coming, ids);
  if (access === undefined) return undefined;
  const binned = new Map<Ref, Entity>();
  for (const [name, refs] of grouped(restoring, kindOf))
    for await (const page of request.reader.readDeleted(request.kinds.get(name)!, refs.map(keyOf)))
      for (const entity of page) binned.set(entity.ref, entity);
  return lockOutGuard(access, (ref) => binned.get(ref)?.attributes, ids);
}

/** Groups that do not exist yet have no members to read; those that the run has made by now do. */
function withoutPlaceholders(after: JsonObject, ids: IdMap): JsonObject {
  return JSON.parse(JSON.stringify(after), (_name, value) =>
    typeof value?.$new === 'string' ? (ids[value.was] ?? null) : value,
  ) as JsonObject;
}

/** Looks at the tenant again, and writes down what came of the run. */
async function finish(begun: Begun, request: ApplyRequest, walked: WalkResult): Promise<Applied> {
  const { plan, run } = begun;
  const { repository, now, version } = request;
  const ids = { ...plan.ids, ...(await idMapAt(repository, await repository.tip())), ...walked.ids };
  const ref = `refs/driftline/runs/${run}`;
  let left: Leftover[];
  let live: Commit | undefined;
  try {
    const again = await planRecovery({
      ...request,
      goal: plan.goal.commit,
      scope: plan.scope,
      options: plan.options,
      ref,
      ids,
    });
    live = await repository.resolve(again.plan.live.commit, now());
    left = leftovers(plan, walked.outcomes, again.plan, walked.ids);
  } catch (error) {
    // Whatever is wrong now, what was done is kept: without its ids the next plan would make everything anew once more.
    if (!(error instanceof Problem) || request.signal?.aborted) throw error;
    const [first] = plan.steps;
    left = [
      {
        ref: first?.ref ?? 'tenant/unknown',
        displayName: 'the tenant',
        because: `it could not be read again: ${error.detail}`,
        byNature: false,
      },
    ];
  }
  const outcomes = [...walked.outcomes.values()];
  const done = outcomes.length === plan.steps.length && outcomes.every(({ outcome }) => outcome === 'done');
  const complete = done && left.every(({ byNature }) => byNature);
  const record = recordOf(begun, now().toISOString(), walked, left, complete ? 'complete' : 'partial');
  const commit = await keepOnBranch({
    repository,
    from: live,
    scope: currentScopeOf(plan, walked.ids),
    subject: 'After a recovery',
    version,
    notes: { Run: run, Goal: plan.goal.commit, ...(plan.reason === undefined ? {} : { Reason: plan.reason }) },
    files: {
      [`runs/${run}.yaml`]: record as unknown as JsonObject,
      'id-map.yaml': idMapFile(
        ids,
        await repository.tip().then((tip) => (tip === undefined ? undefined : repository.file(tip.id, 'id-map.yaml'))),
        run,
      ),
    },
    at: now().toISOString(),
  });
  if (live !== undefined) await repository.forget(ref);
  return { plan, walked, record, commit };
}

function currentScopeOf(plan: Plan, ids: IdMap) {
  if (plan.scope.refs === undefined) return plan.scope;
  return {
    ...plan.scope,
    refs: [...new Set([...plan.scope.refs, ...plan.scope.refs.map((ref) => currentRef({ ...plan.ids, ...ids }, ref))])],
  };
}
