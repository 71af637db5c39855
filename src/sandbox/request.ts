// An HTTP request in, the parts that Graph's addressing and query options are made of out.
import { badRequest, GraphError, type GraphRecord, type HeaderFields } from './types.ts';

export interface GraphRequest {
  readonly method: string;
  readonly version: 'v1.0' | 'beta';
  /** `http://127.0.0.1:port`: what absolute links in answers begin with. */
  readonly origin: string;
  /**
   * Decoded path segments below the version root. `users('x')` is two segments; an alternate key stays together as
   * `(appId='x')` (reference 1.3).
   */
  readonly segments: readonly string[];
  /** Path and query below the version root, as they were sent. */
  readonly target: string;
  readonly query: Query;
  readonly headers: HeaderFields;
  readonly body: GraphRecord | undefined;
}

/** A request as it came, by whatever way. */
export interface Incoming {
  readonly method: string;
  readonly url: URL;
  readonly headers: HeaderFields;
  readonly signal: AbortSignal;
  text(): Promise<string>;
}

/** What goes out for it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | ReadableStream<Uint8Array> | undefined;
}

/** Query options with their `$`, lower-case; the last one of a name wins. */
export type Query = ReadonlyMap<string, string>;

const options = [
  'count',
  'deltatoken',
  'expand',
  'filter',
  'format',
  'orderby',
  'search',
  'select',
  'skip',
  'skiptoken',
  'top',
];

function parseQuery(search: URLSearchParams): Query {
  const query = new Map<string, string>();
  for (const [name, value] of search) {
    const bare = name.toLowerCase().replace(/^\$/, '');
    if (options.includes(bare)) query.set(`$${bare}`, value);
    else if (name.startsWith('$')) throw badRequest(`The query parameter '${name}' is not supported.`);
  }
  return query;
}

function parseSegments(path: string): string[] {
  const segments: string[] = [];
  for (const raw of path.split('/').filter((part) => part !== '')) {
    let segment: string;
    try {
      segment = decodeURIComponent(raw);
    } catch {
      throw badRequest(`The path segment '${raw}' is not well formed.`);
    }
    const keyed = /^([\w.]+)\((.*)\)$/.exec(segment);
    if (!keyed) segments.push(segment);
    else {
      const [, name = '', key = ''] = keyed;
      segments.push(name);
      const plain = /^'(.*)'$/.exec(key);
      if (plain) segments.push((plain[1] as string).replaceAll("''", "'"));
      else if (key !== '') segments.push(`(${key})`);
    }
  }
  return segments;
}

/** `(appId='x')` → property and value; undefined for an ordinary id. */
export function alternateKey(segment: string): { property: string; value: string } | undefined {
  const match = /^\((\w+)='(.*)'\)$/.exec(segment);
  return match ? { property: match[1] as string, value: (match[2] as string).replaceAll("''", "'") } : undefined;
}

/** Parses the JSON of a body; 400 in Graph's words where it is none. */
export function parseBody(text: string): GraphRecord | undefined {
  if (text.trim() === '') return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw unreadable();
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw unreadable();
  return body as GraphRecord;
}

function unreadable(): GraphError {
  return badRequest(
    'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
  );
}

/**
 * The request in Graph's parts.
 * Throws 400 for a version that Graph does not have and for query options it does not know.
 */
export function parseRequest(
  method: string,
  { origin, pathname, search, searchParams }: URL,
  headers: HeaderFields,
  body: GraphRecord | undefined,
): GraphRequest {
  const [, root = '', ...rest] = pathname.split('/');
  const version = root.toLowerCase();
  if (version !== 'v1.0' && version !== 'beta') {
    throw new GraphError(400, 'BadRequest', `Invalid version: ${root}`);
  }
  return {
    method,
    version,
    origin,
    segments: parseSegments(rest.join('/')),
    target: `${rest.join('/')}${search}`,
    query: parseQuery(searchParams),
    headers,
    body,
  };
}
