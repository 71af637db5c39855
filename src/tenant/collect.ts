// Collecting: a kind's row into all of its objects as entities, page by page, links and contained objects included.
import type { Entity, Link } from '../model/entity.ts';
import { equal, type JsonObject } from '../model/json.ts';
import { holds, type Kind } from '../model/kind.ts';
import { keyOf } from '../model/ref.ts';
import { keyOfRaw, selectOf, singletonIn, withQuery } from './addressing.ts';
import { succeeded } from './answer.ts';
import { expandedLinks, readChildren } from './children.ts';
import { type LinkIndex, readLinkIndex } from './delta.ts';
import type { Graph } from './graph.ts';
import { SeenKeys } from './guids.ts';
import { toEntity } from './normalize.ts';
import { readPages } from './paging.ts';
import { Refused, Withheld } from './problems.ts';

/** With an `$expand` Graph gives pages of a hundred (reference 1.4). */
const expandedPageSize = 100;

export interface Collecting {
  readonly graph: Graph;
  readonly kind: Kind;
  /** Application permissions in the token; undefined where it does not say. */
  readonly permissions: readonly string[] | undefined;
  /** Reads single objects, for those that a page tells of in two ways. */
  readonly readObjects: (kind: Kind, keys: readonly string[]) => Promise<ReadonlyMap<string, Entity>>;
}

/**
 * All objects of a kind, each once. First the links that come in bulk, then the listing, and for every page what only single objects tell.
 * An object that two pages tell of is taken as it was first met: both were true within the snapshot's window.
 */
export async function* collect(collecting: Collecting): AsyncGenerator<readonly Entity[]> {
  const { graph, kind, permissions } = collecting;
  if (kind.singleton) {
    yield await collectSingleton(collecting);
    return;
  }
  const bulk = Object.keys(kind.links).filter((link) => kind.links[link]!.read === 'delta');
  const index = bulk.length === 0 ? undefined : await readLinkIndex(graph, kind, bulk);
  const expanded = Object.keys(kind.links).find((link) => kind.links[link]!.read === 'expand');
  const { pageSize } = kind;
  const listing = {
    version: kind.version,
    path: withQuery(kind.path, {
      $select: selectOf(kind, permissions),
      $expand: expanded === undefined ? undefined : `${expanded}($select=id)`,
      $top: pageSize === undefined || expanded === undefined ? pageSize : Math.min(pageSize, expandedPageSize),
    }),
    lane: kind.lane,
    about: kind.name,
    entitySet: kind.path.split('/').at(-1)!,
  };
  const seen = index ?? new SeenKeys();
  for await (const { items } of readPages(graph, listing)) {
    const fresh = items.filter((raw) => !seen.met(keyOfRaw(kind, raw)));
    const entities = await eachOnce(collecting, await entitiesOf(collecting, fresh, { index, expanded }));
    for (const { ref } of entities) seen.meet(keyOf(ref));
    if (entities.length > 0) yield entities;
  }
}

async function collectSingleton(collecting: Collecting): Promise<readonly Entity[]> {
  const { graph, kind, permissions } = collecting;
  const path = withQuery(kind.path, { $select: selectOf(kind, permissions) });
  const answer = await graph.read({ version: kind.version, path, lane: kind.lane, about: kind.name });
  if (!succeeded(answer)) throw new Refused(answer, `GET ${kind.path}`);
  return entitiesOf(collecting, [singletonIn(kind, answer.body)], {});
}

export interface KnownLinks {
  readonly index?: LinkIndex | undefined;
  /** The link that came expanded with the objects. */
  readonly expanded?: string | undefined;
}

/** Objects of a kind as entities, with all their links: those that are known, and the rest read now. Objects that are gone are left out. */
export async function entitiesOf(
  collecting: Collecting,
  raws: readonly JsonObject[],
  { index, expanded }: KnownLinks,
): Promise<Entity[]> {
  const { graph, kind } = collecting;
  const linked = raws.map((raw) => knownLinks(collecting, raw, index, expanded));
  const children = await readChildren(
    graph,
    kind,
    raws,
    linked.map(({ unknown }) => unknown),
  );
  // Copying an object of fifty members costs as much as parsing it.
  const contained = kind.contained?.some(({ read }) => read === 'list') === true;
  return raws.flatMap((raw, at) => {
    const child = children[at];
    if (child === undefined) return [];
    const whole = contained ? { ...raw, ...child.contained } : raw;
    return [toEntity(kind, whole, { ...linked[at]!.known, ...child.links })];
  });
}

/** The links that an object has of its own; those that the server computes are not asked for. */
function wantedLinks(kind: Kind, raw: JsonObject): string[] {
  return Object.keys(kind.links).filter((link) => {
    const { computedWhen } = kind.links[link]!;
    return computedWhen === undefined || !holds(computedWhen, raw);
  });
}

/** The links of an object that came already, and the names of those that are still to be read. */
function knownLinks(
  { kind, permissions }: Collecting,
  raw: JsonObject,
  index: LinkIndex | undefined,
  expanded: string | undefined,
): { readonly known: Record<string, readonly Link[]>; readonly unknown: readonly string[] } {
  const known: Record<string, readonly Link[]> = {};
  const unknown: string[] = [];
  for (const link of wantedLinks(kind, raw)) {
    const { read, hiddenWhen } = kind.links[link]!;
    if (hiddenWhen !== undefined && permissions?.includes(hiddenWhen.permission) === false && holds(hiddenWhen, raw))
      throw new Withheld(kind, keyOfRaw(kind, raw), link, hiddenWhen.permission);
    if (read === 'delta' && index?.has(String(raw.id)))
      known[link] = index.targets(link, String(raw.id)).map((target) => ({ target }));
    const came = link === expanded ? expandedLinks(kind, link, raw) : undefined;
    if (came !== undefined) known[link] = came;
    if (known[link] === undefined) unknown.push(link);
  }
  return { known, unknown };
}

/** An object that one page tells of twice: once where both say the same, else as it is now. */
async function eachOnce(collecting: Collecting, entities: readonly Entity[]): Promise<readonly Entity[]> {
  const byRef = new Map<string, Entity>();
  const torn = new Set<string>();
  for (const entity of entities) {
    const before = byRef.get(entity.ref);
    if (before !== undefined && !sameEntity(before, entity)) torn.add(keyOf(entity.ref));
    byRef.set(entity.ref, entity);
  }
  if (byRef.size === entities.length || torn.size === 0) return [...byRef.values()];
  const now = await collecting.readObjects(collecting.kind, [...torn]);
  return [...byRef.values()].flatMap((entity) => {
    const key = keyOf(entity.ref);
    if (!torn.has(key)) return [entity];
    const current = now.get(key);
    return current === undefined ? [] : [current];
  });
}

function sameEntity(left: Entity, right: Entity): boolean {
  return (
    left.type === right.type &&
    equal(left.attributes, right.attributes) &&
    equal(left.links as unknown as JsonObject, right.links as unknown as JsonObject)
  );
}
