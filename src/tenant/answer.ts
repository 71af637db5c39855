// Answers: what Graph's status, headers and error body mean to us.
import { isObject, type Json } from '../model/json.ts';
import type { Parted } from './parted.ts';
import { printable } from './token.ts';

/** What came back for one request, whole and parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Json | undefined;
  /** It took more than one attempt: a page token in it must not be used (reference 1.4). */
  readonly retried: boolean;
  /** What was recognized in the page, where it was read so. */
  readonly parted?: Parted | undefined;
}

export interface GraphError {
  readonly code: string;
  readonly message: string;
}

/** The error that a body says (reference 1.8), made fit to print. */
export function errorOf(answer: Pick<Answer, 'status' | 'body'>): GraphError {
  const error = isObject(answer.body) ? answer.body.error : undefined;
  if (!isObject(error)) return { code: '', message: '' };
  const text = (value: Json | undefined) => (typeof value === 'string' ? printable(value) : '');
  return { code: text(error.code), message: text(error.message) };
}

/** `403 Authorization_RequestDenied: Insufficient privileges …`. */
export function statusText(answer: Pick<Answer, 'status' | 'body'>): string {
  const { code, message } = errorOf(answer);
  return `${answer.status}${code === '' ? '' : ` ${code}`}${message === '' ? '' : `: ${message}`}`;
}

export function succeeded(answer: Pick<Answer, 'status'>): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** Server errors that go away by themselves. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 500 || status === 502 || status === 503 || status === 504;
}

/**
 * Milliseconds that a `Retry-After` asks for: seconds (Graph also sends fractions) or a date. Undefined for none, for a date that is past
 * and for anything else (trust.md row 4).
 */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^[A-Za-z]{3}/.test(text)) return undefined;
  const wait = Date.parse(text) - now;
  return wait > 0 ? wait : undefined;
}

/** A page or delta token that Graph no longer knows: the collection is read again from its first page (reference 1.4, 1.5). */
export function isExpiredToken(answer: Pick<Answer, 'status' | 'body'>): boolean {
  if (answer.status === 410) return true;
  if (answer.status < 400 || answer.status >= 500 || [401, 403, 404, 429].includes(answer.status)) return false;
  const { code, message } = errorOf(answer);
  return (
    /PageToken|SkipToken|DeltaToken|syncState|resync/i.test(code) ||
    /\b(page|skip|delta) ?token|syncState|DirectoryPageTokenNotFound/i.test(message)
  );
}

/** Refusals that a licence would lift (reference 1.8, 3.23). */
export function isLicence(answer: Pick<Answer, 'status' | 'body'>): boolean {
  if (answer.status !== 400 && answer.status !== 402 && answer.status !== 403) return false;
  const { code, message } = errorOf(answer);
  return (
    /NonPremiumTenant|LicenseRequired|LicenceRequired|SubscriptionNotFound/i.test(code) ||
    /doesn't have premium licen[sc]e|premium licen[sc]e|licen[sc]e (is )?required|not licensed|requires? .{0,60}licen[sc]e/i.test(
      message,
    )
  );
}
