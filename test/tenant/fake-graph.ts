// A small Graph in memory, as a fetch: listings, delta, batches and single reads over given objects, with a hook for faults.
import type { Json, JsonObject } from '../../src/model/json.ts';
import { openReader, openWriter, type TenantOptions } from '../../src/tenant/index.ts';
import { VirtualTime } from './virtual-time.ts';

export const graphUrl = 'https://graph.microsoft.com';
export const tenantId = 'aaaaaaaa-0000-4000-8000-000000000001';

/** The n-th GUID of a letter, always the same. */
export function guid(letter: string, number: number): string {
  return `${letter.repeat(8)}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** A token with these application permissions; its signature is worth nothing, which is what Graph's are to us. */
export function tokenOf(claims: JsonObject = {}): string {
  const part = (value: Json) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ tid: tenantId, idtyp: 'app', oid: guid('e', 1), appid: guid('e', 2), roles: ['Directory.Read.All'], ...claims })}.canary-signature`;
}

export interface FakeRequest {
  readonly number: number;
  readonly method: string;
  readonly url: URL;
  /** Path below the version root. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json | undefined;
  readonly inBatch: boolean;
  readonly signal: AbortSignal | undefined;
}

export type FakeAnswer = { status: number; headers?: Record<string, string>; body?: Json };

export interface FakeOptions {
  /** Objects by collection path: `users`, `identity/conditionalAccess/policies`, `groups/<id>/members`. */
  readonly objects: Record<string, readonly JsonObject[]>;
  /** Singletons by path. */
  readonly singletons?: Record<string, JsonObject>;
  /** Links that `delta` tells of, by collection and owner: link name to targets. */
  readonly delta?: Record<string, readonly JsonObject[]>;
  readonly pageSize?: number;
  /** Answers instead of the fake: an answer, a raw Response, an error to throw; undefined: the fake answers. */
  readonly fault?: (
    request: FakeRequest,
  ) => FakeAnswer | Response | Error | undefined | Promise<FakeAnswer | Response | Error | undefined>;
}

export class FakeGraph {
  readonly requests: FakeRequest[] = [];
  readonly #options: FakeOptions;
  readonly #pageSize: number;
  #count = 0;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.#pageSize = options.pageSize ?? 999;
  }

  readonly fetch = (async (input: string, init: RequestInit) => {
    const request = this.#request(
      String(input),
      init.method ?? 'GET',
      init.headers,
      textOf(init.body),
      false,
      init.signal ?? undefined,
    );
    this.requests.push(request);
    const answer = await this.#answer(request);
    if (answer instanceof Error) throw answer;
    return answer instanceof Response ? answer : toResponse(answer);
  }) as typeof globalThis.fetch;

  #request(
    url: string,
    method: string,
    headers: unknown,
    body: Json | undefined,
    inBatch: boolean,
    signal?: AbortSignal,
  ): FakeRequest {
    const parsed = new URL(url);
    this.#count += 1;
    const path = decodeURIComponent(parsed.pathname.replace(/^\/(v1\.0|beta)\//, ''));
    return {
      number: this.#count,
      method,
      url: parsed,
      path,
      headers: { ...(headers as object) },
      body,
      inBatch,
      signal,
    };
  }

  async #answer(request: FakeRequest): Promise<FakeAnswer | Response | Error> {
    const fault = await this.#options.fault?.(request);
    if (fault !== undefined) return fault;
    if (request.path === '$batch') return this.#batch(request);
    if (request.method !== 'GET' && request.path !== 'directoryObjects/getByIds') return { status: 204 };
    return this.#read(request);
  }

  async #batch(request: FakeRequest): Promise<FakeAnswer> {
    const { requests } = request.body as {
      requests: { id: string; method: string; url: string; headers?: object; body?: Json }[];
    };
    if (requests.length > 20) return refusal(400, 'BadRequest', 'Too many requests in the batch.');
    const version = request.url.pathname.split('/')[1];
    const responses = await Promise.all(
      requests.map(async ({ id, method, url, headers, body }) => {
        const inner = this.#request(`${graphUrl}/${version}${url}`, method, headers, body, true);
        this.requests.push(inner);
        const answer = await this.#answer(inner);
        if (answer instanceof Response || answer instanceof Error) throw new Error('no wire faults inside a batch');
        return { id, ...answer, headers: answer.headers ?? {} };
      }),
    );
    return { status: 200, body: { responses: responses.reverse() as unknown as Json } };
  }

  #read({ path, url, body }: FakeRequest): FakeAnswer {
    const { objects, singletons } = this.#options;
    const single = singletons?.[path];
    if (single !== undefined) return { status: 200, body: single };
    if (path === 'directoryObjects/getByIds') {
      const { ids } = body as { ids: string[] };
      const all = Object.values(objects).flat();
      const found = ids.flatMap((id) => all.find((object) => object.id === id) ?? []);
      return { status: 200, body: { value: found } };
    }
    if (path.endsWith('/delta')) return this.#page(url, this.#options.delta?.[path.slice(0, -6)], true);
    if (objects[path] !== undefined) return this.#page(url, objects[path]);
    const slash = path.lastIndexOf('/');
    const found = objects[path.slice(0, slash)]?.find(({ id }) => id === path.slice(slash + 1));
    if (found !== undefined) return { status: 200, body: { ...found } };
    // An object's list that nobody filled is empty; one of an object that is not there is not.
    const [collection = '', id] = path.split('/');
    if (objects[collection]?.some((object) => object.id === id)) return { status: 200, body: { value: [] } };
    return refusal(404, 'Request_ResourceNotFound', `Resource '${path}' does not exist.`);
  }

  #page(url: URL, items: readonly JsonObject[] | undefined, delta = false): FakeAnswer {
    if (items === undefined) return refusal(400, 'Request_BadRequest', 'This resource has no delta.');
    const from = Number(url.searchParams.get('$skiptoken') ?? 0);
    const size = Math.min(this.#pageSize, Number(url.searchParams.get('$top') ?? this.#pageSize));
    const next = new URL(url);
    next.searchParams.set('$skiptoken', String(from + size));
    const more = from + size < items.length;
    const end = delta ? { '@odata.deltaLink': `${url.origin}${url.pathname}?$deltatoken=x` } : {};
    return {
      status: 200,
      body: { value: items.slice(from, from + size), ...(more ? { '@odata.nextLink': next.href } : end) },
    };
  }
}

function textOf(body: unknown): Json | undefined {
  return typeof body === 'string' ? (JSON.parse(body) as Json) : undefined;
}

export function refusal(
  status: number,
  code: string,
  message = 'no',
  headers: Record<string, string> = {},
): FakeAnswer {
  return { status, headers, body: { error: { code, message } } };
}

export function toResponse({ status, headers = {}, body }: FakeAnswer): Response {
  const text = body === undefined ? null : JSON.stringify(body);
  return new Response(text, { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** A reader and a writer of a fake Graph, on virtual time and without dice. */
export function open(fake: Pick<FakeGraph, 'fetch'>, options: Partial<TenantOptions> = {}) {
  const time = new VirtualTime();
  const all: TenantOptions = {
    cloud: 'global',
    credentials: {},
    accessToken: tokenOf(),
    environment: {},
    fetch: fake.fetch,
    time,
    random: () => 0.5,
    ...options,
  };
  return { time, reader: openReader(all), writer: () => openWriter(all) };
}

/** Everything that an async iterable of arrays yields. */
export async function all<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}
