// Snapshot: the whole tenant as a commit on the branch; then the working folder and the remote are brought up to it.
import type { Commit, Counts } from '../model/commit.ts';
import { type Coverage, incomplete } from '../model/coverage.ts';
import type { ReadStatistics } from '../model/tenant.ts';
import { type CaptureOptions, type CaptureResult, capture } from './capture.ts';

export interface SnapshotOptions extends Omit<CaptureOptions, 'base' | 'ref'> {
  /** Remote to push the branch to, by name or URL. */
  readonly remote?: string | undefined;
}

export interface Snapshot {
  /** The new commit; the branch's tip as it was, where nothing changed and unchanged ones are skipped. */
  readonly commit: Commit;
  readonly created: boolean;
  readonly counts: Counts;
  readonly coverage: Coverage;
  /** Kinds that were asked for and are not complete. */
  readonly incomplete: readonly string[];
  readonly statistics: ReadStatistics;
  readonly seconds: number;
  /** Files of the working folder that hold uncommitted work and were not brought up to date. */
  readonly leftAlone: readonly string[];
  readonly pushed: boolean;
  /** Kinds that an earlier attempt at this first snapshot had begun, with the time since which they were read. */
  readonly continued: Readonly<Record<string, string>>;
  /** As {@link CaptureResult} has it. */
  readonly untracked: CaptureResult['untracked'];
}

/** Takes a snapshot. Problems as {@link capture}; `conflict` also where the remote has commits that the branch has not. */
export async function snapshot(options: SnapshotOptions): Promise<Snapshot> {
  const { repository, remote } = options;
  const started = options.now().getTime();
  const base = await repository.tip();
  const result = await capture({ ...options, base, ref: repository.branch });
  const commit = result.commit ?? base;
  if (commit === undefined) throw new Error('a capture without a base always commits');
  const created = result.commit !== undefined;
  const { leftAlone } = created ? await repository.updateWorkingFolder(base?.id, commit.id) : { leftAlone: [] };
  if (remote !== undefined) await repository.push(remote);
  return {
    commit,
    created,
    counts: result.counts,
    coverage: result.coverage,
    incomplete: incomplete(result.coverage),
    statistics: result.statistics,
    seconds: (options.now().getTime() - started) / 1000,
    leftAlone,
    pushed: remote !== undefined,
    continued: result.continued,
    untracked: result.untracked,
  };
}
