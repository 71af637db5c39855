// Lost answers: objects that a run may have made without being told their ids, found again by what it wanted to make (trust.md 1.5).

import { NotComplete } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import { grouped } from '../model/grouped.ts';
import type { Kind } from '../model/kind.ts';
import type { IdMap } from '../model/plan.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import { translate } from '../plan/index.ts';
import type { PlanRequest } from './plan.ts';

type Reading = Pick<PlanRequest, 'repository' | 'reader' | 'kinds'>;

export interface Lost {
  /** Objects of the goal of which it is not known whether they were made anew. */
  readonly refs: Iterable<Ref>;
  /** The commit that says what was to be made. */
  readonly goal: string;
  /** What is in this commit was not made by that run. */
  readonly before: string;
  /** Ids that recoveries gave, as far as they are known. */
  readonly ids: IdMap;
}

/**
 * The ids of those that were made: where the tenant has exactly one object that was not there before and shows what the run wanted to make,
 * it is that one. A kind that cannot be read completely tells nothing.
 */
export async function idsOfLost(request: Reading, lost: Lost): Promise<IdMap> {
  const found: Record<string, string> = {};
  const open = [...lost.refs].filter((ref) => !Object.hasOwn(lost.ids, keyOf(ref)));
  for (const [name, refs] of grouped(open, kindOf)) {
    const kind = request.kinds.get(name);
    if (kind === undefined) continue;
    const wanted: Entity[] = [];
    for (const ref of refs) {
      const stored = await request.repository.entity(lost.goal, ref);
      if (stored !== undefined) wanted.push(translate(kind, stored.entity, lost.ids));
    }
    if (wanted.length > 0) Object.assign(found, await among(request, lost, kind, wanted));
  }
  return found;
}

async function among(request: Reading, lost: Lost, kind: Kind, wanted: readonly Entity[]): Promise<IdMap> {
  const there = new Set<Ref>();
  const like = new Map<Entity, Entity[]>(wanted.map((entity) => [entity, []]));
  try {
    for await (const page of request.reader.read(kind))
      for (const entity of page) {
        there.add(entity.ref);
        for (const [one, candidates] of like) if (looksLike(kind, one, entity)) candidates.push(entity);
      }
  } catch (error) {
    if (!(error instanceof NotComplete)) throw error;
    return {};
  }
  const ids: Record<string, string> = {};
  const taken = new Set(Object.values(lost.ids));
  for (const [one, candidates] of like) {
    if (there.has(one.ref)) continue;
    const anew: Entity[] = [];
    for (const candidate of candidates)
      if (
        !taken.has(keyOf(candidate.ref)) &&
        (await request.repository.entity(lost.before, candidate.ref)) === undefined
      )
        anew.push(candidate);
    const [made] = anew;
    if (made === undefined || anew.length > 1) continue;
    taken.add(keyOf(made.ref));
    ids[keyOf(one.ref)] = keyOf(made.ref);
    const [was, is] = [one.attributes.appId, made.attributes.appId];
    if (kind.attributes.appId?.write === 'never' && typeof was === 'string' && typeof is === 'string') ids[was] = is;
  }
  return ids;
}

/** Does an object show every text that was sent? A policy is made in report-only mode first. */
function looksLike(kind: Kind, wanted: Entity, entity: Entity): boolean {
  return Object.entries(wanted.attributes).every(
    ([name, value]) =>
      name === 'state' ||
      typeof value !== 'string' ||
      (kind.attributes[name]?.write ?? 'always') === 'never' ||
      entity.attributes[name] === value,
  );
}
