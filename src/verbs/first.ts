// First snapshots: a large kind is kept in a private commit of its own as soon as it is read, so that a run that dies is gone on with.
import type { Commit } from '../model/commit.ts';
import type { Coverage, KindCoverage } from '../model/coverage.ts';
import type { Kind } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import type { Capture, Repository } from '../model/repository.ts';
import type { TenantIdentity } from '../model/tenant.ts';

/** Kinds of fewer objects are read again in less time than keeping them is worth. */
export const worthKeeping = 50_000;
/** What was read longer ago is read again: the snapshot would be of too many moments. */
const longestKept = 24 * 3_600_000;

export interface KeepingOptions {
  readonly repository: Repository;
  readonly identity: TenantIdentity;
  readonly version: string;
  readonly now: () => Date;
}

function refOf(kind: Kind): string {
  return `refs/driftline/first/${kind.name}`;
}

/** The commit in which an earlier attempt has kept this kind, if it is of this tenant and version and not too old. */
export async function keptKind(
  { repository, identity, version, now }: KeepingOptions,
  kind: Kind,
): Promise<{ readonly commit: string; readonly readAt: string; readonly coverage: KindCoverage } | undefined> {
  const commit = await repository.resolve(refOf(kind), now()).catch((error: unknown) => {
    if (error instanceof Problem) return undefined;
    throw error;
  });
  const snapshot = commit?.snapshot;
  const coverage = snapshot?.coverage[kind.name];
  if (commit === undefined || snapshot === undefined || coverage?.status !== 'complete') return undefined;
  const fits = snapshot.tenantId === identity.tenantId && snapshot.version === version;
  const age = now().getTime() - Date.parse(snapshot.finishedAt);
  return fits && age < longestKept ? { commit: commit.id, readAt: snapshot.finishedAt, coverage } : undefined;
}

/**
 * Reads a kind into a private commit and takes it from there into the snapshot. A kind that is not complete is neither kept nor taken.
 * `read` fills the capture that it is given.
 */
export async function readAndKeep(
  { repository, identity, version, now }: KeepingOptions,
  work: Capture,
  kind: Kind,
  read: (work: Capture) => Promise<KindCoverage>,
): Promise<KindCoverage> {
  const own = await repository.capture({ base: undefined, ref: refOf(kind), parent: false, kinds: [kind.name] });
  try {
    const startedAt = now().toISOString();
    const coverage = await read(own);
    if (coverage.status !== 'complete') return coverage;
    const finishedAt = now().toISOString();
    const covered: Coverage = { [kind.name]: coverage };
    const counts = own.counts();
    const record = { tenantId: identity.tenantId, startedAt, finishedAt, version, coverage: covered, counts };
    const subject = `${kind.name} of a first snapshot that is not complete yet`;
    const commit: Commit | undefined = await own.commit({ subject, record, at: finishedAt });
    await work.adopt(kind.name, commit!.id);
    return coverage;
  } finally {
    await own.abort();
  }
}

/** Lets go of what was kept, when the snapshot has it. */
export async function forgetKept(repository: Repository, kinds: Iterable<Kind>): Promise<void> {
  for (const kind of kinds) await repository.forget(refOf(kind));
}
