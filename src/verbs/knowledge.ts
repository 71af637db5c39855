// What a plan must know beside the objects that differ: bins, what references lead to, names, and who can still sign in.
import type { Commit } from '../model/commit.ts';
import { type Coverage, type KindCoverage, NotComplete } from '../model/coverage.ts';
import { displayNameOf, type Entity, linkText } from '../model/entity.ts';
import { equal, type JsonObject } from '../model/json.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import type { IdMap, Unrepaired } from '../model/plan.ts';
import { isGuid, keyOf, kindOf, mayBeObject, type Ref, toRef } from '../model/ref.ts';
import { inScope, type Scope } from '../model/scope.ts';
import type { TenantIdentity } from '../model/tenant.ts';
import {
  type AccessState,
  decidingGroups,
  type Pair,
  type Pairs,
  type PlanInput,
  policyKind,
  referencesIn,
  renewals,
  translate,
} from '../plan/index.ts';
import { nameLookup } from './names.ts';
import type { PlanRequest } from './plan.ts';

/** The two commits that are compared. */
interface Sides {
  readonly live: Commit;
  readonly goal: Commit;
}

/**
 * Looks for the objects that are missing in their bins, and tells the pairs. Gives the coverage: a bin that cannot be read makes its kind incomplete,
 * for nobody could tell restore from recreate.
 */
export async function lookInBins(
  { reader, kinds }: PlanRequest,
  pairs: Pairs,
  coverage: Coverage,
  identity: TenantIdentity,
): Promise<Coverage> {
  const changed: Record<string, KindCoverage> = {};
  for (const kind of kinds.values()) {
    const { bin, binAbsentIn } = kind.deletion;
    if (bin === undefined || binAbsentIn?.includes(identity.cloud)) continue;
    const keys: string[] = [];
    for (const { ref } of pairs.missing(kind.name)) keys.push(keyOf(ref));
    if (keys.length === 0) continue;
    try {
      await pairs.foundInBin(kind, reader.readDeleted(kind, keys));
    } catch (error) {
      if (!(error instanceof NotComplete)) throw error;
      const reason = `its bin could not be read: ${error.detail}`;
      changed[kind.name] = { status: error.status, reason, count: coverage[kind.name]?.count ?? 0 };
    }
  }
  return { ...coverage, ...changed };
}

/**
 * Objects that are equal on both sides, or were never compared, and name one that will be made anew: their references dangle in the tenant
 * as they do in the commit, and only the row knows. Those outside the scope are only told.
 */
export async function repairs(
  { repository, kinds }: PlanRequest,
  { live, goal, scope, ids }: Sides & { readonly scope: Scope; readonly ids: IdMap },
  pairs: Pairs,
): Promise<{ pairs: Pair[]; outside: Unrepaired[] }> {
  const renewed = new Map<string, Ref>(Object.keys(ids).map((was) => [was, `unknown/${was}`]));
  for (const [was, { $new: ref }] of renewals(kinds, pairs.missing())) renewed.set(was, ref);
  const found: Pair[] = [];
  const outside: Unrepaired[] = [];
  if (renewed.size === 0) return { pairs: found, outside };
  const compared = new Set<Ref>();
  for (const { ref } of pairs) compared.add(ref);
  const naming = [...kinds.values()].filter((kind) => Object.values(kind.attributes).some(({ refersTo }) => refersTo));
  for (const kind of naming)
    for await (const { entity } of repository.entities(repository.files(goal.id, { kinds: [kind.name] }))) {
      const references = referencesIn(kind, entity.attributes).filter(({ value }) => renewed.has(value));
      const now = translate(kind, entity, ids);
      if (references.length === 0 || compared.has(now.ref)) continue;
      if (inScope(scope, entity.ref)) {
        const current = await repository.entity(live.id, now.ref);
        if (
          current !== undefined &&
          (!equal(current.entity.attributes, now.attributes) ||
            references.some(({ value }) => !Object.hasOwn(ids, value)))
        )
          found.push({ ref: now.ref, live: current.entity, goal: now });
        continue;
      }
      for (const { path, value } of references)
        if (!Object.hasOwn(ids, value))
          outside.push({
            ref: now.ref,
            displayName: displayNameOf(kind, now),
            path,
            target: renewed.get(value)!,
            because: 'it is outside the scope of this plan',
          });
    }
  return { pairs: found, outside };
}

type Knowledge = Pick<PlanInput, 'exists' | 'byAppId' | 'nameOf' | 'population' | 'access'>;

/** All that planning asks of the tenant, found out beforehand: planning itself reads nothing. */
export async function gather(request: PlanRequest, sides: Sides, pairs: Pairs, coverage: Coverage): Promise<Knowledge> {
  const { repository, kinds } = request;
  const appIds = await applicationIds(request, sides, pairs);
  const targets = new Set<Ref>();
  const wanted = new Set<Ref>();
  for (const pair of pairs) {
    for (const ref of targetsOf(kinds, pair, appIds)) targets.add(ref);
    for (const ref of linkTargets(pair)) wanted.add(ref);
  }
  for (const ref of targets) wanted.add(ref);
  const there = await existing(request, [...targets]);
  const names = new Map<Ref, string>();
  const lookup = nameLookup(repository, kinds, [sides.live.id, sides.goal.id]);
  const found = await lookup.find([...wanted].map((ref) => ({ kind: kindOf(ref), by: 'id', value: keyOf(ref) })));
  await lookup.close();
  for (const { ref, displayName } of found.values()) names.set(ref, displayName);
  // The pairs know the goal under the ids of today, which may be in neither commit.
  if (wanted.size > 0)
    for (const { ref, live, goal } of pairs)
      if (wanted.has(ref)) names.set(ref, displayNameOf(kinds.get(kindOf(ref)), (goal ?? live)!));
  const policies = [...pairs.of(policyKind)];
  return {
    exists: (ref) => there.has(ref),
    byAppId: (kind, appId) => appIds.get(`${kind} ${appId}`),
    nameOf: (ref) => names.get(ref),
    population: Object.fromEntries(Object.entries(coverage).map(([kind, { count }]) => [kind, count])),
    access: await accessState(
      request,
      pairs.kinds(),
      policies.flatMap(({ goal }) => goal ?? []),
    ),
  };
}

/** Whom links that differ lead to, on either side. */
function linkTargets({ live, goal }: Pair): Ref[] {
  const of = (entity: Entity | undefined) =>
    new Map(Object.values(entity?.links ?? {}).flatMap((links) => links.map((link) => [linkText(link), link.target])));
  const [before, after] = [of(live), of(goal)];
  return [...before, ...after].filter(([text]) => !before.has(text) || !after.has(text)).map(([, ref]) => ref);
}

/** Application ids of what the tenant has, where a reference in the pairs goes by one. */
async function applicationIds(
  { repository, kinds }: PlanRequest,
  { live }: Sides,
  pairs: Pairs,
): Promise<Map<string, Ref>> {
  const wanted = new Set<string>();
  for (const kind of kinds.values()) {
    if (!Object.values(kind.attributes).some(({ refersTo }) => refersTo?.by === 'appId')) continue;
    for (const { goal } of pairs.of(kind.name))
      for (const { reference } of referencesIn(kind, goal?.attributes ?? {}))
        if (reference.by === 'appId') wanted.add(reference.kind);
  }
  const found = new Map<string, Ref>();
  for (const name of wanted)
    for await (const { entity } of repository.entities(repository.files(live.id, { kinds: [name] }))) {
      const { appId } = entity.attributes;
      if (typeof appId === 'string') found.set(`${name} ${appId}`, entity.ref);
    }
  return found;
}

/** Everything that a step of an object may come to point to. */
function targetsOf(kinds: Kinds, { ref, live, goal }: Pair, appIds: ReadonlyMap<string, Ref>): Ref[] {
  const kind = kinds.get(kindOf(ref));
  if (kind === undefined || goal === undefined) return [];
  const targets: Ref[] = [];
  for (const { reference, value } of referencesIn(kind, goal.attributes)) {
    const target =
      reference.by === 'appId'
        ? appIds.get(`${reference.kind} ${value}`)
        : mayBeObject(value)
          ? toRef(reference.kind, value)
          : undefined;
    if (target !== undefined) targets.push(target);
  }
  for (const [name, links] of Object.entries(goal.links)) {
    // By their texts: whoever holds one app role of a resource may be about to get another one.
    const before = new Set((live?.links[name] ?? []).map(linkText));
    for (const link of links) if (!before.has(linkText(link))) targets.push(link.target);
  }
  return targets;
}

/** Those of the refs that are in the tenant now: directory objects by their ids in bulk, the others each by a read. */
async function existing({ reader, kinds }: PlanRequest, refs: readonly Ref[]): Promise<Set<Ref>> {
  const directory = (ref: Ref) => (kinds.get(kindOf(ref))?.lane ?? 'directory') === 'directory';
  const found = new Set<Ref>();
  const byId = refs.filter(directory);
  if (byId.length > 0) {
    const resolved = await reader.resolve([...new Set(byId.map(keyOf))]);
    for (const ref of byId) if (resolved.has(keyOf(ref))) found.add(ref);
  }
  const others = refs.filter((ref) => !directory(ref));
  for (const name of new Set(others.map(kindOf))) {
    const kind = kinds.get(name);
    if (kind === undefined) continue;
    const keys = others.filter((ref) => kindOf(ref) === name).map(keyOf);
    for (const entity of (await reader.readObjects(kind, keys)).values()) found.add(entity.ref);
  }
  return found;
}

/** Kinds whose changes can decide about who signs in. */
const deciding = ['users', 'groups', policyKind];

/**
 * Who can sign in now: emergency accounts, all policies, and the members of the groups that these name, or that `coming` policies will name.
 * Undefined where none of the kinds that change can decide about it. With `ids`, policies that still name what a run has made anew are about the new one.
 */
export async function accessState(
  { reader, kinds, configuration }: Pick<PlanRequest, 'reader' | 'kinds' | 'configuration'>,
  changing: Iterable<string>,
  coming: readonly { readonly attributes: JsonObject }[],
  ids: IdMap = {},
): Promise<AccessState | undefined> {
  const policyRow = kinds.get(policyKind);
  const [users, groups] = [kinds.get('users'), kinds.get('groups')];
  if (policyRow === undefined || users === undefined || groups === undefined) return undefined;
  if (![...changing].some((kind) => deciding.includes(kind))) return undefined;
  const policies: Entity[] = [];
  for await (const page of reader.read(policyRow)) policies.push(...page);
  const found = await reader.readObjects(users, configuration.emergencyAccounts);
  const accounts = Object.fromEntries(
    configuration.emergencyAccounts.map((id) => {
      const account = found.get(id);
      return [
        id,
        {
          enabled: account?.attributes.accountEnabled === true,
          displayName: account === undefined ? id : displayNameOf(users, account),
        },
      ];
    }),
  );
  const members =
    configuration.emergencyAccounts.length === 0
      ? {}
      : await membersOf(reader, groups, decidingGroups([...policies, ...coming], ids));
  return { accounts, policies, members };
}

async function membersOf(
  reader: PlanRequest['reader'],
  groups: Kind,
  ids: readonly string[],
): Promise<Record<string, readonly Ref[]>> {
  const members: Record<string, readonly Ref[]> = {};
  for (let open = ids.filter(isGuid); open.length > 0; ) {
    const found = await reader.readObjects(groups, open);
    const next = new Set<string>();
    for (const id of open) {
      members[id] = (found.get(id)?.links.members ?? []).map(({ target }) => target);
      for (const member of members[id]) if (kindOf(member) === 'groups') next.add(keyOf(member));
    }
    open = [...next].filter((id) => members[id] === undefined);
  }
  return members;
}
