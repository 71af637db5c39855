// The composed report: a difference with all that a reader wants to know of it; every renderer, the API and the server say this one thing.
import type { AuditEntry } from './audit.ts';
import type { AttributeChange, Change, LinkChange, Operation } from './change.ts';
import type { CoverageStatus } from './coverage.ts';
import type { AccessClass } from './kind.ts';
import type { Ref } from './ref.ts';
import type { Scope } from './scope.ts';

/** What a recovery to FROM does with an object. `none`: nothing, and the report says why. */
export type RecoveryAction = 'restore' | 'recreate' | 'update' | 'softDelete' | 'none';

/** One side of a difference. */
export interface ReportSide {
  /** As it was asked for: a commit, branch, tag or date, or `live`. */
  readonly ref: string;
  /** The commit, in full; null for the living tenant, which is read into a private commit that does not stay. */
  readonly commit: string | null;
  /** When that state was: the commit's time, or when the tenant was read. ISO 8601 UTC. */
  readonly at: string;
}

/** How completely a kind was read on each side. A kind that a side says nothing of was `skipped` there. */
export interface ReportCoverage {
  readonly kind: string;
  readonly from: CoverageStatus;
  readonly to: CoverageStatus;
  /** Why a side is not complete, and what would make it so; absent where both are. */
  readonly reason?: string;
}

/** Of what time the tenant's audit log was asked, and how completely it could be read. */
export interface ReportActors {
  readonly status: CoverageStatus;
  /** ISO 8601 UTC. */
  readonly from: string;
  readonly to: string;
  /** Why it is not complete; absent where it is. */
  readonly reason?: string;
}

/** An entry of the audit log about a changed object. */
export interface ReportActor extends Omit<AuditEntry, 'id' | 'about'> {
  /** The recovery of ours that wrote to the object at that time. */
  readonly run?: string;
}

export interface ReportHeader {
  readonly from: ReportSide;
  readonly to: ReportSide;
  readonly scope: Scope;
  /** Every kind in the scope. */
  readonly coverage: readonly ReportCoverage[];
  /** Absent where it was not asked who made the changes. */
  readonly actors?: ReportActors;
  /** What else a reader must know before anything else; left out where there is nothing. */
  readonly notices?: readonly string[];
}

/** An attribute change; `names` says what the ids inside its values point to, id to name, where that is known. */
export interface ReportAttribute extends AttributeChange {
  readonly names?: Readonly<Record<string, string>>;
}

export interface ReportLink extends LinkChange {
  /** The name on the side where the other end exists, the newer one where it is on both; its key where no name is known. */
  readonly targetName: string;
  /** Graph's type name. */
  readonly targetType: string;
  /** Names of ids among the properties (the app role that is assigned). */
  readonly names?: Readonly<Record<string, string>>;
}

export interface ReportChange extends Omit<Change, 'attributes' | 'links'> {
  readonly kind: string;
  /** Graph's type name. */
  readonly type: string;
  /** Graph's id, also where the ref's key is another one. */
  readonly id: string;
  readonly recoveryAction: RecoveryAction;
  /** Why the action is `none`, or what of the difference it leaves or cannot know. */
  readonly because?: string;
  /** Microsoft's own recovery would cover it, wholly or in part (native.md section 2). */
  readonly native: boolean;
  /** What the difference may have given somebody access to; left out where it is nothing. */
  readonly access?: readonly AccessClass[];
  readonly attributes: readonly ReportAttribute[];
  readonly links: readonly ReportLink[];
  /** Entries of the audit log that are about it, the newest first; absent where that was not asked, or is not known. */
  readonly actors?: readonly ReportActor[];
  /** How many older ones there are; left out where there are none. */
  readonly moreActors?: number;
}

export interface ReportSummary {
  readonly objects: number;
  readonly attributes: number;
  readonly links: number;
  /** Differences that the ignore rules accept. */
  readonly ignored: number;
  /** Objects that are missing in TO of a kind that was not read completely there, and so are not said to be deleted; left out where there are none. */
  readonly withheld?: number;
  readonly byKind: Readonly<Record<string, Readonly<Record<Operation, number>>>>;
}

/** A report as it is made: the header first, then the changes one by one in the order of their refs, then the summary. */
export interface Report {
  readonly header: ReportHeader;
  /** Can be walked once. */
  readonly changes: AsyncIterable<ReportChange>;
  /** Complete when the changes have been walked to their end. */
  summary(): ReportSummary;
}

/** What a value points to: an object of `kind`, found by its id or its application id. */
export interface Pointer {
  readonly kind: string;
  readonly by: 'id' | 'appId';
  readonly value: string;
}

/** What is known of an object that something points to. */
export interface Named {
  readonly ref: Ref;
  readonly displayName: string;
}
