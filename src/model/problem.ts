// Problem: every error that a person is told, with what happened, why, and what to do now; and the one table of exit statuses.

/** The one table of exit statuses (docs/exit-status.md is made from it). */
export const exitStatus = {
  done: { status: 0, meaning: 'done, or no difference' },
  failed: { status: 1, meaning: 'failed: nothing was changed unless the message says so' },
  differences: { status: 2, meaning: 'there are differences (asked for with --exit-code)' },
  refused: { status: 3, meaning: 'refused by a guard; the message names the flag that overrules it, if there is one' },
  incomplete: {
    status: 4,
    meaning: 'done in part: not everything could be read or written, or the second look still differs',
  },
  conflict: { status: 5, meaning: 'somebody else was faster or holds the lock; run it again' },
  authentication: { status: 6, meaning: 'not signed in, or signed in without a permission that everything depends on' },
  usage: { status: 7, meaning: 'the command line, driftline.yaml or a state file is not valid' },
  interrupted: { status: 130, meaning: 'stopped by a signal' },
} as const;

export type ProblemKind = Exclude<keyof typeof exitStatus, 'done' | 'differences'>;

export interface ProblemParts {
  readonly kind: ProblemKind;
  /** One constant sentence without data in it: the same text for the same sort of problem. */
  readonly summary: string;
  /** What happened to which object, why, and what to do now, in sentences. */
  readonly detail: string;
  /** A ref, a path, or file:line:column. */
  readonly subject?: string;
  readonly cause?: unknown;
}

export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly summary: string;
  readonly detail: string;
  readonly subject: string | undefined;

  constructor(parts: ProblemParts) {
    super(
      parts.subject === undefined
        ? `${parts.summary}: ${parts.detail}`
        : `${parts.summary} (${parts.subject}): ${parts.detail}`,
      {
        cause: parts.cause,
      },
    );
    this.name = 'Problem';
    this.kind = parts.kind;
    this.summary = parts.summary;
    this.detail = parts.detail;
    this.subject = parts.subject;
  }

  get exitStatus(): number {
    return exitStatus[this.kind].status;
  }
}
