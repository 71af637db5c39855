// Links in bulk: a delta listing of the wanted links into a compact index, by owner (reference 1.5).
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import type { Ref } from '../model/ref.ts';
import type { PageNotes } from '../model/tenant.ts';
import { collectionOf } from './collections.ts';
import type { Graph } from './graph.ts';
import { GuidTable, Numbers } from './guids.ts';
import { notedPages } from './noted.ts';
import { gatherWhereListed } from './paging.ts';
import { shapeProblem } from './problems.ts';

const told = 1;
const listed = 2;

/** Who is linked to whom, at 8 bytes a link (4 where an object has one at most), and some 30 an object whose GUID no other index knows. */
export class LinkIndex {
  readonly #guids: GuidTable;
  readonly #collections: string[] = [];
  readonly #collection = new Numbers(8);
  /** Flags: the delta listing told of it; the listing of the objects had it. */
  readonly #seen = new Numbers(8);
  readonly #chains = new Map<string, Chain | Single>();

  /** The table of GUIDs may serve several indexes: what links of one kind name, those of another do too. */
  constructor(links: readonly string[], kind: Pick<Kind, 'links'>, guids = new GuidTable()) {
    this.#guids = guids;
    for (const link of links) this.#chains.set(link, kind.links[link]!.single ? new Single() : new Chain());
  }

  /** The listing told of this object, so what is not in the index it does not have. */
  see(owner: string): void {
    const number = this.#number(owner);
    this.#seen.set(number, this.#seen.get(number) | told);
  }

  /** The object is gone: as if it had never been seen. */
  forget(owner: string): void {
    const number = this.#number(owner);
    this.#seen.set(number, this.#seen.get(number) & ~told);
    for (const chain of this.#chains.values()) chain.clear(number);
  }

  has(owner: string): boolean {
    const number = this.#guids.find(owner);
    return number >= 0 && (this.#seen.get(number) & told) !== 0;
  }

  /** Was an object with this key met in the listing of the objects? Kept here, where its GUID is, it costs nothing more. */
  met(owner: string): boolean {
    const number = this.#guids.find(owner);
    return number >= 0 && (this.#seen.get(number) & listed) !== 0;
  }

  meet(owner: string): void {
    const number = this.#number(owner);
    this.#seen.set(number, this.#seen.get(number) | listed);
  }

  add(link: string, owner: string, target: string, collection: string): void {
    const from = this.#number(owner);
    const to = this.#number(target);
    let named = this.#collections.indexOf(collection);
    if (named < 0) named = this.#collections.push(collection) - 1;
    this.#collection.set(to, named);
    this.#chains.get(link)!.add(from, to);
  }

  remove(link: string, owner: string, target: string): void {
    this.#chains.get(link)!.remove(this.#number(owner), this.#number(target));
  }

  targets(link: string, owner: string): Ref[] {
    const refs: Ref[] = [];
    const number = this.#guids.find(owner);
    if (number < 0) return refs;
    for (const target of this.#chains.get(link)!.of(number))
      refs.push(`${this.#collections[this.#collection.get(target)]!}/${this.#guids.text(target)}`);
    return refs;
  }

  #number(guid: string): number {
    const number = this.#guids.add(guid);
    if (number < 0) throw shapeProblem('the id of an object is no GUID', 'delta');
    return number;
  }
}

/** One target for each owner, or none: the last one that was told of. Kept plus one; 0 is none. */
class Single {
  readonly #target = new Numbers(32);

  add(owner: number, target: number): void {
    this.#target.set(owner, target + 1);
  }

  remove(owner: number, target: number): void {
    if (this.#target.get(owner) === target + 1) this.clear(owner);
  }

  clear(owner: number): void {
    this.#target.set(owner, 0);
  }

  *of(owner: number): Generator<number> {
    const target = this.#target.get(owner) - 1;
    if (target >= 0) yield target;
  }
}

/** Linked lists in arrays of numbers: one list of targets for each owner. Links and targets are kept plus one; 0 is none. */
class Chain {
  readonly #head = new Numbers(32);
  readonly #target = new Numbers(32);
  readonly #next = new Numbers(32);
  #size = 0;

  add(owner: number, target: number): void {
    this.#size += 1;
    this.#target.set(this.#size, target + 1);
    this.#next.set(this.#size, this.#head.get(owner));
    this.#head.set(owner, this.#size);
  }

  remove(owner: number, target: number): void {
    for (let link = this.#head.get(owner); link > 0; link = this.#next.get(link))
      if (this.#target.get(link) === target + 1) this.#target.set(link, 0);
  }

  clear(owner: number): void {
    this.#head.set(owner, 0);
  }

  *of(owner: number): Generator<number> {
    for (let link = this.#head.get(owner); link > 0; link = this.#next.get(link)) {
      const target = this.#target.get(link) - 1;
      if (target >= 0) yield target;
    }
  }
}

/** What links are read into indexes with: one table of GUIDs for all of them, as members of groups are users whose managers are asked for. */
export interface Indexing {
  readonly graph: Graph;
  readonly kind: Kind;
  readonly guids: GuidTable;
}

/**
 * Reads these links of all objects of a kind by one delta listing from the beginning. Pages come in any order, tell of an object several
 * times and repeat themselves; the last word on a link holds. An object that the index has not (`has`) must be asked for its links one by one;
 * that goes for all of them where the server has no delta for the kind.
 */
export async function readLinkIndex(
  { graph, kind, guids }: Indexing,
  links: readonly string[],
  notes?: PageNotes,
): Promise<LinkIndex> {
  const listing = {
    version: kind.version,
    path: `${kind.path}/delta?$select=${links.join(',')}`,
    lane: kind.lane,
    about: kind.name,
    delta: true,
  };
  return gatherWhereListed(
    notedPages(graph, listing, links.join('-'), notes),
    () => new LinkIndex(links, kind, guids),
    (index, item) => merge(index, kind, links, item),
  );
}

function merge(index: LinkIndex, kind: Kind, links: readonly string[], item: JsonObject): void {
  const owner = guidIn(item, kind);
  if (item['@removed'] !== undefined) {
    index.forget(owner);
    return;
  }
  index.see(owner);
  for (const link of links) {
    const changes = item[`${link}@delta`];
    if (changes === undefined) continue;
    if (!isArray(changes)) throw shapeProblem(`"${link}@delta" is no array`, `${kind.name}/delta`);
    for (const change of changes) mergeLink(index, kind, link, owner, change);
  }
}

function mergeLink(index: LinkIndex, kind: Kind, link: string, owner: string, change: Json): void {
  if (!isObject(change)) throw shapeProblem(`an item of "${link}@delta" is no object`, `${kind.name}/delta`);
  const row = kind.links[link]!;
  const target = guidIn(change, kind);
  if (change['@removed'] !== undefined) index.remove(link, owner, target);
  else {
    const type = change['@odata.type'];
    const collection = collectionOf(typeof type === 'string' ? type : undefined, row.targets);
    index.add(link, owner, target, collection);
  }
}

function guidIn(item: JsonObject, kind: Kind): string {
  const { id } = item;
  if (typeof id === 'string') return id;
  throw shapeProblem('an object has no id', `${kind.name}/delta`);
}
