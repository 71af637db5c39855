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

/** Kinds that are, or a part of them is, as they were at an earlier time, as a note says it: `users since 2026-11-20T10:00:00Z, …`. */
export function sinceText(since: Readonly<Record<string, string>>): string {
  return Object.entries(since)
    .map(([kind, at]) => `${kind} since ${at}`)
    .join(', ');
}

/** The times that such notes of a snapshot say. */
export function timesSaid({ notes }: SnapshotRecord): readonly string[] {
  return [notes?.Continued, notes?.Untracked].flatMap((text) => text?.match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g) ?? []);
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
