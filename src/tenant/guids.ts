// A table of GUIDs in some 22 to 27 bytes each: every GUID once, with a small number, so that millions of links fit in memory.

/** Slots are doubled where more than three quarters of them are taken. */
const mostTaken = 0.75;

/** The value of a hexadecimal digit by its character code, -1 for all other characters. */
const digitOf = new Int8Array(0x67).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  digitOf[digit.charCodeAt(0)] = value;
  digitOf[digit.toUpperCase().charCodeAt(0)] = value;
}

/** The four digits of every sixteen bits. */
const quads: readonly string[] = Array.from({ length: 2 ** 16 }, (_, value) => value.toString(16).padStart(4, '0'));

const chunkBits = 16;
const chunkLength = 2 ** chunkBits;

/** Numbers of 8 or 32 bits by index, 0 where none was set, in chunks: growing copies nothing, and what is never touched takes nothing. */
export class Numbers {
  readonly #chunks: (Uint8Array | Uint32Array | undefined)[] = [];
  readonly #bits: 8 | 32;

  constructor(bits: 8 | 32) {
    this.#bits = bits;
  }

  get(at: number): number {
    return this.#chunks[at >>> chunkBits]?.[at & (chunkLength - 1)] ?? 0;
  }

  set(at: number, value: number): void {
    const chunk = at >>> chunkBits;
    this.#chunks[chunk] ??= this.#bits === 8 ? new Uint8Array(chunkLength) : new Uint32Array(chunkLength);
    this.#chunks[chunk]![at & (chunkLength - 1)] = value;
  }
}

/** GUIDs numbered from 0 in the order they were first added. Texts are GUIDs of 36 characters, of either case. */
export class GuidTable {
  readonly #words = new Numbers(32);
  /** Open addressing: numbers plus one, 0 where a slot is empty. */
  #slots = new Uint32Array(1024);
  #size = 0;
  readonly #key = new Uint32Array(4);
  /** An object's links are told of one after another: its own GUID need not be read again for each. */
  #last = '';
  #lastNumber = -1;

  get size(): number {
    return this.#size;
  }

  /** The number of a GUID, -1 where it is not in the table. */
  find(guid: string): number {
    if (guid === this.#last) return this.#lastNumber;
    const number = this.#parse(guid) ? this.#slots[this.#slot()]! - 1 : -1;
    return number < 0 ? number : this.#remember(guid, number);
  }

  /** The number of a GUID, which is added where it is new; -1 for what is no GUID. */
  add(guid: string): number {
    if (guid === this.#last) return this.#lastNumber;
    if (!this.#parse(guid)) return -1;
    const slot = this.#slot();
    const known = this.#slots[slot]! - 1;
    if (known >= 0) return this.#remember(guid, known);
    const number = this.#size;
    this.#slots[slot] = number + 1;
    this.#size += 1;
    for (let word = 0; word < 4; word += 1) this.#words.set(4 * number + word, this.#key[word]!);
    if (this.#size > mostTaken * this.#slots.length) this.#rehash();
    return this.#remember(guid, number);
  }

  /** The GUID of a number, in lower case. */
  text(number: number): string {
    const words = this.#words;
    const at = 4 * number;
    const [a, b, c, d] = [words.get(at), words.get(at + 1), words.get(at + 2), words.get(at + 3)];
    const high = (word: number) => quads[word >>> 16]!;
    const low = (word: number) => quads[word & 0xffff]!;
    return `${high(a)}${low(a)}-${high(b)}-${low(b)}-${high(c)}-${low(c)}${high(d)}${low(d)}`;
  }

  #remember(guid: string, number: number): number {
    this.#last = guid;
    this.#lastNumber = number;
    return number;
  }

  /** Reads a GUID into the key, digit by digit: this runs once for every link of the tenant. */
  #parse(guid: string): boolean {
    if (guid.length !== 36) return false;
    let word = 0;
    let digits = 0;
    for (let at = 0; at < 36; at += 1) {
      const code = guid.charCodeAt(at);
      if (at === 8 || at === 13 || at === 18 || at === 23) {
        if (code !== 0x2d) return false;
        continue;
      }
      const digit = code < 0x67 ? digitOf[code]! : -1;
      if (digit < 0) return false;
      word = (word << 4) | digit;
      digits += 1;
      if (digits % 8 === 0) this.#key[digits / 8 - 1] = word;
    }
    return true;
  }

  /** The slot of the parsed GUID: where it is, or where it would go. */
  #slot(): number {
    const [a, b, c, d] = this.#key as unknown as [number, number, number, number];
    const mask = this.#slots.length - 1;
    const words = this.#words;
    for (let slot = hash(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (number < 0) return slot;
      const at = 4 * number;
      if (words.get(at) === a && words.get(at + 1) === b && words.get(at + 2) === c && words.get(at + 3) === d)
        return slot;
    }
  }

  #rehash(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    this.#slots = slots;
    const mask = slots.length - 1;
    const words = this.#words;
    for (let number = 0; number < this.#size; number += 1) {
      const at = 4 * number;
      let slot = hash(words.get(at), words.get(at + 1), words.get(at + 2), words.get(at + 3)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
  }
}

function hash(a: number, b: number, c: number, d: number): number {
  let mixed = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c ^ Math.imul(d, 0xc2b2ae35), 0x27d4eb2f);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x2c1b3c6d) ^ (mixed >>> 12);
}

/** Keys that were met before: GUIDs packed, others as texts. */
export class SeenKeys {
  readonly #guids = new GuidTable();
  readonly #others = new Set<string>();

  met(key: string): boolean {
    return this.#others.has(key) || this.#guids.find(key) >= 0;
  }

  meet(key: string): void {
    if (this.#guids.add(key) < 0) this.#others.add(key);
  }
}
