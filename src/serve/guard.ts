// The guard: which requests are heard at all (Host, Origin, custom header), and the headers that every answer bears (trust.md 2.9).
import { Failure } from './failure.ts';

/** What a page that changes something sends beside its cookie: no form and no foreign page can. */
const ownHeader = 'x-driftline';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every answer. No CORS header is among them: no other origin reads anything here. */
export function answerHeaders(secure: boolean): Readonly<Record<string, string>> {
  return {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    ...(secure ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

/** Names by which this machine calls itself. */
const loopback = ['localhost', '127.0.0.1', '[::1]'];

export function isLoopback(host: string): boolean {
  return loopback.includes(host) || host === '::1';
}

/**
 * The origin by which the caller addresses the server. Failure 403 for any Host but the server's own names with its own port: a page that
 * has its name point here is not answered.
 */
export function ownOrigin(
  host: string | null,
  at: { readonly url?: string; readonly host: string; readonly port: number; readonly secure: boolean },
): string {
  const scheme = at.secure ? 'https' : 'http';
  const names = isLoopback(at.host) ? loopback : [at.host];
  const usual = at.port === (at.secure ? 443 : 80);
  for (const name of names) if (host === `${name}:${at.port}` || (usual && host === name)) return `${scheme}://${host}`;
  if (at.url !== undefined && host === new URL(at.url).host) return at.url;
  throw new Failure(403, 'Forbidden', 'The server is not called by this name.');
}

/**
 * Failure 403 where a request that changes something was sent by a page of somebody else, whatever it is known by: a proxy that signs
 * people in adds their token to whatever their browser sends.
 */
export function refuseForeignPage(headers: Headers, origin: string): void {
  const [from, site] = [headers.get('origin'), headers.get('sec-fetch-site')];
  if ((from === null || from === origin) && (site === null || site === 'same-origin' || site === 'none')) return;
  throw new Failure(403, 'Forbidden', 'A page of another origin changes nothing here.');
}

/** Failure 403 where a request that changes something, and comes with a cookie, may have been sent by another page. */
export function requireOwnPage(headers: Headers, origin: string): void {
  const site = headers.get('sec-fetch-site');
  if (
    headers.get('origin') === origin &&
    headers.get(ownHeader) === '1' &&
    (site === null || site === 'same-origin') &&
    (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase() === 'application/json'
  )
    return;
  throw new Failure(
    403,
    'Forbidden',
    `A request that changes something comes from a page of this server: its Origin, the header ${ownHeader}: 1 and JSON.`,
  );
}
