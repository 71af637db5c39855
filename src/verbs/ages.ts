// Ages: what a goal gives access to, each with the oldest commit from which on its history shows it; read from git, newest first.

import type { Commit } from '../model/commit.ts';
import type { Entity } from '../model/entity.ts';
import type { Kinds } from '../model/kind.ts';
import type { IdMap } from '../model/plan.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import { type AgedGrant, type Grant, gaveThen, grantsOf, type Pair, translate } from '../plan/index.ts';
import { everyRef } from './id-map.ts';

interface Sources {
  readonly repository: Repository;
  readonly kinds: Kinds;
  readonly goal: Commit;
  /** The ids that recoveries gave: an object is followed through all that it had. */
  readonly ids: IdMap;
}

/** Objects whose history is read at the same time, each by a git of its own. */
const atATime = 4;

/** The grants of the pairs with their ages. An object costs one walk through the commits that changed it, back to where the grant came. */
export async function agedGrants(sources: Sources, pairs: Iterable<Pair>): Promise<AgedGrant[]> {
  const refsOf = everyRef(sources.ids);
  const found: AgedGrant[] = [];
  const open: { readonly goal: Entity; readonly grants: readonly Grant[] }[] = [];
  for (const pair of pairs) {
    const grants = grantsOf(sources.kinds.get(kindOf(pair.ref))!, pair);
    if (pair.goal !== undefined && grants.length > 0) open.push({ goal: pair.goal, grants });
  }
  const work = async (): Promise<void> => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const { goal, grants } = next;
      found.push(...(await aged(sources, grants, goal, refsOf(goal.ref))));
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return found;
}

async function aged(
  { repository, kinds, goal, ids }: Sources,
  grants: readonly Grant[],
  wanted: Entity,
  refs: readonly Ref[],
): Promise<AgedGrant[]> {
  const kind = kinds.get(kindOf(wanted.ref))!;
  const done: AgedGrant[] = [];
  let open = grants.map((grant) => ({ ...grant, since: { commit: goal.id, at: goal.at, beginning: true } }));
  for await (const commit of repository.log({ from: goal.id, refs })) {
    const then = await entityAt(repository, commit, refs);
    // While an object is gone it gives nobody anything, and it came back as it was: by a recovery, or from the bin.
    if (then === undefined) continue;
    const there = translate(kind, then, ids);
    const still: typeof open = [];
    for (const grant of open)
      if (!gaveThen(grant, kind, wanted, there)) done.push({ ...grant, since: { ...grant.since, beginning: false } });
      else
        still.push({ ...grant, since: { commit: commit.id, at: commit.at, beginning: commit.parents.length === 0 } });
    open = still;
    if (open.length === 0) break;
  }
  return [...done, ...open];
}

async function entityAt(repository: Repository, commit: Commit, refs: readonly Ref[]): Promise<Entity | undefined> {
  for (const ref of refs) {
    const found = await repository.entity(commit.id, ref);
    if (found !== undefined) return found.entity;
  }
  return undefined;
}
