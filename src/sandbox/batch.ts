// The body of a $batch in, the answers of its requests in any order out (reference 1.6).
import { parseBody } from './request.ts';
import { badRequest, type GraphRecord, type HeaderFields, type Json } from './types.ts';

const mostRequests = 20;

export interface InnerRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderFields;
  readonly body: GraphRecord | undefined;
  readonly dependsOn: readonly string[];
}

export interface InnerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json | undefined;
}

/** The inner requests; throws 400 for the whole batch where its form is wrong. */
export function parseBatch(body: GraphRecord | undefined): InnerRequest[] {
  const requests = body?.requests;
  if (!Array.isArray(requests) || requests.length === 0) throw badRequest('Invalid batch payload format.');
  if (requests.length > mostRequests) {
    throw badRequest(`Number of batch request steps exceeds the maximum value of ${mostRequests}.`);
  }
  const parsed = requests.map(parseInner);
  const ids = new Set<string>();
  for (const { id } of parsed) {
    if (ids.has(id.toLowerCase())) throw badRequest(`Request Id '${id}' is repeated in the batch.`);
    ids.add(id.toLowerCase());
  }
  for (const { id, dependsOn } of parsed) {
    const unknown = dependsOn.find(
      (other) => !ids.has(other.toLowerCase()) || other.toLowerCase() === id.toLowerCase(),
    );
    if (unknown !== undefined) throw badRequest(`Request '${id}' depends on '${unknown}', which is not in the batch.`);
  }
  return inOrder(parsed);
}

function parseInner(raw: Json): InnerRequest {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw badRequest('Invalid batch payload format.');
  const { id, method, url, body, dependsOn } = raw;
  if (typeof id !== 'string' || typeof method !== 'string' || typeof url !== 'string') {
    throw badRequest('Invalid batch payload format: id, method and url are required.');
  }
  const headers = fields((raw.headers ?? {}) as GraphRecord);
  if (body !== undefined && method.toUpperCase() === 'GET') throw badRequest(`Request '${id}': GET takes no body.`);
  if (body !== undefined && !headers.get('content-type')?.includes('application/json')) {
    throw badRequest(`Write request id : ${id} does not contain Content-Type header or body.`);
  }
  return {
    id,
    method: method.toUpperCase(),
    url: url.startsWith('/') ? url : `/${url}`,
    headers,
    body: body === undefined ? undefined : parseBody(JSON.stringify(body)),
    dependsOn: Array.isArray(dependsOn) ? dependsOn.map(String) : [],
  };
}

function fields(headers: GraphRecord): HeaderFields {
  const values = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return { get: (name) => values.get(name.toLowerCase()) ?? null };
}

/** Requests after those that they depend on; 400 where that goes round in a circle. */
function inOrder(requests: readonly InnerRequest[]): InnerRequest[] {
  const left = new Map(requests.map((request) => [request.id.toLowerCase(), request]));
  const ordered: InnerRequest[] = [];
  while (left.size > 0) {
    const ready = [...left].find(([, { dependsOn }]) => dependsOn.every((id) => !left.has(id.toLowerCase())));
    if (!ready) throw badRequest('The batch contains a circular dependency.');
    left.delete(ready[0]);
    ordered.push(ready[1]);
  }
  return ordered;
}

/** Runs the requests, one after the other; a request whose dependency failed gets 424. */
export function runBatch(
  requests: readonly InnerRequest[],
  serve: (request: InnerRequest) => InnerAnswer,
): GraphRecord[] {
  const statuses = new Map<string, number>();
  return requests.map((request) => {
    const failed = request.dependsOn.some((id) => (statuses.get(id.toLowerCase()) ?? 0) >= 400);
    const answer: InnerAnswer = failed
      ? {
          status: 424,
          headers: { 'Content-Type': 'application/json' },
          body: { error: { code: 'FailedDependency', message: 'A request that this one depends on failed.' } },
        }
      : serve(request);
    statuses.set(request.id.toLowerCase(), answer.status);
    const record: GraphRecord = { id: request.id, status: answer.status, headers: { ...answer.headers } };
    if (answer.body !== undefined) record.body = answer.body;
    return record;
  });
}
