// Graph: requests by path into whole, parsed answers; the only door to HTTP, through a chain of our own in Microsoft's client.
import { randomUUID } from 'node:crypto';
import type { Client } from '@microsoft/microsoft-graph-client';
import type { JsonObject } from '../model/json.ts';
import type { ReadStatistics } from '../model/tenant.ts';
import { addressOf, followed, type Version } from './address.ts';
import type { Answer } from './answer.ts';
import type { Tokens } from './auth.ts';
import { Exchange, type ExchangeRequest } from './exchange.ts';
import { Bearer, backoff, Lanes, Retry } from './middleware.ts';
import type { Recognizer } from './parted.ts';
import { Throttled, Unanswered } from './problems.ts';
import type { LaneName, Throttle } from './throttle.ts';
import { instantText, type Time } from './time.ts';
import { Wire } from './wire.ts';

/** Without it Graph says `unknownFutureValue` for newer values, and a write-back would destroy data (reference 1.2). */
export const readHeaders = { Prefer: 'include-unknown-enum-members' } as const;

export interface GraphOptions {
  readonly url: URL;
  readonly tokens: Tokens;
  readonly throttle: Throttle;
  readonly fetch: typeof globalThis.fetch;
  readonly time: Time;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly attemptTimeout: number;
  readonly byteCap: number;
  readonly repeats: number;
  readonly patience: number;
  readonly deadline: number;
  /** Told of waits, with the kind that waits. */
  readonly onWait?: (about: string | undefined, text: string) => void;
  /** Told of every answer, with the kind that it is about. */
  readonly onAnswer?: (about: string | undefined) => void;
}

/** One read: a path below the version root, its ids percent-encoded. */
export interface ReadRequest {
  readonly version: Version;
  readonly path: string;
  readonly lane: LaneName;
  readonly about?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body of a read that is a POST: getByIds, `$batch`. */
  readonly body?: JsonObject;
  readonly recognizer?: Recognizer;
}

export class Graph {
  readonly options: GraphOptions;
  readonly #requestsByKind = new Map<string, number>();
  #client: Promise<Client> | undefined;
  #requests = 0;
  #retries = 0;
  #throttled = 0;
  #bytes = 0;
  #clockSkewSeconds: number | undefined;

  constructor(options: GraphOptions) {
    this.options = options;
  }

  get url(): URL {
    return this.options.url;
  }

  statistics(): ReadStatistics {
    return {
      requests: this.#requests,
      retries: this.#retries,
      throttled: this.#throttled,
      bytes: this.#bytes,
      ...(this.#clockSkewSeconds === undefined ? {} : { clockSkewSeconds: this.#clockSkewSeconds }),
    };
  }

  requestsFor(kind: string): number {
    return this.#requestsByKind.get(kind) ?? 0;
  }

  /** Counts a repeat that was decided above the chain: of requests inside a batch, of a page. */
  countRetry(throttled: boolean): void {
    this.#retries += 1;
    if (throttled) this.#throttled += 1;
  }

  /** One read by path, repeated until it is answered. Answers of any status but 401 and 429; otherwise Problems (problems.ts). */
  read(request: ReadRequest): Promise<Answer> {
    return this.#readAt(addressOf(this.url, request.version, request.path), request);
  }

  /** One read by a link that came in the answer to `asked`, an absolute URL; checked before it is followed. */
  follow(link: string, asked: string, request: ReadRequest): Promise<Answer> {
    return this.#readAt(followed(this.url, link, asked), request);
  }

  #readAt(url: string, { lane, about, headers, body, recognizer }: ReadRequest): Promise<Answer> {
    return this.send({
      method: body === undefined ? 'GET' : 'POST',
      url,
      lane,
      repeatable: true,
      headers: { ...readHeaders, ...headers },
      ...(body === undefined ? {} : { body }),
      ...(about === undefined ? {} : { about }),
      ...(recognizer === undefined ? {} : { recognizer }),
    });
  }

  /** One request through the chain. Throws what the chain could not mend. */
  async send(request: ExchangeRequest): Promise<Answer> {
    const exchange = new Exchange(request);
    const { ResponseType } = await import('@microsoft/microsoft-graph-client');
    const call = (await this.#open())
      .api('/')
      .headers({ Accept: 'application/json', 'client-request-id': randomUUID(), ...request.headers })
      .middlewareOptions([exchange])
      .responseType(ResponseType.RAW);
    if (request.method === 'GET') await call.get();
    else if (request.method === 'DELETE') await call.delete();
    else if (request.method === 'POST') await call.post(request.body ?? {});
    else if (request.method === 'PATCH') await call.patch(request.body ?? {});
    else await call.put(request.body ?? {});
    if (exchange.failure !== undefined) throw exchange.failure;
    this.options.onAnswer?.(request.about);
    const said = Date.parse(exchange.answer.headers.get('date') ?? '');
    if (!Number.isNaN(said)) this.#clockSkewSeconds = (this.options.time.now() - said) / 1000;
    return exchange.answer;
  }

  /**
   * Waits before requests inside a batch are sent again: so long as asked, else ever longer. Throws {@link Throttled} or {@link Unanswered}
   * where there is no time left.
   */
  async waitForBatch(
    facts: {
      readonly asked: number | undefined;
      readonly throttled: boolean;
      readonly attempt: number;
      readonly started: number;
    },
    lane: LaneName,
    subject: string,
  ): Promise<void> {
    const { time, random, patience, deadline, throttle, signal } = this.options;
    const now = time.now();
    const wait = facts.asked === undefined ? backoff(facts.attempt, random) : facts.asked + random() * 500;
    const until = now + wait;
    const limit = Math.min(deadline, facts.throttled ? facts.started + patience : deadline);
    if (until > limit && facts.throttled)
      throw new Throttled(
        `Graph asks to wait until ${instantText(until)}, and there is no time left for that.`,
        until,
        subject,
      );
    if (until > limit) throw new Unanswered('The time for this run is over.', subject, { sent: true, permanent: true });
    if (facts.throttled) throttle.lane(lane).pause(until);
    else await time.sleep(wait, signal);
  }

  #open(): Promise<Client> {
    this.#client ??= this.#build();
    return this.#client;
  }

  async #build(): Promise<Client> {
    const { Client } = await import('@microsoft/microsoft-graph-client');
    const { options } = this;
    const retry = new Retry({
      ...options,
      onRetry: (throttled) => this.countRetry(throttled),
    });
    const lanes = new Lanes({ ...options, onWait: (about, text) => options.onWait?.(about, text) });
    const bearer = new Bearer(options.tokens);
    const wire = new Wire({
      ...options,
      onRequest: (about) => {
        this.#requests += 1;
        if (about !== undefined) this.#requestsByKind.set(about, this.requestsFor(about) + 1);
      },
      onBytes: (bytes) => {
        this.#bytes += bytes;
      },
    });
    return Client.initWithMiddleware({ baseUrl: options.url.origin, middleware: [retry, lanes, bearer, wire] });
  }
}
