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
  type Json,
} from './types.ts';

export interface Shape {
  readonly single: boolean;
  /** The `$select` list; undefined: Graph's default set. */
  readonly selected?: ReadonlySet<string> | undefined;
  /** The collection holds objects of several types, so each says its own. */
  readonly polymorphic?: boolean;
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
  names: readonly string[],
  rules: EntityType,
  context: Context,
  single: boolean,
  derived: readonly string[] = rules.derived ?? [],
): void {
  for (const name of names) {
    const known = [rules.type, ...derived].some((type) => readableOf(type, context.version, rules).has(name));
    if (!known && !/^extension_\w+$/.test(name) && name !== '*') {
      throw badRequest(`Could not find a property named '${name}' on type 'microsoft.graph.${rules.type}'.`);
    }
    if (!single && rules.onlyOnSingle?.includes(name)) {
      throw new GraphError(501, 'NotImplemented', 'This operation target is not yet supported.');
    }
    const guard = rules.guarded?.[name];
    if (guard && !allowed(context.caller.permissions, guard)) throw denied();
  }
}

/** The names of a `$select`, checked against the type. */
export function parseSelect(
  text: string | undefined,
  rules: EntityType,
  context: Context,
  single: boolean,
): ReadonlySet<string> | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const names = text.split(',').map((name) => name.trim().split('/')[0] ?? '');
  checkSelect(names, rules, context, single, derivedTypes(rules));
  return new Set(names);
}

/** Objects of several types: a name that only one of them has is fine. */
export function derivedTypes(rules: EntityType): readonly string[] | undefined {
  return rules.type === 'directoryObject' ? ['user', 'group', 'application', 'servicePrincipal', 'device'] : undefined;
}

/** What a read answers with, worked out once for all objects of a listing. */
interface Plan {
  readonly names: readonly { readonly name: string; readonly unset: Json | undefined; readonly differs: boolean }[];
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
  const key = `${context.version} ${type}`;
  const known = byType.get(key);
  if (known) return known;
  const all = readableOf(type, context.version, rules);
  const names = [...answered(rules, all, shape)].map((name) => {
    const info = property(type, name);
    const differs = info !== undefined && (isEvolvable(info) || (isNested(info) && mayDiffer(info.type)));
    return { name, unset: all.get(name), differs };
  });
  const noise = Object.entries(rules.noise ?? {}).filter(([name]) => names.some((each) => each.name === name));
  const plan = { names, noise };
  byType.set(key, plan);
  return plan;
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
  const type = typeOfObject(rules.type, object);
  const { names, noise } = planOf(rules, type, context, shape);
  let shaped: GraphRecord = object;
  if (world.knobs.touchNoise && noise.length > 0) {
    shaped = { ...object };
    for (const [name, touch] of noise) shaped[name] = touch(object, world.store);
  }
  if (rules.present) {
    shaped = rules.present(shaped as GraphObject, context, { single: shape.single, selected: shape.selected });
  }
  const answer: GraphRecord = {};
  if (shape.polymorphic || type !== rules.type) answer['@odata.type'] = `#microsoft.graph.${type}`;
  for (const { name, unset, differs } of names) {
    const value = shaped[name] ?? unset;
    if (value === undefined) continue;
    if (value === null || (typeof value !== 'object' && !differs)) answer[name] = value;
    else answer[name] = seen(world, context, type, name, value, differs);
  }
  return answer;
}

/** A value as this client sees it, its arrays in any order. */
function seen(world: World, context: Context, type: string, name: string, value: Json, differs: boolean): Json {
  const read = differs
    ? ((readAs(type, { [name]: value }, context.version, wantsUnknown(context)) as GraphRecord)[name] as Json)
    : value;
  return world.knobs.shuffleArrays && typeof read === 'object' && !sequences.has(name) ? shuffled(read, world) : read;
}

/** `Prefer: include-unknown-enum-members` (reference 1.2). */
function wantsUnknown(context: Context): boolean {
  return /include-unknown-enum-members/i.test(context.headers.get('prefer') ?? '');
}

/** Arrays whose order means something (reference 2.4). */
const sequences = new Set(['definition', 'primaryIdentityProviderPrecedenceOrder']);

/** Every array below the value in another order; the value itself is left alone. */
export function shuffled(value: Json, world: World): Json {
  if (Array.isArray(value)) {
    const items = value.length > 1 ? world.dice.shuffle(value) : value;
    return items.map((item) => (typeof item === 'object' ? shuffled(item, world) : item));
  }
  if (value === null || typeof value !== 'object') return value;
  const copy: GraphRecord = {};
  for (const [name, item] of Object.entries(value)) {
    copy[name] = typeof item === 'object' && !sequences.has(name) ? shuffled(item, world) : item;
  }
  return copy;
}
