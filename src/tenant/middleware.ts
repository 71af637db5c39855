// The steps of the chain before the wire: repeat what may be repeated, keep to the lanes, bear the token.
import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import { errorOf, isTransient, retryAfter } from './answer.ts';
import type { Tokens } from './auth.ts';
import { type Exchange, exchangeOf } from './exchange.ts';
import { authenticationProblem, interrupted, Throttled, Unanswered } from './problems.ts';
import type { Throttle } from './throttle.ts';
import { instantText, type Time } from './time.ts';
import type { Token } from './token.ts';

abstract class Step implements Middleware {
  #next: Middleware | undefined;

  setNext(next: Middleware): void {
    this.#next = next;
  }

  protected async next(context: Context): Promise<void> {
    await this.#next?.execute(context);
  }

  abstract execute(context: Context): Promise<void>;
}

export interface RetryOptions {
  readonly time: Time;
  readonly random: () => number;
  readonly throttle: Throttle;
  readonly signal: AbortSignal;
  /** Repeats after a server error or a broken connection. */
  readonly repeats: number;
  /** Milliseconds that one request may be held up by throttling altogether. */
  readonly patience: number;
  /** When the whole run must be over, milliseconds since 1970. */
  readonly deadline: number;
  readonly onRetry: (throttled: boolean) => void;
}

/** Exponential with jitter, from a second to a minute (reference 1.7). */
export function backoff(attempt: number, random: () => number): number {
  return Math.min(60_000, 1000 * 2 ** attempt) * (1 + random() / 4);
}

/**
 * Outermost step. 429 is waited out for every request, because it was not executed; 5xx and broken connections are repeated where that is
 * harmless. Every failure ends up in the exchange.
 */
export class Retry extends Step {
  readonly #options: RetryOptions;

  constructor(options: RetryOptions) {
    super();
    this.#options = options;
  }

  async execute(context: Context): Promise<void> {
    const exchange = exchangeOf(context);
    const started = this.#options.time.now();
    for (let throttled = 0, broken = 0; ; ) {
      try {
        await this.next(context);
      } catch (error) {
        exchange.failure = error;
      }
      try {
        if (exchange.failure === undefined && exchange.status === 429) {
          this.#holdLane(exchange, throttled, started);
          throttled += 1;
        } else if (this.#mayRepeat(exchange) && broken < this.#options.repeats) {
          await this.#waitFor(exchange, broken);
          broken += 1;
        } else return;
      } catch (error) {
        exchange.failure = error;
        return;
      }
      this.#options.onRetry(exchange.status === 429);
    }
  }

  /** The lane as a whole waits; the request then queues in it again. */
  #holdLane(exchange: Exchange, attempt: number, started: number): void {
    const { time, random, patience, deadline, throttle } = this.#options;
    const now = time.now();
    const asked = retryAfter(exchange.headers.get('retry-after'), now);
    const until = now + (asked === undefined ? backoff(attempt, random) : asked + random() * 500);
    if (until > Math.min(started + patience, deadline))
      throw new Throttled(
        `Graph asks to wait${asked === undefined ? '' : ` until ${instantText(until)}`}, and there is no time left for that${attempt > 0 ? ` after ${attempt + 1} refusals` : ''}. Run it again then; nothing of this request was carried out.`,
        until,
        exchange.subject,
      );
    throttle.lane(exchange.request.lane).pause(until);
  }

  #mayRepeat({ request, failure, status }: Exchange): boolean {
    if (failure === undefined) return request.repeatable && isTransient(status);
    return failure instanceof Unanswered && !failure.permanent && (request.repeatable || !failure.sent);
  }

  async #waitFor(exchange: Exchange, attempt: number): Promise<void> {
    const { time, random, deadline, signal } = this.#options;
    const asked = retryAfter(exchange.headers.get('retry-after'), time.now());
    const wait = Math.max(asked ?? 0, backoff(attempt, random));
    if (time.now() + wait > deadline)
      throw new Unanswered(
        'The time for this run is over.',
        exchange.subject,
        { sent: true, permanent: true },
        exchange.failure,
      );
    if (signal.aborted) throw interrupted();
    await time.sleep(wait, signal).catch(() => {
      throw interrupted();
    });
  }
}

export interface LanesOptions {
  readonly throttle: Throttle;
  readonly signal: AbortSignal;
  readonly onWait: (about: string | undefined, text: string) => void;
}

/** Keeps every attempt to its lane. */
export class Lanes extends Step {
  readonly #options: LanesOptions;

  constructor(options: LanesOptions) {
    super();
    this.#options = options;
  }

  async execute(context: Context): Promise<void> {
    const exchange = exchangeOf(context);
    const { throttle, signal, onWait } = this.#options;
    const lane = throttle.lane(exchange.request.lane);
    await lane
      .enter(exchange.request.cost ?? 1, signal, (_until, text) => onWait(exchange.request.about, text))
      .catch((error: unknown) => {
        throw signal.aborted ? interrupted() : error;
      });
    try {
      await this.next(context);
      const percentage = Number(exchange.headers.get('x-ms-throttle-limit-percentage') ?? Number.NaN);
      if (exchange.status !== 429) lane.heed(Number.isNaN(percentage) ? undefined : percentage);
    } finally {
      lane.leave();
    }
  }
}

/** Bears the token; on a 401, once, a new one (the old one may have run out in the middle of the run). */
export class Bearer extends Step {
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    super();
    this.#tokens = tokens;
  }

  async execute(context: Context): Promise<void> {
    const exchange = exchangeOf(context);
    const token = await this.#tokens.get();
    await this.#bear(context, token);
    if (exchange.status !== 401) return;
    await this.#bear(
      context,
      await this.#tokens.renew(token, claimsChallenge(exchange.headers.get('www-authenticate'))),
    );
    if (exchange.status !== 401) return;
    const { code } = errorOf(exchange);
    throw authenticationProblem(
      `Graph refuses the token, and a new one as well (401${code === '' ? '' : ` ${code}`}). Check that the tenant, the cloud and this machine's clock are right (driftline doctor does).`,
      exchange.subject,
    );
  }

  async #bear(context: Context, token: Token): Promise<void> {
    const headers = context.options?.headers as Record<string, string> | undefined;
    context.options = { ...context.options, headers: { ...headers, Authorization: token.authorization() } };
    await this.next(context);
  }
}

/** The claims that continuous access evaluation asks for in `WWW-Authenticate`, decoded. */
export function claimsChallenge(header: string | undefined): string | undefined {
  const claims = /\bclaims="([^"]+)"/.exec(header ?? '')?.[1];
  return claims === undefined ? undefined : Buffer.from(claims, 'base64').toString('utf8');
}
