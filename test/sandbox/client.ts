// A sandbox and a few lines to speak to it as a client does: one call, one answer with its JSON.
import { createSandbox, type Sandbox, type SandboxOptions, seedObjects } from '../../src/sandbox/index.ts';

export const origin = 'http://graph.test';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
}

export interface Client {
  readonly sandbox: Sandbox;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  get(path: string, headers?: Record<string, string>): Promise<Answered>;
  /** All items of a collection over its pages. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  all(path: string, headers?: Record<string, string>): Promise<any[]>;
}

/** Speaks to a sandbox in process, as the first application or with another token. */
export function clientOf(sandbox: Sandbox, token = sandbox.token()): Client {
  const call: Client['call'] = async (method, path, body, headers = {}) => {
    const url = path.startsWith('http') ? path : `${origin}${path.startsWith('/beta') ? '' : '/v1.0'}${path}`;
    const response = await sandbox.handler(
      new Request(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  };
  const get: Client['get'] = (path, headers) => call('GET', path, undefined, headers);
  return {
    sandbox,
    call,
    get,
    async all(path, headers) {
      const items: unknown[] = [];
      for (let next: string | undefined = path; next !== undefined; ) {
        const { status, body }: Answered = await get(next, headers);
        if (status !== 200) throw new Error(`${next}: ${status} ${JSON.stringify(body)}`);
        items.push(...body.value);
        next = body['@odata.nextLink'];
      }
      return items;
    },
  };
}

/** GUIDs that say what they stand for: `id('a', 7)`. */
export const id = (letter: string, number: number): string =>
  `${letter.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`;

export const user = (number: number, more: Record<string, unknown> = {}) => ({
  id: id('a', number),
  displayName: `User ${number}`,
  userPrincipalName: `user${number}@contoso.com`,
  mailNickname: `user${number}`,
  accountEnabled: true,
  ...more,
});

export const group = (number: number, more: Record<string, unknown> = {}) => ({
  id: id('b', number),
  displayName: `Group ${number}`,
  groupTypes: [],
  mailEnabled: false,
  mailNickname: `group${number}`,
  securityEnabled: true,
  ...more,
});

export const application = (number: number, more: Record<string, unknown> = {}) => ({
  id: id('c', number),
  appId: id('d', number),
  displayName: `Application ${number}`,
  ...more,
});

export const principal = (number: number, more: Record<string, unknown> = {}) => ({
  id: id('e', number),
  appId: id('d', number),
  displayName: `Application ${number}`,
  ...more,
});

/** A clock that stands still until a test turns it. */
export function handClock(start = Date.UTC(2026, 7, 1)): { clock: () => number; turn(ms: number): void } {
  let now = start;
  return {
    clock: () => now,
    turn: (ms) => {
      now += ms;
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: seeds are plain JSON of every shape.
export function tenant(kinds: Record<string, any[]> = {}, options: SandboxOptions = {}): Client {
  return clientOf(createSandbox({ seeds: [seedObjects(kinds)], throttling: false, ...options }));
}
