// Recoveries: planning a job, carrying a confirmed plan out, and both as changes on the disk, in the direction in which the tenant will change.
import { visible } from '../../model/escape.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Kinds } from '../../model/kind.ts';
import { type Plan, type Refusal, refusalReasons, type Step } from '../../model/plan.ts';
import { Problem } from '../../model/problem.ts';
import { keyOf, kindOf, type Ref } from '../../model/ref.ts';
import type { RecoveryAction } from '../../model/report.ts';
import type { Outcome, RunRecord } from '../../model/run.ts';
import type { Sign } from '../../report/index.ts';
import { type Applied, type ApplyRequest, applyPlan, resumeRun, writingTo } from '../../verbs/apply.ts';
import { type Planned, planRecovery } from '../../verbs/plan.ts';
import { plannedItems } from '../../verbs/plan-sheet.ts';
import { planUndo } from '../../verbs/undo.ts';
import type { Work } from './preview.ts';
import type { JobTotals } from './record.ts';
import type { ResultWriter, StoredChange } from './results.ts';

/** Steps that were not done, of those that are shown while a recovery is under way. */
const mostFailures = 10;

/** A password that Graph was given for an object made anew. It is told once and never kept. */
export interface Secret {
  readonly ref: Ref;
  readonly displayName: string;
  readonly secret: string;
}

/** The private ref that keeps what the tenant was when a job was planned. */
export function planRef(id: string): string {
  return `refs/driftline/plans/job-${id}`;
}

/** Makes the plan of a job. Nothing is written to the tenant. Problems as those of planRecovery. */
export async function makePlan({ context, job, progress }: Work): Promise<Planned> {
  const { repository, kinds, configuration, now, version } = context;
  const reader = await context.openReader();
  try {
    const request = {
      repository,
      reader,
      kinds,
      configuration,
      ...(job.reason === undefined ? {} : { reason: job.reason }),
      now,
      version,
      ref: planRef(job.id),
      onProgress: ({ kind, objects }: { kind: string; objects: number }) =>
        progress({ text: `reading ${kind}`, done: objects, total: 0 }),
    };
    if (job.options === undefined) throw new Error('a recovery has options');
    return job.undoes === undefined
      ? await planRecovery({ ...request, goal: job.from.commit, scope: job.scope, options: job.options })
      : await planUndo({ ...request, run: job.undoes, options: job.options });
  } finally {
    await reader.close();
  }
}

/** Carries the plan of a confirmed job out, or goes on with a run that was stopped. Problems as those of applyPlan. */
export async function carryOut(
  { context, job, signal, progress }: Work,
  plan: Plan | undefined,
  onSecret: (secret: Secret) => void,
): Promise<Applied> {
  const { repository, kinds, configuration, version, now } = context;
  let failures: readonly string[] = [];
  const reader = await context.openReader();
  try {
    const writer = await context.openWriter();
    try {
      const request: ApplyRequest = {
        repository,
        reader,
        writer,
        ...writingTo(configuration),
        kinds,
        configuration,
        version,
        now,
        sleep: (milliseconds) => context.sleep(milliseconds, signal),
        signal,
        ...(job.undoes === undefined ? {} : { undoes: job.undoes }),
        onStep: (step, outcome, done, total) => {
          const text = `${outcome}: ${step.action} ${visible(step.displayName, 120)}`;
          if (outcome !== 'done') failures = [text, ...failures].slice(0, mostFailures);
          progress({ text, done, total, failures });
        },
        onSecret: (step, secret) => onSecret({ ref: step.ref, displayName: step.displayName, secret }),
      };
      if (plan !== undefined) return await applyPlan(plan, request);
      return await resumeRun(job.resumes, request);
    } finally {
      await writer.close();
    }
  } finally {
    await reader.close();
  }
}

/** Writes what a plan does and refuses, object by object; of objects in `failures` also why it was not done. */
export async function writePlan(
  plan: Plan,
  kinds: Kinds,
  writer: ResultWriter,
  failures: ReadonlyMap<Ref, string> = new Map(),
): Promise<void> {
  const refused = refusalsByRef(plan.refusals);
  for (const { item, steps } of plannedItems(plan, kinds)) {
    const failure = [failures.get(item.ref), refused.get(item.ref)?.text]
      .filter((text) => text !== undefined)
      .join(' ');
    refused.delete(item.ref);
    await writer.write({
      ...frame(item.ref, item.name, kinds),
      id: item.id,
      ...signed[item.sign],
      ...(item.because === undefined ? {} : { because: item.because }),
      ...(item.access.length === 0 ? {} : { access: item.access as NonNullable<StoredChange['access']> }),
      attributes: item.attributes,
      links: item.links,
      ...valuesWritten(steps),
      ...(failure === '' ? {} : { failure }),
    });
  }
  for (const [ref, { name, text }] of refused)
    await writer.write({
      ...frame(ref, name, kinds),
      operation: 'update',
      recoveryAction: 'none',
      because: text,
      attributes: [],
      links: [],
      failure: text,
    });
}

const signed: Readonly<Record<Sign, { operation: StoredChange['operation']; recoveryAction: RecoveryAction }>> = {
  '+': { operation: 'create', recoveryAction: 'recreate' },
  '*': { operation: 'create', recoveryAction: 'recreate' },
  '^': { operation: 'create', recoveryAction: 'restore' },
  '~': { operation: 'update', recoveryAction: 'update' },
  '-': { operation: 'delete', recoveryAction: 'softDelete' },
};

function frame(ref: Ref, displayName: string, kinds: Kinds) {
  const kind = kinds.get(kindOf(ref));
  return {
    ref,
    kind: kindOf(ref),
    type: kind?.type ?? kindOf(ref),
    id: keyOf(ref),
    displayName,
    synced: false,
    native: kind?.native !== undefined,
  };
}

/** Why the changes that a plan refuses are refused, by object; the flags that would let them through stand at the end, each once. */
function refusalsByRef(refusals: Iterable<Refusal>): Map<Ref, { name: string; text: string }> {
  const found = new Map<Ref, { name: string; texts: string[]; flags: Set<string> }>();
  for (const { ref, displayName, path, because, reason, flag } of refusals) {
    if (ref === undefined) continue;
    const why = (because || refusalReasons[reason]).replace(/\.$/, '');
    const where = path === undefined || why.startsWith(path) ? '' : `${path}: `;
    const known = found.get(ref) ?? { name: displayName ?? keyOf(ref), texts: [], flags: new Set() };
    known.texts.push(`Not done: ${where}${why}.`);
    if (flag !== undefined) known.flags.add(flag);
    found.set(ref, known);
  }
  return new Map(
    [...found].map(([ref, { name, texts, flags }]) => [
      ref,
      { name, text: `${texts.join(' ')}${flags.size === 0 ? '' : ` [${[...flags].join(' ')}]`}` },
    ]),
  );
}

/** The whole values that the steps of an object write, with those that stand there now. */
function valuesWritten(steps: readonly Step[]): { before?: JsonObject; after?: JsonObject } {
  const sides = steps.map(valuesOf);
  const together = (values: (JsonObject | undefined)[]): JsonObject | undefined => {
    const some = values.filter((one) => one !== undefined);
    return some.length === 0 ? undefined : Object.assign({}, ...some);
  };
  const [before, after] = [together(sides.map(([one]) => one)), together(sides.map(([, one]) => one))];
  return { ...(before && { before }), ...(after && { after }) };
}

function valuesOf(step: Step): [JsonObject | undefined, JsonObject | undefined] {
  if (step.action === 'update') return [step.before, step.after];
  if (step.action === 'recreate') return [undefined, step.after];
  if (step.action === 'delete') return [step.before, undefined];
  if (step.action === 'action') return [{ [step.attribute]: step.before }, { [step.attribute]: step.after }];
  return [undefined, undefined];
}

const isLink = ({ action }: Step): boolean => action === 'link' || action === 'unlink';

/** What a plan would change, counted. */
export function plannedTotals(plan: Plan, totals: JobTotals): JobTotals {
  const objects = new Set<Ref>();
  let links = 0;
  for (const step of plan.steps) {
    objects.add(step.ref);
    if (isLink(step)) links += 1;
  }
  const attributes = plan.steps.length - links;
  for (const { ref, target } of plan.refusals) {
    if (ref !== undefined) objects.add(ref);
    if (target !== undefined) links += 1;
  }
  return { ...totals, objects: objects.size, links, attributes };
}

/** What came of a run, counted; a refused change is one that was not made. */
export function appliedTotals({ plan, walked }: Applied, totals: JobTotals): JobTotals {
  const objects = new Set<Ref>();
  let done = 0;
  let links = 0;
  for (const step of plan.steps) {
    if (walked.outcomes.get(step.id)?.outcome !== 'done') continue;
    done += 1;
    objects.add(step.ref);
    if (isLink(step)) links += 1;
  }
  const failed = plan.steps.length - done + plan.refusals.length;
  return { ...totals, objectsModified: objects.size, linksModified: links, failed };
}

/** Why the steps that were not done were not, by object. */
export function failuresOf(record: RunRecord, plan: Plan): Map<Ref, string> {
  const words: Readonly<Record<Outcome, string>> = {
    done: 'Done',
    refused: 'Microsoft Graph refused',
    skipped: 'Not tried',
    unknown: 'Its outcome is not known',
  };
  const failures = new Map(record.failures.map((failure) => [failure.step, failure]));
  const found = new Map<Ref, string>();
  for (const { id, ref } of plan.steps) {
    const failure = failures.get(id);
    if (failure === undefined) continue;
    const text = `${words[failure.outcome]} (${failure.action}): ${failure.because}`;
    const before = found.get(ref);
    found.set(ref, before === undefined ? text : `${before}; ${text}`);
  }
  return found;
}

/** Problem `refused` where the first characters typed are not those of the plan's digest. */
export function requireDigest(plan: Plan, typed: string): void {
  if (/^[0-9a-f]{8,64}$/.test(typed) && plan.digest.startsWith(typed)) return;
  throw new Problem({
    kind: 'refused',
    summary: 'The plan was not confirmed',
    detail: 'Type the first 8 characters of its digest, as the plan shows them. Nothing was changed.',
    subject: `plan ${plan.digest.slice(0, 12)}`,
  });
}
