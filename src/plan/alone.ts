// Objects that stand alone: what is planned for them, packed; each item with the place of its object among the pairs.

import type { PlannedObject, Refusal } from '../model/plan.ts';
import { kindOf } from '../model/ref.ts';
import { type Body, type ObjectPlan, type Stage, stages } from './input.ts';
import { Pile } from './pile.ts';

/** Something that is planned for an object. */
export interface At<Item> {
  /** The place of the object among the pairs. */
  readonly at: number;
  readonly item: Item;
}

export const byPlace = (left: At<unknown>, right: At<unknown>): number => left.at - right.at;

/** Everything planned for objects that stand alone, in the order of the pairs; of the steps, those of each stage. */
export class Alone {
  readonly bodies = Object.fromEntries(stages.map((stage) => [stage, new Pile()])) as Record<Stage, Pile<At<Body>>>;
  readonly objects = new Pile<At<PlannedObject>>();
  readonly refusals = new Pile<At<Refusal>>();
  /** Living objects that are changed, by kind. */
  readonly changed = new Map<string, number>();

  /** Takes what is planned for an object; `planned` where anything is. */
  take({ at, pair, drafts, refusals }: ObjectPlan, planned: PlannedObject | undefined): void {
    for (const { stage, body } of drafts) this.bodies[stage].push({ at, item: body });
    for (const refusal of refusals) this.refusals.push({ at, item: refusal });
    if (planned === undefined) return;
    this.objects.push({ at, item: planned });
    const kind = kindOf(pair.ref);
    this.changed.set(kind, (this.changed.get(kind) ?? 0) + 1);
  }
}
