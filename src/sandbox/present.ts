// A stored object in, what a read of it answers out: selected properties, defaults for unset ones, noise, and arrays in any order.
import { bareName, derivedOf, type PropertyInfo, propertiesOf, property, readAs } from './metadata.ts';
import type { World } from './options.ts';
import { allowed } from './permissions.ts';
import {
  badRequest,
  type Context,
  denied,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  type Item,
  type Json,
} from './types.ts';

export interface Shape {
  readonly single: boolean;
  /** The `$select` list; undefined: Graph's default set. */
  readonly selected?: ReadonlySet<string> | undefined;
  /** The collection holds objects of several types, so each says its own. */
  readonly polymorphic?: boolean;
  /** A collection that will be filled in: its place is kept. */
  readonly expanded?: string | undefined;
}

/** What may be read of a type, with the value of a property that was never set. */
const readable = new Map<string, ReadonlyMap<string, Json>>();

function readableOf(type: string, version: 'v1.0' | 'beta', rules: EntityType | undefined): ReadonlyMap<string, Json> {
  const key = `${version} ${type}`;
  const known = readable.get(key);
  if (known) return known;
  const names = new Map<string, Json>();
  for (const [name, info] of propertiesOf(type, version)) {
    if (info.kind === 'entity' && !rules?.children?.[name]?.inline) continue;
    if (info.type === 'any') continue;
    names.set(name, info.collection ? [] : null);
  }
  readable.set(key, names);
  return names;
}

/** Types below which an evolvable enum or a beta-only property may hide; for the others a read needs no second look. */
const needsLook = new Map<string, boolean>();

function mayDiffer(type: string, seen: Set<string> = new Set()): boolean {
  const known = needsLook.get(type);
  if (known !== undefined) return known;
  if (seen.has(type)) return false;
  seen.add(type);
  const found = [type, ...derivedOf(type)].some((each) =>
    [...propertiesOf(each, 'beta').values()].some(
      (info) => info.beta || isEvolvable(info) || (isNested(info) && mayDiffer(info.type, seen)),
    ),
  );
  needsLook.set(type, found);
  return found;
}

/** A client may see another value than the stored one. */
const mayReadOtherwise = (info: PropertyInfo | undefined) =>
  info !== undefined && (isEvolvable(info) || (isNested(info) && mayDiffer(info.type)));

/** An enum with members that clients do not see unless they ask for them. */
const isEvolvable = (info: PropertyInfo) =>
  info.kind === 'enum' &&
  (info.members ?? []).includes('unknownFutureValue') &&
  info.members?.at(-1) !== 'unknownFutureValue';
const isNested = (info: PropertyInfo) => info.kind === 'complex' || info.kind === 'entity';

/** The type that an object says it is of, where it is of a derived one. */
export function typeOfObject(type: string, object: GraphRecord): string {
  const annotated = object['@odata.type'];
  return typeof annotated === 'string' ? bareName(annotated) : type;
}

/** Checks a `$select` list: 400 for unknown properties, 501 and 403 as reference 3.1 says. */
export function checkSelect(
  names: Iterable<string>,
  rules: EntityType,
  context: Context,
  single: boolean,
  derived: readonly string[] = rules.derived ?? [],
): void {
  const known = [rules.type, ...derived].map((type) => readableOf(type, context.version, rules));
  for (const name of names) {
    if (!known.some((each) => each.has(name)) && !/^extension_\w+$/.test(name) && name !== '*') {
      throw badRequest(`Could not find a property named '${name}' on type 'microsoft.graph.${rules.type}'.`);
    }
    if (!single && rules.onlyOnSingle?.includes(name)) {
      throw new GraphError(501, 'NotImplemented', 'This operation target is not yet supported.');
    }
    const guard = rules.guarded?.[name];
    if (guard && !allowed(context.caller.permissions, guard)) throw denied();
  }
}

/** A list that comes with every page is the same set each time, so that its plan is made once. */
const selections = new Map<string, ReadonlySet<string>>();
const mostSelections = 1000;

/** The names in the text of a `$select`; the same set for the same text. */
export function selectionOf(text: string): ReadonlySet<string> {
  const known = selections.get(text);
  if (known) return known;
  if (selections.size >= mostSelections) selections.clear();
  const names = text === '' ? [] : text.split(',');
  const made = new Set(names.map((name) => name.trim().split('/')[0] ?? ''));
  selections.set(text, made);
  return made;
}

/** The names of a `$select`, checked against the type. */
export function parseSelect(
  text: string | undefined,
  rules: EntityType,
  context: Context,
  single: boolean,
): ReadonlySet<string> | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const names = selectionOf(text);
  checkSelect(names, rules, context, single, derivedTypes(rules));
  return names;
}

/** Objects of several types: a name that only one of them has is fine. */
export function derivedTypes(rules: EntityType): readonly string[] | undefined {
  return rules.type === 'directoryObject' ? ['user', 'group', 'application', 'servicePrincipal', 'device'] : undefined;
}

/** What a read answers with, worked out once for all objects of a type. */
interface Plan {
  readonly type: string;
  /** The answer for an object of which nothing was ever set; each answer begins as a copy of it. */
  readonly blank: GraphRecord;
  /** The properties that are shown; true where a client may see another value than the stored one. */
  readonly names: ReadonlyMap<string, boolean>;
  readonly noise: readonly [string, NonNullable<EntityType['noise']>[string]][];
}

const withoutSelect: ReadonlySet<string> = new Set();
const plans = new WeakMap<EntityType, WeakMap<ReadonlySet<string>, Map<string, Plan>>>();

function planOf(rules: EntityType, type: string, context: Context, shape: Shape): Plan {
  const selected = shape.selected ?? withoutSelect;
  const bySelect = plans.get(rules) ?? new WeakMap<ReadonlySet<string>, Map<string, Plan>>();
  plans.set(rules, bySelect);
  const byType = bySelect.get(selected) ?? new Map<string, Plan>();
  bySelect.set(selected, byType);
  const annotated = shape.polymorphic === true || type !== rules.type;
  const key = `${context.version} ${type} ${annotated} ${shape.expanded ?? ''}`;
  const plan = byType.get(key) ?? makePlan(rules, type, context, shape, annotated);
  byType.set(key, plan);
  return plan;
}

function makePlan(rules: EntityType, type: string, context: Context, shape: Shape, annotated: boolean): Plan {
  const all = readableOf(type, context.version, rules);
  const names = [...answered(rules, all, shape)];
  const blank: [string, Json | undefined][] = names.map((name) => [name, all.get(name)]);
  if (annotated) blank.unshift(['@odata.type', `#microsoft.graph.${type}`]);
  if (shape.expanded !== undefined) blank.push([shape.expanded, []]);
  return {
    type,
    // Parsed from text it has the engine's fixed layout, so that copying it and writing the copy as JSON are quick.
    blank: JSON.parse(JSON.stringify(Object.fromEntries(blank))),
    names: new Map(names.map((name) => [name, mayReadOtherwise(property(type, name))])),
    noise: Object.entries(rules.noise ?? {}).filter(([name]) => names.includes(name)),
  };
}

/** The names that a read answers with. */
function answered(rules: EntityType, all: ReadonlyMap<string, Json>, shape: Shape): Iterable<string> {
  if (shape.selected && !shape.selected.has('*')) return ['id', ...[...shape.selected].filter((name) => name !== 'id')];
  if (rules.defaultSelect) return rules.defaultSelect;
  return [...all.keys()].filter(
    (name) => !rules.onlyOnSelect?.includes(name) && !rules.onlyOnSingle?.includes(name) && !rules.guarded?.[name],
  );
}

/** The shape of one object in an answer. */
export function present(
  world: World,
  context: Context,
  rules: EntityType,
  object: GraphObject,
  shape: Shape,
): GraphRecord {
  return presenter(world, context, rules, shape)(object);
}

/** The shape of the objects of one type in an answer. */
export function presenter(
  world: World,
  context: Context,
  rules: EntityType,
  shape: Shape,
): (object: GraphObject) => GraphRecord {
  const { shuffleArrays, touchNoise } = world.knobs;
  const asked = { single: shape.single, selected: shape.selected };
  const unknownToo = wantsUnknown(context);
  const show = (answer: GraphRecord, { type, names, blank }: Plan, name: string, value: Json | undefined) => {
    const isReadOtherwise = names.get(name);
    if (isReadOtherwise === undefined) return;
    if (value === undefined || value === null) {
      // Nothing, where something may have been said before.
      if (answer[name] !== blank[name]) answer[name] = blank[name] ?? null;
      return;
    }
    const read = isReadOtherwise ? readValue(type, name, value, context, unknownToo) : value;
    answer[name] = shuffleArrays && typeof read === 'object' && !sequences.has(name) ? shuffled(read, world) : read;
  };
  let plan = planOf(rules, rules.type, context, shape);
  return (object) => {
    const type = typeOfObject(rules.type, object);
    if (type !== plan.type) plan = planOf(rules, type, context, shape);
    const answer: GraphRecord = { ...plan.blank };
    // Over what is set, which is less than what is shown: looking for what is not there costs the most.
    for (const name in object) show(answer, plan, name, object[name]);
    if (touchNoise) for (const [name, touch] of plan.noise) show(answer, plan, name, touch(object, world.store));
    const computed = rules.present?.(object, context, asked);
    for (const name in computed) show(answer, plan, name, computed[name]);
    return answer;
  };
}

/** The shape of objects of several types in an answer, each by the rules of its own. */
export function itemPresenter(
  world: World,
  context: Context,
  rulesOf: (type: string) => EntityType,
  shape: Shape,
): (item: Item) => GraphRecord {
  const presenters = new Map<string, (object: GraphObject) => GraphRecord>();
  return ({ type, object }) => {
    let show = presenters.get(type);
    if (!show) {
      show = presenter(world, context, rulesOf(type), shape);
      presenters.set(type, show);
    }
    return show(object);
  };
}

/** A value as this client sees it. */
function readValue(type: string, name: string, value: Json, context: Context, unknownToo: boolean): Json {
  return (readAs(type, { [name]: value }, context.version, unknownToo) as GraphRecord)[name] as Json;
}

/** `Prefer: include-unknown-enum-members` (reference 1.2). */
function wantsUnknown(context: Context): boolean {
  return /include-unknown-enum-members/i.test(context.headers.get('prefer') ?? '');
}

/** Arrays whose order means something (reference 2.4). */
const sequences = new Set(['definition', 'primaryIdentityProviderPrecedenceOrder']);

/** Every array below the value in another order; the value itself is left alone, and given back where there is none. */
export function shuffled(value: Json, world: World): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = value.length > 1 ? world.dice.shuffle(value) : value;
    return items.some((item) => typeof item === 'object') ? items.map((item) => shuffled(item, world)) : items;
  }
  let copy: GraphRecord | undefined;
  for (const name of Object.keys(value)) {
    const item = value[name] as Json;
    if (item === null || typeof item !== 'object' || sequences.has(name)) continue;
    const other = shuffled(item, world);
    if (other === item) continue;
    copy ??= { ...value };
    copy[name] = other;
  }
  return copy ?? value;
}
