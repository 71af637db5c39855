// A position in a listing in, an opaque page token out, and back while it is still good (reference 1.4).
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { badRequest, GraphError } from './types.ts';

/** Signs texts with a key of its own, which follows from what it is for. */
export function signer(purpose: string): (text: string) => string {
  const key = createSecretKey(createHash('sha256').update(purpose).digest());
  return (text) => createHmac('sha256', key).update(text).digest('base64url').slice(0, 16);
}

interface Payload {
  readonly from: number;
  readonly at: number;
  /** Two tokens are never the same, even of one position in one millisecond. */
  readonly number: number;
}

export class PageTokens {
  private readonly sign: (text: string) => string;
  private readonly clock: () => number;
  private readonly lifetimeMs: number;
  private made = 0;

  constructor(seed: string, clock: () => number, lifetimeMs: number) {
    this.sign = signer(`page tokens ${seed}`);
    this.clock = clock;
    this.lifetimeMs = lifetimeMs;
  }

  /** `of`: what the token is good for, the path and the options that change what is listed. */
  make(of: string, from: number): string {
    const payload: Payload = { from, at: this.clock(), number: this.made++ };
    const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
    return `${text}.${this.sign(`${text} ${of}`)}`;
  }

  /** The position; throws 400 for a token that is expired, or was made for something else. */
  read(token: string, of: string): number {
    const [text = '', signature] = token.split('.');
    if (signature !== this.sign(`${text} ${of}`)) throw badRequest('Invalid page token.');
    const payload = JSON.parse(Buffer.from(text, 'base64url').toString()) as Payload;
    if (this.clock() - payload.at > this.lifetimeMs) throw expired();
    return payload.from;
  }
}

/** 400 `Directory_ExpiredPageToken`: the client starts the collection again (reference 1.4). */
function expired(): GraphError {
  return new GraphError(
    400,
    'Directory_ExpiredPageToken',
    'The specified page token value has expired and can no longer be included in your request.',
  );
}
