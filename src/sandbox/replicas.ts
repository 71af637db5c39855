// The store and a moment in, a Reader that sees the tenant as it was then out: a replica that lags (reference 1.9).
import type { GraphObject, Reader } from './types.ts';

/** A write of the recent past: what was there before it. */
export interface Past {
  readonly at: number;
  readonly type: string;
  readonly id: string;
  readonly before: GraphObject | undefined;
}

export interface PastLink {
  readonly at: number;
  readonly relation: string;
  readonly owner: string;
  readonly target: string;
  readonly added: boolean;
}

/** A store that remembers the recent past. */
export interface Remembering extends Reader {
  /** How many positions the listing of a type has, those of objects that are gone among them. */
  length(type: string): number;
  /** The id at a position of the listing, also of an object that is gone. */
  idAt(type: string, position: number): string | undefined;
  /** The oldest state of an object that writes after `since` replaced; `found` is false where there was no such write. */
  pastOf(type: string, id: string, since: number): { found: boolean; before: GraphObject | undefined };
  pastWrites(since: number): readonly Past[];
  pastLinks(since: number): readonly PastLink[];
  /** Links whether or not the other end is in a bin. */
  rawTargets(relation: string, owner: string): readonly string[];
  rawOwners(relation: string, target: string): readonly string[];
}

/** A Reader over the store as it was some time ago, as far as the store remembers. */
export class Replica implements Reader {
  private readonly store: Remembering;
  private readonly since: () => number;

  constructor(store: Remembering, since: () => number) {
    this.store = store;
    this.since = since;
  }

  get(type: string, id: string): GraphObject | undefined {
    const { found, before } = this.store.pastOf(type, id, this.since());
    return found ? before : this.store.get(type, id);
  }

  find(type: string, property: string, value: string): readonly GraphObject[] {
    const touched = this.store.pastWrites(this.since()).filter((each) => each.type === type);
    if (touched.length === 0) return this.store.find(type, property, value);
    const ids = new Set([
      ...this.store.find(type, property, value).map((object) => object.id),
      ...touched.map((each) => each.id),
    ]);
    const holds = (object: GraphObject): boolean => {
      const held = object[property];
      return (Array.isArray(held) ? held : [held]).some(
        (item) => typeof item === 'string' && item.toLowerCase() === value.toLowerCase(),
      );
    };
    return [...ids]
      .map((id) => this.get(type, id))
      .filter((object) => object !== undefined)
      .filter(holds);
  }

  locate(id: string): { type: string; object: GraphObject } | undefined {
    const past = this.store.pastWrites(this.since()).find((each) => each.id === id);
    if (past) return past.before && { type: past.type, object: past.before };
    return this.store.locate(id);
  }

  typeOf(id: string): string | undefined {
    return this.locate(id)?.type;
  }

  *list(type: string): Iterable<GraphObject> {
    for (let position = 0; position < this.store.length(type); position++) {
      const object = this.at(type, position);
      if (object) yield object;
    }
  }

  page(type: string, from: number, limit: number): { objects: readonly GraphObject[]; next: number | undefined } {
    return pageOf((position) => this.at(type, position), this.store.length(type), from, limit);
  }

  private at(type: string, position: number): GraphObject | undefined {
    const id = this.store.idAt(type, position);
    return id === undefined ? undefined : this.get(type, id);
  }

  count(type: string): number {
    return [...this.list(type)].length;
  }

  targets(relation: string, owner: string): readonly string[] {
    const ids = new Set(this.store.rawTargets(relation, owner));
    for (const link of this.store.pastLinks(this.since()).toReversed()) {
      if (link.relation !== relation || link.owner !== owner) continue;
      if (link.added) ids.delete(link.target);
      else ids.add(link.target);
    }
    return [...ids].filter((id) => this.locate(id) !== undefined);
  }

  owners(relation: string, target: string): readonly string[] {
    const ids = new Set(this.store.rawOwners(relation, target));
    for (const link of this.store.pastLinks(this.since()).toReversed()) {
      if (link.relation !== relation || link.target !== target) continue;
      if (link.added) ids.delete(link.owner);
      else ids.add(link.owner);
    }
    return [...ids].filter((id) => this.locate(id) !== undefined);
  }

  linked(relation: string, owner: string, target: string): boolean {
    return this.targets(relation, owner).includes(target);
  }
}

/** Objects from a position of a listing on, as a reader sees what is at each. */
export function pageOf(
  at: (position: number) => GraphObject | undefined,
  length: number,
  from: number,
  limit: number,
): { objects: readonly GraphObject[]; next: number | undefined } {
  const objects: GraphObject[] = [];
  let position = from;
  for (; objects.length < limit && position < length; position++) {
    const object = at(position);
    if (object) objects.push(object);
  }
  return { objects, next: position < length ? position : undefined };
}
