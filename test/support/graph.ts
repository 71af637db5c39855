// Takes a Graph root and a token, gives a function that makes one call and says what was answered.

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the answer; empty where there is none. */
  readonly body: Record<string, unknown>;
}

export interface CallOptions {
  readonly version?: 'v1.0' | 'beta';
  readonly headers?: Readonly<Record<string, string>>;
}

/** `graph('GET', '/users')`; a path begins behind the version root, which is v1.0 unless said otherwise. */
export type Graph = (method: string, path: string, body?: unknown, options?: CallOptions) => Promise<Answered>;

export function caller(graphUrl: string, token: string): Graph {
  return async (method, path, body, { version = 'v1.0', headers = {} } = {}) => {
    const response = await fetch(`${graphUrl.replace(/\/$/, '')}/${version}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') && text !== '';
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : {} };
  };
}
