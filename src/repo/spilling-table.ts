// The objects of a kind of which the base has nothing: the last some thousand in a table in memory, those before them in a file, so that a million cost no more.
import { NamelessFile } from './nameless.ts';
import { entryAt, groupCount, lengthAt, ObjectTable, type Outcome, states, type TableEntry } from './table.ts';

/** Groups that are read from the file at a time, when all objects are walked. */
const groupsTogether = 64;

export interface Spilling {
  /** Where the file may lie until it is open. */
  readonly path: string;
  /** Objects that are held in memory. */
  readonly most: number;
  /** The group of a key, by which the file is sorted. */
  readonly groupOf: (key: string) => number;
}

/**
 * A table that knows at once what is put twice in a short time, and only when it is settled what is put twice in a long one. Reads and writes are
 * synchronous, as the table in memory is: some 40 bytes an object, one megabyte at a time.
 */
export class SpillingTable {
  readonly #spilling: Spilling;
  readonly #recent = new ObjectTable();
  /** What went to the file at one time: where in it each group begins, and where the last one ends. */
  readonly #runs: Float64Array[] = [];
  readonly #file: NamelessFile;
  /** Keys that were taken back, and the first run that speaks of them again. */
  readonly #withdrawn = new Map<string, number>();

  constructor(spilling: Spilling) {
    this.#spilling = spilling;
    this.#file = new NamelessFile(spilling.path);
  }

  /** Lets older objects go to the file, where there are too many; objects that are put from then on are in memory until this is called again. */
  makeRoom(): void {
    if (this.#recent.size >= this.#spilling.most) this.spill();
  }

  /** Writes what is in memory to the file, as one run; gives how many runs there are. */
  spill(): number {
    if (this.#recent.size === 0) return this.#runs.length;
    const lengths = new Float64Array(groupCount);
    const room = Buffer.allocUnsafe(this.#recent.bytes);
    let length = 0;
    for (const [chunk, at, group] of this.#recent.groupedRecords(this.#spilling.groupOf)) {
      if (chunk[at] !== states.added) continue;
      const copied = chunk.copy(room, length, at, at + lengthAt(chunk, at));
      length += copied;
      lengths[group]! += copied;
    }
    const starts = new Float64Array(groupCount + 1);
    starts[0] = this.#file.length;
    for (let group = 0; group < groupCount; group += 1) starts[group + 1] = starts[group]! + lengths[group]!;
    this.#file.add(room.subarray(0, length));
    this.#runs.push(starts);
    this.#recent.clear();
    return this.#runs.length;
  }

  /** As the table in memory; `added` also for what was put before and is in the file by now. */
  put(key: string, id: Buffer): Outcome {
    return this.#recent.put(key, id);
  }

  /** The blob id of an object that was put and not withdrawn. */
  idOf(key: string): Buffer | undefined {
    const recent = this.#recent.idOf(key);
    if (recent !== undefined) return recent;
    const group = this.#spilling.groupOf(key);
    for (let run = this.#runs.length - 1; run >= (this.#withdrawn.get(key) ?? 0); run -= 1)
      for (const [bytes, at] of this.#records(run, group, group + 1)) {
        const entry = entryAt(bytes, at);
        if (entry.key === key) return Buffer.from(entry.id, 'hex');
      }
    return undefined;
  }

  /** As {@link idOf}, as a text. */
  idText(key: string): string | undefined {
    return this.#recent.idText(key) ?? this.idOf(key)?.toString('hex');
  }

  /** As the table in memory; all of the objects were put before. */
  retain(key: string): undefined {
    if (this.idOf(key) === undefined) throw new RangeError(`it was not put: ${key}`);
  }

  /** Takes back an object, as if it had never been put; gives its blob id, undefined where there is none. */
  withdraw(key: string): Buffer | undefined {
    const id = this.idOf(key);
    if (id === undefined) return undefined;
    this.#recent.withdraw(key);
    this.#withdrawn.set(key, this.#runs.length);
    return id;
  }

  /** The objects of the runs from this one on. */
  *since(run: number): Generator<TableEntry> {
    for (let own = run; own < this.#runs.length; own += 1)
      for (const [bytes, at] of this.#records(own, 0, groupCount))
        if (!this.#isWithdrawn(own, bytes, at)) yield entryAt(bytes, at);
  }

  /** Finds what was put twice without being seen: the blob ids of what was put once too often, and the key of what was put with two contents. */
  settle(): { readonly repeated: readonly Buffer[]; readonly contradicted: string | undefined } {
    const repeated: Buffer[] = [];
    if (this.#runs.length === 0) return { repeated, contradicted: undefined };
    this.spill();
    const table = new ObjectTable();
    for (const records of this.#groups()) {
      table.clear();
      for (const [bytes, at, run] of records) {
        if (this.#isWithdrawn(run, bytes, at)) continue;
        const outcome = table.putRecord(bytes, at);
        if (outcome === 'repeated') repeated.push(Buffer.from(entryAt(bytes, at).id, 'hex'));
        if (outcome === 'contradicted') return { repeated, contradicted: entryAt(bytes, at).key };
      }
    }
    return { repeated, contradicted: undefined };
  }

  /** All objects, each once, those of one group together. */
  *grouped(): Generator<TableEntry> {
    if (this.#runs.length === 0) {
      yield* added(this.#recent.grouped(this.#spilling.groupOf));
      return;
    }
    this.spill();
    for (const records of this.#groups()) {
      const given = new Set<string>();
      for (const [bytes, at, run] of records) {
        const entry = entryAt(bytes, at);
        if (given.has(entry.key) || this.#isWithdrawn(run, bytes, at)) continue;
        given.add(entry.key);
        yield entry;
      }
    }
  }

  /** Gives the file back to the machine. */
  close(): void {
    this.#file.close();
  }

  #isWithdrawn(run: number, bytes: Buffer, at: number): boolean {
    return this.#withdrawn.size > 0 && run < (this.#withdrawn.get(entryAt(bytes, at).key) ?? 0);
  }

  /** The records of each group, with the run that each is of; they must be taken before the next group is. */
  *#groups(): Generator<Iterable<readonly [bytes: Buffer, at: number, run: number]>> {
    let bytes = Buffer.alloc(0);
    const begins = new Float64Array(this.#runs.length);
    for (let first = 0; first < groupCount; first += groupsTogether) {
      const length = this.#runs.reduce((sum, starts) => sum + starts[first + groupsTogether]! - starts[first]!, 0);
      if (length > bytes.length) bytes = Buffer.allocUnsafe(length);
      let begin = 0;
      for (const [run, starts] of this.#runs.entries()) {
        const end = begin + starts[first + groupsTogether]! - starts[first]!;
        this.#file.read(starts[first]!, bytes.subarray(begin, end));
        begins[run] = begin - starts[first]!;
        begin = end;
      }
      for (let group = first; group < first + groupsTogether; group += 1) yield this.#ofGroup(bytes, begins, group);
    }
  }

  *#ofGroup(bytes: Buffer, begins: Float64Array, group: number): Generator<readonly [Buffer, number, number]> {
    for (const [run, starts] of this.#runs.entries()) {
      const end = begins[run]! + starts[group + 1]!;
      for (let at = begins[run]! + starts[group]!; at < end; at += lengthAt(bytes, at)) yield [bytes, at, run];
    }
  }

  /** The records of some groups of a run. */
  *#records(run: number, from: number, to: number): Generator<readonly [bytes: Buffer, at: number]> {
    const starts = this.#runs[run]!;
    const bytes = Buffer.allocUnsafe(starts[to]! - starts[from]!);
    this.#file.read(starts[from]!, bytes);
    for (let at = 0; at < bytes.length; at += lengthAt(bytes, at)) yield [bytes, at];
  }
}

function* added(entries: Iterable<TableEntry>): Generator<TableEntry> {
  for (const entry of entries) if (entry.state === states.added) yield entry;
}
