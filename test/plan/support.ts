// A tenant of a few objects for planning alone: what a plan is given, with defaults for all that a test does not care about.
import { kinds } from '../../src/kinds/index.ts';
import { canonicalEntity } from '../../src/model/canonical.ts';
import type { Entity, Link } from '../../src/model/entity.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Plan, PlannedObject, Refusal, Step } from '../../src/model/plan.ts';
import { kindOf, type Ref } from '../../src/model/ref.ts';
import { makePlan, Pairs, type PlanInput } from '../../src/plan/index.ts';
import { plain } from '../support/recovery.ts';

/** A GUID that says its number. */
export function guid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export function entity(
  ref: Ref,
  attributes: JsonObject,
  links: Record<string, readonly (Ref | Link)[]> = {},
  type?: string,
): Entity {
  const whole = Object.fromEntries(
    Object.entries(links).map(([name, targets]) => [
      name,
      targets.map((one) => (typeof one === 'string' ? { target: one } : one)),
    ]),
  );
  return canonicalEntity(kinds.get(kindOf(ref))!, {
    ref,
    attributes,
    links: whole,
    ...(type === undefined ? {} : { type }),
  });
}

export interface Tenant {
  readonly live?: readonly Entity[];
  readonly goal?: readonly Entity[];
  readonly bin?: readonly Entity[];
  /** Objects that are there and the same on both sides. */
  readonly there?: readonly Ref[];
}

/** A plan whose lists are arrays. */
export type Listed = Plan & {
  readonly steps: readonly Step[];
  readonly objects: readonly PlannedObject[];
  readonly refusals: readonly Refusal[];
};

export function listed(plan: Plan): Listed {
  return { ...plan, steps: [...plan.steps], objects: [...plan.objects], refusals: [...plan.refusals] };
}

/** The plan from one state to another. */
export function plan(tenant: Tenant, more: Partial<PlanInput> = {}): Listed {
  return listed(makePlan(input(tenant, more)));
}

export function input(
  { live = [], goal = [], bin = [], there = [] }: Tenant,
  more: Partial<PlanInput> = {},
): PlanInput {
  const before = new Map(live.map((one) => [one.ref, one]));
  const after = new Map(goal.map((one) => [one.ref, one]));
  const binned = new Map(bin.map((one) => [one.ref, one]));
  const refs = [...new Set([...before.keys(), ...after.keys()])];
  const known = new Set<Ref>([...before.keys(), ...there]);
  const names = new Map([...live, ...goal].map((one) => [one.ref, String(one.attributes.displayName ?? one.ref)]));
  const complete = Object.fromEntries(
    [...kinds.keys()].map((name) => [name, { status: 'complete' as const, count: 100 }]),
  );
  const side = { commit: '0'.repeat(40), at: '2026-11-23T12:00:00.000Z', revision: 'HEAD' };
  return {
    kinds,
    pairs: new Pairs(
      kinds,
      refs.map((ref) => ({
        ref,
        ...(before.has(ref) ? { live: before.get(ref)! } : {}),
        ...(after.has(ref) ? { goal: after.get(ref)! } : {}),
        ...(binned.has(ref) && !before.has(ref) ? { bin: binned.get(ref)! } : {}),
      })),
    ),
    exists: (ref) => known.has(ref),
    byAppId: (kind, appId) => live.find((one) => kindOf(one.ref) === kind && one.attributes.appId === appId)?.ref,
    nameOf: (ref) => names.get(ref),
    coverage: { live: complete, goal: complete },
    population: Object.fromEntries([...kinds.keys()].map((name) => [name, 100])),
    identity: { tenantId: guid(999), displayName: 'Test', cloud: 'global' },
    ignore: [],
    protect: [],
    emergencyAccounts: [],
    thresholds: { share: 0.3, minimum: 10 },
    access: undefined,
    options: plain,
    grants: [],
    live: side,
    goal: side,
    scope: {},
    ids: {},
    outside: [],
    tool: '0.0.0',
    createdAt: '2026-11-23T12:00:00.000Z',
    ...more,
  };
}

/** The steps in short: `update users/…4`. */
export function short({ steps }: Plan): string[] {
  return [...steps].map((step) => {
    const what = step.action === 'link' || step.action === 'unlink' ? ` ${step.link} ${tail(step.target)}` : '';
    return `${step.action} ${tail(step.ref)}${what}`;
  });
}

function tail(ref: Ref): string {
  return `${kindOf(ref)}/${Number(ref.slice(-6)) || ref.slice(-6)}`;
}
