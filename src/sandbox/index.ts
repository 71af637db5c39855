// Options in, a Microsoft Graph that runs here out: in process as a handler of Fetch requests, or on a port.
import { fileURLToPath } from 'node:url';
import { AuditLog } from './audit.ts';
import { exchange, type RequestRecord } from './exchange.ts';
import { type FaultRule, Faults } from './faults.ts';
import { defaultTenantId, firstApp, knobs, type SandboxApp, type SandboxOptions, type World } from './options.ts';
import { PageTokens, signer } from './paging.ts';
import { dice, guidOf } from './random.ts';
import type { Incoming, Reply } from './request.ts';
import { servedTypes } from './rules/index.ts';
import { plant, plantBuiltIns, readSeed, type Seed, seedObjects } from './seed.ts';
import { fetchHandler, serve } from './server.ts';
import { MemoryStore } from './store.ts';
import { Throttle } from './throttle.ts';
import { Tokens } from './token.ts';
import type { Reader, Store } from './types.ts';

export type { RequestRecord } from './exchange.ts';
export type { Fault, FaultRule } from './faults.ts';
export { generate, type Sizes } from './generate.ts';
export { badNight } from './incident.ts';
export { firstApp, type SandboxApp, type SandboxOptions } from './options.ts';
export { readSeed, type Seed, type SeedLink, type SeedObject, seedObjects } from './seed.ts';
export type { ThrottlingOptions } from './throttle.ts';
export { type EntityType, GraphError, type GraphObject, type GraphRecord, type Json, type Store } from './types.ts';

/** The state folder of the example company, which the sandbox is seeded from and Driftline's format is shown by. */
export const exampleState = fileURLToPath(new URL('../../state', import.meta.url));

export interface Listening {
  /** Root without version: `http://127.0.0.1:PORT`; `/v1.0` and `/beta` are below it. */
  readonly graphUrl: string;
  readonly authorityUrl: string;
  /** With these set, every driftline command works on the sandbox. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface Sandbox {
  /** The tenant's truth, for tests. */
  readonly store: Store;
  /** What the sandbox was asked, in order; requests inside a `$batch` after it. */
  readonly requests: RequestRecord[];
  readonly faults: { add(rule: FaultRule): { fired(): number; remove(): void }; clear(): void };
  /** Serves one request; absolute links in the answer begin with the origin of its URL. */
  handler(request: Request): Promise<Response>;
  listen(options?: { readonly port?: number }): Promise<Listening>;
  /** Adds what a state folder holds. */
  loadSeed(folder: string): Promise<void>;
  load(seed: Seed): void;
  /** An access token for an application; default: the first one, for ten years. */
  token(appId?: string, lifetimeSeconds?: number): string;
  /** An access token for a user who is signed in from an address, may do everything, and did not get it from Driftline. */
  userToken(userId: string, ipAddress?: string): string;
  /** The environment with which driftline uses this sandbox under these URLs. */
  env(graphUrl: string, authorityUrl?: string): Readonly<Record<string, string>>;
  /**
   * Another sandbox that goes on from where this one is, with another clock if it is given one; neither sees what is written to the other.
   * Faults and the log of requests stay behind, and budgets are whole again.
   */
  fork(options?: Pick<SandboxOptions, 'clock'>): Sandbox;
}

const tenYears = 10 * 365 * 86_400;

/** A sandbox that has no port yet. The same options give the same tenant, ids and dice. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const world = createWorld(options);
  for (const seed of options.seeds ?? []) plant(world, seed);
  return sandboxOf(world, options, true);
}

/** `stale`: what every tenant has may be missing yet. */
function sandboxOf(world: World, options: SandboxOptions, stale: boolean): Sandbox {
  const requests: RequestRecord[] = [];
  const settle = () => {
    if (stale) plantBasics(world, options);
    stale = false;
  };
  const load = (seed: Seed) => {
    plant(world, seed);
    stale = true;
  };
  const token = (appId: string = firstApp.appId, lifetimeSeconds = tenYears): string => {
    settle();
    return world.tokens.mint(appId, lifetimeSeconds).token;
  };
  const userToken = (userId: string, ipAddress = '203.0.113.66'): string => {
    settle();
    return world.tokens.mintFor(userId, ipAddress, tenYears);
  };
  const env = (graphUrl: string, authorityUrl = graphUrl) => ({
    DRIFTLINE_GRAPH_URL: graphUrl,
    DRIFTLINE_AUTHORITY_URL: authorityUrl,
    DRIFTLINE_ACCESS_TOKEN: token(),
    AZURE_TENANT_ID: world.store.tenantId,
    AZURE_CLIENT_ID: firstApp.appId,
    AZURE_CLIENT_SECRET: firstApp.secret,
  });
  const answer = (request: Incoming): Promise<Reply> => {
    settle();
    return exchange(world, request, requests);
  };
  return {
    store: world.store,
    requests,
    faults: world.faults,
    handler: fetchHandler(answer),
    load,
    token,
    userToken,
    env,
    loadSeed: async (folder) => load(await readSeed(folder)),
    fork: (changes = {}) => {
      settle();
      const own = { ...options, ...changes };
      return sandboxOf(createWorld(own, world), own, false);
    },
    listen: async ({ port } = {}) => {
      const { origin, close } = await serve(answer, port);
      return { graphUrl: origin, authorityUrl: origin, env: env(origin), close };
    },
  };
}

/** A world of its own, empty or with what another one holds now. */
function createWorld(options: SandboxOptions, from?: World): World {
  const all = knobs(options);
  const types = servedTypes(options.types);
  const settings = {
    tenantId: (options.tenantId ?? defaultTenantId).toLowerCase(),
    clock: all.clock,
    seed: all.randomSeed,
    historyMs: all.replicaLagMs,
    ends: Object.fromEntries([...types.values()].flatMap(({ type, ends }) => (ends ? [[type, ends]] : []))),
  };
  const store = new MemoryStore(settings, from?.store);
  const replicas = replicasOf(store, all.replicaLagMs, all.replicas);
  let turn = 0;
  return {
    knobs: all,
    store,
    types,
    audits: new AuditLog(store, { lagMs: all.auditLagMs, retentionDays: all.auditRetentionDays }, from?.audits),
    tokens: new Tokens(all, store, appsOf(options)),
    pages: new PageTokens(all.randomSeed, all.clock, all.pageTokenLifetimeMs),
    signDelta: signer(`delta tokens ${all.randomSeed}`),
    throttle: new Throttle(options.throttling ?? {}, all.clock, store),
    faults: new Faults(),
    dice: from?.dice.copy() ?? dice(`dice ${all.randomSeed}`),
    underWay: new Set(),
    requestIds: from?.requestIds.copy() ?? dice(`requests ${all.randomSeed}`),
    nextReader: () => replicas[turn++ % replicas.length] ?? store,
    secrets: new Map(from?.secrets),
  };
}

/** The first replica is up to date, the last one is the slowest. */
function replicasOf(store: MemoryStore, lagMs: number, count: number): Reader[] {
  if (lagMs <= 0 || count < 2) return [store];
  return Array.from({ length: count }, (_, index) =>
    index === 0 ? store : store.replica((lagMs * index) / (count - 1)),
  );
}

function appsOf(options: SandboxOptions): SandboxApp[] {
  return [
    { ...firstApp, permissions: options.permissions ?? 'all', privileged: options.privileged ?? true },
    ...(options.apps ?? []),
  ];
}

/** What every tenant has, and the applications that may sign in, where the seeds did not bring them. */
function plantBasics(world: World, options: SandboxOptions): void {
  world.store.silently(() => plantBuiltIns(world));
  const [organization] = [...world.store.list('organization')];
  if (organization && options.displayName !== undefined) {
    world.store.silently(() =>
      world.store.put('organization', { ...organization, displayName: options.displayName ?? null }),
    );
  }
  for (const app of appsOf(options)) {
    const displayName = app.displayName ?? app.appId;
    const missing = (type: string) => world.store.find(type, 'appId', app.appId).length === 0;
    const record = (kind: string) => ({ id: guidOf(`${kind} ${app.appId}`), appId: app.appId, displayName });
    const seed = seedObjects({
      applications: missing('application') ? [record('application')] : [],
      servicePrincipals: missing('servicePrincipal') ? [record('servicePrincipal')] : [],
    });
    plant(world, seed);
  }
}
