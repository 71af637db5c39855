// The record of a run: the plan, what came of its steps and what was left, into what is kept of it on the branch.
import { alreadySo, type WalkResult } from '../apply/index.ts';
import { currentRef, type Plan } from '../model/plan.ts';
import type { Ref } from '../model/ref.ts';
import { type Leftover, outcomes, type RunRecord, type StepOutcome } from '../model/run.ts';

/** A run that has begun: its id and plan, the commit of the state before it, and when. */
export interface Begun {
  readonly run: string;
  readonly plan: Plan;
  readonly before: string;
  readonly began: string;
  readonly undoes?: string;
}

/** What is kept of a run. */
export function recordOf(
  begun: Begun,
  finishedAt: string,
  walked: WalkResult,
  left: readonly Leftover[],
  status: RunRecord['status'],
): RunRecord {
  const { plan, run, before, began, undoes } = begun;
  const all = [...walked.outcomes.values()];
  const objects = new Set<Ref>();
  const made = new Set<Ref>();
  const failures: RunRecord['failures'][number][] = [];
  for (const { id, ref, displayName, action } of plan.steps) {
    const outcome = walked.outcomes.get(id);
    const now = currentRef(walked.ids, ref);
    if (touched(outcome)) objects.add(now);
    // What came back by itself is not ours to take away again; what was given an id was made, whether or not it was seen to be there.
    if (action === 'recreate' && (wasMade(outcome) || now !== ref)) made.add(now);
    if (outcome !== undefined && outcome.outcome !== 'done')
      failures.push({
        step: id,
        ref: now,
        displayName,
        action,
        outcome: outcome.outcome,
        because: outcome.because ?? '',
      });
  }
  return {
    id: run,
    status,
    plan: plan.digest,
    before,
    goal: plan.goal.commit,
    ...(plan.reason === undefined ? {} : { reason: plan.reason }),
    ...(undoes === undefined ? {} : { undoes }),
    startedAt: began,
    finishedAt,
    counts: Object.fromEntries(
      outcomes.map((outcome) => [outcome, all.filter((one) => one.outcome === outcome).length]),
    ) as RunRecord['counts'],
    writes: all.reduce((sum, { writes }) => sum + writes, 0),
    objects: [...objects],
    made: [...made],
    ids: walked.ids,
    left,
    refusals: [...plan.refusals],
    failures,
  };
}

/** Everything that is as the goal has it now, or may be: also what came back by itself with something else. */
function touched(outcome: StepOutcome | undefined): boolean {
  return outcome !== undefined && (outcome.outcome === 'done' || outcome.writes > 0);
}

function wasMade(outcome: StepOutcome | undefined): boolean {
  return outcome?.outcome === 'done' && outcome.because !== alreadySo;
}
