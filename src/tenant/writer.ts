// The writer: requests that change the tenant, each sent once, with what is known of its outcome; opened by apply alone.
import type { Json } from '../model/json.ts';
import type { GraphAnswer, GraphRequest, TenantWriter } from '../model/tenant.ts';
import { addressOf } from './address.ts';
import { type Answer, isTransient, retryAfter, statusText } from './answer.ts';
import { batchAnswers, batchSize } from './batch.ts';
import { type Graph, readHeaders } from './graph.ts';
import { isFatal, Throttled, Unanswered } from './problems.ts';
import { instantText } from './time.ts';

export class GraphWriter implements TenantWriter {
  readonly #graph: Graph;
  readonly #close: () => void;

  constructor(graph: Graph, close: () => void) {
    this.#graph = graph;
    this.#close = close;
  }

  async close(): Promise<void> {
    this.#close();
  }

  async send(request: GraphRequest): Promise<GraphAnswer> {
    const url = addressOf(this.#graph.url, request.version, request.path);
    return this.#outcome(() =>
      this.#graph.send({
        method: request.method,
        url,
        lane: request.lane === 'conditionalAccess' ? 'conditionalAccess' : 'write',
        repeatable: request.method === 'GET',
        ...(request.body === undefined ? {} : { body: request.body }),
        headers: { ...(request.method === 'GET' ? readHeaders : {}), ...request.headers },
      }),
    );
  }

  /**
   * Those of Conditional Access go one by one, because their lane takes one a second. RangeError for more than 20 requests, for two versions
   * in one batch.
   */
  async sendBatch(requests: readonly GraphRequest[]): Promise<readonly GraphAnswer[]> {
    if (requests.length > batchSize)
      throw new RangeError(`a batch takes ${batchSize} requests, not ${requests.length}`);
    if (new Set(requests.map(({ version }) => version)).size > 1) throw new RangeError('a batch has one version');
    const answers: (GraphAnswer | undefined)[] = requests.map(() => undefined);
    const together: number[] = [];
    for (const [at, request] of requests.entries()) {
      if (request.lane === 'conditionalAccess') answers[at] = await this.send(request);
      else together.push(at);
    }
    await this.#sendTogether(requests, together, answers);
    return answers as GraphAnswer[];
  }

  async #sendTogether(
    requests: readonly GraphRequest[],
    together: readonly number[],
    answers: (GraphAnswer | undefined)[],
  ): Promise<void> {
    const started = this.#graph.options.time.now();
    let renewed = false;
    for (let open = together, attempt = 0; open.length > 0; attempt += 1) {
      const outcome = await this.#post(requests, open);
      const again: number[] = [];
      let asked: number | undefined;
      let refused = false;
      for (const at of open) {
        const inner = outcome instanceof Map ? outcome.get(String(at + 1)) : undefined;
        answers[at] = outcome instanceof Map ? answered(inner) : outcome;
        const unauthorized = inner?.status === 401 && !renewed;
        if (inner?.status !== 429 && !unauthorized) continue;
        again.push(at);
        refused ||= unauthorized;
        const wait = retryAfter(inner.headers.get('retry-after'), this.#graph.options.time.now());
        if (wait !== undefined) asked = Math.max(asked ?? 0, wait);
      }
      if (refused) {
        renewed = true;
        await this.#graph.options.tokens.renew(await this.#graph.options.tokens.get());
      }
      if (again.some((at) => isThrottled(answers[at])) && !(await this.#mayWait(asked, attempt, started))) return;
      open = again;
    }
  }

  /** One `$batch`: the answers by id, or what holds for all of them. */
  async #post(requests: readonly GraphRequest[], open: readonly number[]): Promise<Map<string, Answer> | GraphAnswer> {
    const version = requests[open[0]!]!.version;
    let inner: Map<string, Answer> | undefined;
    const outer = await this.#outcome(async () => {
      const answer = await this.#graph.send({
        method: 'POST',
        url: addressOf(this.#graph.url, version, '/$batch'),
        lane: 'write',
        cost: open.length,
        repeatable: open.every((at) => requests[at]!.method === 'GET'),
        body: { requests: open.map((at) => batched(requests[at]!, at)) },
      });
      if (answer.status === 200) inner = batchAnswers(answer, `POST /${version}/$batch`, answer.retried);
      return answer;
    });
    return inner ?? outer;
  }

  /** Waits as long as throttled requests ask for; false where there is no time left for that, and their 429 is the answer. */
  async #mayWait(asked: number | undefined, attempt: number, started: number): Promise<boolean> {
    try {
      this.#graph.countRetry(true);
      await this.#graph.waitForBatch({ asked, throttled: true, attempt, started }, 'write', 'POST /$batch');
      return true;
    } catch (error) {
      if (error instanceof Throttled) return false;
      throw error;
    }
  }

  async #outcome(send: () => Promise<Answer>): Promise<GraphAnswer> {
    try {
      return answered(await send());
    } catch (error) {
      if (isFatal(error)) throw error;
      if (error instanceof Throttled)
        return {
          outcome: 'answered',
          status: 429,
          body: {
            error: { code: 'TooManyRequests', message: `Graph takes requests again at ${instantText(error.until)}.` },
          },
        };
      if (error instanceof Unanswered) return { outcome: 'unknown', because: error.detail };
      throw error;
    }
  }
}

/** What an answer says of a write: a server error may come after the write was carried out (trust.md 1.5). */
function answered(answer: Answer | undefined): GraphAnswer {
  if (answer === undefined)
    return { outcome: 'unknown', because: 'The batch came back without an answer to this request.' };
  if (isTransient(answer.status)) return { outcome: 'unknown', because: `Graph answered ${statusText(answer)}.` };
  const requestId = answer.headers.get('request-id');
  return {
    outcome: 'answered',
    status: answer.status,
    ...(answer.body === undefined ? {} : { body: answer.body as Json }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

function isThrottled(answer: GraphAnswer | undefined): boolean {
  return answer?.outcome === 'answered' && answer.status === 429;
}

function batched(request: GraphRequest, at: number) {
  const headers = {
    ...(request.method === 'GET' ? readHeaders : {}),
    ...request.headers,
    ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
  };
  return {
    id: String(at + 1),
    method: request.method,
    url: request.path,
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(request.body === undefined ? {} : { body: request.body }),
  };
}
