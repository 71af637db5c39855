// A place for the server: a sandbox in this process, a repository in a temporary folder, a server over both, and callers of it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@microsoft/microsoft-graph-client';
import { createSandbox, exampleState, readSeed, type Sandbox, type Seed } from '../../src/sandbox/index.ts';
import { type Job, type ServeOptions, type Serving, startServer } from '../../src/serve/index.ts';
import { capture } from '../../src/verbs/capture.ts';
import { openWorkplace, type Workplace } from '../../src/workplace.ts';
import { hurriedTime } from '../support/driftline.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests say by their expectations what an answer holds
export type Loose = any;

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Loose;
}

export interface Place {
  readonly sandbox: Sandbox;
  readonly workplace: Workplace;
  readonly root: string;
  readonly server: Serving;
  /** One Graph call to the sandbox as an administrator of the tenant makes it. */
  graph(method: string, path: string, body?: unknown): Promise<Loose>;
  snapshot(): Promise<string>;
  /** A request with the headers given and no others but Host. */
  raw(path: string, init?: RequestInit & { headers?: Record<string, string> }): Promise<Called>;
  /** A request by the session that the link opened, as a page of the server makes it. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Called>;
  /** A job made by a POST, when nothing works on it any more. */
  job(path: string, body: unknown): Promise<Job>;
  /** Microsoft's client, with every request handed to the server. */
  client(headers?: Record<string, string>): Client;
  /** Lets nobody read the tenant until the function that it gives is called. */
  hold(): () => void;
  /** Does something once, right before the next write to the tenant. */
  beforeWrite(deed: () => Promise<void>): void;
  /** Another server over the same repository, after this one has ended. */
  again(options?: Partial<ServeOptions>): Promise<Place>;
  close(): Promise<void>;
}

/** The policy of the seed story, as it should be. */
export const storyPolicy = {
  displayName: 'Mobile: approved apps only',
  state: 'enabled',
  conditions: {
    users: { includeUsers: ['All'] },
    applications: { includeApplications: ['All'] },
    platforms: { includePlatforms: ['android', 'iOS'] },
    clientAppTypes: ['all'],
  },
  grantControls: { operator: 'OR', builtInControls: ['compliantApplication'] },
};

let example: Promise<Seed> | undefined;

export interface PlaceOptions extends Partial<Omit<ServeOptions, 'workplace'>> {
  /** Text of driftline.yaml. */
  readonly configuration?: string;
  readonly snapshots?: boolean;
  /** Milliseconds that the tenant takes for each answer; default 0. */
  readonly latencyMs?: number;
}

/** Opens a place with the example company and its first snapshot. */
export async function servePlace(options: PlaceOptions = {}): Promise<Place> {
  example ??= readSeed(exampleState);
  const { latencyMs = 0 } = options;
  const sandbox = createSandbox({ throttling: false, randomSeed: 'serve', seeds: [await example], latencyMs });
  const { env, close } = await sandbox.listen();
  const root = mkdtempSync(join(tmpdir(), 'driftline-serve-'));
  writeFileSync(join(root, 'driftline.yaml'), options.configuration ?? '');
  execFileSync('git', ['init', '-q', '-b', 'main', root]);
  const opened = openWorkplace({
    repo: root,
    cwd: root,
    environment: { PATH: process.env.PATH, ...env },
    time: hurriedTime(),
  });
  const gate: Gate = { open: Promise.resolve(), deed: undefined, done: Promise.resolve() };
  const workplace: Workplace = {
    ...opened,
    async openReader(onProgress) {
      await gate.open;
      return opened.openReader(onProgress);
    },
    async openWriter() {
      const writer = await opened.openWriter();
      const pass = async () => {
        const { deed } = gate;
        gate.deed = undefined;
        if (deed !== undefined) gate.done = deed();
        await gate.done;
      };
      return {
        send: async (request) => pass().then(() => writer.send(request)),
        sendBatch: async (requests) => pass().then(() => writer.sendBatch(requests)),
        close: () => writer.close(),
      };
    },
  };
  const place = await open(sandbox, gate, workplace, root, options, async () => {
    await close();
    await rm(root, { recursive: true, force: true });
  });
  await place.graph('POST', '/identity/conditionalAccess/policies', storyPolicy);
  if (options.snapshots !== false) await place.snapshot();
  return place;
}

interface Gate {
  open: Promise<void>;
  deed: (() => Promise<void>) | undefined;
  /** Every write waits for it. */
  done: Promise<void>;
}

async function open(
  sandbox: Sandbox,
  gate: Gate,
  workplace: Workplace,
  root: string,
  options: PlaceOptions,
  last: () => Promise<void>,
): Promise<Place> {
  const errors: unknown[] = [];
  const server = await startServer({
    version: '0.0.0',
    now: () => new Date(),
    sleep: async () => undefined,
    onError: (error) => errors.push(error),
    ...options,
    workplace,
  });
  const host = new URL(server.origin).host;
  const origin = server.origin;
  let cookie: string | undefined;
  const raw: Place['raw'] = async (path, init = {}) => {
    const response = await server.fetch(
      new Request(`${origin}${path}`, { ...init, headers: { host, ...init.headers } }),
    );
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') && text !== '';
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : undefined };
  };
  const own = { origin, 'content-type': 'application/json', 'x-driftline': '1', 'sec-fetch-site': 'same-origin' };
  const session = async (): Promise<string> => {
    if (cookie !== undefined) return cookie;
    const link = server.link()!.split('#link=')[1];
    const opened = await raw('/session', { method: 'POST', headers: own, body: JSON.stringify({ link }) });
    cookie = opened.headers.get('set-cookie')!.split(';')[0]!;
    return cookie;
  };
  const place: Place = {
    sandbox,
    workplace,
    root,
    server,
    raw,
    async graph(method, path, body) {
      const response = await sandbox.handler(
        new Request(`http://sandbox.test/v1.0${path}`, {
          method,
          headers: { authorization: `Bearer ${sandbox.token()}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      );
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? {} : JSON.parse(text);
    },
    async snapshot() {
      const repository = await workplace.openRepository({ create: true });
      const reader = await workplace.openReader();
      try {
        const { commit } = await capture({
          repository,
          reader,
          kinds: workplace.kinds,
          scope: {},
          base: await repository.tip(),
          ref: repository.branch,
          now: () => new Date(),
          version: '0.0.0',
        });
        return commit!.id;
      } finally {
        await reader.close();
        await repository.close();
      }
    },
    async call(method, path, body, headers = {}) {
      return raw(path, {
        method,
        headers: { cookie: await session(), ...(method === 'GET' ? {} : own), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
    async job(path, body) {
      const made = await place.call('POST', path, body);
      if (made.status !== 202) throw new Error(`${path}: ${made.status} ${made.text}`);
      const id = made.headers.get('location')!.split('/').at(-1)!;
      const job = await server.jobs.settled(id);
      if (errors.length > 0) throw errors[0];
      return job;
    },
    client: (headers) =>
      Client.initWithMiddleware({
        baseUrl: `${origin}/`,
        middleware: {
          async execute(context) {
            const given = new Headers(context.options?.headers as Record<string, string>);
            for (const [name, value] of Object.entries(headers ?? { cookie: await session(), ...own }))
              given.set(name, value);
            given.set('host', host);
            context.response = await server.fetch(
              new Request(context.request as string, { ...context.options, headers: given } as RequestInit),
            );
          },
        },
      }),
    hold() {
      let release: () => void = () => {};
      gate.open = new Promise((done) => {
        release = done;
      });
      return () => release();
    },
    beforeWrite(deed) {
      gate.deed = deed;
    },
    async again(more = {}) {
      await server.close();
      return open(sandbox, gate, workplace, root, { ...options, ...more }, last);
    },
    async close() {
      await server.close();
      await last();
    },
  };
  return place;
}

/** The seed story: a policy's grant control is weakened, and somebody is taken out of a group. */
export async function seedStory(
  place: Place,
): Promise<{ policy: string; group: string; member: string; memberName: string }> {
  const { value: policies } = await place.graph('GET', '/identity/conditionalAccess/policies');
  const policy = policies.find((one: Loose) => one.grantControls?.builtInControls?.includes('compliantApplication'));
  await place.graph('PATCH', `/identity/conditionalAccess/policies/${policy.id}`, {
    grantControls: { operator: 'OR', builtInControls: ['mfa'] },
  });
  const { value: groups } = await place.graph('GET', '/groups?$top=999');
  for (const group of groups) {
    if (group.onPremisesSyncEnabled || group.groupTypes.includes('DynamicMembership') || group.isAssignableToRole)
      continue;
    const { value: members } = await place.graph('GET', `/groups/${group.id}/members?$select=id,displayName`);
    const member = members.find((one: Loose) => one['@odata.type'] === '#microsoft.graph.user');
    if (member === undefined) continue;
    await place.graph('DELETE', `/groups/${group.id}/members/${member.id}/$ref`);
    return { policy: policy.id, group: group.id, member: member.id, memberName: member.displayName };
  }
  throw new Error('the example company has a group with a member');
}
