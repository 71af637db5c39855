// Commit: what Driftline knows of a commit, and the record that a snapshot leaves in its trailers.
import type { Coverage } from './coverage.ts';

export interface Counts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** What a snapshot says of itself in its commit's trailers. Times are UTC instants in ISO 8601. */
export interface SnapshotRecord {
  readonly tenantId: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly version: string;
  readonly coverage: Coverage;
  readonly counts: Counts;
  /** Further trailers (a recovery's run, goal, reason), name to one-line text. */
  readonly notes?: Readonly<Record<string, string>>;
}

export interface Commit {
  /** Full object id. */
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** Committer time, ISO 8601 UTC. */
  readonly at: string;
  readonly author: string;
  readonly subject: string;
  /** Absent where the commit is not a snapshot of Driftline (a person's edit, a merge). */
  readonly snapshot?: SnapshotRecord;
}
