// Drill: a recovery rehearsed in a sandbox of its own, from a commit, with what came back and what did not; the tenant is not touched.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diffEntities } from '../diff/index.ts';
import type { Commit } from '../model/commit.ts';
import { displayNameOf, type Entity } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { accessClasses, isIrrevocable, type Kind, type Kinds } from '../model/kind.ts';
import { currentRef, type IdMap, type Plan, type PlanOptions, planOptions } from '../model/plan.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { RunRecord } from '../model/run.ts';
import type { TenantReader, TenantWriter } from '../model/tenant.ts';
import { translate } from '../plan/index.ts';
import { openRepository } from '../repo/index.ts';
import { createSandbox, type Sandbox, type SeedLink, type SeedObject } from '../sandbox/index.ts';
import { openReader, openWriter, stepRequests, type Time } from '../tenant/index.ts';
import { applyPlan } from './apply.ts';
import { breakTenth } from './breaking.ts';
import { capture } from './capture.ts';
import { planRecovery, type RecoveryConfiguration } from './plan.ts';

export interface DrillRequest {
  readonly repository: Repository;
  readonly kinds: Kinds;
  readonly configuration: RecoveryConfiguration;
  /** The commit to rehearse. */
  readonly goal: string;
  /** The commit that holds the living tenant, to rehearse the actual recovery; undefined: the goal is loaded, and a tenth of it broken. */
  readonly live?: Commit;
  readonly options?: PlanOptions;
  /** Which objects are broken; the same seed breaks the same ones. */
  readonly seed: number;
  readonly now: () => Date;
  readonly version: string;
}

/** How faithfully one kind came back. */
export interface Fidelity {
  readonly kind: string;
  readonly objects: number;
  /** Objects that were deleted, deleted for good, or changed. */
  readonly broken: number;
  readonly equal: number;
  /** Attributes that cannot come back by nature (ids, creation times, secrets), by name, and how often. */
  readonly byNature: Readonly<Record<string, number>>;
  /** What should have come back and did not, with the reason. */
  readonly lost: readonly string[];
}

export interface Drill {
  readonly kinds: readonly Fidelity[];
  readonly plan: Plan;
  readonly record: RunRecord;
  /** The sandbox could not take these objects of the commit as they are, so they were not rehearsed. */
  readonly notLoaded: readonly string[];
}

const everything = planOptions({ allowAccess: accessClasses, allowMassChange: true, withoutEmergencyAccount: true });

/** Rehearses. Problems: those of {@link planRecovery} and {@link applyPlan}, as the recovery itself would have them. */
export async function drill(request: DrillRequest): Promise<Drill> {
  const { repository, kinds, now } = request;
  const goal = await repository.resolve(request.goal, now());
  const from = request.live ?? goal;
  const tenant = await repository.file(from.id, 'tenant.yaml');
  const sandbox = createSandbox({
    tenantId: String(tenant?.tenantId),
    displayName: String(tenant?.displayName ?? 'Drill'),
    randomSeed: `drill ${request.seed}`,
    throttling: false,
    shuffleArrays: false,
    touchNoise: false,
  });
  const entities = await entitiesOf(repository, kinds, from);
  const goals = request.live === undefined ? entities : await entitiesOf(repository, kinds, goal);
  // What the tenant has lost is loaded too, and lost again in the sandbox: so it lies in the bin, or is gone.
  const all = new Map([...goals, ...entities]);
  sandbox.load({ tenantId: String(tenant?.tenantId), objects: [...all.values()].map(seedObject) });
  const place = await openPlace(request, sandbox);
  try {
    const loaded = request.live === undefined ? await place.snapshot() : await place.keep(goals, tenant ?? {});
    const whole = await entitiesOf(place.repository, kinds, loaded);
    const broken =
      request.live === undefined
        ? await breakTenth(
            { ...place, reader: place.common.reader, requests: place.apply.requests },
            kinds,
            goals,
            request.seed,
          )
        : await lose(place, kinds, goals, entities);
    const planned = await planRecovery({
      ...place.common,
      goal: loaded.id,
      scope: {},
      options: request.options ?? everything,
    });
    const applied = await applyPlan(planned.plan, place.apply);
    const after = await entitiesOf(place.repository, kinds, await place.snapshot());
    return {
      plan: planned.plan,
      record: applied.record,
      kinds: [...kinds.values()].map((kind) => fidelity(kind, whole, after, broken, applied.record)),
      notLoaded: [...goals.keys()].filter((ref) => !whole.has(ref)),
    };
  } finally {
    await place.close();
  }
}

async function entitiesOf(repository: Repository, kinds: Kinds, commit: Commit): Promise<Map<Ref, Entity>> {
  const found = new Map<Ref, Entity>();
  for await (const { entity } of repository.entities(repository.files(commit.id)))
    if (kinds.has(kindOf(entity.ref))) found.set(entity.ref, entity);
  return found;
}

function seedObject({ ref, type, attributes, links }: Entity): SeedObject {
  return {
    kind: kindOf(ref),
    key: keyOf(ref),
    properties: { ...(type === undefined ? {} : { '@odata.type': type }), ...attributes } as SeedObject['properties'],
    links: Object.fromEntries(
      Object.entries(links).map(([name, targets]) => [
        name,
        targets.map(
          ({ target, properties }): SeedLink =>
            properties?.appRoleId === undefined ? target : { target, appRoleId: properties.appRoleId },
        ),
      ]),
    ),
  };
}

interface DrillPlace {
  readonly repository: Repository;
  readonly writer: TenantWriter;
  readonly common: Pick<
    Parameters<typeof planRecovery>[0],
    'repository' | 'reader' | 'kinds' | 'configuration' | 'now' | 'version'
  >;
  readonly apply: Parameters<typeof applyPlan>[1];
  snapshot(): Promise<Commit>;
  /** Commits these objects as a complete state, as if they had been read. */
  keep(entities: ReadonlyMap<Ref, Entity>, tenant: JsonObject): Promise<Commit>;
  close(): Promise<void>;
}

/** Nobody but us asks this sandbox: quotas need not be waited for. */
function hastyTime(): Time {
  let skipped = 0;
  return {
    now: () => Date.now() + skipped,
    sleep: async (milliseconds) => {
      skipped += milliseconds;
    },
    timeout: () => ({ signal: new AbortController().signal, clear: () => undefined }),
  };
}

/** A repository of its own in a temporary folder, and doors that lead to the sandbox and nowhere else. */
async function openPlace(request: DrillRequest, sandbox: Sandbox): Promise<DrillPlace> {
  const { kinds, version, now } = request;
  const root = await mkdtemp(join(tmpdir(), 'driftline-drill-'));
  const repository = await openRepository({
    root,
    statePath: 'state',
    kinds,
    create: true,
    identity: { name: 'Driftline', email: 'driftline@users.noreply.github.com' },
  });
  const graphUrl = 'http://127.0.0.1:9';
  const connection = {
    cloud: 'global',
    graphUrl,
    credentials: {},
    accessToken: sandbox.token(),
    environment: {},
    time: hastyTime(),
    fetch: async (input: string | URL | globalThis.Request, init?: RequestInit) =>
      sandbox.handler(new Request(input, init)),
  };
  const reader: TenantReader = openReader(connection);
  const writer = openWriter(connection);
  const common = { repository, reader, kinds, configuration: request.configuration, now, version };
  return {
    repository,
    writer,
    common,
    apply: {
      ...common,
      writer,
      requests: stepRequests({ cloud: 'global', graphUrl, randomBytes: (length) => randomBytes(length) }),
      settle: { confirmations: 1, pause: 10, patience: 10_000 },
      sleep: (milliseconds) => new Promise((done) => setTimeout(done, Math.min(milliseconds, 10))),
    },
    async snapshot() {
      const base = await repository.tip();
      const taken = await capture({ repository, reader, kinds, scope: {}, base, ref: repository.branch, now, version });
      return taken.commit!;
    },
    async keep(entities, tenant) {
      const work = await repository.capture({ base: undefined });
      const coverage: Record<string, JsonObject> = {};
      for (const name of kinds.keys()) {
        const mine = [...entities.values()].filter(({ ref }) => kindOf(ref) === name);
        const kind = work.kind(name);
        await kind.put(mine);
        await kind.complete();
        coverage[name] = { status: 'complete', count: mine.length };
      }
      // The sandbox is the global cloud, whichever one the tenant is in.
      await work.file('tenant.yaml', { ...tenant, cloud: 'global' });
      await work.file('coverage.yaml', coverage);
      return (await work.commit({ subject: 'The goal of the drill', at: now().toISOString() }))!;
    },
    async close() {
      await reader.close();
      await writer.close();
      await repository.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** What the living tenant has lost is lost in the sandbox as well. */
async function lose(
  place: DrillPlace,
  kinds: Kinds,
  goals: ReadonlyMap<Ref, Entity>,
  live: ReadonlyMap<Ref, Entity>,
): Promise<Set<Ref>> {
  const broken = new Set<Ref>();
  for (const [ref, entity] of goals) {
    const kind = kinds.get(kindOf(ref))!;
    const now = live.get(ref);
    if (now !== undefined) {
      if (diffEntities(kind, now, entity) !== undefined) broken.add(ref);
      continue;
    }
    broken.add(ref);
    const call = place.apply.requests.callFor(
      { id: '1', ref, displayName: '', needs: [], wave: 0, access: [], action: 'delete', before: {} },
      kind,
    );
    if (!('find' in call)) await place.writer.send(call.request);
  }
  return broken;
}

/** What nobody can give an object that is made anew. */
function cannotComeBack(kind: Kind, attribute: string): boolean {
  const contained = kind.contained?.find((one) => one.attribute === attribute);
  const write = kind.attributes[attribute]?.write;
  return write === 'never' || write === 'create' || (contained !== undefined && isIrrevocable(contained));
}

function fidelity(
  kind: Kind,
  whole: ReadonlyMap<Ref, Entity>,
  after: ReadonlyMap<Ref, Entity>,
  broken: ReadonlySet<Ref>,
  record: RunRecord,
): Fidelity {
  const ids: IdMap = record.ids;
  const made = new Set(record.made);
  const byNature: Record<string, number> = {};
  const lost: string[] = [];
  const mine = [...whole.values()].filter(({ ref }) => kindOf(ref) === kind.name);
  let equal = 0;
  for (const entity of mine) {
    if (!broken.has(entity.ref)) continue;
    const wanted = translate(kind, entity, ids);
    const change = diffEntities(kind, after.get(currentRef(ids, entity.ref)), wanted);
    const left = (change?.attributes ?? []).filter(({ path }) => {
      const name = path.split(/[.[]/)[0]!;
      const nature = made.has(wanted.ref) && cannotComeBack(kind, name);
      if (nature) byNature[name] = (byNature[name] ?? 0) + 1;
      return !nature;
    });
    if (change?.operation === 'create' || left.length + (change?.links.length ?? 0) > 0) {
      const what =
        change?.operation === 'create'
          ? 'all of it'
          : [...left.map(({ path }) => path), ...new Set(change?.links.map(({ link }) => link))].join(', ');
      const why =
        record.left.find(({ ref }) => ref === wanted.ref)?.because ??
        record.failures.find(({ ref }) => ref === wanted.ref)?.because;
      lost.push(`${displayNameOf(kind, entity)} (${entity.ref}): ${what}${why === undefined ? '' : `; ${why}`}`);
    } else equal += 1;
  }
  return {
    kind: kind.name,
    objects: mine.length,
    broken: mine.filter(({ ref }) => broken.has(ref)).length,
    equal,
    byNature,
    lost,
  };
}
