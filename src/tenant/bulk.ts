// Bulk: the links and contained objects of a kind that are known before its objects are listed, each by the listing that has them.
import type { Link } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { keyOf, kindOf } from '../model/ref.ts';
import type { PageNotes } from '../model/tenant.ts';
import { type Indexing, readLinkIndex } from './delta.ts';
import { expandedItems, expandedLinks, readExpanded } from './expanded.ts';
import { SeenKeys } from './guids.ts';
import { type LinkIndex, LinkLog } from './link-index.ts';
import { gatherWhereListed } from './paging.ts';

/** What to ask of a part (a link's name, or that of contained objects) by an object's id; undefined: ask for it one by one. */
export interface Bulk {
  links(link: string, id: string): readonly Link[] | undefined;
  items(part: string, id: string): readonly JsonObject[] | undefined;
  /** All of it as one text: while that is the same, so is what was told of the object. */
  textOf(id: string): string;
  /** Keys of listed objects, kept with what is known of their links. */
  readonly seen: Pick<LinkIndex, 'met' | 'meet'>;
}

/** Reads what comes in bulk, part by part. Throws where a part was not read to its end; what the server has no such listing for is asked for one by one. */
export async function readBulk(indexing: Indexing, notes?: PageNotes): Promise<Bulk> {
  const { kind } = indexing;
  const names = Object.keys(kind.links);
  const told = names.filter((link) => kind.links[link]!.read === 'delta');
  const apart = names.filter((link) => isApart(kind, link));
  const held = (kind.contained ?? []).filter(({ read }) => read === 'expand').map(({ attribute }) => attribute);
  const reading = [
    ...(told.length === 0
      ? []
      : [readLinkIndex(indexing, told, notes).then((index) => told.map((link) => ({ link, index })))]),
    ...apart.map((link) => readLinks(indexing, link, notes).then((index) => [{ link, index }])),
    ...held.map((part) => readItems(indexing, part, notes).then((found) => [{ part, found }])),
  ];
  // All are heard to their end, so that none goes on in the background when another has failed.
  const outcomes =
    await Promise.allSettled<({ link: string; index: LinkIndex } | { part: string; found: Items })[]>(reading);
  const indexes = new Map<string, LinkIndex>();
  const items = new Map<string, Items>();
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason;
    for (const read of outcome.value)
      if ('link' in read) indexes.set(read.link, read.index);
      else items.set(read.part, read.found);
  }
  return {
    links(link, id) {
      return indexes
        .get(link)
        ?.targets(link, id)
        ?.map((target) => ({ target }));
    },
    items: (part, id) => items.get(part)?.of(id),
    textOf(id) {
      let text = '';
      for (const [link, index] of indexes) text += `${index.targets(link, id)?.join(' ') ?? '-'}\n`;
      for (const [part, found] of items) text += `${part} ${JSON.stringify(found.of(id) ?? null)}\n`;
      return text;
    },
    seen: indexes.get(told[0] ?? '') ?? new SeenKeys(),
  };
}

/** Does a link come by a listing of its own? (Where all objects may have it, it comes with the kind's listing.) */
export function isApart(kind: Kind, link: string): boolean {
  const { read, existsWhen } = kind.links[link]!;
  return read === 'expand' && existsWhen !== undefined;
}

/** Contained objects by their owner; owners that have none are many, so they are only known to have been told of. */
class Items {
  readonly #told = new SeenKeys();
  readonly #items = new Map<string, readonly JsonObject[]>();

  add(id: string, items: readonly JsonObject[]): void {
    this.#told.meet(id);
    if (items.length > 0) this.#items.set(id, items);
    else this.#items.delete(id);
  }

  of(id: string): readonly JsonObject[] | undefined {
    return this.#told.met(id) ? (this.#items.get(id) ?? []) : undefined;
  }
}

async function readLinks(indexing: Indexing, link: string, notes: PageNotes | undefined): Promise<LinkIndex> {
  const { graph, kind, scratch } = indexing;
  const log = await gatherWhereListed(
    readExpanded(graph, kind, link, notes),
    () => new LinkLog([link], kind, scratch),
    (noted, raw) => {
      const id = String(raw.id);
      noted.forget(id);
      const links = expandedLinks(kind, link, raw);
      if (links === undefined) return;
      if (links.length === 0) noted.see(id);
      for (const { target } of links) noted.add(link, id, keyOf(target), kindOf(target));
    },
  );
  return log.index();
}

async function readItems({ graph, kind }: Indexing, part: string, notes: PageNotes | undefined): Promise<Items> {
  return gatherWhereListed(
    readExpanded(graph, kind, part, notes),
    () => new Items(),
    (found, raw) => {
      const items = expandedItems(kind, part, raw);
      if (items !== undefined) found.add(String(raw.id), items);
    },
  );
}
