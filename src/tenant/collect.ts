// Collecting: a kind's row into all of its objects as entities, page by page, links and contained objects included.
import { hash } from 'node:crypto';
import type { Entity, Link } from '../model/entity.ts';
import { equal, type Json, type JsonObject } from '../model/json.ts';
import { holds, type Kind } from '../model/kind.ts';
import { keyOf } from '../model/ref.ts';
import type { KindPage, ReadingStart, Recognition } from '../model/tenant.ts';
import { addressOf, followed } from './address.ts';
import { keyOfRaw, selectOf, singletonIn, withQuery } from './addressing.ts';
import { succeeded } from './answer.ts';
import { type Bulk, isApart, readBulk } from './bulk.ts';
import { readChildren } from './children.ts';
import type { Indexing } from './delta.ts';
import { expandedLinks, expandedPageSize, expandOf } from './expanded.ts';
import { toEntity } from './normalize.ts';
import { ExpiredMark, readPages } from './paging.ts';
import type { Recognizer } from './parted.ts';
import { Refused, Withheld } from './problems.ts';

export interface Collecting extends Indexing {
  /** Application permissions in the token; undefined where it does not say. */
  readonly permissions: readonly string[] | undefined;
  /** Reads single objects, for those that a page tells of in two ways. */
  readonly readObjects: (kind: Kind, keys: readonly string[]) => Promise<ReadonlyMap<string, Entity>>;
}

/**
 * All objects of a kind, each once. First the links that come in bulk, then the listing, and for every page what only single objects tell.
 * An object that two pages tell of is taken as it was first met: both were true within the snapshot's window. Throws {@link ExpiredMark} where
 * the listing cannot go on from the place where it shall start.
 */
export async function* collect(collecting: Collecting, start?: ReadingStart): AsyncGenerator<KindPage> {
  const { graph, kind, permissions } = collecting;
  if (kind.singleton) {
    yield { entities: await collectSingleton(collecting) };
    return;
  }
  const expanded = Object.keys(kind.links).find((link) => kind.links[link]!.read === 'expand' && !isApart(kind, link));
  const { pageSize } = kind;
  const listing = {
    version: kind.version,
    path: withQuery(kind.path, {
      $select: selectOf(kind, permissions),
      $expand: expanded === undefined ? undefined : expandOf(kind, expanded),
      $top: pageSize === undefined || expanded === undefined ? pageSize : Math.min(pageSize, expandedPageSize),
    }),
    lane: kind.lane,
    about: kind.name,
    entitySet: kind.path.split('/').at(-1)!,
  };
  const of = addressOf(graph.url, kind.version, listing.path);
  if (start?.from !== undefined && start.from.of !== of) throw new ExpiredMark('it was given for something else');
  const bulk = await readBulk(collecting, start?.notes);
  const { seen } = bulk;
  const met = (key: string): boolean => seen.met(key) || start?.met?.(key) === true;
  const from = start?.from && { from: start.from.link };
  const recognizer = start?.recognition && { recognizer: recognizerOf(start.recognition, bulk) };
  for await (const { items, parted, next } of readPages(graph, { ...listing, ...from, ...recognizer })) {
    const fresh = [...items.keys()].filter((at) => !met(keyOfRaw(kind, items[at]!)));
    const raws = fresh.map((at) => items[at]!);
    const contents = fresh.map((at) => parted?.contents[at]);
    const recognized = new Set(parted?.recognized.filter((key) => !met(key)));
    const made = await eachOnce(collecting, await madeOf(collecting, raws, { bulk, expanded, contents }), recognized);
    for (const { entity } of made) seen.meet(keyOf(entity.ref));
    for (const key of recognized) seen.meet(key);
    const place = next === undefined ? {} : { next: { link: followed(graph.url, next, of), of } };
    if (made.length + recognized.size === 0) continue;
    const page = { entities: made.map(({ entity }) => entity), ...place };
    yield parted === undefined ? page : { ...page, contents: made.map(({ content }) => content), recognized };
  }
}

/** An object is made of its bytes, and of what the links in bulk told of it: of the members of a large group, a digest is enough. */
function recognizerOf({ recognizes }: Recognition, bulk: Bulk): Recognizer {
  return {
    contentOf(id, bytes) {
      const told = bulk.textOf(id);
      return `${bytes} ${told.length > 500 ? hash('sha256', told) : told}`;
    },
    recognizes,
  };
}

async function collectSingleton(collecting: Collecting): Promise<readonly Entity[]> {
  const { graph, kind, permissions } = collecting;
  const path = withQuery(kind.path, { $select: selectOf(kind, permissions) });
  const answer = await graph.read({ version: kind.version, path, lane: kind.lane, about: kind.name });
  if (!succeeded(answer)) throw new Refused(answer, `GET ${kind.path}`);
  return entitiesOf(collecting, [singletonIn(kind, answer.body)], {});
}

/** What came with objects, or before them. */
export interface Came {
  readonly bulk?: Bulk | undefined;
  /** The link that came expanded with the objects. */
  readonly expanded?: string | undefined;
  /** What each of the objects is made of, where that is known. */
  readonly contents?: readonly (string | undefined)[];
}

/** An object, and what it was made of, where that is known. */
interface Made {
  readonly entity: Entity;
  readonly content?: string | undefined;
}

/** Objects of a kind as entities, with all that belongs to them: what is known, and the rest read now. Objects that are gone are left out. */
export async function entitiesOf(collecting: Collecting, raws: readonly JsonObject[], came: Came): Promise<Entity[]> {
  return (await madeOf(collecting, raws, came)).map(({ entity }) => entity);
}

async function madeOf(collecting: Collecting, raws: readonly JsonObject[], came: Came): Promise<Made[]> {
  const { graph, kind } = collecting;
  const parts = raws.map((raw) => partsOf(collecting, raw, came));
  const children = await readChildren(
    graph,
    kind,
    raws,
    parts.map(({ unknown }) => unknown),
  );
  // Copying an object of fifty members costs as much as parsing it.
  const copied = kind.contained?.some(({ read }) => read !== 'inline') === true;
  return raws.flatMap((raw, at) => {
    const child = children[at];
    if (child === undefined) return [];
    const { links, contained, unknown } = parts[at]!;
    const all = copied ? { ...raw, ...contained, ...child.contained } : raw;
    const entity = toEntity(kind, all, { ...links, ...child.links });
    // What had to be asked for one by one is no part of the content.
    return [unknown.length === 0 ? { entity, content: came.contents?.[at] } : { entity }];
  });
}

/** The parts of an object that are known already, and the names of those that are still to be read. */
interface Parts {
  readonly links: Record<string, readonly Link[]>;
  readonly contained: Record<string, Json>;
  readonly unknown: readonly string[];
}

function partsOf({ kind, permissions }: Collecting, raw: JsonObject, { bulk, expanded }: Came): Parts {
  const links: Record<string, readonly Link[]> = {};
  const contained: Record<string, Json> = {};
  const unknown: string[] = [];
  const id = String(raw.id);
  for (const link of Object.keys(kind.links)) {
    const { existsWhen, computedWhen, hiddenWhen } = kind.links[link]!;
    if (computedWhen !== undefined && holds(computedWhen, raw)) continue;
    if (existsWhen?.some((condition) => holds(condition, raw)) === false) continue;
    if (hiddenWhen !== undefined && permissions?.includes(hiddenWhen.permission) === false && holds(hiddenWhen, raw))
      throw new Withheld(kind, keyOfRaw(kind, raw), link, hiddenWhen.permission);
    const known = link === expanded ? expandedLinks(kind, link, raw) : bulk?.links(link, id);
    if (known === undefined) unknown.push(link);
    else links[link] = known;
  }
  for (const { attribute, read, when } of kind.contained ?? []) {
    if (read === 'inline' || (when !== undefined && !holds(when, raw))) continue;
    const known = bulk?.items(attribute, id);
    if (known === undefined) unknown.push(attribute);
    else contained[attribute] = known;
  }
  return { links, contained, unknown };
}

/**
 * An object that one page tells of twice: once where both say the same, else as it is now. What is recognized is not as what was not; it is taken
 * out of the recognized then.
 */
async function eachOnce(collecting: Collecting, made: readonly Made[], recognized: Set<string>): Promise<Made[]> {
  const byKey = new Map<string, Made>();
  const torn = new Set<string>();
  for (const one of made) {
    const key = keyOf(one.entity.ref);
    const before = byKey.get(key);
    if (recognized.delete(key) || (before !== undefined && !sameEntity(before.entity, one.entity))) torn.add(key);
    byKey.set(key, one);
  }
  if (torn.size === 0) return [...byKey.values()];
  const now = await collecting.readObjects(collecting.kind, [...torn]);
  return [...byKey].flatMap(([key, one]) => {
    const entity = now.get(key);
    return !torn.has(key) ? [one] : entity === undefined ? [] : [{ entity }];
  });
}

function sameEntity(left: Entity, right: Entity): boolean {
  return (
    left.type === right.type &&
    equal(left.attributes, right.attributes) &&
    equal(left.links as unknown as JsonObject, right.links as unknown as JsonObject)
  );
}
