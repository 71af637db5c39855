// Pairs: the objects that differ, in the order in which they are planned; where there may be very many of a kind they are packed.

import type { Entity } from '../model/entity.ts';
import { compareText } from '../model/json.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import { merged } from '../model/merged.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import { inMemory, type Scratch } from '../model/scratch.ts';
import type { Pair } from './input.ts';
import { needed } from './needed.ts';
import { Pile } from './pile.ts';

/** The sides on which an object stands: objects of each come in order by themselves. */
type Sides = 'both' | 'live' | 'goal';

interface OfKind {
  readonly packed: Record<Sides, Pile<Pair>>;
  /** The last one of each that was packed. */
  readonly last: Partial<Record<Sides, Ref>>;
  /** Those that are not packed. */
  readonly held: Map<Ref, Pair>;
}

/** Objects of a bin that are held at a time. */
const rangeLength = 1000;

const order = (left: Pair, right: Pair): number => compareText(left.ref, right.ref);

/**
 * Pairs by kind, in the order of the rows, then by ref. Of kinds with many objects they are packed, where they come in that order, as they do out of
 * git; whoever walks them is given copies.
 */
export class Pairs implements Iterable<Pair> {
  readonly #kinds: Kinds;
  readonly #scratch: Scratch;
  readonly #byKind: ReadonlyMap<string, OfKind>;

  /** RangeError for a pair whose kind is not among the kinds. */
  constructor(kinds: Kinds, pairs: Iterable<Pair> = [], scratch = inMemory) {
    this.#kinds = kinds;
    this.#scratch = scratch;
    this.#byKind = new Map(
      [...kinds.keys()].map((name) => [
        name,
        {
          packed: { both: new Pile(scratch), live: new Pile(scratch), goal: new Pile(scratch) },
          last: {},
          held: new Map(),
        },
      ]),
    );
    for (const pair of pairs) this.add(pair);
  }

  add(pair: Pair): void {
    const of = this.#byKind.get(kindOf(pair.ref));
    if (of === undefined) throw new RangeError(`no such kind: ${kindOf(pair.ref)}`);
    const sides = pair.live === undefined ? 'goal' : pair.goal === undefined ? 'live' : 'both';
    const last = of.last[sides];
    if (this.#kinds.get(kindOf(pair.ref))!.sharded && (last === undefined || compareText(last, pair.ref) < 0)) {
      of.packed[sides].push(pair);
      of.last[sides] = pair.ref;
    } else of.held.set(pair.ref, pair);
  }

  *[Symbol.iterator](): Generator<Pair> {
    for (const name of this.#byKind.keys()) yield* this.of(name);
  }

  /** Those of one kind, by ref. */
  of(kind: string): Iterable<Pair> {
    const of = this.#byKind.get(kind);
    if (of === undefined) return [];
    const { both, live, goal } = of.packed;
    return merged([both, live, goal, [...of.held.values()].sort(order)], order);
  }

  /** Kinds of which there are any. */
  kinds(): string[] {
    return [...this.#byKind].flatMap(([name, { packed, held }]) =>
      held.size + packed.both.length + packed.live.length + packed.goal.length > 0 ? [name] : [],
    );
  }

  /** Those that are not there now, of one kind or of all; can be walked any number of times. */
  missing(kind?: string): Iterable<Pair> {
    const all =
      kind === undefined ? [...this.#byKind.values()] : [this.#byKind.get(kind)].filter((of) => of !== undefined);
    return {
      *[Symbol.iterator]() {
        for (const { packed, held } of all) {
          const others = [...held.values()].filter(({ live }) => live === undefined);
          yield* merged([packed.goal, others.sort(order)], order);
        }
      },
    };
  }

  /**
   * Tells those of a kind that are not there now what of them lies in its bin, which may come in any order: it is packed by ranges of refs, so that
   * no more than one range of it is held. Nothing is changed where reading the bin fails.
   */
  async foundInBin(kind: Kind, pages: AsyncIterable<readonly Entity[]>): Promise<void> {
    const of = this.#byKind.get(kind.name);
    if (of === undefined) return;
    const firsts: Ref[] = [];
    let count = 0;
    for (const { ref } of this.missing(kind.name)) if (count++ % rangeLength === 0) firsts.push(ref);
    const ranges = firsts.map(() => new Pile<Entity>(this.#scratch));
    for await (const page of pages)
      for (const entity of page) ranges[firsts.findLastIndex((first) => first <= entity.ref)]?.push(entity);
    const packed = new Pile<Pair>(this.#scratch);
    let lying = new Map<Ref, Entity>();
    let at = 0;
    for (const pair of this.missing(kind.name)) {
      if (at % rangeLength === 0) lying = new Map([...ranges[at / rangeLength]!].map((entity) => [entity.ref, entity]));
      at += 1;
      const bin = lying.get(pair.ref);
      const changed = bin === undefined ? pair : needed(kind, { ...pair, bin });
      if (of.held.has(pair.ref)) of.held.set(pair.ref, changed);
      else packed.push(changed);
    }
    of.packed.goal = packed;
  }
}
