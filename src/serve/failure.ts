// Failures: what went wrong in words, as an HTTP status and Graph's error shape (native.md 1.8).
import { Problem } from '../model/problem.ts';

/** A request that is refused: its HTTP status, Graph's code for it, and the sentence for the caller. */
export class Failure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Failure';
    this.status = status;
    this.code = code;
  }
}

const statuses: Readonly<Record<Problem['kind'], readonly [status: number, code: string]>> = {
  failed: [500, 'generalException'],
  refused: [422, 'refused'],
  incomplete: [502, 'incomplete'],
  conflict: [409, 'Conflict'],
  authentication: [502, 'tenantAuthentication'],
  usage: [400, 'BadRequest'],
  interrupted: [503, 'serviceNotAvailable'],
};

/** Any error as a failure. What Driftline does not know is told to nobody but the log. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Problem) {
    const [status, code] = statuses[error.kind];
    const subject = error.subject === undefined ? '' : ` (${error.subject})`;
    return new Failure(status, code, `${error.summary}${subject}. ${error.detail}`);
  }
  return new Failure(500, 'generalException', 'Something went wrong that Driftline does not know; its log says more.');
}

export const notFound = (message: string): Failure => new Failure(404, 'ResourceNotFound', message);
export const badRequest = (message: string): Failure => new Failure(400, 'BadRequest', message);
export const conflict = (message: string): Failure => new Failure(409, 'Conflict', message);

/** Graph's error body. */
export function errorBody(failure: Failure, requestId: string, clientRequestId: string | undefined, at: Date) {
  return {
    error: {
      code: failure.code,
      message: failure.message,
      innerError: {
        date: at.toISOString().slice(0, 19),
        'request-id': requestId,
        'client-request-id': clientRequestId ?? requestId,
      },
    },
  };
}
