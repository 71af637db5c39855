// Pairs: the objects that differ, in the order in which they are planned; where there may be very many of a kind they are packed.
import { compareText } from '../model/json.ts';
import type { Kinds } from '../model/kind.ts';
import type { List } from '../model/list.ts';
import { merged } from '../model/merged.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { Pair } from './input.ts';
import { Pile } from './pile.ts';

interface OfKind {
  readonly packed: Pile<Pair>;
  /** The last one that was packed. */
  last?: Ref;
  /** Those that are not packed. */
  readonly held: Map<Ref, Pair>;
}

const order = (left: Pair, right: Pair): number => compareText(left.ref, right.ref);

/**
 * Pairs by kind, in the order of the rows, then by ref. Of kinds with many objects those that stand on both sides are packed, if they come in that
 * order, as they do out of git; whoever stands on one side only is asked for again and again while the others are planned, and is held.
 */
export class Pairs implements List<Pair> {
  readonly #kinds: Kinds;
  readonly #byKind: ReadonlyMap<string, OfKind>;
  #length = 0;

  /** RangeError for a pair whose kind is not among the kinds. */
  constructor(kinds: Kinds, pairs: Iterable<Pair> = []) {
    this.#kinds = kinds;
    this.#byKind = new Map([...kinds.keys()].map((name) => [name, { packed: new Pile<Pair>(), held: new Map() }]));
    for (const pair of pairs) this.add(pair);
  }

  get length(): number {
    return this.#length;
  }

  add(pair: Pair): void {
    const of = this.#byKind.get(kindOf(pair.ref));
    if (of === undefined) throw new RangeError(`no such kind: ${kindOf(pair.ref)}`);
    const bothSides = pair.live !== undefined && pair.goal !== undefined;
    const next = of.last === undefined || compareText(of.last, pair.ref) < 0;
    if (this.#kinds.get(kindOf(pair.ref))!.sharded && bothSides && next) {
      of.packed.push(pair);
      of.last = pair.ref;
    } else of.held.set(pair.ref, pair);
    this.#length += 1;
  }

  *[Symbol.iterator](): Generator<Pair> {
    for (const name of this.#byKind.keys()) yield* this.of(name);
  }

  /** Those of one kind, by ref. */
  of(kind: string): Iterable<Pair> {
    const of = this.#byKind.get(kind);
    return of === undefined ? [] : merged([of.packed, [...of.held.values()].sort(order)], order);
  }

  /** Kinds of which there are any. */
  kinds(): string[] {
    return [...this.#byKind].flatMap(([name, { packed, held }]) => (packed.length + held.size > 0 ? [name] : []));
  }

  /** Those that are not there now. */
  missing(): Pair[] {
    return [...this.#byKind.values()].flatMap(({ held }) =>
      [...held.values()].filter(({ live }) => live === undefined).sort(order),
    );
  }

  /** Puts a pair in the place of one that is not there now. */
  replace(pair: Pair): void {
    this.#byKind.get(kindOf(pair.ref))?.held.set(pair.ref, pair);
  }
}
