// The last step of the chain: one attempt, from a checked URL and a request to status, headers and parsed body, or a failure.
import { isUtf8 } from 'node:buffer';
import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import { succeeded } from './answer.ts';
import { type Exchange, exchangeOf } from './exchange.ts';
import { parseParted, type Slice } from './parted.ts';
import { Hostile, interrupted, Unanswered } from './problems.ts';
import { type Room, Rooms } from './rooms.ts';
import { parseStrictly } from './strict-json.ts';
import type { Time } from './time.ts';

export interface WireOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly time: Time;
  /** Aborts when the whole run is stopped. */
  readonly signal: AbortSignal;
  /** Milliseconds for one attempt, from connecting to the last byte. */
  readonly attemptTimeout: number;
  /** Bytes that one answer may have after decompression. */
  readonly byteCap: number;
  readonly onRequest: (about: string | undefined) => void;
  readonly onBytes: (bytes: number) => void;
}

/** Connection errors after which it is certain that no request was sent. */
const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL/;

/**
 * Sends to the exchange's URL and not to the one that the client's builder made of a path, because that one cuts ids at `#` and mangles
 * links over http (docs/decisions.md). Redirects are errors; the body is read whole within the time-out and the byte cap, must be UTF-8,
 * and must be JSON wherever an answer needs one.
 */
export class Wire implements Middleware {
  readonly #options: WireOptions;
  readonly #rooms = new Rooms();

  constructor(options: WireOptions) {
    this.#options = options;
  }

  async execute(context: Context): Promise<void> {
    const exchange = exchangeOf(context);
    exchange.begin();
    const { time, signal, attemptTimeout } = this.#options;
    if (signal.aborted) throw interrupted();
    const attempt = new AbortController();
    const timeout = time.timeout(attemptTimeout);
    const stop = () => attempt.abort(signal.reason);
    const expire = () => attempt.abort(timeout.signal.reason);
    signal.addEventListener('abort', stop);
    timeout.signal.addEventListener('abort', expire);
    this.#options.onRequest(exchange.request.about);
    try {
      await this.#attempt(exchange, context, attempt.signal);
    } catch (error) {
      // Whatever is left of an answer that is given up is not read on in the background.
      attempt.abort();
      if (signal.aborted) throw interrupted();
      if (error instanceof Unanswered || error instanceof Hostile) throw error;
      throw unanswered(error, exchange.subject, timeout.signal.aborted ? attemptTimeout : undefined);
    } finally {
      timeout.clear();
      signal.removeEventListener('abort', stop);
      timeout.signal.removeEventListener('abort', expire);
    }
  }

  async #attempt(exchange: Exchange, context: Context, signal: AbortSignal): Promise<void> {
    const { method, body, headers } = context.options ?? {};
    const response = await this.#options.fetch(exchange.request.url, {
      method: method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body === undefined || body === null ? {} : { body }),
      redirect: 'manual',
      signal,
    } as RequestInit);
    context.response = response;
    if (response.status >= 300 && response.status < 400)
      throw new Hostile(
        `The server redirects (${response.status})${whereTo(response.headers.get('location'))}. Graph does not; the redirect was not followed and the token was not sent. Is there a proxy or a sign-in page in between?`,
        exchange.subject,
      );
    const room = await this.#read(response, exchange.subject);
    exchange.headers = new Map(response.headers);
    const { recognizer } = exchange.request;
    const whole = () => bodyOf(response, textOf(room.bytes), exchange);
    const parted = recognizer && succeeded(response) ? parseParted(room.bytes, recognizer, whole) : undefined;
    exchange.parted = parted && { ...parted, slices: givingBack(room, parted.slices) };
    exchange.body = parted?.around ?? whole();
    if (parted === undefined) room.give();
    exchange.status = response.status;
  }

  /** The whole body, which is UTF-8. */
  async #read(response: Response, subject: string): Promise<Room> {
    const room = this.#rooms.take();
    const chunks = (response.body ?? []) as AsyncIterable<Uint8Array>;
    for await (const chunk of chunks) {
      if (room.length + chunk.byteLength > this.#options.byteCap)
        throw new Unanswered(
          `The answer is larger than ${this.#options.byteCap} bytes. Graph's pages are far smaller, so it was not read to its end.`,
          subject,
          { sent: true, permanent: true },
        );
      room.add(chunk);
    }
    if (room.length > 0) this.#options.onBytes(room.length);
    if (!isUtf8(room.bytes)) throw new Unanswered('The answer is not valid UTF-8.', subject, { sent: true });
    return room;
  }
}

/** The slices of a page, which are read from its bytes; these are needed until the last one was taken, or no more are wanted. */
function* givingBack(room: Room, slices: Iterable<Slice>): Generator<Slice> {
  try {
    yield* slices;
  } finally {
    room.give();
  }
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function bodyOf(response: Response, text: string, exchange: Exchange) {
  const { method } = exchange.request;
  if (text === '' && (method !== 'GET' || response.status === 204)) return undefined;
  try {
    return parseStrictly(text);
  } catch (error) {
    if (!succeeded(response)) return undefined;
    const type = response.headers.get('content-type') ?? 'no content type';
    throw new Unanswered(
      `The answer is no complete JSON (${text.length === 0 ? 'it is empty' : `${type}, ${text.length} characters`}).`,
      exchange.subject,
      { sent: true },
      error,
    );
  }
}

function whereTo(location: string | null): string {
  if (location === null || !URL.canParse(location)) return '';
  return ` to ${new URL(location).origin}`;
}

function unanswered(error: unknown, subject: string, timedOut: number | undefined): Unanswered {
  if (timedOut !== undefined)
    return new Unanswered(`No complete answer came within ${timedOut / 1000} seconds.`, subject, { sent: true }, error);
  const codes = [...codesOf(error)];
  const code = codes[0] ?? (error instanceof Error ? error.name : 'unknown');
  const certificate = codes.some((one) => untrusted.test(one));
  if (certificate)
    return new Unanswered(
      `The server's certificate is not trusted (${code}). Behind an inspecting proxy, give its authority in NODE_EXTRA_CA_CERTS.`,
      subject,
      { sent: false, permanent: true },
      error,
    );
  const sent = !codes.some((one) => unsent.has(one));
  const detail = sent
    ? `The connection broke before the answer was complete (${code}).`
    : `The server could not be reached (${code}).`;
  return new Unanswered(detail, subject, { sent }, error);
}

/** The error codes along the causes of a failed fetch, outermost first. */
function* codesOf(error: unknown): Generator<string> {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') yield at.code;
    if (at instanceof AggregateError) for (const one of at.errors) yield* codesOf(one);
  }
}
