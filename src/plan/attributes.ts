// Attribute steps: what of an object's attributes and contained objects differs in, updates, actions and item steps out.
import { attributeAt } from '../model/canonical.ts';
import { equal, isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { type Attribute, type Contained, type ContainedWrite, isIrrevocable, ownItems } from '../model/kind.ts';
import type { RefusalReason } from '../model/plan.ts';
import type { Ref } from '../model/ref.ts';
import { accessOfValue } from './access.ts';
import { ignored } from './guard.ts';
import type { Body, Draft, Stage } from './input.ts';
import { accessRefused, addDraft, reachable, refOf, refuse, type Work } from './steps.ts';
import { outgoing, referencesIn, substitute, writable, writeOf } from './values.ts';

/** Attributes that Graph takes only together (reference 3.2: a membership rule). */
export const together: readonly (readonly string[])[] = [
  ['groupTypes', 'membershipRule', 'membershipRuleProcessingState'],
];

/** The steps for attributes that differ between the object as it is and the goal; contained objects have steps of their own. */
export function attributeSteps(work: Work): void {
  const { kind, now, goal } = work;
  const contained = new Set((kind.contained ?? []).map(({ attribute }) => attribute));
  const actions: Draft[] = [];
  const before: Record<string, Json> = {};
  const after: Record<string, Json> = {};
  const access = new Set<Body['access'][number]>();
  const names = new Set([...Object.keys(now?.attributes ?? {}), ...Object.keys(goal.attributes)]);
  for (const name of names) {
    if (contained.has(name)) continue;
    const change = attributeChange(work, name);
    if (change === undefined) continue;
    if (change.action !== undefined) {
      const { action, ...sides } = change;
      actions.push(addDraft(work, { action: 'action', name: action, attribute: name, ...sides }));
      continue;
    }
    before[name] = change.before;
    after[name] = change.after;
    for (const one of change.access) access.add(one);
  }
  if (Object.keys(after).length === 0) return;
  for (const group of together)
    if (group.some((name) => Object.hasOwn(after, name)))
      for (const name of group) {
        if (Object.hasOwn(after, name) || goal.attributes[name] === undefined) continue;
        before[name] = now?.attributes[name] ?? null;
        after[name] = goal.attributes[name];
      }
  const type = goal.type ?? now?.type;
  const shape = { action: 'update' as const, ...(type === undefined ? {} : { type }) };
  const interim = disabledFirst(now?.attributes ?? {}, after);
  const needs: Draft[] = [];
  if (Object.keys(interim).length > 0) {
    const [from, to] = [pick(before, interim), interim];
    const because = 'Graph changes and removes app roles and scopes only when they are disabled';
    needs.push(addDraft(work, { ...shape, before: from, after: to, because }));
  }
  const update = addDraft(work, { ...shape, before, after, access: [...access] }, 'grow', needs);
  // A user takes licences only with a usage location (reference 3.1).
  for (const action of actions) action.after.push(update);
}

function pick(from: JsonObject, names: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(names).map((name) => [name, from[name] ?? null]));
}

interface AttributeStep {
  readonly before: Json;
  readonly after: Json;
  readonly access: Body['access'];
  readonly action?: string;
}

/** What one top-level attribute needs, or undefined where it needs nothing or may not be written (which is noted). */
function attributeChange(work: Work, name: string): AttributeStep | undefined {
  const { kind, now, goal } = work;
  const fact = attributeAt(kind, name);
  const whole = { before: now?.attributes[name], after: repaired(work, name, goal.attributes[name]) };
  if (equal(whole.before, whole.after) || ignored(work.pair, name, work.context.input.ignore)) return undefined;
  const before = ownItems(fact, whole.before);
  const wanted = ownItems(fact, whole.after);
  if (inheritedDiffers(whole, { before, after: wanted }))
    refuse(work, 'readOnly', `${name}: some of it comes with a group, and follows from the membership.`, {
      path: name,
    });
  if (equal(before, wanted)) return undefined;
  const because = unwritable(work, name, before, wanted);
  // A bin does not show everything: what it does not show is not said to differ.
  if (because !== undefined && !work.fully && before === undefined) return undefined;
  if (because !== undefined) return void refuse(work, because, whyNot(because, name), { path: name });
  const missing = missingReferences(work, name, wanted);
  const { dropMissing } = work.context.input.options;
  if (missing.length > 0 && !dropMissing) return void refuseMissing(work, name, missing);
  const kept = missing.length === 0 ? wanted : withoutMissing(wanted, new Set(missing.map(({ value }) => value)));
  const change = {
    kind,
    path: name,
    before,
    after: kept,
    objectBefore: now?.attributes ?? {},
    object: goal.attributes,
  };
  const access = accessOfValue({ ...change, exists: now !== undefined });
  if (accessRefused(work, access, name)) return undefined;
  const { action } = fact;
  return {
    before: explicit(fact, before ?? null),
    after: explicit(fact, outgoing(kind, name, before, kept)),
    access,
    ...(writeOf(kind, name) === 'action' && action !== undefined ? { action } : {}),
  };
}

interface Sides {
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Do the items differ that come from elsewhere, which are in the whole sides and not in one's own? */
function inheritedDiffers(whole: Sides, own: Sides): boolean {
  const rest = (all: Json | undefined, mine: Json | undefined) =>
    isArray(all) ? all.filter((item) => !(isArray(mine) && mine.includes(item))) : [];
  return !equal(rest(whole.before, own.before), rest(whole.after, own.after));
}

/** Items with all the members that an action takes: what is not set in the goal is to be cleared, not to be left as it is. */
function explicit({ difference }: Attribute, value: Json): Json {
  if (difference === undefined || !isArray(value)) return value;
  return value
    .filter(isObject)
    .map((item) => Object.fromEntries(difference.members.map((member) => [member, item[member] ?? []])));
}

function unwritable(
  work: Work,
  name: string,
  before: Json | undefined,
  wanted: Json | undefined,
): RefusalReason | undefined {
  const { kind } = work;
  const fact = attributeAt(kind, name);
  const write = writeOf(kind, name);
  if (write === 'never') return 'readOnly';
  if (work.synced && fact.cloudOnly !== false) return 'synced';
  if (write === 'create') return 'createOnly';
  // Only members that cannot be written differ.
  return equal(writable(kind, name, before, false), writable(kind, name, wanted, false)) ? 'readOnly' : undefined;
}

function whyNot(reason: RefusalReason, name: string): string {
  switch (reason) {
    case 'secret':
      return `${name}: Graph never shows a secret, so none is stored and none can be put back; add a new one where it is needed.`;
    case 'synced':
      return `${name} is mastered on-premises: change it there.`;
    case 'createOnly':
      return `${name} can be set only when the object is created.`;
    default:
      return `${name} is read-only in Graph.`;
  }
}

/** A goal value with placeholders where it points to objects that are made anew. */
export function repaired({ kind, context }: Work, name: string, value: Json | undefined): Json | undefined {
  if (value === undefined || context.renewed.size === 0) return value;
  return substitute(kind, { [name]: value }, (id) => context.renewed.get(id))[name];
}

interface Missing {
  readonly path: string;
  readonly value: string;
  readonly ref: Ref;
}

/**
 * References that Graph would refuse, since what they point to is not there and the plan does not bring it. Policies are checked at every
 * write, directory objects where they cannot be made without (reference 3.6, 3.7, 3.11).
 */
function missingReferences(work: Work, name: string, value: Json | undefined): Missing[] {
  const { kind, context } = work;
  if (value === undefined || (kind.lane === 'directory' && attributeAt(kind, name).required !== true)) return [];
  const missing: Missing[] = [];
  for (const found of referencesIn(kind, { [name]: value })) {
    const { reference } = found;
    // Nobody checks the ids inside a text.
    if (reference.inside) continue;
    const ref = refOf(context, reference.kind, reference.by ?? 'id', found.value);
    if (ref === undefined || reachable(context, ref)) continue;
    // A service principal of another tenant's application has no application here.
    if (reference.by === 'appId' && kind.lane === 'directory') continue;
    missing.push({ path: found.path, value: found.value, ref });
  }
  return missing;
}

function refuseMissing(work: Work, name: string | undefined, missing: readonly Missing[]): void {
  const { path, ref } = missing[0]!;
  const more = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
  const known = work.context.input.nameOf(ref);
  refuse(
    work,
    'missing',
    `${path} names ${known === undefined ? ref : `${known} (${ref})`}${more}, which is not in the tenant and not in this plan; leaving it out would change whom ${work.displayName} is about.`,
    {
      ...(name === undefined ? {} : { path: name }),
      target: ref,
      ...(work.kind.lane === 'directory' ? {} : { flag: '--drop-missing' }),
    },
  );
}

/** The value without the items that point to missing objects. */
function withoutMissing(value: Json | undefined, missing: ReadonlySet<string>): Json | undefined {
  if (isArray(value))
    return value
      .filter(
        (item) => !(typeof item === 'string' && missing.has(item)) && !(isObject(item) && missing.has(String(item.id))),
      )
      .map((item) => withoutMissing(item, missing)!);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutMissing(member, missing)!]));
}

/** For top-level values with app roles or scopes: the value to write first, with those disabled that change or go (reference 3.3). */
function disabledFirst(now: JsonObject, after: JsonObject): JsonObject {
  const interim: Record<string, Json> = {};
  for (const [name, value] of Object.entries(after)) {
    const before = now[name];
    const own = disabledIn(before, value);
    if (own !== undefined) {
      interim[name] = own;
      continue;
    }
    if (!isObject(before) || !isObject(value)) continue;
    for (const member of Object.keys(before)) {
      const inner = disabledIn(before[member], value[member]);
      if (inner !== undefined) interim[name] = { ...before, [member]: inner };
    }
  }
  return interim;
}

function disabledIn(before: Json | undefined, after: Json | undefined): Json | undefined {
  if (!isArray(before)) return undefined;
  const wanted = new Map((isArray(after) ? after : []).filter(isObject).map((item) => [item.id, item]));
  let changed = false;
  const items = before.map((item) => {
    if (!isObject(item) || typeof item.id !== 'string' || item.isEnabled !== true) return item;
    const next = wanted.get(item.id);
    // Switching it off is itself allowed; what else changes needs it off before.
    if (next !== undefined && equal({ ...next, isEnabled: true }, item)) return item;
    changed = true;
    return { ...item, isEnabled: false };
  });
  return changed ? items : undefined;
}

type Later = (work: Work) => void;

/** What the request that makes the object bears, and what is to be written after it. Undefined where it cannot be made (which is noted). */
export function newAttributes(work: Work): { after: Record<string, Json>; later: Later[] } | undefined {
  const { kind, goal } = work;
  const contained = new Set((kind.contained ?? []).map(({ attribute }) => attribute));
  const after: Record<string, Json> = {};
  const later: Later[] = [];
  for (const [name, stored] of Object.entries(goal.attributes)) {
    if (contained.has(name)) continue;
    const fact = attributeAt(kind, name);
    const write = writeOf(kind, name);
    if (write === 'never') continue;
    const missing = missingReferences(work, name, stored);
    if (missing.length > 0 && !work.context.input.options.dropMissing)
      return void refuseMissing(work, undefined, missing);
    const kept = missing.length === 0 ? stored : withoutMissing(stored, new Set(missing.map(({ value }) => value)));
    const value = writable(kind, name, ownItems(fact, repaired(work, name, kept)), true);
    if (value === undefined) continue;
    if (write === 'action' && fact.required !== true)
      later.push((rest) => {
        const after = explicit(fact, value);
        addDraft(rest, { action: 'action', name: fact.action!, attribute: name, before: null, after });
      });
    else after[name] = value;
  }
  return { after, later };
}

/**
 * The steps for objects that live inside this one. Of one that comes back from the bin only those are known that come with it: of the others,
 * what is there is left, the rest made.
 */
export function itemSteps(work: Work, contained: Contained): void {
  const { now, goal, kind } = work;
  const { attribute, key } = contained;
  const fully = work.fully || contained.read === 'inline';
  const known = fully ? byKey(now?.attributes[attribute], key) : new Map<string, JsonObject>();
  const wanted = byKey(repaired(work, attribute, goal.attributes[attribute]), key);
  for (const [name, item] of wanted) {
    const before = known.get(name);
    if (before !== undefined && equal(before, item)) continue;
    const write = before === undefined ? 'create' : 'update';
    const after = write === 'create' ? item : asUpdate(work, contained, before!, item);
    itemStep(work, contained, write, name, before, after);
  }
  for (const [name, before] of known)
    if (!wanted.has(name)) itemStep(work, contained, 'delete', name, before, undefined);
  if (!fully && now !== undefined && contained.write.includes('delete') && kind.deletion.mode === 'soft')
    addDraft(work, { action: 'prune', of: attribute, keep: [...wanted.keys()] }, 'shrink');
}

function itemStep(
  work: Work,
  contained: Contained,
  write: ContainedWrite,
  key: string,
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): void {
  const { attribute } = contained;
  const path = `${attribute}[${key}]`;
  const type = String((after ?? before)?.['@odata.type']);
  if (work.synced) {
    refuse(work, 'synced', whyNot('synced', path), { path });
    return;
  }
  if (!(contained.writeOf?.[type] ?? contained.write).includes(write)) {
    if (isIrrevocable(contained) && write === 'create') refuse(work, 'secret', whyNot('secret', path), { path });
    else refuse(work, 'readOnly', `Graph lets nobody ${write} ${path}.`, { path });
    return;
  }
  if (write === 'delete' && isIrrevocable(contained) && !work.context.input.options.removeCredentials) {
    const named = typeof before?.displayName === 'string' ? `“${before.displayName}” ` : '';
    const because = `${named}came after the commit; whoever uses it is cut off when it goes, and nobody can put it back.`;
    refuse(work, 'newCredential', because, { path, flag: '--remove-credentials' });
    return;
  }
  const missing = missingReferences(work, attribute, after === undefined ? undefined : [after]);
  if (missing.length > 0 && !work.context.input.options.dropMissing) {
    refuseMissing(work, path, missing);
    return;
  }
  const kept = missing.length === 0 ? after : withoutMissing(after, new Set(missing.map(({ value }) => value)));
  const access = accessOfValue({
    kind: work.kind,
    path: attribute,
    before: before === undefined ? [] : [before],
    after: after === undefined ? undefined : [after],
    objectBefore: work.now?.attributes ?? {},
    object: work.goal.attributes,
    exists: work.now !== undefined,
  });
  if (accessRefused(work, access, path)) return;
  const stage: Stage = write === 'delete' ? 'shrink' : 'grow';
  addDraft(
    work,
    {
      action: `${write}Item`,
      attribute,
      key,
      ...(before === undefined ? {} : { before }),
      ...(kept === undefined ? {} : { after: kept as JsonObject }),
      access,
    },
    stage,
  );
}

function asUpdate(work: Work, contained: Contained, before: JsonObject, item: JsonObject): JsonObject {
  const whole = outgoing(work.kind, contained.attribute, before, item);
  const { [contained.key]: _key, ...members } = isObject(whole) ? whole : {};
  return Object.fromEntries(Object.entries(members).filter(([name]) => !contained.createOnly?.includes(name)));
}

function byKey(value: Json | undefined, key: string): Map<string, JsonObject> {
  return new Map((isArray(value) ? value : []).filter(isObject).map((item) => [String(item[key]), item]));
}
