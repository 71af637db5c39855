// A position in a listing in, an opaque page token out, and back while it is still good (reference 1.4).
import { createHash, createHmac } from 'node:crypto';
import { badRequest, GraphError } from './types.ts';

interface Payload {
  /** What the token is good for: path, and options that change what is listed. */
  readonly of: string;
  readonly from: number;
  readonly at: number;
  /** Two tokens are never the same, even of one position in one millisecond. */
  readonly number: number;
}

export class PageTokens {
  private readonly key: string;
  private readonly clock: () => number;
  private readonly lifetimeMs: number;
  private made = 0;

  constructor(seed: string, clock: () => number, lifetimeMs: number) {
    this.key = createHash('sha256').update(`page tokens ${seed}`).digest('hex');
    this.clock = clock;
    this.lifetimeMs = lifetimeMs;
  }

  make(of: string, from: number): string {
    const payload: Payload = { of: digest(of), from, at: this.clock(), number: this.made++ };
    const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
    return `${text}.${this.sign(text)}`;
  }

  /** The position; throws 400 for a token that is expired, or was made for something else. */
  read(token: string, of: string): number {
    const [text = '', signature] = token.split('.');
    if (signature !== this.sign(text)) throw badRequest('Invalid page token.');
    const payload = JSON.parse(Buffer.from(text, 'base64url').toString()) as Payload;
    if (payload.of !== digest(of)) throw badRequest('Invalid page token.');
    if (this.clock() - payload.at > this.lifetimeMs) throw expired();
    return payload.from;
  }

  private sign(text: string): string {
    return createHmac('sha256', this.key).update(text).digest('base64url').slice(0, 16);
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 12);

/** 400 `Directory_ExpiredPageToken`: the client starts the collection again (reference 1.4). */
function expired(): GraphError {
  return new GraphError(
    400,
    'Directory_ExpiredPageToken',
    'The specified page token value has expired and can no longer be included in your request.',
  );
}
