// Batches: many small reads into `$batch` requests of 20, and their answers in the order of the reads (reference 1.6).
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { type Answer, isTransient, retryAfter, statusText, succeeded } from './answer.ts';
import { type Graph, type ReadRequest, readHeaders } from './graph.ts';
import { authenticationProblem, Refused, shapeProblem, Unanswered } from './problems.ts';

export const batchSize = 20;

export type BatchRequest = Omit<ReadRequest, 'path' | 'body'>;

/**
 * Reads many paths of one version. Each is answered on its own, with any status but 429, 401 and those of passing server errors: of those,
 * only the ones concerned are asked again. Throws Problems where that does not help.
 */
export async function readBatch(graph: Graph, request: BatchRequest, paths: readonly string[]): Promise<Answer[]> {
  const chunks: Promise<Answer[]>[] = [];
  for (let at = 0; at < paths.length; at += batchSize)
    chunks.push(readChunk(graph, request, paths.slice(at, at + batchSize)));
  return (await Promise.all(chunks)).flat();
}

async function readChunk(graph: Graph, request: BatchRequest, paths: readonly string[]): Promise<Answer[]> {
  const answers: (Answer | undefined)[] = paths.map(() => undefined);
  const started = graph.options.time.now();
  const subject = `POST /${request.version}/$batch`;
  let renewed = false;
  for (let attempt = 0, broken = 0; ; attempt += 1) {
    const open = [...paths.keys()].filter((at) => answers[at] === undefined);
    if (open.length === 0) return answers as Answer[];
    const round = await send(graph, request, open, paths, attempt > 0);
    graph.options.throttle.lane(request.lane).heed(percentageIn(round.values()));
    const facts = { throttled: false, broken: false, refused: false, asked: undefined as number | undefined };
    let last: Answer | undefined;
    for (const at of open) {
      const answer = round.get(at);
      if (answer?.status === 429) {
        facts.throttled = true;
        const asked = retryAfter(answer.headers.get('retry-after'), graph.options.time.now());
        if (asked !== undefined) facts.asked = Math.max(facts.asked ?? 0, asked);
      } else if (answer === undefined || isTransient(answer.status)) {
        facts.broken = true;
        last = answer;
      } else if (answer.status === 401) facts.refused = true;
      else answers[at] = answer;
    }
    if (facts.refused && !renewed) {
      renewed = true;
      await graph.options.tokens.renew(await graph.options.tokens.get());
    } else if (facts.refused) {
      throw authenticationProblem('Graph refuses the token inside a batch, and a new one as well.', subject);
    }
    if (facts.broken && ++broken > graph.options.repeats)
      throw new Unanswered(
        `Requests in a batch were not answered in ${broken} attempts${last === undefined ? '' : ` (the last said ${statusText(last)})`}.`,
        subject,
        { sent: true, permanent: true },
      );
    if (facts.throttled || facts.broken) {
      graph.countRetry(facts.throttled);
      await graph.waitForBatch({ ...facts, attempt, started }, request.lane, subject);
    }
  }
}

/** The fullest of the budgets that the answers in a batch tell of: each of them is throttled on its own (reference 1.6, 1.7). */
function percentageIn(answers: Iterable<Answer>): number | undefined {
  let fullest: number | undefined;
  for (const { headers } of answers) {
    const told = Number(headers.get('x-ms-throttle-limit-percentage') ?? Number.NaN);
    if (!Number.isNaN(told)) fullest = Math.max(fullest ?? 0, told);
  }
  return fullest;
}

async function send(graph: Graph, request: BatchRequest, open: number[], paths: readonly string[], repeated: boolean) {
  const answer = await graph.read({
    ...request,
    path: '/$batch',
    body: {
      requests: open.map((at) => ({
        id: String(at + 1),
        method: 'GET',
        url: paths[at]!,
        headers: { ...readHeaders, ...request.headers },
      })),
    },
  });
  const subject = `POST /${request.version}/$batch`;
  if (!succeeded(answer)) throw new Refused(answer, subject);
  return new Map([...batchAnswers(answer, subject, repeated)].map(([id, inner]) => [Number(id) - 1, inner]));
}

/** The answers in a batch's body by id; those without a usable status, and those that come twice, are as if they were missing. */
export function batchAnswers(answer: Pick<Answer, 'body'>, subject: string, retried: boolean): Map<string, Answer> {
  const responses = isObject(answer.body) ? answer.body.responses : undefined;
  if (!isArray(responses)) throw shapeProblem('it has no array "responses"', subject);
  const found = new Map<string, Answer>();
  const twice = new Set<string>();
  for (const response of responses) {
    if (!isObject(response) || typeof response.id !== 'string') continue;
    const status = Number(response.status);
    if (!Number.isInteger(status) || status < 100 || status > 599) continue;
    if (found.has(response.id)) twice.add(response.id);
    found.set(response.id, { status, headers: headersIn(response.headers), body: response.body, retried });
  }
  for (const id of twice) found.delete(id);
  return found;
}

function headersIn(value: Json | undefined): ReadonlyMap<string, string> {
  const headers: JsonObject = isObject(value) ? value : {};
  return new Map(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), String(text)]));
}
