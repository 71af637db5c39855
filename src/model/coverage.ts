// Coverage: per kind, whether all of it was read; a kind that is not complete never reads as deleted.
import { Problem } from './problem.ts';

export const coverageStatuses = ['complete', 'partial', 'forbidden', 'unlicensed', 'failed', 'skipped'] as const;
export type CoverageStatus = (typeof coverageStatuses)[number];

export interface KindCoverage {
  readonly status: CoverageStatus;
  /** Why it is not complete, and what would make it so; absent when it is. */
  readonly reason?: string;
  /** Objects of this kind in the commit, read now or kept from before. */
  readonly count: number;
}

/** Coverage by kind name. */
export type Coverage = Readonly<Record<string, KindCoverage>>;

/** Thrown by a reader in the middle of a kind: what was read of it so far must not be believed. */
export class NotComplete extends Problem {
  readonly status: Exclude<CoverageStatus, 'complete'>;

  constructor(status: Exclude<CoverageStatus, 'complete'>, kind: string, reason: string, cause?: unknown) {
    super({
      kind: 'incomplete',
      summary: 'A kind could not be read completely',
      detail: reason,
      subject: kind,
      cause,
    });
    this.status = status;
  }
}

/** The kinds that were asked for and are not complete. `skipped` ones were not asked for, so they are not missing. */
export function incomplete(coverage: Coverage): string[] {
  return Object.keys(coverage).filter((kind) => !['complete', 'skipped'].includes(coverage[kind]!.status));
}
