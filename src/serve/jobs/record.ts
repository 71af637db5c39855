// Jobs: what is kept of one preview, comparison or recovery, and what its states mean.
import type { JsonObject } from '../../model/json.ts';
import type { PlanOptions } from '../../model/plan.ts';
import type { ReportHeader, ReportSummary } from '../../model/report.ts';
import type { RunRecord } from '../../model/run.ts';
import type { Scope } from '../../model/scope.ts';
import type { Principal } from '../principal.ts';

/** `preview`: a commit against the living tenant; `compare`: two commits; `recovery`: a plan, and what came of it. */
export type JobType = 'preview' | 'compare' | 'recovery';

/** Graph's recoveryStatus (native.md 1.3). A recovery that is `initialized` has its plan and waits for somebody to start it. */
export type JobStatus =
  | 'initialized'
  | 'loadingData'
  | 'calculating'
  | 'running'
  | 'successful'
  | 'failed'
  | 'abandoned';

export const terminal: ReadonlySet<JobStatus> = new Set<JobStatus>(['successful', 'failed', 'abandoned']);

export interface JobSide {
  readonly commit: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** As it was asked for. */
  readonly revision: string;
}

export interface JobTotals {
  readonly objects: number | null;
  readonly links: number | null;
  readonly attributes: number | null;
  readonly objectsModified: number | null;
  readonly linksModified: number | null;
  /** Changes that were not made: refused by the plan, by Graph, or unknown. */
  readonly failed: number | null;
}

export const noTotals: JobTotals = {
  objects: null,
  links: null,
  attributes: null,
  objectsModified: null,
  linksModified: null,
  failed: null,
};

export interface JobProblem {
  readonly summary: string;
  readonly detail: string;
  readonly subject?: string;
}

/** What is known of a recovery's plan without opening it. */
export interface JobPlan {
  readonly digest: string;
  readonly steps: number;
  readonly refusals: number;
  readonly blockers: number;
}

export interface Job {
  readonly id: string;
  readonly type: JobType;
  readonly status: JobStatus;
  /** FROM of a difference, the goal of a recovery. */
  readonly from: JobSide;
  /** TO of a comparison; absent: the living tenant. */
  readonly to?: JobSide;
  /** The snapshot under whose address it was made, in the native shape. */
  readonly snapshot?: string;
  readonly scope: Scope;
  /** The native filter as it came. */
  readonly filter?: JsonObject;
  readonly createdAt: string;
  readonly completedAt: string | null;
  readonly by: Pick<Principal, 'id' | 'name'>;
  readonly reason?: string;
  /** The report says who made the changes. */
  readonly actors?: true;
  /** Which ignore rules a comparison was made under. */
  readonly rules?: string;
  readonly totals: JobTotals;
  readonly header?: ReportHeader;
  readonly summary?: ReportSummary;
  /** Kinds that the living side could not be read of completely. */
  readonly incomplete?: readonly string[];
  readonly options?: PlanOptions;
  readonly plan?: JobPlan;
  /** Who started what was planned. */
  readonly confirmedBy?: Pick<Principal, 'id' | 'name'>;
  readonly undoes?: string;
  /** The run that it goes on with. */
  readonly resumes?: string;
  readonly run?: Pick<RunRecord, 'id' | 'status' | 'counts' | 'writes'>;
  readonly problem?: JobProblem;
}

/** What a job is doing right now; known to the process that does it, and kept nowhere. */
export interface JobProgress {
  readonly text: string;
  readonly done: number;
  /** Zero while it is not known. */
  readonly total: number;
  /** The newest steps that were not done, newest first. */
  readonly failures?: readonly string[];
}
