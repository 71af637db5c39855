// What planning is given: the pairs of objects that differ, and what else must be known of the tenant; all of it data.
import type { IgnoreRule, Thresholds } from '../model/config.ts';
import type { Coverage } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import type { Kinds } from '../model/kind.ts';
import type { IdMap, PlanOptions, PlanSide, Refusal, Step, Unrepaired } from '../model/plan.ts';
import type { Ref } from '../model/ref.ts';
import type { Scope } from '../model/scope.ts';
import type { Scratch } from '../model/scratch.ts';
import type { TenantIdentity } from '../model/tenant.ts';
import type { AgedGrant } from './grants.ts';
import type { Pairs } from './pairs.ts';

/** One object as it is now and as the goal has it: the goal side under the ids of today, and what is ignored as it is now. */
export interface Pair {
  readonly ref: Ref;
  readonly live?: Entity;
  readonly goal?: Entity;
  /** The object as it lies in the bin, where it is not there now. */
  readonly bin?: Entity;
  /** Digest of the living object, where only what planning looks at is held of it. */
  readonly digest?: string;
}

/** What decides whether people can still sign in: read from the tenant beside the scope. */
export interface AccessState {
  /** Emergency accounts by object id: are they there and enabled? */
  readonly accounts: Readonly<Record<string, { readonly enabled: boolean; readonly displayName: string }>>;
  /** All Conditional Access policies as they are. */
  readonly policies: readonly Entity[];
  /** Direct members by group id, of every group that a policy names, and of the groups in them. */
  readonly members: Readonly<Record<string, readonly Ref[]>>;
}

export interface PlanInput {
  readonly kinds: Kinds;
  readonly pairs: Pairs;
  /** Where what is planned for many objects lies, as long as somebody holds the plan; default: in memory. */
  readonly scratch?: Scratch;
  /** Is there such an object in the tenant now? Asked of every object that a step points to. */
  readonly exists: (ref: Ref) => boolean;
  /** The object of this kind with this application id, now. */
  readonly byAppId: (kind: string, appId: string) => Ref | undefined;
  readonly nameOf: (ref: Ref) => string | undefined;
  readonly coverage: { readonly live: Coverage; readonly goal: Coverage };
  /** Objects of each kind in the live commit. */
  readonly population: Readonly<Record<string, number>>;
  readonly identity: TenantIdentity;
  readonly ignore: readonly IgnoreRule[];
  readonly protect: readonly string[];
  readonly emergencyAccounts: readonly string[];
  readonly thresholds: Thresholds;
  /** Undefined where the plan cannot touch anything that decides about sign-in. */
  readonly access: AccessState | undefined;
  readonly options: PlanOptions;
  /** What in the goal gives access that is not there now, each with its age. */
  readonly grants: readonly AgedGrant[];
  readonly live: PlanSide;
  readonly goal: PlanSide;
  readonly scope: Scope;
  readonly ids: IdMap;
  /** References outside the scope that point to objects which may be made anew. */
  readonly outside: readonly Unrepaired[];
  readonly reason?: string;
  readonly tool: string;
  readonly createdAt: string;
}

type Without<Type, Names extends PropertyKey> = Type extends unknown ? Omit<Type, Names> : never;

/** What a step does, before it has its place in the plan. */
export type Body = Without<Step, 'id' | 'needs' | 'wave'>;

/**
 * When in a plan a step comes: first what adds or changes, then policies that do not enforce yet, then those that do, then what takes away,
 * then what deletes. Grow before you shrink; guards are set up when what they guard, and whom they let pass, is there.
 */
export const stages = ['grow', 'policy', 'enforce', 'shrink', 'delete'] as const;
export type Stage = (typeof stages)[number];

/** A step in the making: what is done to the object is settled early, when it may be done only once all drafts are there. */
export interface Draft {
  body: Body;
  stage: Stage;
  /** Drafts that must be done, else this one may not be tried. */
  readonly needs: Draft[];
  /** Drafts that are better done before; where that cannot be, it is tried all the same. */
  readonly after: Draft[];
}

/** What is planned for one object. */
export interface ObjectPlan {
  /** Its place among the pairs. */
  readonly at: number;
  readonly pair: Pair;
  readonly state: 'live' | 'bin' | 'gone';
  readonly drafts: Draft[];
  readonly refusals: Refusal[];
}
