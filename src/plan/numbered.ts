// The numbered steps of a plan as one list, in the plan's order or object by object: those that were ordered, and those that stand alone.
import type { List } from '../model/list.ts';
import { merged } from '../model/merged.ts';
import type { Step, Steps } from '../model/plan.ts';
import type { Ref } from '../model/ref.ts';
import type { At, LoneBody } from './alone.ts';
import type { Pile } from './pile.ts';

/** A step with its number, at the place of its object among the pairs. */
export interface Numbered extends At<Step> {
  readonly number: number;
}

/** Steps that stand alone, all of one wave, with the held ones between them. */
export interface Stretch {
  readonly bodies: Pile<LoneBody>;
  /** Number of the first step of the wave. */
  readonly first: number;
  readonly wave: number;
  /** Places of the objects of the held steps of this wave, in order. */
  readonly held: readonly number[];
  /** Numbers of the steps that restore objects. */
  readonly restoring: ReadonlyMap<Ref, number>;
  /** Of steps that others of their object need, the numbers by the place of the object. */
  readonly leading: ReadonlyMap<number, number>;
}

const byNumber = (left: Numbered, right: Numbered): number => left.number - right.number;
const byObject = (left: Numbered, right: Numbered): number => left.at - right.at || byNumber(left, right);

/** One for the many that need nothing. */
const none: readonly string[] = [];

export class NumberedSteps implements Steps {
  readonly length: number;
  readonly #ordered: List<Numbered>;
  readonly #ofObjects: List<Numbered>;
  readonly #stretches: readonly Stretch[];

  /** `ordered` by their numbers, and the same again, `ofObjects`, by the place of their object and then by number. */
  constructor(ordered: List<Numbered>, ofObjects: List<Numbered>, stretches: readonly Stretch[]) {
    this.length = stretches.reduce((sum, { bodies }) => sum + bodies.length, ordered.length);
    this.#ordered = ordered;
    this.#ofObjects = ofObjects;
    this.#stretches = stretches;
  }

  *[Symbol.iterator](): Generator<Step> {
    for (const { item } of merged([this.#ordered, ...this.#stretches.map(unpacked)], byNumber)) yield item;
  }

  *byObject(): Generator<readonly Step[]> {
    let of: Step[] = [];
    let place: number | undefined;
    for (const { at, item } of merged([this.#ofObjects, ...this.#stretches.map(unpacked)], byObject)) {
      if (at !== place && of.length > 0) {
        yield of;
        of = [];
      }
      of.push(item);
      place = at;
    }
    if (of.length > 0) yield of;
  }

  /** Whoever writes it as JSON means the steps. */
  toJSON(): readonly Step[] {
    return [...this];
  }
}

function* unpacked({ bodies, first, wave, held, restoring, leading }: Stretch): Generator<Numbered> {
  let before = 0;
  let passed = 0;
  for (const { at, item, needs = [], follows } of bodies) {
    while (passed < held.length && held[passed]! < at) passed += 1;
    const number = first + before + passed;
    const needed = needs.map((ref) => restoring.get(ref)!);
    if (follows) needed.push(leading.get(at)!);
    yield {
      at,
      number,
      item: { id: String(number), ...item, needs: needed.length === 0 ? none : idsOf(needed), wave } as Step,
    };
    before += 1;
  }
}

/** The ids of steps by their numbers, each once and in order. */
export function idsOf(numbers: readonly number[]): string[] {
  return [...new Set(numbers)].sort((one, other) => one - other).map(String);
}
