// A place for recoveries: a sandbox in this process, a repository in a temporary folder, and the verbs between them, without a port or a wait.
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kinds as allKinds } from '../../src/kinds/index.ts';
import type { Commit } from '../../src/model/commit.ts';
import { accessClasses, type Kinds } from '../../src/model/kind.ts';
import { type PlanOptions, planOptions } from '../../src/model/plan.ts';
import type { Repository } from '../../src/model/repository.ts';
import type { Scope } from '../../src/model/scope.ts';
import { openRepository } from '../../src/repo/index.ts';
import {
  createSandbox,
  exampleState,
  readSeed,
  type Sandbox,
  type SandboxOptions,
  type Seed,
} from '../../src/sandbox/index.ts';
import { openReader, openWriter, stepRequests, type TenantOptions, type Time } from '../../src/tenant/index.ts';
import { type Applied, type ApplyRequest, applyPlan } from '../../src/verbs/apply.ts';
import { capture } from '../../src/verbs/capture.ts';
import { type Planned, planRecovery, type RecoveryConfiguration } from '../../src/verbs/plan.ts';
import { planUndo } from '../../src/verbs/undo.ts';

export type HastyTime = Time & { skip(milliseconds: number): void };

/** Time that passes only by waiting, and without anybody waiting for it. */
export function hasty(start: number): HastyTime {
  let now = start;
  return {
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
    timeout: () => ({ signal: new AbortController().signal, clear: () => undefined }),
    skip: (milliseconds) => {
      now += milliseconds;
    },
  };
}

export const plain: PlanOptions = planOptions({ withoutEmergencyAccount: true });

export const everything: PlanOptions = planOptions({
  withoutEmergencyAccount: true,
  allowAccess: accessClasses,
  allowMassChange: true,
});

export interface Place {
  readonly sandbox: Sandbox;
  readonly repository: Repository;
  readonly kinds: Kinds;
  readonly configuration: RecoveryConfiguration;
  /** One Graph call as an administrator makes it. */
  graph(
    method: string,
    path: string,
    body?: unknown,
    version?: 'v1.0' | 'beta',
    // biome-ignore lint/suspicious/noExplicitAny: answers of Graph, as loose as they come
  ): Promise<{ status: number; body: Record<string, any> }>;
  snapshot(): Promise<Commit>;
  plan(goal: string, options?: PlanOptions, scope?: Scope): Promise<Planned>;
  apply(planned: Planned, more?: Partial<ApplyRequest>): Promise<Applied>;
  recover(goal: string, options?: PlanOptions, scope?: Scope): Promise<Applied>;
  undo(run?: string, more?: Partial<ApplyRequest>): Promise<Applied>;
  request(more?: Partial<ApplyRequest>): ApplyRequest;
  /** Writes that the sandbox was sent, as `METHOD path`. */
  writes(): string[];
  close(): Promise<void>;
}

let example: Promise<Seed> | undefined;

/** The example company, read once. */
export function exampleSeed(): Promise<Seed> {
  example ??= readSeed(exampleState);
  return example;
}

export async function recoveryPlace(
  options: SandboxOptions = {},
  configuration: Partial<RecoveryConfiguration> = {},
  kinds: Kinds = allKinds,
): Promise<Place> {
  const time = hasty(Date.UTC(2026, 10, 23, 12));
  const sandbox = createSandbox({
    throttling: false,
    randomSeed: 'recovery',
    clock: () => time.now(),
    seeds: [await exampleSeed()],
    ...options,
  });
  const root = mkdtempSync(join(tmpdir(), 'driftline-recovery-'));
  const repository = await openRepository({
    root,
    statePath: 'state',
    kinds,
    create: true,
    identity: { name: 'Driftline', email: 'driftline@users.noreply.github.com' },
  });
  return placeOf({ sandbox, time, repository, kinds, configuration, folder: root });
}

export interface PlaceParts {
  readonly sandbox: Sandbox;
  readonly time: HastyTime;
  readonly repository: Repository;
  readonly kinds: Kinds;
  readonly configuration: Partial<RecoveryConfiguration>;
  /** Removed when the place is closed. */
  readonly folder: string;
  /** Told of each request of ours before the sandbox has it, and of the sandbox's answer. */
  readonly witness?: { before(request: Request): Promise<void>; after(): void };
}

/** The verbs between a sandbox and a repository. */
export function placeOf({ sandbox, time, repository, kinds, configuration, folder, witness }: PlaceParts): Place {
  const origin = 'http://127.0.0.1:9';
  const connection: TenantOptions = {
    cloud: 'global',
    graphUrl: origin,
    credentials: {},
    accessToken: sandbox.token(),
    environment: {},
    time,
    fetch: async (input, init) => {
      const request = new Request(input as string, init);
      await witness?.before(request);
      try {
        return await sandbox.handler(request);
      } finally {
        witness?.after();
      }
    },
  };
  const reader = openReader(connection);
  const writer = openWriter(connection);
  const settings: RecoveryConfiguration = {
    ignore: [],
    protect: [],
    emergencyAccounts: [],
    thresholds: { share: 0.3, minimum: 10 },
    ...configuration,
  };
  // Commits of one moment would have one id, and runs one name.
  const now = () => {
    time.skip(1000);
    return new Date(time.now());
  };
  const common = { repository, reader, kinds, configuration: settings, now, version: '0.0.0' };
  const request = (more: Partial<ApplyRequest> = {}): ApplyRequest => ({
    ...common,
    writer,
    requests: stepRequests({ cloud: 'global', graphUrl: origin, randomBytes: (length) => randomBytes(length) }),
    settle: { confirmations: 1, pause: 100, patience: 60_000 },
    sleep: (milliseconds) => time.sleep(milliseconds),
    ...more,
  });
  const place: Place = {
    sandbox,
    repository,
    kinds,
    configuration: settings,
    request,
    async graph(method, path, body, version = 'v1.0') {
      const response = await sandbox.handler(
        new Request(`${origin}/${version}${path}`, {
          method,
          headers: { authorization: `Bearer ${sandbox.token()}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      );
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    },
    async snapshot() {
      const base = await repository.tip();
      const result = await capture({
        repository,
        reader,
        kinds,
        scope: {},
        base,
        ref: repository.branch,
        now,
        version: '0.0.0',
      });
      return result.commit!;
    },
    plan: (goal, options = everything, scope = {}) => planRecovery({ ...common, goal, scope, options }),
    apply: ({ plan }, more) => applyPlan(plan, request(more)),
    async recover(goal, options = everything, scope = {}) {
      return place.apply(await place.plan(goal, options, scope));
    },
    async undo(run, more) {
      const { deleteNew: _deleteNew, hardDelete: _hardDelete, ...options } = everything;
      const planned = await planUndo({ ...common, options, ...(run === undefined ? {} : { run }) });
      return place.apply(planned, { undoes: planned.undoes.record.id, ...more });
    },
    writes: () => sandbox.requests.filter(({ wrote }) => wrote).map(({ method, path }) => `${method} ${path}`),
    async close() {
      await repository.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return place;
}
