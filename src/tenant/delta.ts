// Links in bulk: a delta listing of the wanted links into a compact index, by owner (reference 1.5).
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { type Ref, toRef } from '../model/ref.ts';
import type { PageNotes } from '../model/tenant.ts';
import { collectionOf } from './collections.ts';
import type { Graph } from './graph.ts';
import { enlarged, GuidTable } from './guids.ts';
import { notedPages } from './noted.ts';
import { Refused, shapeProblem } from './problems.ts';

const told = 1;
const listed = 2;

/** Who is linked to whom, at 8 bytes a link (4 where an object has one at most) and about 30 an object. */
export class LinkIndex {
  readonly #guids = new GuidTable();
  readonly #collections: string[] = [];
  #collection = new Uint8Array(1024);
  /** Flags: the delta listing told of it; the listing of the objects had it. */
  #seen = new Uint8Array(1024);
  readonly #chains = new Map<string, Chain | Single>();

  constructor(links: readonly string[], kind: Pick<Kind, 'links'>) {
    for (const link of links) this.#chains.set(link, kind.links[link]!.single ? new Single() : new Chain());
  }

  /** The listing told of this object, so what is not in the index it does not have. */
  see(owner: string): void {
    const number = this.#number(owner);
    this.#seen[number]! |= told;
  }

  /** The object is gone: as if it had never been seen. */
  forget(owner: string): void {
    const number = this.#number(owner);
    this.#seen[number]! &= ~told;
    for (const chain of this.#chains.values()) chain.clear(number);
  }

  has(owner: string): boolean {
    const number = this.#guids.find(owner);
    return number >= 0 && (this.#seen[number]! & told) !== 0;
  }

  /** Was an object with this key met in the listing of the objects? Kept here, where its GUID is, it costs nothing more. */
  met(owner: string): boolean {
    const number = this.#guids.find(owner);
    return number >= 0 && (this.#seen[number]! & listed) !== 0;
  }

  meet(owner: string): void {
    const number = this.#number(owner);
    this.#seen[number]! |= listed;
  }

  add(link: string, owner: string, target: string, collection: string): void {
    const from = this.#number(owner);
    const to = this.#number(target);
    let named = this.#collections.indexOf(collection);
    if (named < 0) named = this.#collections.push(collection) - 1;
    this.#collection[to] = named;
    this.#chains.get(link)!.add(from, to);
  }

  remove(link: string, owner: string, target: string): void {
    this.#chains.get(link)!.remove(this.#number(owner), this.#number(target));
  }

  targets(link: string, owner: string): Ref[] {
    const refs: Ref[] = [];
    for (const number of this.#chains.get(link)!.of(this.#guids.find(owner)))
      refs.push(toRef(this.#collections[this.#collection[number]!]!, this.#guids.text(number)));
    return refs;
  }

  #number(guid: string): number {
    const number = this.#guids.add(guid);
    if (number < 0) throw shapeProblem('the id of an object is no GUID', 'delta');
    while (number >= this.#seen.length) {
      this.#seen = enlarged(this.#seen);
      this.#collection = enlarged(this.#collection);
    }
    return number;
  }
}

/** One target for each owner, or none: the last one that was told of. */
class Single {
  #target = new Int32Array(1024).fill(-1);

  add(owner: number, target: number): void {
    while (owner >= this.#target.length) {
      const before = this.#target.length;
      this.#target = enlarged(this.#target).fill(-1, before);
    }
    this.#target[owner] = target;
  }

  remove(owner: number, target: number): void {
    if (this.#target[owner] === target) this.#target[owner] = -1;
  }

  clear(owner: number): void {
    if (owner < this.#target.length) this.#target[owner] = -1;
  }

  *of(owner: number): Generator<number> {
    const target = this.#target[owner] ?? -1;
    if (target >= 0) yield target;
  }
}

/** Linked lists in typed arrays: one list of targets for each owner. */
class Chain {
  #head = new Int32Array(1024).fill(-1);
  #target = new Int32Array(1024);
  #next = new Int32Array(1024);
  #size = 0;

  add(owner: number, target: number): void {
    while (owner >= this.#head.length) {
      const before = this.#head.length;
      this.#head = enlarged(this.#head).fill(-1, before);
    }
    if (this.#size === this.#target.length) {
      this.#target = enlarged(this.#target);
      this.#next = enlarged(this.#next);
    }
    this.#target[this.#size] = target;
    this.#next[this.#size] = this.#head[owner]!;
    this.#head[owner] = this.#size;
    this.#size += 1;
  }

  remove(owner: number, target: number): void {
    for (let at = this.#head[owner] ?? -1; at >= 0; at = this.#next[at]!)
      if (this.#target[at] === target) this.#target[at] = -1;
  }

  clear(owner: number): void {
    if (owner < this.#head.length) this.#head[owner] = -1;
  }

  *of(owner: number): Generator<number> {
    for (let at = this.#head[owner] ?? -1; at >= 0; at = this.#next[at]!) {
      const target = this.#target[at]!;
      if (target >= 0) yield target;
    }
  }
}

/**
 * Reads these links of all objects of a kind by one delta listing from the beginning. Pages come in any order, tell of an object several
 * times and repeat themselves; the last word on a link holds. An object that the index has not (`has`) must be asked for its links one by one;
 * that goes for all of them where the server has no delta for the kind.
 */
export async function readLinkIndex(
  graph: Graph,
  kind: Kind,
  links: readonly string[],
  notes?: PageNotes,
): Promise<LinkIndex> {
  let index = new LinkIndex(links, kind);
  let pass = 1;
  const listing = {
    version: kind.version,
    path: `${kind.path}/delta?$select=${links.join(',')}`,
    lane: kind.lane,
    about: kind.name,
    delta: true,
  };
  try {
    for await (const page of notedPages(graph, listing, links.join('-'), notes)) {
      if (page.pass !== pass) index = new LinkIndex(links, kind);
      pass = page.pass;
      for (const item of page.items) merge(index, kind, links, item);
    }
  } catch (error) {
    const noDelta = error instanceof Refused && [400, 404, 405, 501].includes(error.answer.status);
    if (!noDelta) throw error;
    return new LinkIndex(links, kind);
  }
  return index;
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
