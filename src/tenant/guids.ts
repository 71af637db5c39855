// GUIDs in 16 bytes: as four numbers of 32 bits, and as a set that millions of them fit into.

/** The value of a hexadecimal digit by its character code, -1 for all other characters. */
const digitOf = new Int8Array(0x67).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  digitOf[digit.charCodeAt(0)] = value;
  digitOf[digit.toUpperCase().charCodeAt(0)] = value;
}

/** The four digits of every sixteen bits. */
const quads: readonly string[] = Array.from({ length: 2 ** 16 }, (_, value) => value.toString(16).padStart(4, '0'));

/** Words of a GUID. */
export const guidWords = 4;

/** Writes a GUID of 36 characters, of either case, as four words; false, and anything in the words, where the text is none. */
export function packGuid(text: string, words: Uint32Array, at: number): boolean {
  if (text.length !== 36) return false;
  let word = 0;
  let digits = 0;
  // Digit by digit: this runs twice for every link of the tenant.
  for (let place = 0; place < 36; place += 1) {
    const code = text.charCodeAt(place);
    if (place === 8 || place === 13 || place === 18 || place === 23) {
      if (code !== 0x2d) return false;
      continue;
    }
    const digit = code < 0x67 ? digitOf[code]! : -1;
    if (digit < 0) return false;
    word = (word << 4) | digit;
    digits += 1;
    if (digits % 8 === 0) words[at + digits / 8 - 1] = word;
  }
  return true;
}

/** The GUID of four words, in lower case. */
export function guidText(words: Uint32Array, at: number): string {
  const high = (word: number) => quads[words[at + word]! >>> 16]!;
  const low = (word: number) => quads[words[at + word]! & 0xffff]!;
  return `${high(0)}${low(0)}-${high(1)}-${low(1)}-${high(2)}-${low(2)}${high(3)}${low(3)}`;
}

export function sameGuid(left: Uint32Array, leftAt: number, right: Uint32Array, rightAt: number): boolean {
  for (let word = 0; word < guidWords; word += 1) if (left[leftAt + word] !== right[rightAt + word]) return false;
  return true;
}

/** A number below 2^32 that GUIDs are spread by. */
export function guidHash(words: Uint32Array, at: number): number {
  const [a, b, c, d] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
  let mixed = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c ^ Math.imul(d, 0xc2b2ae35), 0x27d4eb2f);
  mixed ^= mixed >>> 15;
  return (Math.imul(mixed, 0x2c1b3c6d) ^ (mixed >>> 12)) >>> 0;
}

/** Places are doubled where more than three quarters of them are taken. */
const mostTaken = 0.75;

/** Keys that were met before: GUIDs packed, 21 to 43 bytes each, and others as texts. */
export class SeenKeys {
  /** Open addressing: GUIDs by their hash, all zero where a place is empty. */
  #places = new Uint32Array(guidWords * 256);
  #size = 0;
  readonly #others = new Set<string>();
  readonly #key = new Uint32Array(guidWords);

  met(key: string): boolean {
    if (!this.#pack(key)) return this.#others.has(key);
    return isTaken(this.#places, placeIn(this.#places, this.#key, 0));
  }

  meet(key: string): void {
    if (!this.#pack(key)) {
      this.#others.add(key);
      return;
    }
    const place = placeIn(this.#places, this.#key, 0);
    if (isTaken(this.#places, place)) return;
    this.#places.set(this.#key, place);
    this.#size += 1;
    if (guidWords * this.#size > mostTaken * this.#places.length) this.#grow();
  }

  /** The GUID of nothing but zeros is kept as a text: as words it is an empty place. */
  #pack(key: string): boolean {
    return packGuid(key, this.#key, 0) && isTaken(this.#key, 0);
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += guidWords)
      if (isTaken(old, at)) this.#places.set(old.subarray(at, at + guidWords), placeIn(this.#places, old, at));
  }
}

function isTaken(places: Uint32Array, at: number): boolean {
  return (places[at]! | places[at + 1]! | places[at + 2]! | places[at + 3]!) !== 0;
}

/** The place of a GUID among others: where it is, or where it would go. */
function placeIn(places: Uint32Array, words: Uint32Array, at: number): number {
  const mask = places.length / guidWords - 1;
  for (let place = guidHash(words, at) & mask; ; place = (place + 1) & mask)
    if (!isTaken(places, guidWords * place) || sameGuid(places, guidWords * place, words, at)) return guidWords * place;
}
