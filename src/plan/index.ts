// Planning: the pairs of objects that differ, and what is known of the tenant, in; the plan as data out. It cannot write: it has nothing to write with.
import { isSynced } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import type { Kinds } from '../model/kind.ts';
import { merged } from '../model/merged.ts';
import {
  type Placeholder,
  type Plan,
  type PlannedObject,
  planVersion,
  type Refusal,
  type Step,
} from '../model/plan.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { Scratch } from '../model/scratch.ts';
import { Alone, type At, byPlace } from './alone.ts';
import { sealPlan } from './file.ts';
import { overThreshold } from './guard.ts';
import type { ObjectPlan, Pair, PlanInput } from './input.ts';
import { decidesInBin, lockOutGuard } from './lockout.ts';
import { orderSteps } from './order.ts';
import { Pile } from './pile.ts';
import { policyKind, stagePolicies } from './policies.ts';
import {
  becomesDynamic,
  givenUp,
  independentKinds,
  type Relations,
  reachedByPolicies,
  standsAlone,
} from './relations.ts';
import { type Context, outlived, planObject, renewsOf, returning } from './steps.ts';
import { digestOf } from './values.ts';

export { accessMeanings } from './access.ts';
export { parsePlan, printPlan, sealPlan } from './file.ts';
export { type AgedGrant, type Grant, gaveThen, grantsOf } from './grants.ts';
export type { AccessState, Pair, PlanInput } from './input.ts';
export { decidesInBin, decidingGroups, type LockOutGuard, lockOutGuard } from './lockout.ts';
export { needed } from './needed.ts';
export { Pairs } from './pairs.ts';
export { policyKind } from './policies.ts';
export { standsAlone } from './relations.ts';
export { sinceText } from './steps.ts';
export { digestOf, type FoundReference, referencesIn, translate } from './values.ts';

/**
 * The plan that makes the tenant like the goal, as far as the pairs go. Changes that are refused are in it too, each with its reason (law 5).
 * What stands alone is packed; `alone` says which objects may, and a plan is the same whichever do.
 */
export function makePlan(input: PlanInput, alone: typeof standsAlone = standsAlone): Plan {
  const { planned, context } = planObjects(input, alone);
  stagePolicies(planned.held, input);
  const steps = orderSteps(planned.held, planned.alone, context);
  const access = guardedAccess(planned.held, steps, input);
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
    objects: inOrder(
      planned.alone.objects,
      planned.held,
      (object) => plannedObject(object, input) ?? [],
      input.scratch,
    ),
    refusals: inOrder(planned.alone.refusals, planned.held, ({ refusals }) => refusals, input.scratch),
    blockers: [...overThreshold(planned, input), ...access.blockers],
    unrepaired: input.outside.filter(({ target }) => context.coming.has(target)),
    warnings: [...access.warnings, ...warnings(planned.held, input)],
    ids: input.ids,
  };
  return sealPlan(plan);
}

/** What is planned for the objects, in the order of the pairs: for those that hang together, and for the many that do not. */
interface Planned {
  readonly held: readonly ObjectPlan[];
  readonly alone: Alone;
}

/**
 * Plans each object. What one object may point to depends on which others come back, and that on what they point to: objects that cannot come
 * back are taken out until no more are found.
 */
function planObjects(input: PlanInput, mayStandAlone: typeof standsAlone): { planned: Planned; context: Context } {
  const missing = input.pairs.missing();
  const independent = independentKinds(input.kinds);
  let coming = new Set<Ref>();
  for (const { ref } of missing) coming.add(ref);
  for (;;) {
    const context = contextOf(coming, missing, input);
    const restored = new Set<Ref>();
    for (const { ref, bin } of missing)
      if (bin !== undefined && coming.has(ref) && independent.has(kindOf(ref))) restored.add(ref);
    const relations: Relations = {
      reached: reachedByPolicies(context),
      independent,
      restored,
      givenUp: restored.size === 0 ? new Set() : givenUp(input),
    };
    const held: ObjectPlan[] = [];
    const alone = new Alone(input.scratch);
    let at = 0;
    for (const pair of input.pairs) {
      const object = planObject(at++, pair, input.kinds.get(kindOf(pair.ref))!, context);
      if (!mayStandAlone(object, context, relations)) held.push(object);
      else if (pair.live === undefined && object.drafts.length > 0) held.push(alone.takeRestored(object, context));
      else alone.take(object, plannedObject(object, input), context);
    }
    const really = new Set(
      held
        .filter(({ drafts }) => drafts.some(({ body }) => body.action === 'restore' || body.action === 'recreate'))
        .map(({ pair }) => pair.ref),
    );
    if (really.size === coming.size) return { planned: { held, alone }, context };
    coming = really;
  }
}

function contextOf(coming: ReadonlySet<Ref>, missing: Iterable<Pair>, input: PlanInput): Context {
  const come: Iterable<Pair> = {
    *[Symbol.iterator]() {
      for (const pair of missing) if (coming.has(pair.ref)) yield pair;
    },
  };
  const comingByAppId = new Map<string, Ref>();
  for (const { ref, goal } of come)
    if (typeof goal?.attributes.appId === 'string') comingByAppId.set(`${kindOf(ref)} ${goal.attributes.appId}`, ref);
  return { input, renewed: renewals(input.kinds, come), coming, comingByAppId, returning: returning(input) };
}

/** What is planned for each object, of those that are packed and those that are held, as one list. */
function inOrder<Item>(
  packed: Iterable<At<Item>>,
  objects: readonly ObjectPlan[],
  of: (object: ObjectPlan) => Item | readonly Item[],
  scratch: Scratch | undefined,
): Pile<Item> {
  const held = objects.flatMap((object) => [of(object)].flat().map((item) => ({ at: object.at, item: item as Item })));
  const all = new Pile<Item>(scratch);
  for (const { item } of merged([packed, held], byPlace)) all.push(item);
  return all;
}

/**
 * The old ids and application ids of the objects that will be made anew, of those that come back, and what will stand in their place: of
 * those that lie in a bin, only the ones that would belong there to something that is no more.
 */
export function renewals(kinds: Kinds, coming: Iterable<Pair>): Map<string, Placeholder> {
  const renewed = new Map<string, Placeholder>();
  // Whether one object is made anew can depend on another one that is: as often as new ones are found, all are looked at again.
  for (let before = -1; before < renewed.size; ) {
    before = renewed.size;
    for (const { ref, goal, bin } of coming) {
      const kind = kinds.get(kindOf(ref));
      if (goal === undefined || kind === undefined) continue;
      if (bin !== undefined && !outlived(kind, goal, renewed)) continue;
      for (const was of Object.values(renewsOf(kind, goal))) renewed.set(was, { $new: ref, was });
    }
  }
  return renewed;
}

/** How an object that steps write to was found; undefined where there are none. */
function plannedObject({ pair, state, drafts }: ObjectPlan, input: PlanInput): PlannedObject | undefined {
  const first = drafts[0];
  if (first === undefined) return undefined;
  const kind = input.kinds.get(kindOf(pair.ref))!;
  return {
    ref: pair.ref,
    state,
    displayName: first.body.displayName,
    ...(pair.live === undefined ? {} : { digest: pair.digest ?? digestOf(kind, pair.live) }),
  };
}

interface Access {
  /** Reasons why the plan may not be applied at all: some step of it would leave no emergency account a way in. */
  readonly blockers: Refusal[];
  readonly warnings: string[];
}

/** Follows who can sign in through all of the steps. */
function guardedAccess(objects: readonly ObjectPlan[], steps: Iterable<Step>, input: PlanInput): Access {
  if (input.access === undefined) return { blockers: [], warnings: [] };
  if (input.emergencyAccounts.length === 0) return { blockers: withoutAccount(objects, input), warnings: [] };
  const binned = new Map<Ref, JsonObject>();
  for (const { ref, bin } of input.pairs.missing())
    if (bin !== undefined && decidesInBin(ref, input.emergencyAccounts)) binned.set(ref, bin.attributes);
  const guard = lockOutGuard(input.access, (ref) => binned.get(ref));
  const blockers: Refusal[] = [];
  const before = guard.safe();
  for (const step of steps) {
    const against = blockers.length > 0 ? undefined : guard.against(step);
    if (against !== undefined)
      blockers.push({
        ref: step.ref,
        kind: kindOf(step.ref),
        displayName: step.displayName,
        reason: 'lockOut',
        because: `After step ${step.id} (${step.action} ${step.displayName}) ${against}. Name an exclusion in the commit, or put policies back with --report-only-first.`,
      });
    guard.done(step);
  }
  if (!guard.safe())
    return {
      blockers,
      warnings: [
        'No emergency account is enabled and excluded from every enabled blocking policy, now or after this plan.',
      ],
    };
  return {
    blockers,
    warnings: before ? [] : ['No emergency account has a way in now; this plan gives one back.'],
  };
}

function withoutAccount(objects: readonly ObjectPlan[], input: PlanInput): Refusal[] {
  const enforces = objects.some(({ pair, drafts }) => kindOf(pair.ref) === policyKind && drafts.length > 0);
  if (!enforces || input.options.withoutEmergencyAccount) return [];
  return [
    {
      reason: 'noEmergencyAccount',
      because:
        'It writes to Conditional Access, and driftline.yaml names no emergency account, so that nobody is locked out cannot be checked; add emergencyAccounts to driftline.yaml.',
      flag: '--without-emergency-account',
    },
  ];
}

function warnings(objects: readonly ObjectPlan[], input: PlanInput): string[] {
  const said: string[] = [];
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
  for (const { pair, drafts } of objects)
    if (drafts.length > 0 && becomesDynamic(pair, input.kinds.get(kindOf(pair.ref))!))
      said.push(
        `${drafts[0]!.body.displayName} becomes dynamic: its ${pair.live?.links.members?.length ?? 0} members go until the rule has been evaluated.`,
      );
  return said;
}
