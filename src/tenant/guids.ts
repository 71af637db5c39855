// A table of GUIDs in 28 bytes each: every GUID once, with a small number, so that millions of links fit in memory.

const slotsPerEntry = 2;

/** The value of a hexadecimal digit by its character code, -1 for all other characters. */
const digitOf = new Int8Array(0x67).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  digitOf[digit.charCodeAt(0)] = value;
  digitOf[digit.toUpperCase().charCodeAt(0)] = value;
}

/** The four digits of every sixteen bits. */
const quads: readonly string[] = Array.from({ length: 2 ** 16 }, (_, value) => value.toString(16).padStart(4, '0'));

/** GUIDs numbered from 0 in the order they were first added. Texts are GUIDs of 36 characters, of either case. */
export class GuidTable {
  #words = new Uint32Array(4 * 1024);
  #slots = new Int32Array(slotsPerEntry * 1024).fill(-1);
  #size = 0;
  readonly #key = new Uint32Array(4);

  get size(): number {
    return this.#size;
  }

  /** The number of a GUID, -1 where it is not in the table. */
  find(guid: string): number {
    return this.#parse(guid) ? this.#slots[this.#slot()]! : -1;
  }

  /** The number of a GUID, which is added where it is new; -1 for what is no GUID. */
  add(guid: string): number {
    if (!this.#parse(guid)) return -1;
    const slot = this.#slot();
    const known = this.#slots[slot]!;
    if (known >= 0) return known;
    const number = this.#size;
    this.#slots[slot] = number;
    this.#size += 1;
    if (this.#words.length < 4 * this.#size) this.#words = enlarged(this.#words);
    this.#words.set(this.#key, 4 * number);
    if (slotsPerEntry * this.#size > this.#slots.length) this.#rehash();
    return number;
  }

  /** The GUID of a number, in lower case. */
  text(number: number): string {
    const words = this.#words;
    const at = 4 * number;
    const [a, b, c, d] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
    const high = (word: number) => quads[word >>> 16]!;
    const low = (word: number) => quads[word & 0xffff]!;
    return `${high(a)}${low(a)}-${high(b)}-${low(b)}-${high(c)}-${low(c)}${high(d)}${low(d)}`;
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
    for (let slot = hash(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]!;
      if (number < 0) return slot;
      const at = 4 * number;
      const words = this.#words;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return slot;
    }
  }

  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length).fill(-1);
    const mask = this.#slots.length - 1;
    const words = this.#words;
    for (let number = 0; number < this.#size; number += 1) {
      const at = 4 * number;
      let slot = hash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number;
    }
  }
}

function hash(a: number, b: number, c: number, d: number): number {
  let mixed = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c ^ Math.imul(d, 0xc2b2ae35), 0x27d4eb2f);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x2c1b3c6d) ^ (mixed >>> 12);
}

/** A typed array of twice the length with the same content. */
export function enlarged<Numbers extends Uint32Array | Int32Array | Uint8Array>(numbers: Numbers): Numbers {
  const larger = new (numbers.constructor as new (length: number) => Numbers)(2 * numbers.length);
  larger.set(numbers);
  return larger;
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
