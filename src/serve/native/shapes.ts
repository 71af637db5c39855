// Shapes: snapshots, jobs and changes as the native service says them (native.md 1.6), from commits, jobs and stored changes.
import type { Commit } from '../../model/commit.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Kinds } from '../../model/kind.ts';
import { keyOf, kindOf } from '../../model/ref.ts';
import type { ReportLink } from '../../model/report.ts';
import type { Job, JobType } from '../jobs/record.ts';
import type { StoredChange } from '../jobs/results.ts';
import { actionFor, namespace, nativeType, statusFor, typeFor } from './names.ts';

/** When a snapshot was finished, to the millisecond where it says so: no two of one branch share it. */
export function momentOf(commit: Commit): string {
  return commit.snapshot?.finishedAt ?? commit.at;
}

/** base64 of the moment, as the documentation's example has it (native.md 1.2). */
export function snapshotId(commit: Commit): string {
  return Buffer.from(momentOf(commit).replace('.000Z', 'Z')).toString('base64');
}

export function snapshotShape(commit: Commit): JsonObject {
  const counts = commit.snapshot?.counts;
  return {
    id: snapshotId(commit),
    createdDateTime: momentOf(commit),
    totalChangedObjects: counts === undefined ? null : counts.added + counts.changed + counts.removed,
  };
}

/** What a job of ours is called there; a comparison of two commits has no name there. */
export const nativeJobs: Readonly<Record<Exclude<JobType, 'compare'>, string>> = {
  preview: 'recoveryPreviewJob',
  recovery: 'recoveryJob',
};

export function jobShape(job: Job, all: boolean): JsonObject {
  const { totals } = job;
  const type = job.type === 'recovery' ? nativeJobs.recovery : nativeJobs.preview;
  return {
    '@odata.type': `#${namespace}.${type}`,
    id: job.id,
    status: statusFor(job.status, all),
    targetStateDateTime: job.from.at,
    jobStartDateTime: job.createdAt,
    jobCompletionDateTime: job.completedAt,
    filteringCriteria: job.filter ?? null,
    totalChangedObjectsCalculated: totals.objects,
    totalChangedLinksCalculated: totals.links,
    ...(job.type === 'recovery'
      ? {
          totalObjectsModified: totals.objectsModified,
          totalLinksModified: totals.linksModified,
          totalFailedChanges: totals.failed,
        }
      : {}),
    // There is no property for it (native.md 1.8); an annotation is what a client may leave alone.
    ...(job.problem === undefined ? {} : { '@driftline.problem': { ...job.problem } as JsonObject }),
  };
}

/**
 * A change as a native one: `deltaFromCurrent` is what a recovery writes, `currentState` what stands there now. A difference is kept from the
 * snapshot to the tenant, a recovery the other way round. The time of a deletion is not kept in a snapshot: it is said to be the job's start.
 */
export function changeShape(change: StoredChange, job: Job, kinds: Kinds, all: boolean): JsonObject {
  const forward = job.type === 'recovery';
  const goal = (forward ? change.after : change.before) ?? {};
  const current = (forward ? change.before : change.after) ?? {};
  const type = `#microsoft.graph.${change.type}`;
  const delta: Record<string, Json> = { '@odata.type': type };
  const now: Record<string, Json> = { '@odata.type': type };
  switch (change.recoveryAction) {
    case 'softDelete':
      Object.assign(delta, { '@removed': { reason: 'changed' }, deletedDateTime: job.createdAt });
      now.deletedDateTime = null;
      break;
    case 'restore':
      delta.deletedDateTime = null;
      now.deletedDateTime = job.createdAt;
      break;
    case 'recreate':
      Object.assign(delta, goal);
      now['@removed'] = { reason: 'deleted' };
      break;
    default:
      Object.assign(delta, goal);
      Object.assign(now, current);
  }
  if (change.recoveryAction === 'update' || change.recoveryAction === 'none')
    for (const [link, targets] of linkDeltas(change.links, forward)) delta[`${link}@delta`] = targets;
  return {
    '@odata.type': `#${namespace}.recoveryChangeObjectBase`,
    id: change.id,
    displayName: change.displayName,
    entityTypeName: typeFor(nativeType(kinds.get(kindOf(change.ref)), change.type), all),
    recoveryAction: actionFor(change.recoveryAction, all),
    failureMessage: change.failure ?? null,
    deltaFromCurrent: delta,
    currentState: now,
  };
}

function linkDeltas(links: readonly ReportLink[], forward: boolean): Map<string, JsonObject[]> {
  const deltas = new Map<string, JsonObject[]>();
  for (const { link, operation, target, targetType, properties } of links) {
    const adds = (operation === 'add') === forward;
    const item: JsonObject = {
      '@odata.type': `#microsoft.graph.${targetType}`,
      id: keyOf(target),
      ...properties,
      ...(adds ? {} : { '@removed': { reason: 'changed' } }),
    };
    deltas.set(link, [...(deltas.get(link) ?? []), item]);
  }
  return deltas;
}
