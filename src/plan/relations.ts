// Relations: what a draft names, needs or sets free, by which drafts of different objects hang together; and which objects stand alone.
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { holds, type Kind, type Kinds, requiredReferences } from '../model/kind.ts';
import { kindOf, type Ref } from '../model/ref.ts';
import type { Body, Draft, ObjectPlan, Pair, PlanInput } from './input.ts';
import { policyKind } from './policies.ts';
import { type Context, refOf } from './steps.ts';
import { referencesIn } from './values.ts';

/** Values that one object only may have at a time: whoever gives it up comes first, even if that is a deletion. */
const unique = ['userPrincipalName', 'mailNickname', 'identifierUris'];

/** The values of an object that no other one of its kind may have, each as a text that says which. */
export function uniqueValues(kind: string, attributes: JsonObject): string[] {
  return unique.flatMap((name) => {
    const value = attributes[name];
    const values = isArray(value) ? value : [value];
    return values.flatMap((one) => (typeof one === 'string' ? [`${kind} ${name} ${one}`] : []));
  });
}

/** Such values that objects of the tenant have and will not have: whoever is to have one has to wait. */
export function givenUp({ kinds, pairs }: PlanInput): Set<string> {
  const found = new Set<string>();
  for (const { name, attributes } of kinds.values()) {
    if (!unique.some((one) => attributes[one] !== undefined)) continue;
    for (const { live, goal } of pairs.of(name)) {
      const kept = new Set(uniqueValues(name, goal?.attributes ?? {}));
      for (const value of uniqueValues(name, live?.attributes ?? {})) if (!kept.has(value)) found.add(value);
    }
  }
  return found;
}

/** Refs that the placeholders in a value stand for. */
export function placeholders(value: Json | undefined, found: Set<Ref> = new Set()): Set<Ref> {
  if (isArray(value)) for (const item of value) placeholders(item, found);
  else if (isObject(value)) {
    if (typeof value.$new === 'string') found.add(value.$new as Ref);
    else for (const member of Object.values(value)) placeholders(member, found);
  }
  return found;
}

/** What a draft writes, by attribute; undefined where it writes no attributes. */
export function afterOf(body: Body): Json | undefined {
  if (body.action === 'action') return { [body.attribute]: body.after };
  if (body.action === 'createItem' || body.action === 'updateItem') return { [body.attribute]: [body.after ?? {}] };
  return body.action === 'recreate' || body.action === 'update' ? body.after : undefined;
}

/** The value with the old ids in place of what will come: what names a new object by its application id names its service principal too. */
function asBefore(value: Json): Json {
  if (isArray(value)) return value.map(asBefore);
  if (!isObject(value)) return value;
  if (typeof value.$new === 'string') return value.was ?? null;
  if (isArray(value.$text)) return value.$text.map((piece) => String(asBefore(piece))).join('');
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asBefore(member)]));
}

/** The objects that must be there before the draft can be done, whether they are there already or come by the plan. */
export function namedBy(body: Body, pair: Pair, context: Context): Ref[] {
  const named: (Ref | undefined)[] = [];
  if (body.action === 'link') named.push(body.target);
  const kind = context.input.kinds.get(kindOf(pair.ref))!;
  // An application comes back before its service principal, which Graph would not have without it.
  if (body.action === 'restore' && pair.goal !== undefined)
    for (const found of referencesIn(kind, pair.goal.attributes))
      if (kind.attributes[found.path]?.required === true)
        named.push(refOf(context, found.reference.kind, found.reference.by ?? 'id', found.value));
  const after = afterOf(body);
  if (isObject(after)) {
    named.push(...placeholders(after));
    for (const found of referencesIn(kind, asBefore(after) as JsonObject)) {
      // Graph asks whether it is there where a policy names it, and where an object cannot be without it.
      if (kind.lane === 'directory' && kind.attributes[found.path]?.required !== true) continue;
      named.push(refOf(context, found.reference.kind, found.reference.by ?? 'id', found.value));
    }
  }
  return named.filter((ref) => ref !== undefined);
}

/** Does the object become one whose members follow from a rule? */
export function becomesDynamic({ live, goal }: Pair, kind: Kind): boolean {
  const { computedWhen } = kind.links.members ?? {};
  if (computedWhen === undefined || live === undefined || goal === undefined) return false;
  return holds(computedWhen, goal.attributes) && !holds(computedWhen, live.attributes);
}

/** Objects of the plan that a policy in it names, or whose group it names: the policy waits for them. */
export function reachedByPolicies(context: Context): Set<Ref> {
  const { kinds, pairs } = context.input;
  const reached = new Set<Ref>();
  const policies = kinds.get(policyKind);
  if (policies === undefined) return reached;
  for (const { goal } of pairs.of(policyKind))
    for (const { reference, value } of referencesIn(policies, goal?.attributes ?? {})) {
      const ref = refOf(context, reference.kind, reference.by ?? 'id', value);
      if (ref !== undefined) reached.add(ref);
    }
  // Groups may lie in groups: as often as new ones are found, all are looked at again.
  for (let before = 0; before < reached.size; ) {
    before = reached.size;
    for (const { ref, goal } of pairs.of('groups'))
      if (reached.has(ref)) for (const { target } of goal?.links.members ?? []) reached.add(target);
  }
  return reached;
}

/** Kinds of which no object can be without another one, and without which none of another kind is. */
export function independentKinds(kinds: Kinds): ReadonlySet<string> {
  const found = new Set([...kinds.keys()].filter((name) => name !== policyKind));
  for (const kind of kinds.values())
    for (const other of requiredReferences(kind)) {
      found.delete(kind.name);
      found.delete(other.kind);
    }
  return found;
}

/** What is known of all objects while each is asked whether it stands alone. */
export interface Relations {
  /** As {@link reachedByPolicies} gives it. */
  readonly reached: ReadonlySet<Ref>;
  /** As {@link independentKinds} gives it. */
  readonly independent: ReadonlySet<string>;
  /** Objects that a step brings back from the bin which itself needs no other one: it is done before anything else. */
  readonly restored: ReadonlySet<Ref>;
  /** As {@link givenUp} gives it, where anything comes. */
  readonly givenUp: ReadonlySet<string>;
}

/**
 * Does no step of this object need another one but for those that restore objects and one update of its own, and does no other object need one of
 * its steps but for the one that restores it? Where that is not sure it does not stand alone.
 */
export function standsAlone({ pair, drafts }: ObjectPlan, context: Context, relations: Relations): boolean {
  const { reached, independent, restored } = relations;
  const kind = context.input.kinds.get(kindOf(pair.ref))!;
  if (!independent.has(kind.name) || reached.has(pair.ref)) return false;
  if (drafts.length === 0) return true;
  if (pair.goal === undefined || becomesDynamic(pair, kind)) return false;
  if (pair.live === undefined && !restored.has(pair.ref)) return false;
  const leads = leadsOf(drafts);
  if (leads.size > 1 || [...leads].some((lead) => lead.stage !== 'grow' || leadsOf([lead]).size > 0)) return false;
  return drafts.every(({ body, after }) => {
    if (after.length > 0) return false;
    const taken = uniqueValues(kind.name, (afterOf(body) ?? {}) as JsonObject);
    // What is there may itself give up a value that another one waits for.
    if (taken.length > 0 && (pair.live !== undefined || taken.some((value) => relations.givenUp.has(value))))
      return false;
    return comingBy(body, pair, context).every((ref) => restored.has(ref));
  });
}

/** What some of the drafts need beside the restoring of objects. */
export function leadsOf(drafts: readonly Draft[]): Set<Draft> {
  return new Set(drafts.flatMap(({ needs }) => needs.filter(({ body }) => body.action !== 'restore')));
}

/** Of the objects that a draft names those that come by the plan. */
export function comingBy(body: Body, pair: Pair, context: Context): Ref[] {
  const { coming } = context;
  return coming.size === 0 ? [] : namedBy(body, pair, context).filter((ref) => coming.has(ref));
}
