// Plan: the steps that make the tenant like a commit, as data; and the changes that it will not make, each with its reason.
import { isArray, isObject, type Json, type JsonObject } from './json.ts';
import type { AccessClass } from './kind.ts';
import type { List } from './list.ts';
import { Problem } from './problem.ts';
import { keyOf, kindOf, type Ref, toRef } from './ref.ts';
import type { Scope } from './scope.ts';

/** The version of the plan file; a plan of another version is not applied. */
export const planVersion = 2;

/**
 * What one step does. `restore` brings an object back from the bin under its own id; `recreate` makes it anew, under a new id where
 * Graph gives one; `action` writes an attribute by a request of its own; `…Item` writes an object that lives inside another one;
 * `prune` takes away what came back from the bin with an object and is not in the goal; `delete` is a soft deletion where there is a bin.
 */
export const stepActions = [
  'restore',
  'recreate',
  'update',
  'action',
  'createItem',
  'updateItem',
  'deleteItem',
  'link',
  'unlink',
  'prune',
  'delete',
] as const;

/**
 * What the value of a reference will be once the object that is made anew has its id: replaced when the step is applied.
 * Where ids stand inside a longer text, `{ "$text": [ … ] }` holds its pieces in order, texts and placeholders.
 */
export interface Placeholder extends JsonObject {
  /** The object's ref as the goal has it. */
  readonly $new: Ref;
  /** The old id, or application id, that stood here. */
  readonly was: string;
}

/** The oldest commit from which on the history of the goal shows what gives access, whenever it shows the object at all. */
export interface Since {
  readonly commit: string;
  readonly at: string;
  /** The history begins there, so that it may be older. */
  readonly beginning: boolean;
}

interface StepCommon {
  /** `1`, `2`, … in the order of the plan. */
  readonly id: string;
  readonly ref: Ref;
  readonly displayName: string;
  /** Steps that must have been done, else this one is skipped. All of them stand earlier in the plan. */
  readonly needs: readonly string[];
  /** Steps of one wave do not depend on each other; the next wave begins when all of this one have their outcome. */
  readonly wave: number;
  /** What it gives access to; each class was allowed by name. */
  readonly access: readonly AccessClass[];
  /** Since when there has been what gives it; the youngest of it. */
  readonly since?: Since;
  /** Why there is such a step, where it does not say itself. */
  readonly because?: string;
}

export type Step = StepCommon &
  (
    | { readonly action: 'restore' }
    /** `renews`: the old values of what Graph gives anew, by the property of its answer (`id`, `appId`). */
    | {
        readonly action: 'recreate';
        readonly type?: string;
        readonly after: JsonObject;
        readonly renews: Readonly<Record<string, string>>;
      }
    /** Whole top-level values; in `after` null and [] clear. */
    | { readonly action: 'update'; readonly type?: string; readonly before: JsonObject; readonly after: JsonObject }
    | {
        readonly action: 'action';
        readonly name: string;
        readonly attribute: string;
        readonly before: Json;
        readonly after: Json;
      }
    | {
        readonly action: 'createItem' | 'updateItem' | 'deleteItem';
        readonly attribute: string;
        readonly key: string;
        readonly before?: JsonObject;
        readonly after?: JsonObject;
      }
    | {
        readonly action: 'link' | 'unlink';
        readonly link: string;
        readonly target: Ref;
        /** The other end's name, where it is known. */
        readonly targetName?: string;
        readonly properties?: Readonly<Record<string, Json>>;
      }
    /** `of` is a link or a contained attribute; `keep` holds the link texts or item keys that stay. */
    | { readonly action: 'prune'; readonly of: string; readonly keep: readonly string[] }
    | { readonly action: 'delete'; readonly before: JsonObject }
  );

/** The reasons for which a change is not made. */
export const refusalReasons = {
  synced: 'synced from on-premises: it is mastered there',
  dynamic: 'the membership is computed from a rule',
  readOnly: 'Graph does not let it be written',
  createOnly: 'it can be set only when the object is created',
  secret: 'secrets are not stored, so they cannot be put back',
  notWritable: 'objects of this sort are never written',
  incomplete: 'the kind was not read completely',
  unknownValue: 'it shows a value that this version does not know',
  protected: 'driftline.yaml protects it',
  own: 'it belongs to the application that Driftline itself runs as',
  access: 'it gives access',
  young: 'it gives access, and is younger than what may come back',
  missing: 'it points to an object that is not there',
  lastOwner: 'a group that has an owner keeps one',
  new: 'it came after the commit',
  hardDelete: 'there is no bin for it: a deletion is for good',
  newCredential: 'it came after the commit, and once taken away it cannot be put back',
  notCreatable: 'it cannot be created through Graph',
  notDeletable: 'it cannot be deleted through Graph',
  reportOnly: 'it is put back in report-only mode first',
  threshold: 'it changes too large a part of the kind',
  lockOut: 'it would lock people out',
  noEmergencyAccount: 'no emergency account is named in driftline.yaml',
} as const;
export type RefusalReason = keyof typeof refusalReasons;

/** A change that the plan does not make; or, among the blockers, a reason why none of it may be made. */
export interface Refusal {
  readonly ref?: Ref;
  readonly kind?: string;
  readonly displayName?: string;
  /** Attribute path or link name; absent where it is the whole object. */
  readonly path?: string;
  readonly target?: Ref;
  readonly reason: RefusalReason;
  /** What and why, in one sentence. */
  readonly because: string;
  /** The flag that overrules it, where there is one. */
  readonly flag?: string;
}

/** What a person may let a plan do beyond the ordinary, in the words of the command line and the API; `--delete-new` is `deleteNew`. */
export const planFlags = {
  deleteNew: 'Also delete objects that came after the commit',
  hardDelete: 'With the deletion of new objects: also where no bin takes it back',
  removeCredentials: 'Take away secrets and certificates that came after the commit; nobody can put them back',
  allowMassChange: 'Change or delete more of a kind than the thresholds of driftline.yaml allow',
  reportOnlyFirst: 'Put Conditional Access policies back in report-only mode; a person enables them',
  dropMissing: 'Leave out references to objects that are gone, instead of refusing the object',
  withoutEmergencyAccount: 'Write to Conditional Access though driftline.yaml names no emergency account',
} as const;
export type PlanFlag = keyof typeof planFlags;
export const planFlagNames = Object.keys(planFlags) as readonly PlanFlag[];

/** What this plan may do beyond the ordinary; each is a flag that a person set. */
export type PlanOptions = Readonly<Record<PlanFlag, boolean>> & {
  readonly allowAccess: readonly AccessClass[];
  /** What gives access and was not there yet at this time stays away (ISO 8601, UTC): it may be the intruder's. */
  readonly notAfter?: string;
};

/** The options that were asked for, over the classes of access that are always allowed; what was not said is not done. */
export function planOptions(asked: Partial<PlanOptions>, always: readonly AccessClass[] = []): PlanOptions {
  const allowed = new Set<AccessClass>([...(asked.allowAccess ?? []), ...always]);
  return {
    ...(Object.fromEntries(planFlagNames.map((name) => [name, asked[name] ?? false])) as Record<PlanFlag, boolean>),
    allowAccess: [...allowed].sort(),
    ...(asked.notAfter === undefined ? {} : { notAfter: asked.notAfter }),
  };
}

/** The flag as the command line says it, without its dashes: `deleteNew` is `delete-new`. */
export function flagWords(name: PlanFlag): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** How an object was found when the plan was made; before it is written to it must still be so. */
export interface PlannedObject {
  readonly ref: Ref;
  readonly state: 'live' | 'bin' | 'gone';
  readonly displayName: string;
  /** Digest of the attributes that Graph lets be written; of a live object. */
  readonly digest?: string;
}

/** A reference to an object that is made anew, which this plan does not repair. */
export interface Unrepaired {
  readonly ref: Ref;
  readonly displayName: string;
  readonly path: string;
  readonly target: Ref;
  readonly because: string;
}

/** The steps of a plan in their order: very many are not held as objects, and are made again each time that they are walked. */
export interface Steps extends List<Step> {
  /** The same by object, those of one object together: by kind in the order of the rows, then by ref. Arrays do not have it. */
  readonly byObject?: () => Iterable<readonly Step[]>;
}

export interface PlanSide {
  readonly commit: string;
  readonly at: string;
  /** What was asked for: `HEAD~2`, `@yesterday`, `live`. */
  readonly revision: string;
}

export interface Plan {
  readonly version: typeof planVersion;
  /** Version of the Driftline that made it. */
  readonly tool: string;
  readonly createdAt: string;
  readonly tenant: { readonly tenantId: string; readonly displayName: string; readonly cloud: string };
  readonly live: PlanSide;
  readonly goal: PlanSide;
  readonly scope: Scope;
  readonly options: PlanOptions;
  readonly reason?: string;
  readonly steps: Steps;
  /** The objects that steps write to. */
  readonly objects: List<PlannedObject>;
  /** Changes that are not made. */
  readonly refusals: List<Refusal>;
  /** Reasons why the plan as a whole may not be applied; empty in a plan that may. */
  readonly blockers: readonly Refusal[];
  readonly unrepaired: readonly Unrepaired[];
  /** What a person should know before saying yes. */
  readonly warnings: readonly string[];
  /** New ids of objects that earlier recoveries made anew, as they were when the plan was made. */
  readonly ids: IdMap;
  /** SHA-256 over the canonical JSON of all the rest. */
  readonly digest: string;
}

/** Old id to new id, for objects and application ids that recoveries made anew. */
export type IdMap = Readonly<Record<string, string>>;

/** The id that an old one became, through any number of recoveries; the same where it never changed. */
export function currentId(ids: IdMap, id: string): string {
  const seen = new Set<string>();
  let at = id;
  while (Object.hasOwn(ids, at) && !seen.has(at)) {
    seen.add(at);
    at = ids[at]!;
  }
  return at;
}

const PARTS = /[^_]+/g;

/** The ref by which an object is found now: its key, or each part of its natural key, by {@link currentId}. */
export function currentRef(ids: IdMap, ref: Ref): Ref {
  return toRef(
    kindOf(ref),
    keyOf(ref).replace(PARTS, (part) => currentId(ids, part)),
  );
}

/** A value with its placeholders filled in. Undefined where an object that it points to was not made (yet). */
export function resolvePlaceholders(ids: IdMap, value: Json): Json | undefined {
  if (isArray(value)) {
    const items = value.map((item) => resolvePlaceholders(ids, item));
    return items.some((item) => item === undefined) ? undefined : (items as Json[]);
  }
  if (!isObject(value)) return value;
  if (typeof value.$new === 'string' && typeof value.was === 'string') {
    const now = currentId(ids, value.was);
    return now === value.was ? undefined : now;
  }
  if (isArray(value.$text)) {
    const pieces = resolvePlaceholders(ids, value.$text);
    return isArray(pieces) ? pieces.join('') : undefined;
  }
  const members: [string, Json][] = [];
  for (const [name, member] of Object.entries(value)) {
    const resolved = resolvePlaceholders(ids, member);
    if (resolved === undefined) return undefined;
    members.push([name, resolved]);
  }
  return Object.fromEntries(members);
}

/** Problem `refused`: a plan that may not be applied, with what stands against it. */
export function planBlocked(plan: Plan): Problem {
  return new Problem({
    kind: 'refused',
    summary: 'The plan may not be applied',
    detail: `${plan.blockers
      .map(({ because, flag }) => (flag === undefined ? because : `${because} (${flag} overrules it)`))
      .join(' ')} Nothing was changed.`,
    subject: `plan ${plan.digest.slice(0, 12)}`,
  });
}
