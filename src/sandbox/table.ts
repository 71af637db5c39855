// The objects of one type: those that were written, laid over a generated collection that is computed on the fly.
import type { GraphObject, Json } from './types.ts';

/** A generated collection: object number `index` is computed when it is asked for, and never kept. */
export interface Source {
  readonly type: string;
  readonly count: number;
  at(index: number): GraphObject;
  idAt(index: number): string;
  indexOf(id: string): number | undefined;
  /** Indexes of the objects with that value, for properties that it can invert; undefined: it cannot. */
  find(property: string, value: string): readonly number[] | undefined;
}

/** Properties that identify an object or its owner, kept in an index. */
const indexed = ['appId', 'clientId', 'principalId', 'resourceId', 'uniqueName', 'userPrincipalName'] as const;

export class Table {
  readonly source: Source | undefined;
  private readonly objects = new Map<string, GraphObject>();
  /** Positions of the source whose object was written or removed. */
  private readonly written = new Set<number>();
  private readonly gone = new Set<number>();
  private readonly order: string[] = [];
  private readonly ordered = new Set<string>();
  private readonly indexes = new Map<string, Map<string, Set<string>>>();

  constructor(source?: Source) {
    this.source = source;
    for (const property of indexed) this.indexes.set(property, new Map());
  }

  /** Another table with the same objects; these are never changed in place, so both may hold them. */
  copy(): Table {
    const copy = new Table(this.source);
    for (const [id, object] of this.objects) copy.objects.set(id, object);
    for (const index of this.written) copy.written.add(index);
    for (const index of this.gone) copy.gone.add(index);
    copy.order.push(...this.order);
    for (const id of this.ordered) copy.ordered.add(id);
    for (const [property, values] of this.indexes)
      copy.indexes.set(property, new Map([...values].map(([value, ids]) => [value, new Set(ids)])));
    return copy;
  }

  get(id: string): GraphObject | undefined {
    const own = this.objects.get(id);
    if (own || !this.source) return own;
    const index = this.source.indexOf(id);
    return index === undefined || this.gone.has(index) ? undefined : this.source.at(index);
  }

  has(id: string): boolean {
    if (this.objects.has(id)) return true;
    const index = this.source?.indexOf(id);
    return index !== undefined && !this.gone.has(index);
  }

  put(object: GraphObject): void {
    this.forget(object.id);
    this.objects.set(object.id, object);
    const index = this.source?.indexOf(object.id);
    if (index !== undefined) {
      this.written.add(index);
      this.gone.delete(index);
    } else if (!this.ordered.has(object.id)) {
      this.ordered.add(object.id);
      this.order.push(object.id);
    }
    this.eachIndexed(object, (ids) => ids.add(object.id));
  }

  remove(id: string): void {
    this.forget(id);
    this.objects.delete(id);
    const index = this.source?.indexOf(id);
    if (index === undefined) return;
    this.written.delete(index);
    this.gone.add(index);
  }

  count(): number {
    const generated = this.source ? this.source.count - this.gone.size : 0;
    let own = 0;
    for (const id of this.objects.keys()) if (this.source?.indexOf(id) === undefined) own++;
    return generated + own;
  }

  /** How many positions a listing has, those of objects that are gone by now among them. */
  get length(): number {
    return (this.source?.count ?? 0) + this.order.length;
  }

  /** The id at a position, also of an object that is gone by now; undefined past the end. */
  idAt(position: number): string | undefined {
    const generated = this.source?.count ?? 0;
    if (position >= generated) return this.order[position - generated];
    return this.source?.idAt(position);
  }

  /** The object at a position; undefined where it is gone by now, and past the end. */
  at(position: number): GraphObject | undefined {
    const { source } = this;
    if (source && position < source.count && !this.written.has(position))
      return this.gone.has(position) ? undefined : source.at(position);
    const id = this.idAt(position);
    return id === undefined ? undefined : this.objects.get(id);
  }

  *list(): Iterable<GraphObject> {
    for (let position = 0; position < this.length; position++) {
      const object = this.at(position);
      if (object) yield object;
    }
  }

  find(property: string, value: string): GraphObject[] {
    const wanted = value.toLowerCase();
    const index = this.indexes.get(property);
    const generated = this.source?.find(property, value);
    if (!index || (this.source && !generated)) {
      return [...this.list()].filter((object) => matches(object[property], wanted));
    }
    const found = new Map<string, GraphObject>();
    const own = [...(index.get(wanted) ?? [])].map((id) => this.objects.get(id));
    for (const object of [...own, ...(generated ?? []).map((position) => this.at(position))])
      if (object && matches(object[property], wanted)) found.set(object.id, object);
    return [...found.values()];
  }

  private forget(id: string): void {
    const before = this.objects.get(id);
    if (before) this.eachIndexed(before, (ids) => ids.delete(id));
  }

  private eachIndexed(object: GraphObject, act: (ids: Set<string>) => void): void {
    for (const [property, index] of this.indexes) {
      const value = object[property];
      if (typeof value !== 'string') continue;
      const key = value.toLowerCase();
      const ids = index.get(key) ?? new Set<string>();
      index.set(key, ids);
      act(ids);
    }
  }
}

/** Graph compares identifying texts without regard to case. */
function matches(value: Json | undefined, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((item) => typeof item === 'string' && item.toLowerCase() === wanted);
  return typeof value === 'string' && value.toLowerCase() === wanted;
}
