// Verify: the plan that a second look at the tenant would make, against the plan that was applied; what is left, each with its reason.
import type { Plan, Refusal, Step } from '../model/plan.ts';
import { currentRef, type IdMap } from '../model/plan.ts';
import type { Leftover, StepOutcome } from '../model/run.ts';

/** Reasons that lie in the nature of the thing: no recovery by anybody would put it back. */
const byNature: readonly Refusal['reason'][] = ['readOnly', 'createOnly', 'secret'];

/**
 * What still differs from the goal: steps that a new plan would have, with what became of them in this run, and changes that it refuses and
 * the applied plan did not say. An empty list is law 2.
 */
export function leftovers(
  applied: Plan,
  outcomes: ReadonlyMap<string, StepOutcome>,
  again: Plan,
  ids: IdMap,
): Leftover[] {
  const failed = new Map<string, string>();
  const planned = new Set<string>();
  const made = new Set<string>();
  for (const step of applied.steps) {
    const outcome = outcomes.get(step.id);
    const name = nameOf(
      'target' in step ? { ...step, target: currentRef(ids, step.target) } : step,
      currentRef(ids, step.ref),
    );
    planned.add(name);
    if (outcome?.outcome !== 'done') failed.set(name, outcome?.because ?? 'it was not tried: the run was stopped');
    else if (step.action === 'recreate' || step.action === 'restore') made.add(currentRef(ids, step.ref));
  }
  const said = new Set<string>();
  for (const refusal of applied.refusals) said.add(refusalName(refusal, ids));
  const why = (step: Step): string => {
    const name = nameOf(step, step.ref);
    if (failed.has(name)) return failed.get(name)!;
    // Memberships and app roles come back with an object from the bin, where nobody can see them.
    if (step.action === 'unlink' && made.has(step.target))
      return 'it came back from the bin with whom it leads to; plan again, and it goes';
    return planned.has(name) ? 'it was written, and it still differs' : 'it came after the plan was made; plan again';
  };
  const left: Leftover[] = [];
  for (const step of again.steps)
    left.push({
      ref: step.ref,
      displayName: step.displayName,
      ...pathOf(step),
      because: why(step),
      byNature: false,
    });
  for (const refusal of again.refusals) {
    if (refusal.ref === undefined || said.has(refusalName(refusal, {}))) continue;
    left.push({
      ref: refusal.ref,
      displayName: refusal.displayName ?? refusal.ref,
      ...(refusal.path === undefined ? {} : { path: refusal.path }),
      because: refusal.because,
      byNature: made.has(refusal.ref) && byNature.includes(refusal.reason),
    });
  }
  return left;
}

/** What of a step is the same in another plan; which attributes an update is about may have changed meanwhile. */
function nameOf(step: Step, ref: string): string {
  return `${ref} ${step.action === 'update' ? 'update' : JSON.stringify(pathOf(step))}`;
}

function pathOf(step: Step): { path?: string } {
  switch (step.action) {
    case 'link':
    case 'unlink':
      return { path: `${step.link} ${step.target}` };
    case 'prune':
      return { path: step.of };
    case 'action':
      return { path: step.attribute };
    case 'createItem':
    case 'updateItem':
    case 'deleteItem':
      return { path: `${step.attribute}[${step.key}]` };
    case 'update':
      return { path: Object.keys(step.after).join(', ') };
    default:
      return {};
  }
}

function refusalName({ ref, path, target, reason }: Refusal, ids: IdMap): string {
  return [
    ref === undefined ? '' : currentRef(ids, ref),
    path ?? '',
    target === undefined ? '' : currentRef(ids, target),
    reason,
  ].join(' ');
}
