// An exchange: one request and what came of it, carried through the middleware chain.
import type { Context, MiddlewareOptions } from '@microsoft/microsoft-graph-client';
import type { Json, JsonObject } from '../model/json.ts';
import type { Answer } from './answer.ts';
import type { Parted, Recognizer } from './parted.ts';
import type { LaneName } from './throttle.ts';

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Absolute and checked: see address.ts. */
  readonly url: string;
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly lane: LaneName;
  /** Units of the lane's quota: the writes in a batch. */
  readonly cost?: number;
  /** It changes nothing, so it may be sent again whatever happened to it. */
  readonly repeatable: boolean;
  /** The kind that it is for, for progress and messages. */
  readonly about?: string;
  /** The answer is a page of which some objects may be known again. */
  readonly recognizer?: Recognizer;
}

/**
 * What the steps of the chain know and learn. The client hands it from step to step as one of its middleware options;
 * failures are kept here because the client would turn a thrown one into an error of its own.
 */
export class Exchange implements MiddlewareOptions {
  readonly request: ExchangeRequest;
  attempts = 0;
  status = 0;
  headers: ReadonlyMap<string, string> = new Map();
  body: Json | undefined;
  parted: Parted | undefined;
  failure: unknown;

  constructor(request: ExchangeRequest) {
    this.request = request;
  }

  /** Forgets the last attempt. */
  begin(): void {
    this.attempts += 1;
    this.status = 0;
    this.headers = new Map();
    this.body = undefined;
    this.parted = undefined;
    this.failure = undefined;
  }

  get answer(): Answer {
    const { status, headers, body, parted } = this;
    return { status, headers, body, parted, retried: this.attempts > 1 };
  }

  /** Path without the query, for messages: a query may bear page tokens. */
  get subject(): string {
    return `${this.request.method} ${new URL(this.request.url).pathname}`;
  }
}

/** The exchange that a middleware step is called for. */
export function exchangeOf(context: Context): Exchange {
  const exchange = context.middlewareControl?.getMiddlewareOptions(Exchange);
  if (!(exchange instanceof Exchange)) throw new Error('a request without an exchange');
  return exchange;
}
