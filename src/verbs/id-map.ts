// The id map: `id-map.yaml`, every id that a recovery gave, by the old one and with the run that gave it; and a difference seen through it.
import type { Commit } from '../model/commit.ts';
import type { Entity } from '../model/entity.ts';
import { isObject, type JsonObject } from '../model/json.ts';
import type { Kinds } from '../model/kind.ts';
import { currentId, type IdMap } from '../model/plan.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import { translate } from '../plan/index.ts';

/** The map as it is kept. */
export function idMapFile(ids: IdMap, before: JsonObject | undefined, run: string): JsonObject {
  return Object.fromEntries(Object.entries(ids).map(([was, is]) => [was, before?.[was] ?? { is, run }]));
}

/** The ids that recoveries gave, as a commit keeps them. */
export async function idMapAt(repository: Repository, commit: Commit | undefined): Promise<IdMap> {
  const file = commit === undefined ? undefined : await repository.file(commit.id, 'id-map.yaml');
  const ids: Record<string, string> = {};
  for (const [was, entry] of Object.entries(file ?? {}))
    if (isObject(entry) && typeof entry.is === 'string') ids[was] = entry.is;
  return ids;
}

/** The refs that an object has had, today's first: recoveries that made it, or what its key is made of, anew gave it others. */
export function everyRef(ids: IdMap): (ref: Ref) => Ref[] {
  const former = new Map<string, string[]>();
  for (const was of Object.keys(ids)) {
    const is = currentId(ids, was);
    former.set(is, [...(former.get(is) ?? []), was]);
  }
  return (ref) => {
    let keys = [''];
    for (const part of keyOf(ref).split('_'))
      keys = [part, ...(former.get(part) ?? [])].flatMap((id) => keys.map((key) => (key === '' ? id : `${key}_${id}`)));
    return keys.map((key): Ref => `${kindOf(ref)}/${key}`);
  };
}

/** One object on both sides of a difference; absent where it is not there. */
export interface Pair {
  readonly ref: Ref;
  readonly before: Entity | undefined;
  readonly after: Entity | undefined;
}

/** One side of a difference: its commit, and the ids that had been given by then. */
export interface MappedSide {
  readonly commit: Commit;
  readonly ids: IdMap;
}

/**
 * The same pairs, with the older side under the ids of the younger one: what a recovery made anew between the two is one object that stayed,
 * and what points to it still points to it. Without such a recovery they go through as they are.
 */
export async function* underOneId(
  { repository, kinds }: { readonly repository: Repository; readonly kinds: Kinds },
  { from, to }: { readonly from: MappedSide; readonly to: MappedSide },
  pairs: AsyncIterable<Pair>,
): AsyncGenerator<Pair> {
  const forwards = givenBetween(from.ids, to.ids);
  const backwards = givenBetween(to.ids, from.ids);
  if (Object.keys(forwards).length + Object.keys(backwards).length === 0) {
    yield* pairs;
    return;
  }
  const formerly = { forwards: everyRef(forwards), backwards: everyRef(backwards) };
  const named = (ids: IdMap, entity: Entity | undefined) => {
    const kind = entity === undefined ? undefined : kinds.get(kindOf(entity.ref));
    return entity === undefined || kind === undefined ? entity : translate(kind, entity, ids);
  };
  const at = async (side: MappedSide, ref: Ref) => (await repository.entity(side.commit.id, ref))?.entity;
  for await (const pair of pairs) {
    const before = named(forwards, pair.before);
    const after = named(backwards, pair.after);
    const ref = after?.ref ?? before?.ref ?? pair.ref;
    if (ref !== pair.ref) yield { ref, before: before ?? (await at(from, ref)), after: after ?? (await at(to, ref)) };
    else if (!(await toldElsewhere(pair))) yield { ref, before, after };
  }

  /** Is this the new file of an object whose old one differs on the other side, and is told there? */
  async function toldElsewhere({ ref, before, after }: Pair): Promise<boolean> {
    if (before !== undefined && after !== undefined) return false;
    const [refsOf, other] = before === undefined ? [formerly.forwards, from] : [formerly.backwards, to];
    for (const old of refsOf(ref).slice(1)) if ((await at(other, old)) !== undefined) return true;
    return false;
  }
}

/** The ids that were given after one side and by the other. */
function givenBetween(earlier: IdMap, later: IdMap): IdMap {
  return Object.fromEntries(Object.entries(later).filter(([was]) => !Object.hasOwn(earlier, was)));
}
