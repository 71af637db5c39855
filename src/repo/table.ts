// The objects of one kind while they are captured: key to blob id and state, packed into bytes so that a million cost 50 MB and no garbage.
import { Buffer } from 'node:buffer';

/** What became of an object in a capture. */
export const states = { untouched: 0, same: 1, changed: 2, added: 3, removed: 4, withdrawn: 5 } as const;
export type State = (typeof states)[keyof typeof states];

const chunkSize = 2 ** 20;
const idLength = 20;
/** One byte of state, one of the key's length (0: a GUID, packed into 16 bytes), the blob id, the key. */
const headLength = 2 + idLength;
const guidLength = 16;

export interface TableEntry {
  readonly key: string;
  readonly state: State;
  readonly id: string;
}

export class ObjectTable {
  #chunks: Buffer[] = [];
  /** Where the last chunk is free. */
  #free = chunkSize;
  /** Open addressing: addresses plus one, 0 where a slot is empty. */
  #slots = new Uint32Array(64);
  #size = 0;
  readonly #key = Buffer.alloc(256);

  get size(): number {
    return this.#size;
  }

  /** Enters an object that the base has. */
  enter(key: string, id: Buffer): void {
    this.#insert(key, id, states.untouched);
  }

  /**
   * Says that an object was put with this blob id: what that makes of it, `repeated` where it was put before with the same content, and
   * `contradicted` where it was put with another.
   */
  put(key: string, id: Buffer): 'same' | 'changed' | 'added' | 'repeated' | 'contradicted' {
    const address = this.#find(key);
    if (address === undefined) {
      this.#insert(key, id, states.added);
      return 'added';
    }
    const chunk = this.#chunks[Math.floor(address / chunkSize)]!;
    const at = address % chunkSize;
    if (chunk[at] === states.withdrawn) {
      chunk[at] = states.added;
      id.copy(chunk, at + 2);
      return 'added';
    }
    const same = chunk.compare(id, 0, idLength, at + 2, at + 2 + idLength) === 0;
    if (chunk[at] !== states.untouched) return same ? 'repeated' : 'contradicted';
    chunk[at] = same ? states.same : states.changed;
    if (!same) id.copy(chunk, at + 2);
    return same ? 'same' : 'changed';
  }

  /** The blob id of an object that was entered or put; undefined where there is none, or it was withdrawn. */
  idOf(key: string): Buffer | undefined {
    const address = this.#find(key);
    if (address === undefined) return undefined;
    const chunk = this.#chunks[Math.floor(address / chunkSize)]!;
    const at = address % chunkSize;
    return chunk[at] === states.withdrawn ? undefined : chunk.subarray(at + 2, at + 2 + idLength);
  }

  /** Was an object with this key entered or put, and not withdrawn? */
  has(key: string): boolean {
    return this.idOf(key) !== undefined;
  }

  /** Takes back an object that was added, as if it had never been put; gives its blob id, undefined where it was not added. */
  withdraw(key: string): Buffer | undefined {
    const address = this.#find(key);
    if (address === undefined) return undefined;
    const chunk = this.#chunks[Math.floor(address / chunkSize)]!;
    const at = address % chunkSize;
    if (chunk[at] !== states.added) return undefined;
    chunk[at] = states.withdrawn;
    return chunk.subarray(at + 2, at + 2 + idLength);
  }

  /** Marks as removed what the base has and nobody put; of these keys, where they are given. Gives how many. */
  removeUntouched(keys?: Iterable<string>): number {
    let removed = 0;
    const remove = (chunk: Buffer, at: number) => {
      if (chunk[at] !== states.untouched) return;
      chunk[at] = states.removed;
      removed += 1;
    };
    if (keys === undefined) for (const [chunk, at] of this.#records()) remove(chunk, at);
    else
      for (const key of keys) {
        const address = this.#find(key);
        if (address !== undefined) remove(this.#chunks[Math.floor(address / chunkSize)]!, address % chunkSize);
      }
    return removed;
  }

  /** Forgets all objects but those that were changed, added or removed; from now on the table can only be walked. */
  seal(): void {
    this.#slots = new Uint32Array(0);
    // All of a first snapshot: copied, it would be held twice until the garbage collector comes by.
    if (this.#hasAll()) return;
    const old = this.#chunks;
    this.#chunks = [];
    const records = [...old.keys()];
    const ends = old.map((_, index) => (index === old.length - 1 ? this.#free : chunkSize));
    this.#free = chunkSize;
    this.#size = 0;
    for (const index of records) {
      const chunk = old[index]!;
      for (let at = 0; at < ends[index]! && chunk[at] !== endOfChunk; at += lengthAt(chunk, at)) {
        if (!isChange(chunk[at]!)) continue;
        chunk.copy(this.#chunks[this.#room(lengthAt(chunk, at))]!, this.#free, at, at + lengthAt(chunk, at));
        this.#free += lengthAt(chunk, at);
        this.#size += 1;
      }
      old[index] = nothing;
    }
  }

  /** Where the next object will lie: objects lie in the order in which they were entered or put. */
  get end(): number {
    return (this.#chunks.length - 1) * chunkSize + this.#free;
  }

  /** All objects (from a place that {@link end} gave on) with their state and blob id (of the base, where they are untouched or removed). */
  *entries(from = 0): Generator<TableEntry> {
    for (const [chunk, at] of this.#records(from)) yield entryAt(chunk, at);
  }

  /** All objects as {@link entries}, those of one group together; groups are numbers below 4096. */
  *grouped(groupOf: (key: string) => number): Generator<TableEntry> {
    const groups = new Uint16Array(this.#size);
    const starts = new Uint32Array(4097);
    let record = 0;
    for (const [chunk, at] of this.#records()) {
      const group = groupOf(keyAt(chunk, at));
      groups[record] = group;
      starts[group + 1]! += 1;
      record += 1;
    }
    for (let group = 0; group < 4096; group += 1) starts[group + 1]! += starts[group]!;
    const addresses = new Uint32Array(this.#size);
    record = 0;
    for (const [, offset, index] of this.#records()) {
      const group = groups[record]!;
      addresses[starts[group]!] = index * chunkSize + offset;
      starts[group]! += 1;
      record += 1;
    }
    for (const address of addresses) yield entryAt(this.#chunks[Math.floor(address / chunkSize)]!, address % chunkSize);
  }

  #hasAll(): boolean {
    for (const [chunk, at] of this.#records()) if (!isChange(chunk[at]!)) return false;
    return true;
  }

  *#records(from = 0): Generator<readonly [chunk: Buffer, at: number, index: number]> {
    for (let index = Math.floor(from / chunkSize), start = from % chunkSize; index < this.#chunks.length; index += 1) {
      const chunk = this.#chunks[index]!;
      const end = index === this.#chunks.length - 1 ? this.#free : chunkSize;
      for (let at = start; at < end && chunk[at] !== endOfChunk; at += lengthAt(chunk, at)) yield [chunk, at, index];
      start = 0;
    }
  }

  #insert(key: string, id: Buffer, state: State): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    const length = this.#pack(key);
    const packed = length === guidLength && key.length === 36;
    const chunkIndex = this.#room(headLength + length);
    const chunk = this.#chunks[chunkIndex]!;
    const at = this.#free;
    chunk[at] = state;
    chunk[at + 1] = packed ? 0 : length;
    id.copy(chunk, at + 2);
    this.#key.copy(chunk, at + headLength, 0, length);
    this.#free += headLength + length;
    this.#size += 1;
    this.#occupy(hash(this.#key, 0, length), chunkIndex * chunkSize + at);
  }

  /** The chunk that has room for a record; where there is none, a new one, and the old one's rest is marked as empty. */
  #room(length: number): number {
    if (this.#free + length > chunkSize) {
      const last = this.#chunks.at(-1);
      if (last !== undefined && this.#free < chunkSize) last[this.#free] = endOfChunk;
      this.#chunks.push(Buffer.allocUnsafe(chunkSize));
      this.#free = 0;
    }
    return this.#chunks.length - 1;
  }

  #occupy(hashed: number, address: number): void {
    const mask = this.#slots.length - 1;
    let slot = hashed & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = address + 1;
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (const [index, chunk] of this.#chunks.entries()) {
      const end = index === this.#chunks.length - 1 ? this.#free : chunkSize;
      for (let at = 0; at < end && chunk[at] !== endOfChunk; at += lengthAt(chunk, at)) {
        this.#occupy(hash(chunk, at + headLength, at + lengthAt(chunk, at)), index * chunkSize + at);
      }
    }
  }

  #find(key: string): number | undefined {
    const length = this.#pack(key);
    const kept = length === guidLength && key.length === 36 ? 0 : length;
    const mask = this.#slots.length - 1;
    for (let slot = hash(this.#key, 0, length) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const address = this.#slots[slot]! - 1;
      const chunk = this.#chunks[Math.floor(address / chunkSize)]!;
      const at = address % chunkSize;
      if (chunk[at + 1] !== kept) continue;
      const start = at + headLength;
      if (chunk.compare(this.#key, 0, length, start, start + length) === 0) return address;
    }
    return undefined;
  }

  /** Packs a key into the scratch buffer and gives its length there: 16 for a GUID, else the length of the text. */
  #pack(key: string): number {
    if (key.length === 36 && packGuid(key, this.#key)) return guidLength;
    return this.#key.write(key, 'latin1');
  }
}

/** No state has this number: the rest of a chunk holds no record. */
const endOfChunk = 255;
const nothing = Buffer.alloc(0);

function isChange(state: number): boolean {
  return state >= states.changed && state !== states.withdrawn;
}

function lengthAt(chunk: Buffer, at: number): number {
  return headLength + (chunk[at + 1] || guidLength);
}

function entryAt(chunk: Buffer, at: number): TableEntry {
  return {
    key: keyAt(chunk, at),
    state: chunk[at] as State,
    id: chunk.toString('hex', at + 2, at + 2 + idLength),
  };
}

function keyAt(chunk: Buffer, at: number): string {
  const start = at + headLength;
  if (chunk[at + 1] !== 0) return chunk.toString('latin1', start, start + chunk[at + 1]!);
  const hex = chunk.toString('hex', start, start + guidLength);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** FNV-1a with a last mixing: keys of a seed may differ in their last digits only. */
function hash(bytes: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let at = start; at < end; at += 1) value = Math.imul(value ^ bytes[at]!, 0x01000193);
  value ^= value >>> 15;
  return (Math.imul(value, 0x2c1b3c6d) >>> 0) ^ (value >>> 13);
}

const hyphens: ReadonlySet<number> = new Set([8, 13, 18, 23]);

/** Writes a GUID in lower case as 16 bytes; false, and anything in the buffer, where the text is none. */
function packGuid(text: string, into: Buffer): boolean {
  let high = -1;
  let length = 0;
  for (let at = 0; at < 36; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2d) {
      if (!hyphens.has(at)) return false;
      continue;
    }
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
    if (digit === -1) return false;
    if (high === -1) high = digit;
    else {
      into[length] = (high << 4) | digit;
      length += 1;
      high = -1;
    }
  }
  return length === guidLength && high === -1;
}
