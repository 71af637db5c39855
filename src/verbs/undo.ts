// Undo: the state before a run is the goal of an ordinary plan over the objects that the run wrote to.
import { currentRef, type PlanOptions } from '../model/plan.ts';
import { idsOfLost } from './lost.ts';
import { type Planned, type PlanRequest, planRecovery } from './plan.ts';
import { findRun, type RunEntry } from './runs.ts';

export interface UndoRequest extends Omit<PlanRequest, 'goal' | 'scope' | 'options'> {
  /** The run to undo; default: the last one that ended. */
  readonly run?: string;
  readonly options: Omit<PlanOptions, 'deleteNew' | 'hardDelete'>;
}

export interface Undo extends Planned {
  readonly undoes: RunEntry;
}

/**
 * The plan that takes a run back: reviewed, guarded and applied as any other, and itself undoable. What the run made anew is deleted again,
 * for good where there is no bin: nobody had it before; so is what it may have made when an answer was lost. Problem `usage` where there is no such run.
 */
export async function planUndo(request: UndoRequest): Promise<Undo> {
  const entry = await findRun(request.repository, request.run);
  const { record } = entry;
  const unsure = record.failures.filter(({ action, outcome }) => action === 'recreate' && outcome === 'unknown');
  const refs = unsure.map(({ ref }) => ref);
  const lost = await idsOfLost(request, { refs, goal: record.goal, before: record.before, ids: record.ids });
  const found = refs.map((ref) => currentRef(lost, ref)).filter((ref) => !refs.includes(ref));
  const planned = await planRecovery({
    ...request,
    goal: record.before,
    scope: { refs: [...record.objects, ...found] },
    options: { ...request.options, deleteNew: true, hardDelete: record.made.length + found.length > 0 },
    reason: request.reason ?? `undo of run ${record.id}`,
  });
  return { ...planned, undoes: entry };
}
