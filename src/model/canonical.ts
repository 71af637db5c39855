// Canonical form: Graph's JSON, or a hand-edited file's, into the one form that a kind's row prescribes.
import { type Entity, type Link, sortLinks } from './entity.ts';
import { canonicalText, compareText, equal, isArray, isObject, type Json, type JsonObject } from './json.ts';
import { type Attribute, holds, type Kind } from './kind.ts';

/** The facts of a row for one path and, below it, for its members: a row's path table as a tree, compiled once per kind. */
interface Node {
  readonly fact: Attribute;
  readonly members: ReadonlyMap<string, Node>;
  /** The same for the items of an array: the facts that speak of the array itself do not speak of its items. */
  readonly item: Node;
}

interface Compiled {
  readonly root: Node;
  /** The top-level attributes that may be stored, in the order of the row. */
  readonly stored: readonly { readonly name: string; readonly node: Node }[];
}

const compiled = new WeakMap<Kind, Compiled>();

function compile(kind: Kind): Compiled {
  const known = compiled.get(kind);
  if (known !== undefined) return known;
  const root = nodeOf(
    {},
    Object.entries(kind.attributes).map(([path, fact]) => [path.split('.'), fact]),
  );
  const stored = [...root.members].map(([name, node]) => ({ name, node })).filter(({ node }) => !node.fact.noise);
  const made = { root, stored };
  compiled.set(kind, made);
  return made;
}

/** The node of a path: its own fact, and of the paths below it what remains of them. */
function nodeOf(fact: Attribute, below: readonly (readonly [readonly string[], Attribute])[]): Node {
  const members = new Map<string, Node>();
  for (const name of new Set(below.map(([path]) => path[0]!))) {
    const rest = below.filter(([path]) => path[0] === name).map(([path, found]) => [path.slice(1), found] as const);
    const own = rest.find(([path]) => path.length === 0)?.[1] ?? {};
    members.set(
      name,
      nodeOf(
        own,
        rest.filter(([path]) => path.length > 0),
      ),
    );
  }
  const { empty: _empty, key: _key, sequence: _sequence, ...itemFact } = fact;
  return {
    fact,
    members,
    // Its own item: no depth of arrays in arrays lets a secret or noise through.
    item: {
      fact: itemFact,
      members,
      get item() {
        return this;
      },
    },
  };
}

/** The fact that a row states for an attribute path, `{}` where it states none. Array indexes and keys in brackets are passed over. */
export function attributeAt(kind: Kind, path: string): Attribute {
  const { root } = compile(kind);
  // Most paths are one name, and are asked for very often.
  const own = root.members.get(path);
  if (own !== undefined) return own.fact;
  let node: Node | undefined = root;
  for (const name of path.replace(/\[[^\]]*\]/g, '').split('.')) node = node?.members.get(name);
  return node?.fact ?? {};
}

/**
 * The attributes of an object in canonical form: only what the row lists; sets sorted by their key and each item once; flag texts sorted;
 * noise, OData annotations (but the type of a derived complex value) and, unless the row keeps them, null and empty values left out.
 */
export function canonicalAttributes(kind: Kind, raw: JsonObject): JsonObject {
  const kept: Record<string, Json> = {};
  for (const { name, node } of compile(kind).stored) {
    const given = raw[name];
    if (given === undefined || given === null) continue;
    if (node.fact.noiseWhen?.some((condition) => holds(condition, raw))) continue;
    const value = canonicalValue(given, node);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** An entity in canonical form, without the links that the server computes; what is canonical already comes back equal. */
export function canonicalEntity(kind: Kind, entity: Entity): Entity {
  const links: Record<string, readonly Link[]> = {};
  for (const [name, link] of Object.entries(kind.links)) {
    const targets = entity.links[name];
    if (targets === undefined || targets.length === 0) continue;
    if (link.computedWhen === undefined || !holds(link.computedWhen, entity.attributes))
      links[name] = sortLinks(targets);
  }
  return { ...entity, attributes: canonicalAttributes(kind, entity.attributes), links };
}

function canonicalValue(value: Json | undefined, node: Node | undefined): Json | undefined {
  const fact = node?.fact;
  if (value === undefined || value === null || fact?.noise) return undefined;
  if (typeof value === 'string') return fact?.flags === undefined ? value : canonicalFlags(value, fact.flags);
  if (isArray(value)) return canonicalArray(value, node);
  return isObject(value) ? canonicalObject(value, node) : value;
}

function canonicalArray(value: readonly Json[], node: Node | undefined): Json | undefined {
  const items: Json[] = [];
  for (const item of value) {
    const kept = canonicalValue(item, node?.item);
    if (kept !== undefined) items.push(kept);
  }
  if (items.length === 0) return node?.fact.empty === 'kept' ? [] : undefined;
  if (items.length === 1 || node?.fact.sequence) return items;
  return sortedSet(items, node?.fact.key);
}

/** Sorted by key, and by all of the item only where keys are the same: most sets have good keys, and whole texts are dear. */
function sortedSet(items: readonly Json[], key: readonly string[] | undefined): readonly Json[] {
  const keyed = items.map((item) => ({ item, head: headOf(item, key) }));
  keyed.sort(
    (left, right) =>
      compareText(left.head, right.head) || compareText(canonicalText(left.item), canonicalText(right.item)),
  );
  const once: Json[] = [];
  for (const { item } of keyed) if (once.length === 0 || !equal(item, once[once.length - 1])) once.push(item);
  return once;
}

/** One text for one item of a set: its key members, then all of it. Two items are the same just when their texts are. */
export function itemKey(item: Json, key: readonly string[] | undefined): string {
  const head = headOf(item, key);
  return key === undefined || !isObject(item) ? head : `${head} ${canonicalText(item)}`;
}

function headOf(item: Json, key: readonly string[] | undefined): string {
  if (typeof item === 'string') return item;
  if (key === undefined || !isObject(item)) return canonicalText(item);
  return key.map((name) => keyText(item[name])).join(' ');
}

function keyText(value: Json | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value).padStart(12, '0');
  return typeof value === 'string' ? value : canonicalText(value);
}

function canonicalObject(value: JsonObject, node: Node | undefined): Json | undefined {
  const only = node?.fact.only;
  const kept: Record<string, Json> = {};
  let empty = node?.fact.empty !== 'kept';
  for (const name of namesOf(value)) {
    if (name.includes('@') ? name !== '@odata.type' : only !== undefined && !only.includes(name)) continue;
    const member = canonicalValue(value[name], node?.members.get(name));
    if (member === undefined) continue;
    setMember(kept, name, member);
    empty = false;
  }
  return empty ? undefined : kept;
}

/** The names of the members that have a value, sorted; most of a user's are null, and sorting is what costs. */
function namesOf(value: JsonObject): readonly string[] {
  const names: string[] = [];
  let sorted = true;
  for (const name of Object.keys(value)) {
    if (value[name] === null) continue;
    sorted = sorted && (names.length === 0 || names[names.length - 1]! < name);
    names.push(name);
  }
  return sorted ? names : names.sort(compareText);
}

/** Assigned, a member of the name `__proto__` would become the prototype; it stays data. */
function setMember(target: Record<string, Json>, name: string, value: Json): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}

function canonicalFlags(value: string, separator: string): string {
  const mark = separator.trim() === '' ? ' ' : separator.trim();
  if (!value.includes(mark)) return value.trim();
  const flags = value.split(mark).map((flag) => flag.trim());
  return [...new Set(flags)]
    .filter((flag) => flag !== '')
    .sort(compareText)
    .join(separator);
}
