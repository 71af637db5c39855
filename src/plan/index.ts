// Planning: the pairs of objects that differ, and what is known of the tenant, in; the plan as data out. It cannot write: it has nothing to write with.
import { isSynced } from '../model/entity.ts';
import { compareText } from '../model/json.ts';
import { holds, type Kinds } from '../model/kind.ts';
import {
  type Placeholder,
  type Plan,
  type PlannedObject,
  planVersion,
  type Refusal,
  type Step,
} from '../model/plan.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import { sealPlan } from './file.ts';
import { overThreshold } from './guard.ts';
import type { ObjectPlan, Pair, PlanInput } from './input.ts';
import { lockOutGuard } from './lockout.ts';
import { orderSteps } from './order.ts';
import { policyKind, stagePolicies } from './policies.ts';
import { type Context, outlived, planObject, renewsOf } from './steps.ts';
import { digestOf } from './values.ts';

export { accessMeanings } from './access.ts';
export { parsePlan, printPlan, sealPlan } from './file.ts';
export { type AgedGrant, type Grant, gaveThen, grantsIn } from './grants.ts';
export type { AccessState, Pair, PlanInput } from './input.ts';
export { decidingGroups, type LockOutGuard, lockOutGuard } from './lockout.ts';
export { needed } from './needed.ts';
export { policyKind } from './policies.ts';
export { sinceText } from './steps.ts';
export { digestOf, type FoundReference, referencesIn, translate } from './values.ts';

/** The plan that makes the tenant like the goal, as far as the pairs go. Changes that are refused are in it too, each with its reason (law 5). */
export function makePlan(input: PlanInput): Plan {
  const place = new Map([...input.kinds.keys()].map((name, at) => [name, at]));
  const placeOf = ({ ref }: Pair) => place.get(kindOf(ref)) ?? -1;
  const pairs = [...input.pairs].sort((a, b) => placeOf(a) - placeOf(b) || compareText(a.ref, b.ref));
  const { objects, context } = planObjects(pairs, input);
  stagePolicies(objects, input);
  const steps = orderSteps(objects, context);
  const refusals = objects.flatMap((object) => object.refusals);
  const plan: Omit<Plan, 'digest'> = {
    version: planVersion,
    tool: input.tool,
    createdAt: input.createdAt,
    tenant: {
      tenantId: input.identity.tenantId,
      displayName: input.identity.displayName,
      cloud: input.identity.cloud,
    },
    live: input.live,
    goal: input.goal,
    scope: input.scope,
    options: input.options,
    ...(input.reason === undefined ? {} : { reason: input.reason }),
    steps,
    objects: plannedObjects(objects, input),
    refusals,
    blockers: [...overThreshold(objects, input), ...lockOut(steps, input)],
    unrepaired: input.outside.filter(({ target }) => context.coming.has(target)),
    warnings: warnings(objects, steps, input),
    ids: input.ids,
  };
  return sealPlan(plan);
}

/**
 * Plans each object. What one object may point to depends on which others come back, and that on what they point to: objects that cannot come
 * back are taken out until no more are found.
 */
function planObjects(pairs: readonly Pair[], input: PlanInput): { objects: ObjectPlan[]; context: Context } {
  let coming = new Set<Ref>(
    pairs.filter(({ live, goal }) => live === undefined && goal !== undefined).map(({ ref }) => ref),
  );
  for (;;) {
    const context = contextOf(coming, pairs, input);
    const objects = pairs.flatMap((pair) => {
      const kind = input.kinds.get(kindOf(pair.ref));
      return kind === undefined ? [] : [planObject(pair, kind, context)];
    });
    const really = new Set(
      objects
        .filter(({ drafts }) => drafts.some(({ body }) => body.action === 'restore' || body.action === 'recreate'))
        .map(({ pair }) => pair.ref),
    );
    if (really.size === coming.size) return { objects, context };
    coming = really;
  }
}

function contextOf(coming: ReadonlySet<Ref>, pairs: readonly Pair[], input: PlanInput): Context {
  const come = pairs.filter(({ ref }) => coming.has(ref));
  const comingByAppId = new Map<string, Ref>();
  for (const { ref, goal } of come)
    if (typeof goal?.attributes.appId === 'string') comingByAppId.set(`${kindOf(ref)} ${goal.attributes.appId}`, ref);
  return { input, renewed: renewals(input.kinds, come, input.bin), coming, comingByAppId };
}

/**
 * The old ids and application ids of the objects that will be made anew, of those that come back, and what will stand in their place: of
 * those that lie in a bin, only the ones that would belong there to something that is no more.
 */
export function renewals(
  kinds: Kinds,
  coming: readonly Pair[],
  bin: { has(ref: Ref): boolean },
): Map<string, Placeholder> {
  const renewed = new Map<string, Placeholder>();
  // Whether one object is made anew can depend on another one that is: as often as new ones are found, all are looked at again.
  for (let before = -1; before < renewed.size; ) {
    before = renewed.size;
    for (const { ref, goal } of coming) {
      const kind = kinds.get(kindOf(ref));
      if (goal === undefined || kind === undefined) continue;
      if (bin.has(ref) && !outlived(kind, goal, renewed)) continue;
      for (const was of Object.values(renewsOf(kind, goal))) renewed.set(was, { $new: ref, was });
    }
  }
  return renewed;
}

function plannedObjects(objects: readonly ObjectPlan[], input: PlanInput): Record<Ref, PlannedObject> {
  const planned: Record<Ref, PlannedObject> = {};
  for (const { pair, state, drafts } of objects) {
    const first = drafts[0];
    if (first === undefined) continue;
    const kind = input.kinds.get(kindOf(pair.ref))!;
    planned[pair.ref] = {
      state,
      displayName: first.body.displayName,
      ...(pair.live === undefined ? {} : { digest: pair.digest ?? digestOf(kind, pair.live) }),
    };
  }
  return planned;
}

/** Reasons why the plan may not be applied at all: some step of it would leave no emergency account a way in. */
function lockOut(steps: readonly Step[], input: PlanInput): Refusal[] {
  if (input.access === undefined) return [];
  if (input.emergencyAccounts.length === 0) {
    const enforces = steps.some(({ ref }) => kindOf(ref) === policyKind);
    return enforces && !input.options.withoutEmergencyAccount
      ? [
          {
            reason: 'noEmergencyAccount',
            because:
              'It writes to Conditional Access, and driftline.yaml names no emergency account, so that nobody is locked out cannot be checked; add emergencyAccounts to driftline.yaml.',
            flag: '--without-emergency-account',
          },
        ]
      : [];
  }
  const guard = lockOutGuard(input.access, (ref) => input.bin.get(ref)?.attributes);
  for (const step of steps) {
    const against = guard.against(step);
    if (against !== undefined)
      return [
        {
          ref: step.ref,
          kind: kindOf(step.ref),
          displayName: step.displayName,
          reason: 'lockOut',
          because: `After step ${step.id} (${step.action} ${step.displayName}) ${against}. Name an exclusion in the commit, or put policies back with --report-only-first.`,
        },
      ];
    guard.done(step);
  }
  return [];
}

function warnings(objects: readonly ObjectPlan[], steps: readonly Step[], input: PlanInput): string[] {
  const said: string[] = [];
  if (input.access !== undefined && input.emergencyAccounts.length > 0) {
    const guard = lockOutGuard(input.access, (ref) => input.bin.get(ref)?.attributes);
    const before = guard.safe();
    for (const step of steps) guard.done(step);
    if (!before && guard.safe()) said.push('No emergency account has a way in now; this plan gives one back.');
    else if (!guard.safe())
      said.push(
        'No emergency account is enabled and excluded from every enabled blocking policy, now or after this plan.',
      );
  }
  for (const { pair, drafts } of objects) {
    const kind = input.kinds.get(kindOf(pair.ref));
    const made = drafts.find(({ body }) => body.action === 'recreate');
    if (made === undefined || kind === undefined || pair.goal === undefined) continue;
    if (kind.newPassword && !isSynced(pair.goal))
      said.push(
        `${made.body.displayName} is made anew: with a new password, which is said once, and without the old sign-in methods.`,
      );
    if (renewsOf(kind, pair.goal).appId !== undefined)
      said.push(
        `${made.body.displayName} is made anew: it gets another application id and no secrets; who uses it must be told.`,
      );
  }
  for (const { pair, drafts } of objects) {
    const { computedWhen } = input.kinds.get(kindOf(pair.ref))?.links.members ?? {};
    if (computedWhen === undefined || pair.goal === undefined || pair.live === undefined || drafts.length === 0)
      continue;
    if (holds(computedWhen, pair.goal.attributes) && !holds(computedWhen, pair.live.attributes))
      said.push(
        `${drafts[0]!.body.displayName} becomes dynamic: its ${pair.live.links.members?.length ?? 0} members go until the rule has been evaluated.`,
      );
  }
  return said;
}
