// Objects that stand alone: what is planned for them, packed; each item with the place of its object among the pairs.

import type { PlannedObject, Refusal } from '../model/plan.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import { inMemory, type Scratch } from '../model/scratch.ts';
import type { Body, Draft, ObjectPlan, Stage } from './input.ts';
import { Pile } from './pile.ts';
import { comingBy, leadsOf } from './relations.ts';
import type { Context } from './steps.ts';

/** Something that is planned for an object. */
export interface At<Item> {
  /** The place of the object among the pairs. */
  readonly at: number;
  readonly item: Item;
}

export const byPlace = (left: At<unknown>, right: At<unknown>): number => left.at - right.at;

/** A step of an object that stands alone. */
export interface LoneBody extends At<Body> {
  /** Objects that must have been restored before. */
  readonly needs?: readonly Ref[];
  /** Other steps of the object need this one, or this one needs that. */
  readonly leads?: true;
  readonly follows?: true;
}

type Waves = readonly [Pile<LoneBody>, Pile<LoneBody>, Pile<LoneBody>];

const waves = (scratch: Scratch): Waves => [new Pile(scratch), new Pile(scratch), new Pile(scratch)];

/** Everything planned for objects that stand alone, in the order of the pairs. */
export class Alone {
  /** The steps of each stage by the wave of it that they are in: one after a restore of the same stage, and one more after what leads. */
  readonly bodies: Readonly<Record<Stage, Waves>>;
  readonly objects: Pile<At<PlannedObject>>;
  readonly refusals: Pile<At<Refusal>>;
  /** Living objects that are changed, by kind. */
  readonly changed = new Map<string, number>();
  /** Is there a step that leads? */
  leads = false;

  constructor(scratch: Scratch = inMemory) {
    const [grow, policy, enforce] = [waves(scratch), waves(scratch), waves(scratch)];
    this.bodies = { grow, policy, enforce, shrink: waves(scratch), delete: waves(scratch) };
    this.objects = new Pile(scratch);
    this.refusals = new Pile(scratch);
  }

  /** Takes what is planned for a living object; `planned` where anything is. */
  take(object: ObjectPlan, planned: PlannedObject | undefined, context: Context): void {
    this.#add(object, object.drafts, context);
    if (planned === undefined) return;
    this.objects.push({ at: object.at, item: planned });
    const kind = kindOf(object.pair.ref);
    this.changed.set(kind, (this.changed.get(kind) ?? 0) + 1);
  }

  /** Takes what is planned for an object in the bin, but for the step that restores it: gives what is left of the object's plan. */
  takeRestored(object: ObjectPlan, context: Context): ObjectPlan {
    const { at, pair, state, drafts } = object;
    this.#add(object, drafts.slice(1), context);
    return { at, pair: { ref: pair.ref }, state, drafts: drafts.slice(0, 1), refusals: [] };
  }

  #add({ at, pair, refusals }: ObjectPlan, drafts: readonly Draft[], context: Context): void {
    const [lead] = leadsOf(drafts);
    if (lead !== undefined) this.leads = true;
    let leadWave = 0;
    for (const draft of drafts) {
      const { stage, body, needs } = draft;
      const restored = needs.filter((other) => other.body.action === 'restore').map((other) => other.body.ref);
      const refs = [...new Set([...restored, ...comingBy(body, pair, context)])];
      const follows = lead !== undefined && needs.includes(lead);
      const wave = stage !== 'grow' ? 0 : follows ? leadWave + 1 : refs.length > 0 ? 1 : 0;
      if (draft === lead) leadWave = wave;
      this.bodies[stage][wave]!.push({
        at,
        item: body,
        ...(refs.length > 0 ? { needs: refs } : {}),
        ...(draft === lead ? { leads: true as const } : {}),
        ...(follows ? { follows: true as const } : {}),
      });
    }
    for (const refusal of refusals) this.refusals.push({ at, item: refusal });
  }
}
