// Run: one recovery as it happened: what was asked of Graph, what came of each step, and what was left at the end.
import type { Json } from './json.ts';
import type { Kind } from './kind.ts';
import type { IdMap, Refusal, Step } from './plan.ts';
import type { Ref } from './ref.ts';
import type { GraphRequest } from './tenant.ts';

/**
 * What came of a step. `done`: its effect was seen, by this run's write or already there; `refused`: Graph said no; `skipped`: not tried,
 * since the object had moved, or a step that it needs was not done; `unknown`: sent, and neither the answer nor reading back could tell.
 */
export const outcomes = ['done', 'refused', 'skipped', 'unknown'] as const;
export type Outcome = (typeof outcomes)[number];

export interface StepOutcome {
  readonly step: string;
  readonly outcome: Outcome;
  /** Absent where it is done by this run. */
  readonly because?: string;
  /** Requests that this step sent. */
  readonly writes: number;
}

/** One line of the journal. A line is on the disk before the next thing happens. */
export type JournalLine =
  | { readonly line: 'begin'; readonly run: string; readonly digest: string; readonly at: string }
  /** Before the request is sent. */
  | {
      readonly line: 'intent';
      readonly step: string;
      readonly method: string;
      readonly path: string;
      readonly bodyDigest: string;
      readonly at: string;
    }
  /** An id that Graph gave, known before the step's outcome is. */
  | { readonly line: 'ids'; readonly step: string; readonly ids: IdMap; readonly at: string }
  | (StepOutcome & { readonly line: 'outcome'; readonly digest?: string; readonly at: string })
  /** A password that Graph was given for a recreated user is said once, to the person, and never kept; that it was made is. */
  | { readonly line: 'note'; readonly step: string; readonly text: string; readonly at: string }
  | { readonly line: 'resume'; readonly at: string }
  | { readonly line: 'end'; readonly interrupted: boolean; readonly at: string };

/** The journal of one run. `append` resolves when the lines are on the disk. */
export interface Journal {
  append(lines: readonly JournalLine[]): Promise<void>;
  close(): Promise<void>;
}

/** What still differs from the goal when all is done, with the reason. */
export interface Leftover {
  readonly ref: Ref;
  readonly displayName: string;
  readonly path?: string;
  readonly because: string;
  /** No recovery could put it back: the id, the creation time, the secrets of what was made anew. */
  readonly byNature: boolean;
}

const runStatuses = ['complete', 'partial', 'interrupted'] as const;

/** What is kept of a run in `runs/<id>.yaml` beside the state. */
export interface RunRecord {
  readonly id: string;
  readonly status: (typeof runStatuses)[number];
  /** Digest of the plan. */
  readonly plan: string;
  /** The commit on the branch that holds the scope as it was before: what undo goes back to. */
  readonly before: string;
  readonly goal: string;
  readonly reason?: string;
  /** The run that this one undid. */
  readonly undoes?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly writes: number;
  /** Objects that were written to, or came back by themselves with those, under the ids that they have now. */
  readonly objects: readonly Ref[];
  /** Those of them that were made anew. */
  readonly made: readonly Ref[];
  readonly ids: IdMap;
  readonly left: readonly Leftover[];
  readonly refusals: readonly Refusal[];
  /** Steps that were not done. */
  readonly failures: readonly {
    readonly step: string;
    readonly ref: Ref;
    readonly displayName: string;
    readonly action: string;
    readonly outcome: Outcome;
    readonly because: string;
  }[];
}

/** How long, and how often, a write is looked for before it is believed. Times in milliseconds. */
export interface SettlePolicy {
  /** Good reads in a row. */
  readonly confirmations: number;
  /** Between two reads; longer from read to read while the write does not show. */
  readonly pause: number;
  /** After which a write that does not show has an unknown outcome. */
  readonly patience: number;
}

/** The Graph call of one step; where its address must be looked up first, `find` is sent, and `request` makes the call from its answer. */
export type StepCall =
  | {
      readonly request: GraphRequest;
      /** A password in the body, to be told to the person and to nobody else. */
      readonly secret?: string;
    }
  | { readonly find: GraphRequest; readonly request: (body: Json | undefined) => GraphRequest | undefined };

/** Steps as Graph calls; tenant/ makes them, apply/ sends them. */
export interface StepRequests {
  /** The call for a step whose refs and placeholders are those of now. */
  callFor(step: Step, kind: Kind): StepCall;
  /** One call that makes several links of an object, all or none; undefined where Graph has none for this link. */
  bind(kind: Kind, ref: Ref, link: string, targets: readonly Ref[]): GraphRequest | undefined;
  /** Links that one such call takes. */
  readonly bindSize: number;
  /** The key of the object that an answer holds; undefined where it holds none. */
  madeKey(kind: Kind, body: Json | undefined): string | undefined;
}
