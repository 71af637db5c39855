// Piles: lists that are only added to and walked, their items packed and put into a scratch, so that very many of them take little memory.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { List } from '../model/list.ts';
import { inMemory, type Kept, type Scratch } from '../model/scratch.ts';

/** Characters of JSON that are packed together: enough to find what repeats, few enough to be unpacked as garbage that stays young. */
const together = 65_536;

/** A list of plain JSON values. Who walks it is given copies, so that nothing that was put in can be changed, or is held on to. */
export class Pile<Item> implements List<Item> {
  readonly #scratch: Scratch;
  readonly #packed: Kept[] = [];
  #open: string[] = [];
  #characters = 0;
  #length = 0;

  constructor(scratch: Scratch = inMemory) {
    this.#scratch = scratch;
  }

  get length(): number {
    return this.#length;
  }

  push(item: Item): void {
    const text = JSON.stringify(item);
    this.#open.push(text);
    this.#characters += text.length;
    this.#length += 1;
    if (this.#characters < together) return;
    this.#packed.push(this.#scratch(deflateRawSync(list(this.#open), { level: 1 })));
    [this.#open, this.#characters] = [[], 0];
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const packed of this.#packed) yield* JSON.parse(inflateRawSync(packed()).toString()) as Item[];
    yield* JSON.parse(list(this.#open)) as Item[];
  }

  /** Whoever writes it as JSON means the items. */
  toJSON(): readonly Item[] {
    return [...this];
  }
}

function list(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}
