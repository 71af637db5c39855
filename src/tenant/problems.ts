// The problems of talking to Graph: what went wrong on the wire, each as a Problem that says whether the request may have taken effect.
import type { Kind } from '../model/kind.ts';
import { Problem, type ProblemParts } from '../model/problem.ts';
import { type Answer, statusText } from './answer.ts';

/** No usable answer came. */
export class Unanswered extends Problem {
  /** False just when it is certain that the server never saw the request. */
  readonly sent: boolean;
  /** Asking again would end the same way (a certificate that is not trusted, an answer over the byte cap). */
  readonly permanent: boolean;

  constructor(
    detail: string,
    subject: string,
    facts: { readonly sent: boolean; readonly permanent?: boolean },
    cause?: unknown,
  ) {
    super({ kind: 'failed', summary: 'Graph gave no usable answer', detail, subject, cause });
    this.sent = facts.sent;
    this.permanent = facts.permanent ?? false;
  }
}

/** Graph answered, and the answer is a refusal: 403, 404, 400 and the like. */
export class Refused extends Problem {
  readonly answer: Answer;
  /** It refuses one object and not the collection. */
  readonly object: string | undefined;

  constructor(answer: Answer, subject: string, object?: string) {
    super({
      kind: 'failed',
      summary: 'Graph refused a request',
      detail: `It answered ${statusText(answer)}.`,
      subject,
    });
    this.answer = answer;
    this.object = object;
  }
}

/** Graph would answer, and leave something out that the token may not see. What is left out must not read as deleted. */
export class Withheld extends Problem {
  constructor(kind: Kind, key: string, link: string, permission: string) {
    super({
      kind: 'failed',
      summary: 'Graph hides a part of an object',
      detail: `Graph shows the ${link} of ${kind.name}/${key} only to a token with ${permission}, and says to others that there are none. Grant it to the app registration and give admin consent.`,
      subject: `${kind.name}/${key}`,
    });
  }
}

/** An answer of status 200 that is not what Graph answers to such a request. */
export function shapeProblem(why: string, subject: string): Unanswered {
  return new Unanswered(`The answer has not the shape of Graph's: ${why}. Nothing of it was used.`, subject, {
    sent: true,
    permanent: true,
  });
}

/** The server asks to wait longer than we are allowed to. The request did not take effect. */
export class Throttled extends Problem {
  readonly until: number;

  constructor(detail: string, until: number, subject: string) {
    super({ kind: 'failed', summary: 'Graph throttles and there is no time left to wait', detail, subject });
    this.until = until;
  }
}

/** An answer that would lead us, or the token, elsewhere. It ends the whole run: what else that server says cannot be trusted. */
export class Hostile extends Problem {
  constructor(detail: string, subject: string) {
    super({ kind: 'failed', summary: 'The server answered with something that Graph does not say', detail, subject });
  }
}

export function authenticationProblem(detail: string, subject?: string, cause?: unknown): Problem {
  const parts: ProblemParts = { kind: 'authentication', summary: 'Signing in to the tenant failed', detail, cause };
  return new Problem(subject === undefined ? parts : { ...parts, subject });
}

export function interrupted(): Problem {
  return new Problem({
    kind: 'interrupted',
    summary: 'Stopped',
    detail: 'The run was stopped while it talked to Graph. What was read so far is not used.',
  });
}

/** Does this end the whole run, and not only the reading of one kind? */
export function isFatal(error: unknown): boolean {
  return (
    error instanceof Hostile ||
    (error instanceof Problem && ['authentication', 'interrupted', 'usage'].includes(error.kind))
  );
}
