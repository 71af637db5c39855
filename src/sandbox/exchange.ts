// One HTTP request in, its answer with Graph's headers out: sign-in, throttling, faults, batches, and the log of it all.

import { authority } from './authority.ts';
import { type InnerRequest, parseBatch, runBatch } from './batch.ts';
import { befall, type Fault } from './faults.ts';
import type { World } from './options.ts';
import { type GraphRequest, type Incoming, parseBody, parseRequest, type Reply } from './request.ts';
import { route } from './routes.ts';
import { type Answer, type Caller, GraphError, type GraphRecord, type HeaderFields, type Json } from './types.ts';

/** One line of the request log. */
export interface RequestRecord {
  readonly method: string;
  /** Path and query with the version. */
  readonly path: string;
  /** What was answered; 0: a fault took the request before it was served. */
  readonly status: number;
  /** It changed the tenant. */
  readonly wrote: boolean;
  readonly inBatch: boolean;
}

interface Outcome {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Json | undefined;
}

const jsonType = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** Serves one request, and refuses a write while another one to the same object is under way, where the knob says so. */
export async function exchange(world: World, request: Incoming, log: RequestRecord[]): Promise<Reply> {
  const key = request.url.pathname.split('/').slice(2, 4).join('/').toLowerCase();
  if (!world.knobs.refuseConcurrentWrites || request.method === 'GET' || key === '$batch' || !key.includes('/')) {
    return serve(world, request, log);
  }
  if (world.underWay.has(key)) return respond(refusal(world, concurrencyViolation(), request.headers));
  world.underWay.add(key);
  try {
    return await serve(world, request, log);
  } finally {
    world.underWay.delete(key);
  }
}

const concurrencyViolation = () =>
  new GraphError(409, 'Directory_ConcurrencyViolation', 'Error due to concurrent requests being made to the tenant.');

/** Serves one request to Graph or to the authority. Throws ConnectionReset where a fault says so. */
async function serve(world: World, request: Incoming, log: RequestRecord[]): Promise<Reply> {
  const { pathname, search } = request.url;
  const path = `${pathname}${search}`;
  const isGraph = /^\/(v1\.0|beta)(\/|$)/i.test(pathname);
  const fault = world.faults.next({ method: request.method, path, inBatch: false, authority: !isGraph });
  if (world.knobs.latencyMs > 0) await new Promise((done) => setTimeout(done, world.knobs.latencyMs));
  if (!isGraph) return signIn(world, request, fault, path, log);
  const text = request.method === 'GET' ? '' : await request.text();
  if (fault && !fault.tookEffect && fault.kind === 'status') {
    log.push({ method: request.method, path, status: fault.status, wrote: false, inBatch: false });
    return faulty(world, fault, request);
  }
  const skipped =
    fault !== undefined &&
    !fault.tookEffect &&
    request.method !== 'GET' &&
    fault.kind !== 'drip' &&
    fault.kind !== 'rewrite';
  if (skipped) log.push({ method: request.method, path, status: 0, wrote: false, inBatch: false });
  const outcome: Outcome = skipped
    ? { status: 200, headers: { 'Content-Type': jsonType }, body: {} }
    : serveGraph(world, request, path, text, log);
  const reply = respond(outcome);
  if (!fault) return reply;
  return fault.kind === 'status' ? faulty(world, fault, request) : befall(fault, reply, request);
}

async function signIn(
  world: World,
  request: Incoming,
  fault: Fault | undefined,
  path: string,
  log: RequestRecord[],
): Promise<Reply> {
  if (fault?.kind === 'status') return faulty(world, fault, request);
  const answer = (await authority(world, request)) ?? {
    status: 404,
    headers: { 'Content-Type': 'text/plain' },
    body: 'Not found',
  };
  log.push({ method: request.method, path, status: answer.status, wrote: false, inBatch: false });
  return fault ? befall(fault, answer, request) : answer;
}

/** An error that a fault asked for, in Graph's form unless it brings a body of its own. */
function faulty(world: World, fault: Extract<Fault, { kind: 'status' }>, request: Incoming): Reply {
  const error = new GraphError(fault.status, fault.code ?? 'UnknownError', fault.message ?? 'An injected fault.', {
    headers: { ...fault.headers },
  });
  const outcome = refusal(world, error, request.headers);
  if (fault.body === undefined) return respond(outcome);
  return { status: fault.status, headers: { 'Content-Type': 'text/plain', ...fault.headers }, body: fault.body };
}

function respond({ status, headers, body }: Outcome): Reply & { readonly body: string | undefined } {
  const bodiless = body === undefined || status === 204 || status === 304;
  return { status, headers, body: bodiless ? undefined : typeof body === 'string' ? body : JSON.stringify(body) };
}

/** Headers of every answer (reference 1.8, 5.2.15). */
function standardHeaders(world: World, headers: HeaderFields): Record<string, string> {
  const requestId = world.requestIds.guid();
  const prefer = headers.get('prefer');
  return {
    'request-id': requestId,
    'client-request-id': headers.get('client-request-id') ?? requestId,
    'x-ms-ags-diagnostic':
      '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"5","ScaleUnit":"000","RoleInstance":"SANDBOX"}}',
    Date: world.store.now().toUTCString(),
    'OData-Version': '4.0',
    ...(prefer && /include-unknown-enum-members|return=minimal/i.test(prefer) ? { 'Preference-Applied': prefer } : {}),
  };
}

/** An error's status, headers and body (reference 1.8). */
function refusal(world: World, error: GraphError, headers: HeaderFields): Outcome {
  const standard = standardHeaders(world, headers);
  const stamps = {
    date: world.store.timestamp().replace('Z', ''),
    'request-id': standard['request-id'] ?? '',
    'client-request-id': standard['client-request-id'] ?? '',
  };
  const innerError = error.status === 429 ? { code: '429', message: error.message, ...stamps, status: '429' } : stamps;
  const details = error.details.length > 0 ? { details: error.details.map((each) => ({ ...each })) } : {};
  return {
    status: error.status,
    headers: { ...standard, 'Content-Type': 'application/json', ...error.headers },
    body: { error: { code: error.code, message: error.message, ...details, innerError } },
  };
}

/** Signs in, admits, and routes one request, or the requests of a batch. */
function serveGraph(
  world: World,
  { method, url, headers }: Incoming,
  path: string,
  text: string,
  log: RequestRecord[],
): Outcome {
  const before = world.store.lastSequence();
  const entry = { method, path, status: 0, wrote: false, inBatch: false };
  log.push(entry);
  const outcome = guarded(world, headers, () => {
    const caller = world.tokens.caller(headers.get('authorization'));
    const request = parseRequest(method, url, headers, parseBody(text));
    if (request.segments[0] === '$batch' && request.segments.length === 1) return batch(world, request, caller, log);
    return admitted(world, request, caller);
  });
  const wrote = world.store.lastSequence() > before && !/\/\$batch(\?|$)/.test(path);
  Object.assign(entry, { status: outcome.status, wrote });
  return outcome;
}

function guarded(world: World, headers: HeaderFields, act: () => Answer): Outcome {
  try {
    const { status, body, headers: more } = act();
    return {
      status,
      body,
      headers: {
        ...standardHeaders(world, headers),
        ...(body === undefined ? {} : { 'Content-Type': jsonType }),
        ...more,
      },
    };
  } catch (error) {
    if (error instanceof GraphError) return refusal(world, error, headers);
    const wrong = new GraphError(
      500,
      'Service_InternalServerError',
      `The sandbox itself failed: ${error instanceof Error ? error.stack : String(error)}`,
    );
    return refusal(world, wrong, headers);
  }
}

function admitted(world: World, request: GraphRequest, caller: Caller): Answer {
  const headers = world.throttle.admit(request, caller.appId);
  const write = request.method !== 'GET';
  const answer = write
    ? world.audits.during(caller, request.headers.get('client-request-id'), () => route(world, request, caller))
    : route(world, request, caller);
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

function batch(world: World, outer: GraphRequest, caller: Caller, log: RequestRecord[]): Answer {
  if (outer.method !== 'POST')
    throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  const responses = runBatch(parseBatch(outer.body), (inner) => serveInner(world, outer, inner, caller, log));
  const order = world.knobs.shuffleBatch ? world.dice.shuffle(responses) : responses;
  return { status: 200, body: { responses: order as GraphRecord[] } };
}

function serveInner(
  world: World,
  outer: GraphRequest,
  inner: InnerRequest,
  caller: Caller,
  log: RequestRecord[],
): Outcome {
  const path = `/${outer.version}${inner.url}`;
  const before = world.store.lastSequence();
  const fault = world.faults.next({ method: inner.method, path, inBatch: true, authority: false });
  const act = (): Answer => {
    const request = parseRequest(inner.method, new URL(path, outer.origin), inner.headers, inner.body);
    if (request.segments[0] === '$batch') throw new GraphError(400, 'BadRequest', 'Batch requests cannot be nested.');
    return admitted(world, request, caller);
  };
  const right = fault && !fault.tookEffect ? undefined : guarded(world, inner.headers, act);
  const outcome = fault?.kind === 'status' ? faultyInner(world, fault, inner.headers) : (right as Outcome);
  log.push({
    method: inner.method,
    path,
    status: outcome.status,
    wrote: world.store.lastSequence() > before,
    inBatch: true,
  });
  return outcome;
}

function faultyInner(world: World, fault: Extract<Fault, { kind: 'status' }>, headers: HeaderFields): Outcome {
  const error = new GraphError(fault.status, fault.code ?? 'UnknownError', fault.message ?? 'An injected fault.', {
    headers: { ...fault.headers },
  });
  return refusal(world, error, headers);
}
