// One kind in a capture: its entities in, in any order; what was added, changed and removed out.
import type { Counts } from '../model/commit.ts';
import type { Entity } from '../model/entity.ts';
import type { Kind } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import { keyOf, kindOf, type Ref, toRef } from '../model/ref.ts';
import type { KindCapture } from '../model/repository.ts';
import type { Importer } from './import.ts';
import { shardNumber } from './layout.ts';
import { SpillingTable } from './spilling-table.ts';
import { ObjectTable, type TableEntry } from './table.ts';
import { emitYaml } from './yaml-emit.ts';

/** Entities that are emitted before the others get their turn. */
const batch = 200;

interface Parts {
  readonly kind: Kind;
  readonly importer: Importer;
  /** The base's objects, read again where the kind was begun before; one that spills, and is empty, where the base has none. */
  readonly table: Promise<ObjectTable> | SpillingTable;
  readonly baseCount: () => Promise<number>;
  readonly only: ReadonlySet<Ref> | undefined;
}

export class CapturedKind implements KindCapture {
  state: 'open' | 'completed' | 'discarded' = 'open';
  counts: Counts = { added: 0, changed: 0, removed: 0 };
  #count = 0;
  #baseCount: Promise<number> | undefined;
  #table: ObjectTable | SpillingTable | undefined;
  readonly #parts: Parts;
  readonly #digest = new Uint32Array(5);
  /** What an earlier capture kept; its keys are asked for one by one. */
  #kept: ObjectTable | undefined;
  /** Runs of the table that {@link fresh} has given. */
  #given = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#count;
  }

  baseCount(): Promise<number> {
    this.#baseCount ??= this.#parts.baseCount();
    return this.#baseCount;
  }

  async put(entities: readonly Entity[]): Promise<void> {
    this.#assertOpen();
    const table = await this.#filled();
    if (table instanceof SpillingTable) table.makeRoom();
    for (let from = 0; from < entities.length; from += batch) {
      for (const entity of entities.slice(from, from + batch)) this.#putOne(table, entity);
      await this.#parts.importer.flush();
      // Another kind's turn, or a discard, may have come meanwhile.
      this.#assertOpen();
    }
  }

  async retain(keys: Iterable<string>): Promise<void> {
    this.#assertOpen();
    const table = await this.#filled();
    for (const key of keys) {
      const id = table.retain(key);
      if (id !== undefined) this.#tell(id, 1);
    }
  }

  async copy(ref: Ref, blob: string): Promise<void> {
    this.#assertOpen();
    const table = await this.#filled();
    if (table instanceof SpillingTable) table.makeRoom();
    this.#take(table, ref, Buffer.from(blob, 'hex'));
  }

  async blobs(): Promise<(key: string) => string | undefined> {
    const table = await this.#filled();
    return (key) => table.idText(key);
  }

  hasKept(key: string): boolean {
    return this.#kept?.has(key) === true;
  }

  async replace(keys: Iterable<string>, entities: readonly Entity[]): Promise<void> {
    this.#assertOpen();
    const table = this.#spilling();
    for (const key of keys) {
      const id = table.withdraw(key);
      if (id === undefined) continue;
      this.#putCounts.added -= 1;
      this.#tell(id, -1);
    }
    await this.put(entities);
  }

  /** Takes an object whose file an earlier capture has kept in the repository. */
  enter(key: string, id: Buffer): void {
    const table = this.#spilling();
    this.#kept ??= new ObjectTable();
    if (this.#kept.put(key, id) !== 'added') throw new RangeError(`the object was put already: ${key}`);
    table.makeRoom();
    table.put(key, id);
    this.#putCounts.added += 1;
    this.#tell(id, 1);
  }

  /** The objects that were put or entered since this was last asked. */
  fresh(): Iterable<TableEntry> {
    const table = this.#spilling();
    const from = this.#given;
    this.#given = table.spill();
    return table.since(from);
  }

  digest(): string {
    return `${this.#count}-${[...this.#digest].map((word) => word.toString(16).padStart(8, '0')).join('')}`;
  }

  async complete(): Promise<Counts> {
    this.#assertOpen();
    const { kind, only } = this.#parts;
    const table = await this.#filled();
    let removed = 0;
    if (table instanceof SpillingTable) this.#settle(table);
    else {
      const keys = only === undefined ? undefined : [...only].filter((ref) => kindOf(ref) === kind.name).map(keyOf);
      removed = table.removeUntouched(keys);
      table.seal();
    }
    this.counts = { ...this.#putCounts, removed };
    this.state = 'completed';
    return this.counts;
  }

  async discard(): Promise<void> {
    if (this.state === 'completed') throw new Error(`the kind was completed already: ${this.#parts.kind.name}`);
    this.state = 'discarded';
    this.close();
    this.#table = undefined;
  }

  /** Lets go of what the kind holds outside of memory; nothing can be asked of it any more. */
  close(): void {
    if (this.#table instanceof SpillingTable) this.#table.close();
  }

  /**
   * What the commit shall change: objects added, changed and removed, folder by folder: fast-import looks through a folder for each of its
   * files, and needs a quarter less time where it stays in one (measured with 700,000). Nothing unless the kind was completed.
   */
  *changes(): Generator<TableEntry> {
    if (this.state === 'completed') yield* this.#table!.grouped(groupsOf(this.#parts.kind));
  }

  readonly #putCounts = { added: 0, changed: 0 };

  /** The table, with the base's objects in it. */
  async #filled(): Promise<ObjectTable | SpillingTable> {
    const table = await this.#parts.table;
    if (this.#table !== undefined) return this.#table;
    this.#table = table;
    // All of the base's objects are in it: they need not be counted once more.
    if (this.#parts.only === undefined && table instanceof ObjectTable) this.#baseCount ??= Promise.resolve(table.size);
    return table;
  }

  #spilling(): SpillingTable {
    const { table } = this.#parts;
    if (!(table instanceof SpillingTable)) throw new RangeError('only what is added can be kept and replaced');
    this.#table ??= table;
    return table;
  }

  /** Counts what was put twice without being seen but once. */
  #settle(table: SpillingTable): void {
    const { repeated, contradicted } = table.settle();
    if (contradicted !== undefined) throw twice(toRef(this.#parts.kind.name, contradicted));
    for (const id of repeated) {
      this.#putCounts.added -= 1;
      this.#tell(id, -1);
    }
  }

  #putOne(table: ObjectTable | SpillingTable, entity: Entity): void {
    const { kind, importer } = this.#parts;
    const id = importer.stage(emitYaml(kind, entity));
    if (this.#take(table, entity.ref, id)) importer.keep();
  }

  /** Takes an object with this blob; says whether the base has it otherwise, or not. */
  #take(table: ObjectTable | SpillingTable, ref: Ref, id: Buffer): boolean {
    const { kind, only } = this.#parts;
    if (kindOf(ref) !== kind.name) throw new RangeError(`not of the kind ${kind.name}: ${ref}`);
    if (only !== undefined && !only.has(ref)) throw new RangeError(`not asked for: ${ref}`);
    const outcome = table.put(keyOf(ref), id);
    if (outcome === 'repeated') return false;
    if (outcome === 'contradicted') throw twice(ref);
    this.#tell(id, 1);
    if (outcome === 'same') return false;
    this.#putCounts[outcome] += 1;
    return true;
  }

  /** Adds an object to count and digest, or takes it away. The file holds the object's key, so its blob id says which object and what it is. */
  #tell(id: Buffer, sign: 1 | -1): void {
    this.#count += sign;
    for (let word = 0; word < 5; word += 1) this.#digest[word]! += sign * id.readUInt32LE(word * 4);
  }

  #assertOpen(): void {
    if (this.state !== 'open') throw new Error(`the kind was ${this.state}: ${this.#parts.kind.name}`);
  }
}

/** The groups that a kind's objects are written in: the folders of the state. */
export function groupsOf({ sharded }: Kind): (key: string) => number {
  return sharded ? shardNumber : () => 0;
}

function twice(ref: Ref): Problem {
  return new Problem({
    kind: 'incomplete',
    summary: 'An object was read twice and differed',
    detail:
      'It changed while its kind was read, so the kind is not of one moment and is not believed. Run the snapshot again.',
    subject: ref,
  });
}
