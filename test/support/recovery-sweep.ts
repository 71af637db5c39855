// The sweeps over recovery: stopped at each line of its journal, and with each request failing in turn; and what must hold all the same (trust.md 1.2).
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { openJournal } from '../../src/apply/index.ts';
import { type IdMap, planBlocked } from '../../src/model/plan.ts';
import { Problem } from '../../src/model/problem.ts';
import { keyOf } from '../../src/model/ref.ts';
import type { JournalLine } from '../../src/model/run.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import { dice } from '../../src/sandbox/random.ts';
import { type Applied, type ApplyRequest, applyPlan, resumeRun } from '../../src/verbs/apply.ts';
import { endedRuns } from '../../src/verbs/runs.ts';
import type { Place } from './recovery.ts';
import { differences, journalLines, truthOf, Witness } from './recovery-oracles.ts';
import { type Scenario, type ScenarioName, scenario } from './recovery-scenarios.ts';

/** What may befall a request. Those that took effect all the same are the ones that a careless client repeats. */
export const faults: Readonly<Record<string, Fault>> = {
  '403': { kind: 'status', status: 403, code: 'Authorization_RequestDenied' },
  '404': { kind: 'status', status: 404, code: 'Request_ResourceNotFound' },
  '409 of concurrency': { kind: 'status', status: 409, code: 'Directory_ConcurrencyViolation' },
  '429': { kind: 'status', status: 429 },
  '500': { kind: 'status', status: 500 },
  '503 after it took effect': { kind: 'status', status: 503, tookEffect: true },
  'a reset before headers': { kind: 'reset', when: 'beforeHeaders' },
  'a reset after it took effect': { kind: 'reset', when: 'midBody', tookEffect: true },
};

/** What became of one run: did what was meant to befall it befall it, and which properties did not hold? */
export interface Swept {
  readonly befell: boolean;
  readonly violations: readonly string[];
}

/** The sandbox shows a write at once: what a fault hides for so long it hides for good. */
const hasty: Partial<ApplyRequest> = { settle: { confirmations: 1, pause: 100, patience: 3_000 }, attempts: 3 };

class Killed extends Error {}

/** A journal at whose n-th writing the process dies: before the lines are on the disk, or right after. */
function dying(open: typeof openJournal, nth: number, when: 'before' | 'after', dead: { yet: boolean }) {
  let count = 0;
  const die = (): never => {
    dead.yet = true;
    throw new Killed();
  };
  return async (path: string) => {
    const journal = await open(path);
    return {
      async append(lines: Parameters<typeof journal.append>[0]) {
        count += 1;
        const own = count;
        if (dead.yet || (own === nth && when === 'before')) die();
        await journal.append(lines);
        if (own === nth) die();
      },
      close: () => journal.close(),
    };
  };
}

/** A recovery that dies at the n-th writing of its journal, and is resumed. */
export async function killedAt(name: ScenarioName, nth: number, when: 'before' | 'after'): Promise<Swept> {
  const dead = { yet: false };
  const from = await scenario(name);
  return swept(from, async (place, witness) => {
    const { plan } = from.planned;
    const journal = dying(witness.journal(), nth, when, dead);
    const applied = await applyPlan(plan, place.request({ ...hasty, journal })).catch((error) => {
      if (!(error instanceof Killed)) throw error;
      return undefined;
    });
    if (!dead.yet) return { befell: false, applied };
    return { befell: true, applied: applied ?? (await resumed(from, place, witness)), mustHeal: true };
  });
}

/** One of the faults of a run: the n-th request that it could befall, counted from 1, and how many from then on. */
export interface FaultPoint {
  readonly nth: number;
  readonly fault: Fault;
  readonly times: number;
}

/** A recovery some of whose requests fail. `befell` is false where not all of them did. */
export async function faultsAt(name: ScenarioName, points: readonly FaultPoint[]): Promise<Swept> {
  const from = await scenario(name);
  return swept(from, async (place, witness) => {
    const rules = points.map(({ nth, fault, times }) => place.sandbox.faults.add({ match: { nth }, fault, times }));
    let applied: Ended | undefined;
    try {
      applied = await applyPlan(from.planned.plan, place.request({ ...hasty, journal: witness.journal() }));
    } catch (error) {
      // Only what stops everything is thrown, in words.
      if (!(error instanceof Problem)) throw error;
    }
    const befell = rules.every((rule) => rule.fired() > 0);
    place.sandbox.faults.clear();
    return { befell, applied: applied ?? (await resumed(from, place, witness)) };
  });
}

/** A recovery with one fault. */
export function faultAt(name: ScenarioName, nth: number, fault: Fault, times: number): Promise<Swept> {
  return faultsAt(name, [{ nth, fault, times }]);
}

/**
 * Two faults of one recovery: of 64 pairs in a row every fault is with every other. Half of the second ones fall while the first is still being
 * got over.
 */
export function pairAt(number: number): readonly FaultPoint[] {
  const kinds = Object.values(faults);
  const chance = dice(`pair ${number}`);
  const pick = (most: number) => Math.floor(chance.number() * most);
  const first = 1 + pick(380);
  return [
    { nth: first, fault: kinds[number % 8]!, times: [1, 3][pick(2)]! },
    {
      nth: first + 1 + pick(pick(2) === 0 ? 8 : 200),
      fault: kinds[(number >> 3) % 8]!,
      times: [1, 3, Number.POSITIVE_INFINITY][pick(3)]!,
    },
  ];
}

/** Goes on with the run that was stopped; where none was, the one that had ended by then, if one had begun at all. */
async function resumed({ planned }: Scenario, place: Place, witness: Witness): Promise<Ended | undefined> {
  try {
    return await resumeRun(undefined, place.request({ ...hasty, journal: witness.journal() }));
  } catch (error) {
    if (!(error instanceof Problem) || error.summary !== 'There is nothing to resume') throw error;
    for await (const { record } of endedRuns(place.repository)) return { record, plan: planned.plan };
    return undefined;
  }
}

type Ended = Pick<Applied, 'record' | 'plan'>;

interface Happened {
  readonly befell: boolean;
  /** The run that ended; undefined where none was begun. */
  readonly applied: Ended | undefined;
  /** Nothing is left after the run but what somebody else did. */
  readonly mustHeal?: boolean;
}

/** One run in a copy of the scenario, and all that must hold after it. */
async function swept(from: Scenario, act: (place: Place, witness: Witness) => Promise<Happened>): Promise<Swept> {
  const witness = new Witness(from.emergencyAccounts);
  const place = from.open(witness);
  witness.watch(place.sandbox);
  let other: Place | undefined;
  try {
    const { befell, applied, mustHeal } = await act(place, witness);
    if (applied !== undefined) {
      honest(from, place, applied, witness);
      journaled(place, applied, witness);
      if (mustHeal && from.meddled === undefined && applied.record.status !== 'complete')
        witness.violations.push(`P9: the resumed run is ${applied.record.status}: ${JSON.stringify(applied.record)}`);
    }
    inside(from, place, applied, witness);
    const state = stateOf(place, applied);
    if (!from.seen.has(state)) {
      other = from.fork(place, witness);
      await again(from, other, applied, witness);
      witness.watch(place.sandbox);
      await undone(from, place, applied, witness);
      if (witness.violations.length === 0) from.seen.add(state);
    }
    return { befell, violations: witness.violations };
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { befell: true, violations: [...witness.violations, `it ended with ${said}`] };
  } finally {
    await place.close();
    await other?.close();
  }
}

/**
 * All that a second recovery and an undo go by, but for the time: the tenant and its bins, and what became of each step. Most faults are got
 * over and end in a state that was looked at before; from there it need not be done again.
 */
function stateOf({ sandbox: { store }, repository }: Place, applied: Ended | undefined): string {
  const bins = [...store.listBin('directory'), ...store.listBin('conditionalAccess')].map(({ object }) => object);
  const steps = journalOf(repository, applied).flatMap((line) =>
    line.line === 'outcome' ? [`${line.step} ${line.outcome} ${line.writes > 0} ${line.because === undefined}`] : [],
  );
  const { status, objects, made, ids } = applied?.record ?? {};
  return createHash('sha256')
    .update(
      JSON.stringify([truthOf({ store }), bins.map(({ id }) => id).sort(), steps.sort(), status, objects, made, ids]),
    )
    .digest('hex');
}

function journalOf(repository: Place['repository'], applied: Ended | undefined): JournalLine[] {
  return applied === undefined
    ? []
    : journalLines(join(repository.privateFolder, 'runs', applied.record.id, 'journal.jsonl'));
}

/** P3: whoever says complete has done it all, and nothing is left; whoever left something says so. */
function honest({ whole, meddled }: Scenario, { sandbox }: Place, { record, plan }: Ended, witness: Witness): void {
  const left = record.left.filter(({ byNature }) => !byNature);
  const failed = record.failures.length > 0 || left.length > 0;
  if ((record.status === 'complete') === failed)
    witness.violations.push(`P3: ${record.status}, with ${record.failures.length} failures and ${left.length} left`);
  if (Object.values(record.counts).reduce((sum, count) => sum + count) !== plan.steps.length)
    witness.violations.push(`P3: of ${plan.steps.length} steps there are outcomes ${JSON.stringify(record.counts)}`);
  if (record.status !== 'complete' || meddled !== undefined) return;
  const wrong = differences(truthOf({ store: whole.store }, record.ids), truthOf(sandbox, record.ids));
  if (wrong.length > 0)
    witness.violations.push(
      `P3: complete, but ${wrong
        .slice(0, 6)
        .map((line) => line.slice(0, 600))
        .join('; ')}`,
    );
}

/** P10 and P11: every write has its step, every step its outcome, and what is called done by this run was sent. */
function journaled(place: Place, { record, plan }: Ended, witness: Witness): void {
  const lines = journalOf(place.repository, { record, plan });
  const steps = new Set([...plan.steps].map(({ id }) => id));
  const sent = new Set(witness.sent);
  const calls = new Map<string, string[]>();
  const ended = new Set<string>();
  for (const line of lines) {
    if ('step' in line && !steps.has(line.step)) witness.violations.push(`P11: ${line.step} is not in the plan`);
    if (line.line === 'intent') calls.set(line.step, [...(calls.get(line.step) ?? []), `${line.method} ${line.path}`]);
    if (line.line !== 'outcome') continue;
    ended.add(line.step);
    if (line.outcome !== 'done' || line.because !== undefined || line.writes === 0) continue;
    if (!calls.get(line.step)?.some((call) => sent.has(call)))
      witness.violations.push(`P10: step ${line.step} is done, and nothing of it was sent`);
  }
  for (const step of calls.keys())
    if (!ended.has(step)) witness.violations.push(`P10: step ${step} was begun and has no outcome`);
}

/** P11, P12, P13 and P15: only what the plan names was changed, nothing was thrown away, nothing of somebody else's was overwritten. */
function inside(from: Scenario, { sandbox }: Place, applied: Ended | undefined, witness: Witness): void {
  const { store } = sandbox;
  const steps = [...from.planned.plan.steps];
  const named = JSON.stringify([
    steps.map((step) => ('before' in step ? { ...step, before: null } : step)),
    applied?.record.ids ?? {},
  ]);
  const back = new Set(steps.filter(({ action }) => action === 'restore').map(({ ref }) => keyOf(ref)));
  for (const { type, id, relation, target } of store.changesSince(from.broken.store.lastSequence())) {
    // What is restored shows again wherever it was linked.
    if (target !== undefined && back.has(target)) continue;
    const touched = naturalKeys(store, type, id).filter((key) => !named.includes(key));
    // Whom a manager takes the place of is not in the plan.
    if (target !== undefined && relation !== 'manager' && !named.includes(target)) touched.push(target);
    const made = from.broken.store.locate(id) === undefined;
    if (touched.length > 0 && !made)
      witness.violations.push(
        `P11: ${type} ${id} was changed (${touched.join(' ')}, ${relation ?? 'itself'}), and is not in the plan`,
      );
  }
  for (const { type, object } of [...store.listBin('directory'), ...store.listBin('conditionalAccess')])
    if (from.broken.store.locate(object.id) !== undefined || from.whole.store.locate(object.id) === undefined)
      witness.violations.push(`P13: ${type} ${object.id} was thrown away`);
  if (from.meddled === undefined) return;
  const key = keyOf(from.meddled);
  if (JSON.stringify(store.get('user', key)) !== JSON.stringify(from.broken.store.get('user', key)))
    witness.violations.push(`P12: ${from.meddled} was overwritten`);
}

/** The ids that an object is named by in a plan: its own, or those of the objects that it lies between. */
function naturalKeys(store: Place['sandbox']['store'], type: string, id: string): string[] {
  if (type !== 'oAuth2PermissionGrant' && type !== 'appRoleAssignment') return [id];
  const object = store.get(type, id);
  return object === undefined ? [] : [String(object.resourceId)];
}

const some = (lines: readonly string[]) =>
  lines
    .slice(0, 6)
    .map((line) => line.slice(0, 600))
    .join('; ');

/** P7, P8 and P9: a second recovery leaves the goal, makes nothing twice, and after it there is nothing to write. */
async function again(from: Scenario, place: Place, applied: Ended | undefined, witness: Witness): Promise<void> {
  const { goal, scope, planned } = from;
  const { options } = planned.plan;
  const rest = await place.plan(goal, options, scope);
  let ids: IdMap = { ...rest.plan.ids, ...applied?.record.ids };
  if (rest.plan.blockers.length > 0) throw planBlocked(rest.plan);
  if (rest.plan.steps.length > 0) {
    if (applied?.record.status === 'complete')
      witness.violations.push(
        `P3: complete, and a second plan has ${[...rest.plan.steps].map(({ action, ref }) => `${action} ${ref}`)}`,
      );
    const { record } = await place.apply(rest, { journal: witness.journal() });
    ids = { ...ids, ...record.ids };
    if (record.status !== 'complete')
      witness.violations.push(
        `P7: the second recovery is ${record.status}: ${JSON.stringify([record.failures, record.left.filter(({ byNature }) => !byNature)])}`,
      );
  }
  const sent = witness.sent.length;
  const last = await place.plan(goal, options, scope);
  if (last.plan.steps.length > 0 || witness.sent.length > sent)
    witness.violations.push(
      `P8: a third plan has ${[...last.plan.steps].map(({ action, ref }) => `${action} ${ref}`)}`,
    );
  const wrong = differences(truthOf({ store: from.whole.store }, ids), truthOf(place.sandbox, ids)).filter(
    // What is outside the scope stays broken.
    (line) => from.scope.refs === undefined || /: (user|group) /.test(line),
  );
  if (wrong.length > 0) witness.violations.push(`P7, P9: after a second recovery ${some(wrong)}`);
}

/** The undo of the run leaves the tenant as it was before it. */
async function undone(from: Scenario, place: Place, applied: Ended | undefined, witness: Witness): Promise<void> {
  let ids: IdMap = {};
  if (applied !== undefined && applied.record.objects.length > 0) {
    const { record } = await place.undo(undefined, { journal: witness.journal() });
    ids = { ...applied.record.ids, ...record.ids };
    if (record.status !== 'complete')
      witness.violations.push(`undo: ${record.status}: ${JSON.stringify([record.failures, record.left])}`);
  }
  const wrong = differences(truthOf({ store: from.broken.store }, ids), truthOf(place.sandbox, ids));
  if (wrong.length > 0) witness.violations.push(`undo: ${some(wrong)}`);
}

/** Runs that were made, and the violations of those that had some. */
export interface Sweep {
  runs: number;
  readonly violations: string[];
}

/**
 * Sweeps over every point until a run meets nothing; `stride` leaves out points between, and `turn` says with which one it begins, so that sweeps
 * with one stride go over different ones.
 */
export async function sweep(stride: number, turn: number, run: (nth: number) => Promise<Swept>): Promise<Sweep> {
  const result: Sweep = { runs: 0, violations: [] };
  for (let nth = 1 + (turn % stride); ; nth += stride) {
    const { befell, violations } = await run(nth);
    result.violations.push(...violations.map((violation) => `at ${nth}: ${violation}`));
    if (!befell) break;
    result.runs += 1;
  }
  expect(result.runs * stride).toBeGreaterThan(30);
  return result;
}
