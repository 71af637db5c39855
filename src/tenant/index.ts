// The tenant: a connection's options into a reader, which cannot write, and a writer; everything that talks HTTP to Microsoft Graph.
import { setMaxListeners } from 'node:events';
import type { Credentials } from '../model/config.ts';
import { Problem } from '../model/problem.ts';
import type { ReadProgress, TenantReader, TenantWriter } from '../model/tenant.ts';
import { openTokens } from './auth.ts';
import { type Cloud, resolveCloud } from './clouds.ts';
import { Graph, type GraphOptions } from './graph.ts';
import { GraphReader } from './reader.ts';
import { laneRules, Throttle } from './throttle.ts';
import { realTime, type Time } from './time.ts';
import { GraphWriter } from './writer.ts';

export { resolveCloud } from './clouds.ts';
export { type RequestOptions, stepRequests } from './requests.ts';
export { settle } from './settle.ts';
export type { Throttle } from './throttle.ts';
export type { Time } from './time.ts';
export { readingTogether } from './together.ts';

/** Lanes for a reader and a writer of one tenant to share, so that together they stay within Graph's limits. */
export function openThrottle(concurrency?: number, time: Time = realTime): Throttle {
  return new Throttle(time, laneRules(Math.min(16, Math.max(1, concurrency ?? 4))));
}

export interface TenantOptions {
  /** Name of the cloud: `global`, `usgov`, `usgovdod`, `china`. */
  readonly cloud: string;
  /** Origins in place of the cloud's: another server that speaks Graph. */
  readonly graphUrl?: string | undefined;
  readonly authorityUrl?: string | undefined;
  readonly credentials: Credentials;
  /** An access token of one's own; without it the credentials get one. */
  readonly accessToken?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
  /** Told what a person must do to sign in with a device code; default: the standard error stream. */
  readonly prompt?: ((text: string) => void) | undefined;
  /** Stops everything when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Requests at the same time in one lane, 1 to 16; default 4. */
  readonly concurrency?: number | undefined;
  /** Lanes that are shared with another reader or writer; instead of `concurrency`. */
  readonly throttle?: Throttle | undefined;
  /** Milliseconds for one attempt of one request; default two minutes. */
  readonly attemptTimeout?: number | undefined;
  /** Milliseconds that throttling may hold up one request; default half an hour. */
  readonly patience?: number | undefined;
  /** Milliseconds for everything; default: no end. */
  readonly timeout?: number | undefined;
  /** Repeats after a server error or a broken connection; default 5. */
  readonly repeats?: number | undefined;
  /** Bytes that one answer may have; default 64 MiB. */
  readonly byteCap?: number | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly time?: Time | undefined;
  readonly random?: (() => number) | undefined;
}

/**
 * Opens a reader. Nothing is asked of the network yet. Problem `usage` for an address that is not valid and for
 * `NODE_TLS_REJECT_UNAUTHORIZED=0`.
 */
export function openReader(options: TenantOptions): TenantReader {
  let reader: GraphReader | undefined;
  const tell = (about: string | undefined, waiting?: string) => {
    if (about !== undefined) reader?.tell(about, waiting);
  };
  const { graph, tokens, cloud, close } = connect(options, { onWait: tell, onAnswer: tell });
  reader = new GraphReader({
    graph,
    tokens,
    cloud,
    tenantId: options.credentials.tenantId,
    onProgress: options.onProgress,
    close,
  });
  return reader;
}

/** Opens a writer: only what carries out an approved plan may hold one. Problems as {@link openReader}. */
export function openWriter(options: TenantOptions): TenantWriter {
  const { graph, close } = connect(options);
  return new GraphWriter(graph, close);
}

function connect(options: TenantOptions, listeners: Pick<GraphOptions, 'onWait' | 'onAnswer'> = {}) {
  const { time = realTime, fetch = globalThis.fetch, random = Math.random, environment, credentials } = options;
  const cloud: Cloud = resolveCloud(options.cloud, options.graphUrl, options.authorityUrl);
  refuseUncheckedTls(environment);
  const stop = new AbortController();
  // Every request in flight listens to it.
  setMaxListeners(0, stop.signal);
  const abort = () => stop.abort(options.signal?.reason);
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener('abort', abort, { once: true });
  const prompt = options.prompt ?? ((text) => void process.stderr.write(`${text}\n`));
  const { accessToken } = options;
  const tokens = openTokens({ cloud, credentials, accessToken, environment, time, fetch, prompt });
  const graph = new Graph({
    url: cloud.graph,
    tokens,
    throttle: options.throttle ?? openThrottle(options.concurrency, time),
    fetch,
    time,
    random,
    signal: stop.signal,
    attemptTimeout: options.attemptTimeout ?? 120_000,
    patience: options.patience ?? 1_800_000,
    deadline: options.timeout === undefined ? Number.POSITIVE_INFINITY : time.now() + options.timeout,
    repeats: options.repeats ?? 5,
    byteCap: options.byteCap ?? 64 * 1024 * 1024,
    ...listeners,
  });
  const close = () => {
    options.signal?.removeEventListener('abort', abort);
    stop.abort();
  };
  return { graph, tokens, cloud, close };
}

/** With certificates unchecked anybody on the way could take the token (trust.md 2.8). */
function refuseUncheckedTls(environment: Readonly<Record<string, string | undefined>>): void {
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return;
  throw new Problem({
    kind: 'usage',
    summary: 'Certificates would not be checked',
    detail:
      'NODE_TLS_REJECT_UNAUTHORIZED is 0, so anybody on the way could take the access token. Unset it; behind an inspecting proxy, name its authority in NODE_EXTRA_CA_CERTS.',
    subject: 'NODE_TLS_REJECT_UNAUTHORIZED',
  });
}
