// Link index: who is linked to whom, noted in the order in which it is told and asked for by owner; much of it lies on the disk, so that memory stays flat.
import type { Kind } from '../model/kind.ts';
import type { Ref } from '../model/ref.ts';
import { inMemory, type Kept, type Scratch } from '../model/scratch.ts';
import { guidHash, guidText, guidWords, packGuid, SeenKeys, sameGuid } from './guids.ts';
import { shapeProblem } from './problems.ts';

/** A note: the owner's GUID, the target's, and a word for what is said of them. */
const noteWords = 2 * guidWords + 1;
const targetAt = guidWords;
const sayingAt = 2 * guidWords;
const bytesPerWord = Uint32Array.BYTES_PER_ELEMENT;

/** What a note says, in the lowest bits of its last word; above it the number of the link, and above that the one of the target's collection. */
const sayings = { told: 0, forgotten: 1, added: 2, removed: 3 } as const;
type Saying = (typeof sayings)[keyof typeof sayings];
const sayingBits = 2;
const linkBits = 6;

/** Notes that are gathered in memory before they are written, sorted into parts. */
const gatheredAtMost = 2 ** 15;
/** So many notes (9 MB) may lie in memory in the end: it takes half the time to ask for them there. */
const heldAtMost = 2 ** 18;

/** Owners are spread over parts and, within each, over buckets: what is read at a time. */
const partCount = 256;
const bucketsInPart = 256;
const partOf = (hash: number): number => hash >>> 24;
const bucketInPart = (hash: number): number => (hash >>> 16) & (bucketsInPart - 1);

/** Takes what listings tell of links, in any order and perhaps more than once. Ids are GUIDs of either case; others are a problem of the answer. */
export class LinkLog {
  readonly #links: readonly string[];
  readonly #single: readonly boolean[];
  readonly #collections: string[] = [];
  readonly #scratch: Scratch;
  readonly #gathered = new Uint32Array(noteWords * gatheredAtMost);
  /** What was written: the notes of each part, and where each begins. */
  readonly #written: { readonly notes: Kept; readonly starts: Uint32Array }[] = [];
  #size = 0;

  constructor(links: readonly string[], kind: Pick<Kind, 'links'>, scratch: Scratch = inMemory) {
    this.#links = links;
    this.#single = links.map((link) => kind.links[link]!.single === true);
    this.#scratch = scratch;
  }

  /** This object was told of, so what is not noted it does not have. */
  see(owner: string): void {
    this.#note(owner, owner, sayings.told);
  }

  /** The object is gone: as if it had never been told of. */
  forget(owner: string): void {
    this.#note(owner, owner, sayings.forgotten);
  }

  /** The owner was told of, and has this link. */
  add(link: string, owner: string, target: string, collection: string): void {
    this.#note(owner, target, sayings.added, link, collection);
  }

  /** The owner was told of, and does not have this link any more. */
  remove(link: string, owner: string, target: string): void {
    this.#note(owner, target, sayings.removed, link);
  }

  /** What all notes come to; nothing can be noted any more. */
  index(): LinkIndex {
    // The last ones, which of most tenants are all: written now, they would be read at once.
    this.#write(inMemory);
    const length = this.#written.reduce((sum, { starts }) => sum + starts[partCount]!, 0);
    const held = length > heldAtMost ? undefined : new Uint32Array(noteWords * length);
    const starts = new Uint32Array(partCount * bucketsInPart + 1);
    const parts: Kept[] = [];
    for (let part = 0; part < partCount; part += 1) {
      const notes = this.#notesOf(part);
      const sorted = sortedBy(notes, bucketsInPart, bucketInPart);
      const [first, before] = [part * bucketsInPart, starts[part * bucketsInPart]!];
      for (let bucket = 1; bucket <= bucketsInPart; bucket += 1)
        starts[first + bucket] = before + sorted.starts[bucket]!;
      if (held === undefined) parts.push(this.#scratch(bytesOf(sorted.notes)));
      else held.set(sorted.notes, noteWords * before);
    }
    const [links, single, collections] = [this.#links, this.#single, this.#collections];
    return new LinkIndex({ links, single, collections, starts, notes: held ?? parts });
  }

  #note(owner: string, target: string, saying: Saying, link?: string, collection?: string): void {
    if (this.#size === gatheredAtMost) this.#write(this.#scratch);
    const at = noteWords * this.#size;
    const notes = this.#gathered;
    if (!packGuid(owner, notes, at) || !packGuid(target, notes, at + targetAt))
      throw shapeProblem('the id of an object is no GUID', 'delta');
    const linked = link === undefined ? 0 : this.#links.indexOf(link);
    const collected = collection === undefined ? 0 : this.#numberOf(collection);
    notes[at + sayingAt] = saying | (linked << sayingBits) | (collected << (sayingBits + linkBits));
    this.#size += 1;
  }

  #numberOf(collection: string): number {
    const known = this.#collections.indexOf(collection);
    return known >= 0 ? known : this.#collections.push(collection) - 1;
  }

  #write(scratch: Scratch): void {
    const { notes, starts } = sortedBy(this.#gathered.subarray(0, noteWords * this.#size), partCount, partOf);
    this.#written.push({ notes: scratch(bytesOf(notes)), starts });
    this.#size = 0;
  }

  /** The notes of a part, in the order in which they were made. */
  #notesOf(part: number): Uint32Array {
    const length = this.#written.reduce((sum, { starts }) => sum + starts[part + 1]! - starts[part]!, 0);
    const notes = new Uint32Array(noteWords * length);
    const bytes = bytesOf(notes);
    let at = 0;
    for (const { notes: written, starts } of this.#written)
      at += written(inBytes(starts[part]!), inBytes(starts[part + 1]!)).copy(bytes, at);
    return notes;
  }
}

/** Notes by a number of their owner's hash, those of one number in the order that they had; and where each number's begin. */
function sortedBy(notes: Uint32Array, numbers: number, numberOf: (hash: number) => number) {
  const starts = new Uint32Array(numbers + 1);
  for (let at = 0; at < notes.length; at += noteWords) starts[numberOf(guidHash(notes, at)) + 1]! += 1;
  for (let number = 0; number < numbers; number += 1) starts[number + 1]! += starts[number]!;
  const ends = starts.slice();
  const sorted = new Uint32Array(notes.length);
  for (let at = 0; at < notes.length; at += noteWords) {
    const number = numberOf(guidHash(notes, at));
    const to = noteWords * ends[number]!;
    for (let word = 0; word < noteWords; word += 1) sorted[to + word] = notes[at + word]!;
    ends[number]! += 1;
  }
  return { notes: sorted, starts };
}

interface IndexParts {
  readonly links: readonly string[];
  readonly single: readonly boolean[];
  readonly collections: readonly string[];
  /** How many notes lie before each bucket, in all parts; and how many there are. */
  readonly starts: Uint32Array;
  /** All of them, bucket by bucket; or where each part lies. */
  readonly notes: Uint32Array | readonly Kept[];
}

/** Owners of whom it is remembered where their notes begin, more than a page has. */
const rememberedAtMost = 2 ** 12;
/** Where nothing is remembered, and where there are no notes. */
const notAsked = -2;
const none = -1;

/** Who is linked to whom: in memory a megabyte, one bit for each note, and the notes themselves where they are few. */
export class LinkIndex {
  readonly #parts: IndexParts;
  readonly #listed: Uint8Array;
  /** Objects that were listed and never told of. */
  readonly #untold = new SeenKeys();
  readonly #key = new Uint32Array(guidWords);
  /** Room for the notes of a bucket, as words and as bytes. */
  #notes = new Uint32Array(0);
  #bytes: Buffer = Buffer.alloc(0);
  /** By the last bits of their hash: the owners that were asked for last, and the number of the first note of each. What holds no objects is no garbage. */
  readonly #askedGuids = new Uint32Array(guidWords * rememberedAtMost);
  readonly #firstNotes = new Int32Array(rememberedAtMost).fill(notAsked);

  constructor(parts: IndexParts) {
    this.#parts = parts;
    this.#listed = new Uint8Array(Math.ceil(parts.starts.at(-1)! / 8));
  }

  /**
   * The targets of a link, in the order in which they were told; undefined where the object was not told of, so that its links must be asked for
   * one by one.
   */
  targets(link: string, owner: string): readonly Ref[] | undefined {
    return packGuid(owner, this.#key, 0)
      ? this.#read(guidHash(this.#key, 0), this.#parts.links.indexOf(link))
      : undefined;
  }

  /** Was an object with this key met in the listing of the objects? */
  met(key: string): boolean {
    const first = this.#firstNote(key);
    return first === none ? this.#untold.met(key) : (this.#listed[first >>> 3]! & (1 << (first & 7))) !== 0;
  }

  meet(key: string): void {
    const first = this.#firstNote(key);
    if (first === none) this.#untold.meet(key);
    else this.#listed[first >>> 3]! |= 1 << (first & 7);
  }

  /** The number of the first note that is an owner's. */
  #firstNote(owner: string): number {
    if (!packGuid(owner, this.#key, 0)) return none;
    const hash = guidHash(this.#key, 0);
    const place = hash % rememberedAtMost;
    if (this.#firstNotes[place] === notAsked || !sameGuid(this.#askedGuids, guidWords * place, this.#key, 0))
      this.#read(hash, none);
    return this.#firstNotes[place]!;
  }

  /** What the notes of the packed GUID come to for a link: the last word on it holds. Remembers which is the first of them. */
  #read(hash: number, asked: number): readonly Ref[] | undefined {
    const { single, starts } = this.#parts;
    const bucket = partOf(hash) * bucketsInPart + bucketInPart(hash);
    const [begin, end] = [starts[bucket]!, starts[bucket + 1]!];
    const [notes, from] = this.#notesBetween(partOf(hash), begin, end);
    /** Where the notes of targets begin. */
    let held: number[] = [];
    let told = false;
    let first = none;
    for (let at = from; at < from + noteWords * (end - begin); at += noteWords) {
      if (!sameGuid(notes, at, this.#key, 0)) continue;
      if (first === none) first = begin + (at - from) / noteWords;
      const word = notes[at + sayingAt]!;
      const saying = word & (2 ** sayingBits - 1);
      told = saying !== sayings.forgotten;
      if (saying === sayings.forgotten) held = [];
      else if (saying === sayings.told || ((word >>> sayingBits) & (2 ** linkBits - 1)) !== asked) continue;
      else if (saying === sayings.removed)
        held = held.filter((other) => !sameGuid(notes, other + targetAt, notes, at + targetAt));
      else if (single[asked]) held = [at];
      else held.push(at);
    }
    const place = hash % rememberedAtMost;
    this.#firstNotes[place] = first;
    this.#askedGuids.set(this.#key, guidWords * place);
    return told ? held.map((at) => this.#target(notes, at)) : undefined;
  }

  #target(notes: Uint32Array, at: number): Ref {
    return `${this.#parts.collections[notes[at + sayingAt]! >>> (sayingBits + linkBits)]!}/${guidText(notes, at + targetAt)}`;
  }

  /** These notes, and where they begin in the words; they are good until the next ones are asked for. */
  #notesBetween(part: number, begin: number, end: number): readonly [notes: Uint32Array, from: number] {
    const { notes, starts } = this.#parts;
    if (notes instanceof Uint32Array) return [notes, noteWords * begin];
    if (inBytes(end - begin) > this.#bytes.length) {
      this.#notes = new Uint32Array(noteWords * (end - begin));
      this.#bytes = bytesOf(this.#notes);
    }
    const before = starts[part * bucketsInPart]!;
    notes[part]!(inBytes(begin - before), inBytes(end - before)).copy(this.#bytes);
    return [this.#notes, 0];
  }
}

function bytesOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}

function inBytes(notes: number): number {
  return notes * noteWords * bytesPerWord;
}
