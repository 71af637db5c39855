// Things that go wrong on purpose: which request they befall, and what becomes of its answer (trust.md 1.3, R2).

import type { Incoming, Reply } from './request.ts';

/** What befalls a request. `tookEffect`: the request was carried out first, so only its answer is wrong. */
export type Fault = { readonly tookEffect?: boolean } & (
  | {
      /** An error status in Graph's form, or with a body and headers of one's own. */
      readonly kind: 'status';
      readonly status: number;
      readonly code?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection is reset before the answer begins, or after half of it. */
  | { readonly kind: 'reset'; readonly when?: 'beforeHeaders' | 'midBody' }
  /** The answer never begins, or never ends. */
  | { readonly kind: 'hang'; readonly when?: 'beforeHeaders' | 'midBody' }
  /** The answer comes in this many pieces, this long apart. */
  | { readonly kind: 'drip'; readonly pieces?: number; readonly everyMs?: number }
  /** 200 with half the JSON, an HTML page, nothing, or `{}`. */
  | { readonly kind: 'truncated' | 'html' | 'empty' | 'noValue' }
  /** The page's nextLink points at the page itself, or somewhere else. */
  | { readonly kind: 'nextLink'; readonly to: 'self' | (string & {}) }
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: number }
  /** Any other change of the answer's JSON. */
  | { readonly kind: 'rewrite'; readonly change: (body: unknown) => unknown }
);

export interface FaultRule {
  readonly match?: {
    readonly method?: string;
    /** Against path and query with the version: `/v1.0/users?$top=999`. */
    readonly path?: RegExp;
    /** Only from the n-th matching request on, counted from 1. */
    readonly nth?: number;
    /** Requests inside a `$batch` too (only `status` faults befall these). Default true. */
    readonly inBatch?: boolean;
    /** Also requests to the token endpoint. Default false. */
    readonly authority?: boolean;
  };
  readonly fault: Fault;
  /** How many requests it befalls; default 1; Infinity: from then on. */
  readonly times?: number;
}

export interface Subject {
  readonly method: string;
  readonly path: string;
  readonly inBatch: boolean;
  readonly authority: boolean;
}

export class Faults {
  private rules: { rule: FaultRule; seen: number; left: number; fired: number }[] = [];

  /** Adds a fault and gives a way to learn how often it befell a request. */
  add(rule: FaultRule): { fired(): number; remove(): void } {
    const entry = { rule, seen: 0, left: rule.times ?? 1, fired: 0 };
    this.rules.push(entry);
    return {
      fired: () => entry.fired,
      remove: () => {
        this.rules = this.rules.filter((each) => each !== entry);
      },
    };
  }

  clear(): void {
    this.rules = [];
  }

  /** The fault that befalls this request, if one does. */
  next(subject: Subject): Fault | undefined {
    for (const entry of this.rules) {
      const match = entry.rule.match ?? {};
      if (subject.authority !== (match.authority ?? false)) continue;
      if (subject.inBatch && (match.inBatch === false || entry.rule.fault.kind !== 'status')) continue;
      if (match.method !== undefined && match.method !== subject.method) continue;
      if (match.path && !match.path.test(subject.path)) continue;
      entry.seen++;
      if (entry.seen < (match.nth ?? 1) || entry.left <= 0) continue;
      entry.left--;
      entry.fired++;
      return entry.rule.fault;
    }
    return undefined;
  }
}

/** A connection that ends without an answer; the port turns it into a reset socket. */
export class ConnectionReset extends TypeError {
  constructor() {
    super('fetch failed', { cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) });
  }
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** What hangs, held here as a port holds its connections: Fetch aborts only requests that somebody holds, and who waits would be collected with them. */
const hanging = new Set<Pick<Incoming, 'signal'>>();

/** Never settles, unless the request is aborted. */
function forever(request: Pick<Incoming, 'signal'>): Promise<never> {
  const { signal } = request;
  hanging.add(request);
  return new Promise((_, reject) => {
    const stop = () => {
      hanging.delete(request);
      reject(signal.reason);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Half of the text, and then what `then` does. */
function half(text: string, then: () => Promise<void>): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (!sent) {
        sent = true;
        controller.enqueue(bytes.subarray(0, Math.ceil(bytes.length / 2)));
        return;
      }
      try {
        await then();
        controller.close();
      } catch (error) {
        controller.error(error);
      }
    },
  });
}

function drip(text: string, pieces: number, everyMs: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at > 0) await pause(everyMs);
      controller.enqueue(bytes.subarray(at, at + size));
      at += size;
      if (at >= bytes.length) controller.close();
    },
  });
}

/** The answer that the client gets instead of the right one; throws ConnectionReset where it gets none. */
export async function befall(
  fault: Fault,
  right: Reply & { readonly body: string | undefined },
  request: Pick<Incoming, 'url' | 'signal'>,
): Promise<Reply> {
  const { body: text = '', headers } = right;
  const answer = (body: Reply['body'], status = right.status, more: Reply['headers'] = {}): Reply => ({
    status,
    headers: { ...headers, ...more },
    body: status === 204 || status === 304 ? undefined : body,
  });
  const parsed = (): unknown => (text === '' ? {} : JSON.parse(text));
  switch (fault.kind) {
    case 'status':
      return right;
    case 'reset':
      if (fault.when !== 'midBody') throw new ConnectionReset();
      return answer(half(text, () => Promise.reject(new ConnectionReset())));
    case 'hang':
      if (fault.when !== 'midBody') return forever(request);
      return answer(half(text, () => forever(request)));
    case 'drip':
      return answer(drip(text, fault.pieces ?? 10, fault.everyMs ?? 10));
    case 'truncated':
      return answer(text.slice(0, Math.floor(text.length / 2)), 200);
    case 'html':
      return answer('<html><head><title>Sign in</title></head><body>Working…</body></html>', 200, {
        'Content-Type': 'text/html',
      });
    case 'empty':
      return answer('', 200);
    case 'noValue':
      return answer('{}', 200);
    case 'nextLink':
      return answer(
        JSON.stringify({
          ...(parsed() as object),
          '@odata.nextLink': fault.to === 'self' ? request.url.href : fault.to,
        }),
      );
    case 'redirect':
      return answer('', fault.status ?? 302, { Location: fault.to });
    case 'rewrite':
      return answer(JSON.stringify(fault.change(parsed())));
  }
}
