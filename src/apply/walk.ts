// The walk: an approved plan and the doors to the tenant in, an outcome for every step out; each write journaled before and after.

import { NotComplete } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import { grouped } from '../model/grouped.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import { currentRef, type IdMap, type Plan, resolvePlaceholders, type Step } from '../model/plan.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { Journal, JournalLine, Outcome, StepOutcome, StepRequests } from '../model/run.ts';
import type { TenantReader, TenantWriter } from '../model/tenant.ts';
import { resolved } from './effects.ts';
import type { JournalState } from './journal.ts';
import { linkUnits } from './links.ts';
import { carryOut } from './write.ts';

/** What follows the lock-out state while the run goes on (plan/ makes it). */
export interface Guard {
  against(step: Step): string | undefined;
  done(step: Step): void;
}

export interface WalkOptions {
  readonly plan: Plan;
  readonly kinds: Kinds;
  readonly reader: TenantReader;
  readonly writer: TenantWriter;
  readonly journal: Journal;
  readonly requests: StepRequests;
  /** Reads objects until what was written shows (tenant/ does it). */
  readonly settle: (
    kind: Kind,
    keys: readonly string[],
    shows: (key: string, entity: Entity | undefined) => boolean,
  ) => Promise<ReadonlyMap<string, { readonly entity: Entity | undefined; readonly shown: boolean }>>;
  readonly guard?: Guard;
  readonly digestOf: (kind: Kind, entity: Entity) => string;
  /** Was there such an object when the plan was made? What a lost answer made is none of those. */
  readonly known: (ref: Ref) => Promise<boolean>;
  /** What the journal says of an earlier, unfinished walk of the same plan. */
  readonly before?: JournalState;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal?: AbortSignal;
  /** How often a write is tried whose answer was lost, or that came too early for every replica. */
  readonly attempts: number;
  /** Milliseconds between such tries, doubled each time. */
  readonly pause: number;
  /** Objects of the directory that are written to at the same time. */
  readonly concurrency: number;
  readonly onStep?: (step: Step, outcome: Outcome, done: number, total: number) => void;
  /** Told the password of a user that was made anew: once, and it is kept nowhere. */
  readonly onSecret?: (step: Step, secret: string) => void;
}

export interface WalkResult {
  readonly outcomes: ReadonlyMap<string, StepOutcome>;
  /** New ids of what was made anew. */
  readonly ids: IdMap;
  readonly interrupted: boolean;
}

/** Carries out the steps of a plan that have no outcome yet. Problems: only those that stop everything (sign-in, journal). */
export async function walk(options: WalkOptions): Promise<WalkResult> {
  const work = new Walk(options);
  const waves = new Map<number, Step[]>();
  for (const step of options.plan.steps) {
    if (work.outcomes.has(step.id)) continue;
    const wave = waves.get(step.wave);
    if (wave === undefined) waves.set(step.wave, [step]);
    else wave.push(step);
  }
  for (const wave of [...waves.keys()].sort((a, b) => a - b)) {
    if (work.stopped) break;
    await work.wave(waves.get(wave)!);
  }
  const interrupted = work.outcomes.size < options.plan.steps.length;
  return { outcomes: work.outcomes, ids: work.ids, interrupted };
}

/** The state of one walk, shared by the workers of a wave. */
export class Walk {
  readonly options: WalkOptions;
  readonly outcomes: Map<string, StepOutcome>;
  /** New ids given in this run. */
  readonly ids: Record<string, string>;
  /** Steps that an earlier process began and did not end. */
  readonly begun: ReadonlySet<string>;
  /** Steps that bring an object back from the bin. */
  readonly restoring = new Set<string>();
  /** Objects that this run brought back or made, by their refs in the plan. */
  readonly made = new Set<Ref>();
  /** Kinds that this run has written to. */
  readonly written = new Set<string>();
  /** Requests that were sent, or may have been, by their step; also by an earlier process. */
  readonly sent: Map<string, number>;
  /** Digests that objects must still have when they are written to. */
  readonly expected = new Map<Ref, string>();
  #broken = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: WalkOptions) {
    const { plan, before } = options;
    this.options = options;
    this.outcomes = new Map(before?.outcomes);
    this.ids = { ...before?.ids };
    this.begun = before?.begun ?? new Set();
    this.sent = new Map(before?.sent);
    for (const { ref, digest } of plan.objects) if (digest !== undefined) this.expected.set(ref, digest);
    for (const step of plan.steps) {
      if (step.action === 'restore') this.restoring.add(step.id);
      const outcome = this.outcomes.get(step.id);
      if ((outcome?.writes ?? 0) > 0) this.written.add(kindOf(step.ref));
      if (outcome?.outcome !== 'done') continue;
      if (step.action === 'restore' || step.action === 'recreate') this.made.add(step.ref);
      const digest = before?.digests.get(step.id);
      if (digest !== undefined) this.expected.set(step.ref, digest);
    }
  }

  /** No new write may begin. */
  get stopped(): boolean {
    return this.#broken || this.options.signal?.aborted === true;
  }

  at(): string {
    return this.options.now().toISOString();
  }

  kindOf(step: Step): Kind {
    return this.options.kinds.get(kindOf(step.ref))!;
  }

  /** The step under the ids of now; undefined where something it names was not made. */
  resolve(step: Step): Step | undefined {
    return resolved(step, (value) => resolvePlaceholders(this.ids, value), this.ids);
  }

  key(step: Step): string {
    return keyOf(currentRef(this.ids, step.ref));
  }

  /** Objects as they are now. Replicas that answer in halves are asked again; where that does not help, NotComplete is thrown. */
  async read(kind: Kind, keys: readonly string[]): Promise<ReadonlyMap<string, Entity>> {
    const { reader, attempts, pause, sleep } = this.options;
    for (let round = 1; ; round++) {
      try {
        return await reader.readObjects(kind, keys);
      } catch (error) {
        if (!(error instanceof NotComplete) || round >= attempts) throw error;
        await sleep(pause * 2 ** (round - 1));
      }
    }
  }

  /** Writes lines to the journal; where that fails nothing more is sent. */
  async note(...lines: JournalLine[]): Promise<void> {
    try {
      await this.options.journal.append(lines);
    } catch (error) {
      this.#broken = true;
      throw error;
    }
    for (const line of lines) if (line.line === 'intent') this.sent.set(line.step, (this.sent.get(line.step) ?? 0) + 1);
  }

  /** Notes what came of a step. One that was sent and could not be looked at afterwards was not skipped: nobody knows. */
  async finish(step: Step, found: Outcome, because: string | undefined, entity?: Entity): Promise<void> {
    const writes = this.sent.get(step.id) ?? 0;
    const outcome = found === 'skipped' && writes > 0 ? 'unknown' : found;
    // Links leave the attributes alone: an object that somebody else changed meanwhile must not pass for ours.
    const linking = step.action === 'link' || step.action === 'unlink' || step.action === 'prune';
    const digest = entity === undefined || linking ? undefined : this.options.digestOf(this.kindOf(step), entity);
    const result: StepOutcome = { step: step.id, outcome, writes, ...(because === undefined ? {} : { because }) };
    await this.note({ line: 'outcome', ...result, ...(digest === undefined ? {} : { digest }), at: this.at() });
    this.outcomes.set(step.id, result);
    if (writes > 0) this.written.add(kindOf(step.ref));
    if (outcome === 'done') {
      this.options.guard?.done(step);
      if (step.action === 'restore' || step.action === 'recreate') this.made.add(step.ref);
      if (digest !== undefined) this.expected.set(step.ref, digest);
    }
    this.options.onStep?.(step, outcome, this.outcomes.size, this.options.plan.steps.length);
  }

  /** Why a step may not even be tried: what it needs was not done, or it would lock people out as things stand now. */
  hindrance(step: Step): string | undefined {
    const failed = step.needs.filter((id) => this.outcomes.get(id)?.outcome !== 'done');
    if (failed.length > 0) return `it needs step ${failed.join(', ')}, which was not done`;
    return this.options.guard?.against(step);
  }

  /** Steps that decide about signing in happen one after another, so that two that are safe alone are not unsafe together. */
  async inTurn<Result>(step: Step, work: () => Promise<Result>): Promise<Result> {
    if (this.options.guard === undefined || !decides(step)) return work();
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async wave(steps: readonly Step[]): Promise<void> {
    const units = [...grouped(steps, ({ ref }) => ref).values()];
    const laneOf = (unit: readonly Step[]) => this.kindOf(unit[0]!).lane;
    const areLinks = (unit: readonly Step[]) =>
      laneOf(unit) === 'directory' && unit.every((step) => isPlainLink(step, this.kindOf(step)));
    const lanes = grouped(
      units.filter((unit) => !areLinks(unit)),
      laneOf,
    );
    const work: Promise<void>[] = [linkUnits(this, units.filter(areLinks))];
    for (const [lane, lined] of lanes) {
      const queue = lined.values();
      const workers = lane === 'directory' ? this.options.concurrency : 1;
      for (let worker = 0; worker < workers; worker++) work.push(this.#drain(queue));
    }
    const results = await Promise.allSettled(work);
    // What was being done when the run was stopped has its intent in the journal, and is looked up when it goes on.
    const stopped = this.options.signal?.aborted === true && !this.#broken;
    for (const result of results) if (result.status === 'rejected' && !stopped) throw result.reason;
  }

  /** One of the workers on a queue: what one has taken the others do not see. */
  async #drain(queue: IterableIterator<Step[]>): Promise<void> {
    for (const unit of queue)
      for (const step of unit) {
        if (this.stopped) return;
        try {
          await this.inTurn(step, () => carryOut(this, step));
        } catch (error) {
          if (this.options.signal?.aborted && !this.#broken) return;
          this.#broken = true;
          throw error;
        }
      }
  }
}

function decides(step: Step): boolean {
  return ['users', 'groups', 'conditionalAccessPolicies'].includes(kindOf(step.ref)) && step.action !== 'link';
}

function isPlainLink(step: Step, kind: Kind): boolean {
  if (step.action !== 'link' && step.action !== 'unlink') return false;
  const row = kind.links[step.link];
  return row?.write === 'ref' && row.single !== true;
}
