// The tenant's truth in memory: objects by type, links, both bins, the change log, and the recent past for replicas that lag.
import { type Dice, dice } from './random.ts';
import { type LinkSource, Relations } from './relations.ts';
import { type Past, type PastLink, pageOf, type Remembering, Replica } from './replicas.ts';
import { type Source, Table } from './table.ts';
import type { Bin, Binned, Change, GraphObject, Reader, Store } from './types.ts';

/** Soft-deleted objects stay this long (reference 1.12). */
const binDays = 30;
const day = 86_400_000;

/** One write as whoever watches is told it: a change, and what it made of what. */
export interface Written extends Omit<Change, 'sequence' | 'at'> {
  readonly before?: GraphObject | undefined;
  readonly after?: GraphObject | undefined;
  /** It came back from a bin. */
  readonly restored?: boolean | undefined;
  /** It was deleted from a bin. */
  readonly binned?: boolean | undefined;
}

export interface StoreOptions {
  readonly tenantId: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly seed: string;
  /** How far back replicas may look. */
  readonly historyMs: number;
  /** Per type: properties that name objects without which one of it is not there. */
  readonly ends: Readonly<Record<string, readonly string[]>>;
}

export class MemoryStore implements Store, Remembering {
  tenantId: string;
  private readonly options: StoreOptions;
  private readonly dice: Dice;
  private readonly tables: Map<string, Table>;
  private readonly homes: Map<string, string>;
  private readonly linkage: Relations;
  private readonly bins: Map<string, Binned & { bin: Bin; until: number }>;
  private readonly log: Change[];
  private past: Past[];
  private changedLinks: PastLink[];
  private silent = false;
  private watcher: ((write: Written) => void) | undefined;

  /** Empty, or with what another store holds now: what is written to one of them later is not in the other. */
  constructor(options: StoreOptions, from?: MemoryStore) {
    this.options = options;
    this.tenantId = from?.tenantId ?? options.tenantId;
    this.dice = from?.dice.copy() ?? dice(`store ${options.seed}`);
    this.tables = new Map([...(from?.tables ?? [])].map(([type, table]) => [type, table.copy()]));
    this.homes = new Map(from?.homes);
    this.linkage = from?.linkage.copy() ?? new Relations();
    this.bins = new Map(from?.bins);
    this.log = [...(from?.log ?? [])];
    this.past = [...(from?.past ?? [])];
    this.changedLinks = [...(from?.changedLinks ?? [])];
  }

  now(): Date {
    return new Date(this.options.clock());
  }

  timestamp(): string {
    return this.now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
  }

  newId(): string {
    // A seed that a sandbox with the same dice has made holds the ids that these would give again.
    for (;;) {
      const id = this.dice.guid();
      if (this.locate(id) === undefined && !this.bins.has(id)) return id;
    }
  }

  random(): number {
    return this.dice.number();
  }

  /** Puts a generated collection under what is written from now on. */
  addSource(source: Source): void {
    this.tables.set(source.type, new Table(source));
  }

  addLinkSource(source: LinkSource): void {
    this.linkage.addSource(source);
  }

  get(type: string, id: string): GraphObject | undefined {
    const object = this.tables.get(type)?.get(id);
    return object && this.isWhole(type, object) ? object : undefined;
  }

  find(type: string, property: string, value: string): readonly GraphObject[] {
    return (this.tables.get(type)?.find(property, value) ?? []).filter((object) => this.isWhole(type, object));
  }

  /** False while one of the objects that this one lies between is in a bin. */
  private isWhole(type: string, object: GraphObject): boolean {
    const ends = this.options.ends[type];
    if (!ends) return true;
    return ends.every((property) => {
      const id = object[property];
      return typeof id !== 'string' || this.typeOf(id) !== undefined;
    });
  }

  /** Objects that lie between this one and another. */
  private dependents(id: string): { type: string; id: string }[] {
    return Object.entries(this.options.ends).flatMap(([type, properties]) =>
      properties.flatMap((property) =>
        (this.tables.get(type)?.find(property, id) ?? []).map((object) => ({ type, id: object.id })),
      ),
    );
  }

  locate(id: string): { type: string; object: GraphObject } | undefined {
    const type = this.typeOf(id);
    const object = type === undefined ? undefined : this.get(type, id);
    return type !== undefined && object ? { type, object } : undefined;
  }

  typeOf(id: string): string | undefined {
    const home = this.homes.get(id);
    if (home !== undefined) return this.tables.get(home)?.has(id) ? home : undefined;
    for (const [type, table] of this.tables) if (table.source && table.has(id)) return type;
    return undefined;
  }

  *list(type: string): Iterable<GraphObject> {
    for (const object of this.tables.get(type)?.list() ?? []) if (this.isWhole(type, object)) yield object;
  }

  page(type: string, from: number, limit: number): { objects: readonly GraphObject[]; next: number | undefined } {
    const table = this.tables.get(type);
    const at = (position: number): GraphObject | undefined => {
      const object = table?.at(position);
      return object && this.isWhole(type, object) ? object : undefined;
    };
    return pageOf(at, this.length(type), from, limit);
  }

  /** How many positions the listing of a type has, those of objects that are gone among them. */
  length(type: string): number {
    return this.tables.get(type)?.length ?? 0;
  }

  /** The id at a position of the listing, also of an object that is gone. */
  idAt(type: string, position: number): string | undefined {
    return this.tables.get(type)?.idAt(position);
  }

  count(type: string): number {
    return this.tables.get(type)?.count() ?? 0;
  }

  targets(relation: string, owner: string): readonly string[] {
    return this.linkage.targets(relation, owner).filter((id) => this.typeOf(id) !== undefined);
  }

  owners(relation: string, target: string): readonly string[] {
    return this.linkage.owners(relation, target).filter((id) => this.typeOf(id) !== undefined);
  }

  linked(relation: string, owner: string, target: string): boolean {
    return this.linkage.linked(relation, owner, target) && this.typeOf(target) !== undefined;
  }

  /** Links whose other end may be in a bin: what a restore would show again. */
  rawTargets(relation: string, owner: string): readonly string[] {
    return this.linkage.targets(relation, owner);
  }

  rawOwners(relation: string, target: string): readonly string[] {
    return this.linkage.owners(relation, target);
  }

  put(type: string, object: GraphObject, changed?: readonly string[]): void {
    this.keep(type, object, changed);
  }

  private keep(type: string, object: GraphObject, changed?: readonly string[], restored = false): void {
    const before = this.watcher && this.tables.get(type)?.get(object.id);
    this.remember(type, object.id);
    this.table(type).put(object);
    this.homes.set(object.id, type);
    this.note(
      { type, id: object.id, ...(changed ? { properties: changed } : {}) },
      { before, after: object, restored },
    );
  }

  remove(type: string, id: string): void {
    const buried = this.watcher && this.bins.get(id)?.object;
    const before = this.watcher && (buried ?? this.tables.get(type)?.get(id));
    this.remember(type, id);
    this.tables.get(type)?.remove(id);
    this.bins.delete(id);
    for (const dependent of this.dependents(id)) this.remove(dependent.type, dependent.id);
    for (const relation of this.linkage.names()) {
      for (const target of this.linkage.targets(relation, id)) this.linkage.unlink(relation, id, target);
      for (const owner of this.linkage.owners(relation, id)) this.linkage.unlink(relation, owner, id);
    }
    this.note({ type, id, removed: 'deleted' }, { before, binned: buried !== undefined });
  }

  bury(type: string, id: string, bin: Bin): void {
    const object = this.get(type, id);
    if (!object) return;
    this.remember(type, id);
    this.tables.get(type)?.remove(id);
    const buried = { ...object, deletedDateTime: this.timestamp() };
    const owners = this.ownersByRelation(id);
    this.bins.set(id, { type, bin, object: buried, until: this.options.clock() + binDays * day });
    this.note({ type, id, removed: 'changed' }, { before: object });
    for (const [relation, owner] of owners) this.noteLink(relation, owner, id, false);
    for (const dependent of this.dependents(id)) this.note({ ...dependent, removed: 'deleted' });
  }

  restore(id: string): GraphObject {
    const buried = this.bins.get(id);
    if (!buried) throw new Error(`${id} is in no bin`);
    this.bins.delete(id);
    const object = { ...buried.object, deletedDateTime: null };
    this.keep(buried.type, object, undefined, true);
    for (const [relation, owner] of this.ownersByRelation(id)) this.noteLink(relation, owner, id, true);
    for (const dependent of this.dependents(id)) this.note(dependent);
    return object;
  }

  binned(bin: Bin, id: string): Binned | undefined {
    this.expire();
    const found = this.bins.get(id);
    return found?.bin === bin ? { type: found.type, object: found.object } : undefined;
  }

  *listBin(bin: Bin, type?: string): Iterable<Binned> {
    this.expire();
    for (const buried of this.bins.values()) {
      if (buried.bin === bin && (type === undefined || buried.type === type)) yield buried;
    }
  }

  relations(): readonly string[] {
    return this.linkage.names();
  }

  link(relation: string, owner: string, target: string): void {
    this.linkage.link(relation, owner, target);
    this.noteLink(relation, owner, target, true);
  }

  unlink(relation: string, owner: string, target: string): void {
    this.linkage.unlink(relation, owner, target);
    this.noteLink(relation, owner, target, false);
  }

  silently(writes: () => void): void {
    const before = this.silent;
    this.silent = true;
    try {
      writes();
    } finally {
      this.silent = before;
    }
  }

  /** Does something, and tells of every write in it that is not silent. */
  watched<Result>(watcher: ((write: Written) => void) | undefined, act: () => Result): Result {
    const before = this.watcher;
    this.watcher = watcher;
    try {
      return act();
    } finally {
      this.watcher = before;
    }
  }

  changesSince(sequence: number): readonly Change[] {
    return this.log.slice(sequence);
  }

  lastSequence(): number {
    return this.log.length;
  }

  /** What a replica sees that gets each write `lagMs` late. */
  replica(lagMs: number): Reader {
    return new Replica(this, () => this.options.clock() - lagMs);
  }

  /** The oldest state of an object that writes after `since` replaced; `found` false where there was no such write. */
  pastOf(type: string, id: string, since: number): { found: boolean; before: GraphObject | undefined } {
    const past = this.past.find((each) => each.at > since && each.id === id && each.type === type);
    return { found: past !== undefined, before: past?.before };
  }

  pastWrites(since: number): readonly Past[] {
    return this.past.filter((each) => each.at > since);
  }

  pastLinks(since: number): readonly PastLink[] {
    return this.changedLinks.filter((each) => each.at > since);
  }

  /** Living objects that link to this one: their deltas show it leave with its deletion and come back with its restore. */
  private ownersByRelation(id: string): [relation: string, owner: string][] {
    return this.linkage
      .names()
      .flatMap((relation) => this.owners(relation, id).map((owner): [string, string] => [relation, owner]));
  }

  private table(type: string): Table {
    const found = this.tables.get(type);
    if (found) return found;
    const made = new Table();
    this.tables.set(type, made);
    return made;
  }

  private note(change: Omit<Change, 'sequence' | 'at'>, more?: Partial<Written>): void {
    if (this.silent) return;
    this.log.push({ sequence: this.log.length, at: this.options.clock(), ...change });
    this.watcher?.({ ...change, ...more });
  }

  private noteLink(relation: string, owner: string, target: string, added: boolean): void {
    const type = this.typeOf(owner) ?? this.bins.get(owner)?.type ?? 'directoryObject';
    this.note({ type, id: owner, relation, target, ...(added ? {} : { unlinked: true as const }) });
    if (this.options.historyMs > 0) {
      const now = this.options.clock();
      this.changedLinks = this.changedLinks.filter((each) => each.at > now - this.options.historyMs);
      this.changedLinks.push({ at: now, relation, owner, target, added });
    }
  }

  private remember(type: string, id: string): void {
    if (this.options.historyMs <= 0 || this.silent) return;
    const now = this.options.clock();
    this.past = this.past.filter((each) => each.at > now - this.options.historyMs);
    this.past.push({ at: now, type, id, before: this.get(type, id) });
  }

  private expire(): void {
    const now = this.options.clock();
    // Nobody's deed.
    this.watched(undefined, () => {
      for (const [id, buried] of this.bins) if (buried.until <= now) this.remove(buried.type, id);
    });
  }
}
