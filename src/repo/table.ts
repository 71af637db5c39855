// The objects of one kind while they are captured: key to blob id and state, packed into bytes so that a million cost 50 MB and no garbage.
import { Buffer } from 'node:buffer';

/** What became of an object in a capture. */
export const states = { untouched: 0, same: 1, changed: 2, added: 3, removed: 4, withdrawn: 5 } as const;
export type State = (typeof states)[keyof typeof states];

/** Groups that objects may be walked in. */
export const groupCount = 4096;

const chunkSize = 2 ** 20;
const idLength = 20;
/** One byte of state, one of the key's length (0: a GUID, packed into 16 bytes), the blob id, the key. */
const headLength = 2 + idLength;
const guidLength = 16;

export type Outcome = 'same' | 'changed' | 'added' | 'repeated' | 'contradicted';

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
  /** The key that is looked for, as records bear it: its bytes, how many, and the byte that says so (0: a GUID). */
  readonly #key = Buffer.alloc(256);
  #keyLength = 0;
  #keyMark = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes that the records of all objects take, and a few between them. */
  get bytes(): number {
    return this.#chunks.length === 0 ? 0 : (this.#chunks.length - 1) * chunkSize + this.#free;
  }

  /** Forgets all objects, and keeps the room that it has for them. */
  clear(): void {
    this.#slots.fill(0);
    this.#chunks.length = Math.min(this.#chunks.length, 1);
    this.#free = this.#chunks.length === 0 ? chunkSize : 0;
    this.#size = 0;
  }

  /** Enters an object that the base has. */
  enter(key: string, id: Buffer): void {
    this.#pack(key);
    this.#insert(id, states.untouched);
  }

  /**
   * Says that an object was put with this blob id: what that makes of it, `repeated` where it was put before with the same content, and
   * `contradicted` where it was put with another.
   */
  put(key: string, id: Buffer): Outcome {
    this.#pack(key);
    return this.#put(id);
  }

  /** Puts an object as a record of another table has it. */
  putRecord(record: Buffer, at: number): Outcome {
    this.#keyMark = record[at + 1]!;
    this.#keyLength = this.#keyMark || guidLength;
    record.copy(this.#key, 0, at + headLength, at + headLength + this.#keyLength);
    return this.#put(record.subarray(at + 2, at + 2 + idLength));
  }

  #put(id: Buffer): Outcome {
    const address = this.#packed();
    if (address === undefined) {
      this.#insert(id, states.added);
      return 'added';
    }
    const chunk = this.#chunkOf(address);
    const at = address % chunkSize;
    if (chunk[at] === states.withdrawn) {
      chunk[at] = states.added;
      id.copy(chunk, at + 2);
      return 'added';
    }
    const same = sameFew(id, chunk, at + 2, idLength);
    if (chunk[at] !== states.untouched) return same ? 'repeated' : 'contradicted';
    chunk[at] = same ? states.same : states.changed;
    if (!same) id.copy(chunk, at + 2);
    return same ? 'same' : 'changed';
  }

  /** The blob id of an object that was entered or put; undefined where there is none, or it was withdrawn. */
  idOf(key: string): Buffer | undefined {
    const address = this.#findKnown(key);
    return address === undefined ? undefined : this.#idAt(address);
  }

  /** As {@link idOf}, as a text. */
  idText(key: string): string | undefined {
    const address = this.#findKnown(key);
    if (address === undefined) return undefined;
    const id = (address % chunkSize) + 2;
    return this.#chunkOf(address).toString('hex', id, id + idLength);
  }

  /** Puts an object as it is here: its blob id, undefined where it was put before. RangeError where there is none. */
  retain(key: string): Buffer | undefined {
    const address = this.#findKnown(key);
    if (address === undefined) throw new RangeError(`the base does not have it: ${key}`);
    const chunk = this.#chunkOf(address);
    if (chunk[address % chunkSize] !== states.untouched) return undefined;
    chunk[address % chunkSize] = states.same;
    return this.#idAt(address);
  }

  /** Was an object with this key entered or put, and not withdrawn? */
  has(key: string): boolean {
    return this.#findKnown(key) !== undefined;
  }

  /** Takes back an object that was added, as if it had never been put; gives its blob id, undefined where it was not added. */
  withdraw(key: string): Buffer | undefined {
    const address = this.#find(key);
    if (address === undefined) return undefined;
    const chunk = this.#chunkOf(address);
    const at = address % chunkSize;
    if (chunk[at] !== states.added) return undefined;
    chunk[at] = states.withdrawn;
    return this.#idAt(address);
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
        if (address !== undefined) remove(this.#chunkOf(address), address % chunkSize);
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

  /** All objects with their state and blob id (of the base, where they are untouched or removed). */
  *entries(): Generator<TableEntry> {
    for (const [chunk, at] of this.#records()) yield entryAt(chunk, at);
  }

  /** All objects as {@link entries}, those of one group together; groups are numbers below {@link groupCount}. */
  *grouped(groupOf: (key: string) => number): Generator<TableEntry> {
    for (const [chunk, at] of this.groupedRecords(groupOf)) yield entryAt(chunk, at);
  }

  /** The records of all objects, those of one group together. */
  *groupedRecords(groupOf: (key: string) => number): Generator<readonly [chunk: Buffer, at: number, group: number]> {
    const groups = new Uint16Array(this.#size);
    const starts = new Uint32Array(groupCount + 1);
    let record = 0;
    for (const [chunk, at] of this.#records()) {
      const group = groupOf(keyAt(chunk, at));
      groups[record] = group;
      starts[group + 1]! += 1;
      record += 1;
    }
    for (let group = 0; group < groupCount; group += 1) starts[group + 1]! += starts[group]!;
    const addresses = new Uint32Array(this.#size);
    record = 0;
    for (const [, offset, index] of this.#records()) {
      const group = groups[record]!;
      addresses[starts[group]!] = index * chunkSize + offset;
      starts[group]! += 1;
      record += 1;
    }
    // By now each start has moved to the end of its group.
    for (let at = 0, group = 0; at < addresses.length; at += 1) {
      while (at >= starts[group]!) group += 1;
      const address = addresses[at]!;
      yield [this.#chunkOf(address), address % chunkSize, group];
    }
  }

  #hasAll(): boolean {
    for (const [chunk, at] of this.#records()) if (!isChange(chunk[at]!)) return false;
    return true;
  }

  *#records(): Generator<readonly [chunk: Buffer, at: number, index: number]> {
    for (const [index, chunk] of this.#chunks.entries()) {
      const end = index === this.#chunks.length - 1 ? this.#free : chunkSize;
      for (let at = 0; at < end && chunk[at] !== endOfChunk; at += lengthAt(chunk, at)) yield [chunk, at, index];
    }
  }

  /** Adds the packed key. */
  #insert(id: Buffer, state: State): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    const length = this.#keyLength;
    const chunkIndex = this.#room(headLength + length);
    const chunk = this.#chunks[chunkIndex]!;
    const at = this.#free;
    chunk[at] = state;
    chunk[at + 1] = this.#keyMark;
    copyFew(id, chunk, at + 2, idLength);
    copyFew(this.#key, chunk, at + headLength, length);
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
    for (const [chunk, at, index] of this.#records())
      this.#occupy(hash(chunk, at + headLength, at + lengthAt(chunk, at)), index * chunkSize + at);
  }

  #find(key: string): number | undefined {
    this.#pack(key);
    return this.#packed();
  }

  /** The address of an object that was not withdrawn. */
  #findKnown(key: string): number | undefined {
    const address = this.#find(key);
    if (address === undefined) return undefined;
    return this.#chunkOf(address)[address % chunkSize] === states.withdrawn ? undefined : address;
  }

  #chunkOf(address: number): Buffer {
    return this.#chunks[Math.floor(address / chunkSize)]!;
  }

  #idAt(address: number): Buffer {
    const id = (address % chunkSize) + 2;
    return this.#chunkOf(address).subarray(id, id + idLength);
  }

  /** The address of the packed key. */
  #packed(): number | undefined {
    const length = this.#keyLength;
    const mask = this.#slots.length - 1;
    for (let slot = hash(this.#key, 0, length) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const address = this.#slots[slot]! - 1;
      const chunk = this.#chunkOf(address);
      const at = address % chunkSize;
      if (chunk[at + 1] !== this.#keyMark) continue;
      if (sameFew(this.#key, chunk, at + headLength, length)) return address;
    }
    return undefined;
  }

  #pack(key: string): void {
    const packed = key.length === 36 && packGuid(key, this.#key);
    this.#keyLength = packed ? guidLength : this.#key.write(key, 'latin1');
    this.#keyMark = packed ? 0 : this.#keyLength;
  }
}

/** No state has this number: the rest of a chunk holds no record. */
const endOfChunk = 255;
const nothing = Buffer.alloc(0);

function isChange(state: number): boolean {
  return state >= states.changed && state !== states.withdrawn;
}

/** Copies so few bytes that asking the machine to do it would take longer. */
function copyFew(from: Buffer, to: Buffer, at: number, length: number): void {
  for (let byte = 0; byte < length; byte += 1) to[at + byte] = from[byte]!;
}

/** Are the first bytes of one those that another has at a place? As {@link copyFew}. */
function sameFew(one: Buffer, other: Buffer, at: number, length: number): boolean {
  for (let byte = 0; byte < length; byte += 1) if (other[at + byte] !== one[byte]) return false;
  return true;
}

/** How many bytes a record has. */
export function lengthAt(chunk: Buffer, at: number): number {
  return headLength + (chunk[at + 1] || guidLength);
}

export function entryAt(chunk: Buffer, at: number): TableEntry {
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
