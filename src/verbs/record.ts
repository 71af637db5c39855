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
  const anew = (ref: Ref) => currentRef(walked.ids, ref) !== ref;
  const all = [...walked.outcomes.values()];
  const refs = plan.steps
    .filter(({ id }) => touched(walked.outcomes.get(id)))
    .map(({ ref }) => currentRef(walked.ids, ref));
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
    objects: [...new Set(refs)],
    made: [
      ...new Set(
        plan.steps
          // What came back by itself is not ours to take away again; what was given an id was made, whether or not it was seen to be there.
          .filter(({ id, action, ref }) => action === 'recreate' && (wasMade(walked.outcomes.get(id)) || anew(ref)))
          .map(({ ref }) => currentRef(walked.ids, ref)),
      ),
    ],
    ids: walked.ids,
    left,
    refusals: plan.refusals,
    failures: plan.steps.flatMap((step) => {
      const outcome = walked.outcomes.get(step.id);
      return outcome === undefined || outcome.outcome === 'done'
        ? []
        : [
            {
              step: step.id,
              ref: currentRef(walked.ids, step.ref),
              displayName: step.displayName,
              action: step.action,
              outcome: outcome.outcome,
              because: outcome.because ?? '',
            },
          ];
    }),
  };
}

/** Everything that is as the goal has it now, or may be: also what came back by itself with something else. */
function touched(outcome: StepOutcome | undefined): boolean {
  return outcome !== undefined && (outcome.outcome === 'done' || outcome.writes > 0);
}

function wasMade(outcome: StepOutcome | undefined): boolean {
  return outcome?.outcome === 'done' && outcome.because !== alreadySo;
}
