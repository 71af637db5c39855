// Plan: the living tenant is read into a private commit, compared with the goal, and what a recovery would do comes out as data.

import { applyChange, applyIgnore, diffEntities, requireInForce } from '../diff/index.ts';
import type { Commit } from '../model/commit.ts';
import type { Configuration } from '../model/config.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import { equal, isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kinds } from '../model/kind.ts';
import { currentRef, type IdMap, type Plan, type PlanOptions } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import { inScope, type Scope } from '../model/scope.ts';
import type { Scratch } from '../model/scratch.ts';
import type { TenantIdentity, TenantReader } from '../model/tenant.ts';
import { makePlan, needed, type Pair, Pairs, translate } from '../plan/index.ts';
import { agedGrants } from './ages.ts';
import { type CaptureProgress, capture, coverageAt } from './capture.ts';
import { idMapAt } from './id-map.ts';
import { gather, lookInBins, repairs } from './knowledge.ts';
import { idsOfLost } from './lost.ts';
import { unkept } from './runs.ts';

export type RecoveryConfiguration = Pick<Configuration, 'ignore' | 'protect' | 'emergencyAccounts' | 'thresholds'>;

export interface PlanRequest {
  readonly repository: Repository;
  readonly reader: TenantReader;
  readonly kinds: Kinds;
  readonly configuration: RecoveryConfiguration;
  /** What the tenant is to be like: a commit, as it was asked for. */
  readonly goal: string;
  readonly scope: Scope;
  readonly options: PlanOptions;
  readonly reason?: string;
  readonly now: () => Date;
  readonly version: string;
  readonly onProgress?: (progress: CaptureProgress) => void;
  /** Private ref that keeps the live commit; default: one of this moment. */
  readonly ref?: string;
  /** Ids of objects that were made anew; default: those that the branch's tip keeps. */
  readonly ids?: IdMap;
}

export interface Planned {
  readonly plan: Plan;
  /** Ref of the live commit; whoever does not keep the plan forgets it. */
  readonly ref: string;
  /** Differences that the ignore rules take out. */
  readonly ignored: number;
  readonly coverage: Coverage;
}

/**
 * Makes a plan. Nothing is written but a private commit of what the tenant is. Problems: `usage` for a goal that is none, `refused` for a
 * goal of another tenant, and those of {@link capture}.
 */
export async function planRecovery(request: PlanRequest): Promise<Planned> {
  const { repository, reader, kinds, configuration, now } = request;
  requireInForce(configuration.ignore, now().toISOString().slice(0, 10));
  const goal = await repository.resolve(request.goal, now());
  const tip = await repository.tip();
  const local = await unkept(repository);
  const given = request.ids ?? { ...(await idMapAt(repository, tip)), ...local.ids };
  await requireSameTenant(repository, goal, await reader.identity());
  const unsure = [...local.unsure].filter((ref) => inScope(underBothIds(request.scope, given), ref));
  const lost = await idsOfLost(request, { refs: unsure, goal: goal.id, before: goal.id, ids: given });
  const kept = { ...given, ...lost };
  const ref =
    request.ref ??
    `refs/driftline/plans/${now()
      .toISOString()
      .replace(/[^0-9TZ]/g, '')}`;
  const live = await capture({
    repository,
    reader,
    kinds,
    scope: currentScope(underBothIds(request.scope, kept), kept),
    base: tip ?? goal,
    ref,
    now,
    version: request.version,
    subject: 'The tenant as it was when a plan was made',
    ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
  });
  const commit = live.commit!;
  const scratch = repository.scratch();
  const first = await pairsBetween(request, commit, goal, underBothIds(request.scope, kept), kept, scratch);
  const ids = { ...kept, ...adoptedItems(kinds, first.pairs) };
  const scope = underBothIds(request.scope, ids);
  const more = Object.keys(ids).length > Object.keys(kept).length;
  const found = more ? await pairsBetween(request, commit, goal, scope, ids, scratch) : first;
  const { pairs } = found;
  const coverage = await lookInBins(request, pairs, live.coverage, live.identity);
  const repaired = await repairs(request, { live: commit, goal, scope, ids }, pairs);
  for (const pair of repaired.pairs) pairs.add(pair);
  const knowledge = await gather(request, { live: commit, goal }, pairs, coverage);
  const plan = makePlan({
    ...knowledge,
    kinds,
    pairs,
    scratch,
    coverage: { live: coverage, goal: await coverageAt(repository, goal.id) },
    identity: live.identity,
    ignore: configuration.ignore,
    protect: configuration.protect,
    emergencyAccounts: configuration.emergencyAccounts,
    thresholds: configuration.thresholds,
    options: request.options,
    grants: await agedGrants({ repository, kinds, goal, ids }, pairs),
    live: { commit: commit.id, at: commit.at, revision: 'live' },
    goal: { commit: goal.id, at: goal.at, revision: request.goal },
    scope: request.scope,
    ids,
    outside: repaired.outside,
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    tool: request.version,
    createdAt: now().toISOString(),
  });
  return { plan, ref, ignored: found.ignored, coverage: live.coverage };
}

/** Items that are the same but for the id that Graph gave them: they came back under another one. */
function adoptedItems(kinds: Kinds, pairs: Pairs): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const { name, contained = [] } of kinds.values())
    for (const { attribute, key, write } of contained) {
      if (key !== 'id' || !write.includes('create')) continue;
      for (const { live, goal } of pairs.of(name)) Object.assign(ids, adoptedIn(attribute, live, goal));
    }
  return ids;
}

function adoptedIn(attribute: string, live: Entity | undefined, goal: Entity | undefined): Record<string, string> {
  const ids: Record<string, string> = {};
  const [now, wanted] = [itemsIn(live?.attributes[attribute]), itemsIn(goal?.attributes[attribute])];
  const taken = new Set(wanted.map(({ id }) => id));
  for (const { id, ...content } of wanted) {
    if (now.some((item) => item.id === id)) continue;
    const same = now.find(({ id: other, ...item }) => !taken.has(other) && equal(item, content));
    if (typeof id !== 'string' || typeof same?.id !== 'string') continue;
    taken.add(same.id);
    ids[id] = same.id;
  }
  return ids;
}

function itemsIn(value: Json | undefined): readonly JsonObject[] {
  return isArray(value) ? value.filter(isObject) : [];
}

async function requireSameTenant(repository: Repository, goal: Commit, identity: TenantIdentity): Promise<void> {
  const file = await repository.file(goal.id, 'tenant.yaml');
  if (file?.tenantId === identity.tenantId && (file.cloud === undefined || file.cloud === identity.cloud)) return;
  throw new Problem({
    kind: 'refused',
    summary: file === undefined ? 'The commit holds no state' : 'The commit is of another tenant',
    detail:
      file === undefined
        ? `There is no ${repository.statePath}/tenant.yaml in it, so it says nothing of how the tenant should be. An absent state is never taken for an empty one. Choose another commit; driftline log shows them.`
        : `It is of tenant ${String(file.tenantId)} in cloud ${String(file.cloud)}, and you are signed in to ${identity.displayName} (${identity.tenantId}, ${identity.cloud}). Nothing was changed.`,
    subject: goal.id.slice(0, 12),
  });
}

/** Single objects under the ids that they have in the goal, and under those of today. */
function underBothIds(scope: Scope, ids: IdMap): Scope {
  if (scope.refs === undefined) return scope;
  const refs = new Set<Ref>(scope.refs);
  for (const [was, is] of Object.entries(ids))
    for (const ref of scope.refs) {
      if (keyOf(ref) === is) refs.add(`${kindOf(ref)}/${was}`);
      refs.add(currentRef(ids, ref));
    }
  return { ...scope, refs: [...refs] };
}

function currentScope(scope: Scope, ids: IdMap): Scope {
  return scope.refs === undefined
    ? scope
    : { ...scope, refs: [...new Set(scope.refs.map((ref) => currentRef(ids, ref)))] };
}

/** The file of an object in one of two commits. */
interface OneSide {
  readonly ref: Ref;
  readonly blob: string;
  readonly path: string;
}

/** The objects that differ between two commits, what planning needs of both sides, the goal under today's ids and with what is ignored as it is now. */
async function pairsBetween(
  { repository, kinds, configuration, now }: PlanRequest,
  live: Commit,
  goal: Commit,
  scope: Scope,
  ids: IdMap,
  scratch: Scratch,
): Promise<{ pairs: Pairs; ignored: number }> {
  const pairs = new Pairs(kinds, [], scratch);
  let ignored = 0;
  const today = now().toISOString().slice(0, 10);
  // Of objects whose other side has not come: most have both in one window, and are settled there, so that little is held.
  const open = new Map<Ref, Pair>();
  const renewed = new Set(Object.values(ids));
  // Where git has one side of a file, the other one can only be a file of another name: of an object that was made anew.
  const isWhole = (file: Ref, now: Ref): boolean =>
    file === now &&
    !keyOf(now)
      .split('_')
      .some((part) => renewed.has(part));
  const settle = ({ ref, live: current, goal: wanted }: Pair): void => {
    open.delete(ref);
    const kind = kinds.get(kindOf(ref))!;
    const change = diffEntities(kind, current, wanted);
    if (change === undefined) return;
    const considered = applyIgnore(change, configuration.ignore, today);
    ignored += considered.ignored;
    if (considered.change === undefined) return;
    const goal = considered.ignored === 0 ? wanted : applyChange(kind, current, considered.change);
    pairs.add(needed(kind, { ref, ...(current && { live: current }), ...(goal && { goal }) }));
  };
  let before: OneSide[] = [];
  let after: OneSide[] = [];
  let oneSided = new Set<Ref>();
  const take = async (files: readonly OneSide[], side: 'live' | 'goal'): Promise<void> => {
    for await (const { entity } of repository.entities(files)) {
      const kind = kinds.get(kindOf(entity.ref));
      if (kind === undefined) continue;
      const one = side === 'goal' ? translate(kind, entity, ids) : entity;
      const pair: Pair = { ref: one.ref, ...open.get(one.ref), [side]: one };
      const whole = oneSided.has(entity.ref) && isWhole(entity.ref, one.ref);
      if (whole || (pair.live !== undefined && pair.goal !== undefined)) settle(pair);
      else open.set(one.ref, pair);
    }
  };
  const takeWindow = async (): Promise<void> => {
    await take(before, 'live');
    await take(after, 'goal');
    [before, after, oneSided] = [[], [], new Set()];
  };
  for await (const { ref, path, before: left, after: right } of repository.diff(live.id, goal.id, scope)) {
    if (ref === undefined || !kinds.has(kindOf(ref))) continue;
    if (left !== undefined) before.push({ ref, blob: left, path });
    if (right !== undefined) after.push({ ref, blob: right, path });
    if (left === undefined || right === undefined) oneSided.add(ref);
    // So few that they are garbage again while they are young: what grows old piles up until V8 looks at all of its heap.
    if (before.length + after.length >= 200) await takeWindow();
  }
  await takeWindow();
  for (const pair of [...open.values()]) settle(pair);
  return { pairs, ignored };
}
