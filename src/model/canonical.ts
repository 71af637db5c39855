// Canonical form: Graph's JSON, or a hand-edited file's, into the one form that a kind's row prescribes.
import { type Entity, type Link, sortLinks } from './entity.ts';
import { canonicalText, compareText, isArray, isObject, type Json, type JsonObject } from './json.ts';
import { type Attribute, holds, type Kind } from './kind.ts';

/** The facts of a row for one path and, below it, for its members: a row's path table as a tree, compiled once per kind. */
interface Node {
  readonly fact: Attribute;
  readonly members: Map<string, Node>;
}

const compiled = new WeakMap<Kind, Node>();

function compile(kind: Kind): Node {
  const known = compiled.get(kind);
  if (known !== undefined) return known;
  const root: Node = { fact: {}, members: new Map() };
  for (const [path, fact] of Object.entries(kind.attributes)) {
    let node = root;
    const names = path.split('.');
    names.forEach((name, depth) => {
      const found = node.members.get(name);
      const next: Node = found ?? { fact: {}, members: new Map() };
      if (depth === names.length - 1) {
        node.members.set(name, { fact, members: next.members });
        node = node.members.get(name)!;
      } else {
        if (found === undefined) node.members.set(name, next);
        node = next;
      }
    });
  }
  compiled.set(kind, root);
  return root;
}

/** The fact that a row states for an attribute path, `{}` where it states none. Array indexes and keys in brackets are passed over. */
export function attributeAt(kind: Kind, path: string): Attribute {
  let node: Node | undefined = compile(kind);
  for (const name of path.replace(/\[[^\]]*\]/g, '').split('.')) node = node?.members.get(name);
  return node?.fact ?? {};
}

/**
 * The attributes of an object in canonical form: only what the row lists; sets sorted by their key and each item once; flag texts sorted;
 * noise, OData annotations (but the type of a derived complex value) and, unless the row keeps them, null and empty values left out.
 */
export function canonicalAttributes(kind: Kind, raw: JsonObject): JsonObject {
  const root = compile(kind);
  const kept: [string, Json][] = [];
  for (const [name, node] of root.members) {
    if (node.fact.noiseWhen?.some((condition) => holds(condition, raw))) continue;
    const value = canonicalValue(raw[name], node);
    if (value !== undefined) kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

/** An entity in canonical form; what is canonical already comes back equal. */
export function canonicalEntity(kind: Kind, entity: Entity): Entity {
  const links: Record<string, readonly Link[]> = {};
  for (const name of Object.keys(kind.links)) {
    const targets = entity.links[name];
    if (targets !== undefined && targets.length > 0) links[name] = sortLinks(targets);
  }
  return { ...entity, attributes: canonicalAttributes(kind, entity.attributes), links };
}

function canonicalValue(value: Json | undefined, node: Node | undefined): Json | undefined {
  const fact = node?.fact;
  if (value === undefined || value === null || fact?.noise) return undefined;
  if (isArray(value)) return canonicalArray(value, node);
  if (isObject(value)) return canonicalObject(value, node);
  if (fact?.flags !== undefined && typeof value === 'string') return canonicalFlags(value, fact.flags);
  return value;
}

function canonicalArray(value: readonly Json[], node: Node | undefined): Json | undefined {
  const items: Json[] = [];
  for (const item of value) {
    const kept = canonicalValue(item, node && withoutArrayFacts(node));
    if (kept !== undefined) items.push(kept);
  }
  if (items.length === 0) return node?.fact.empty === 'kept' ? [] : undefined;
  if (node?.fact.sequence) return items;
  const byText = new Map(items.map((item) => [itemKey(item, node?.fact.key), item]));
  return [...byText.keys()].sort(compareText).map((key) => byText.get(key)!);
}

/** Facts that speak of the array itself (empty, key, sequence) do not speak of its items. */
function withoutArrayFacts(node: Node): Node {
  const { empty: _empty, key: _key, sequence: _sequence, ...fact } = node.fact;
  return { fact, members: node.members };
}

/** The text by which an item of a set is sorted and told apart: its key members, then all of it. */
export function itemKey(item: Json, key: readonly string[] | undefined): string {
  if (typeof item === 'string') return item;
  if (key === undefined || !isObject(item)) return canonicalText(item);
  return `${key.map((name) => keyText(item[name])).join(' ')} ${canonicalText(item)}`;
}

function keyText(value: Json | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value).padStart(12, '0');
  return typeof value === 'string' ? value : canonicalText(value);
}

function canonicalObject(value: JsonObject, node: Node | undefined): Json | undefined {
  // Entries, not assignment: a member named `__proto__` stays data.
  const kept: [string, Json][] = [];
  const only = node?.fact.only;
  for (const name of Object.keys(value).sort(compareText)) {
    const annotation = name.includes('@');
    if (annotation ? name !== '@odata.type' : only !== undefined && !only.includes(name)) continue;
    const member = canonicalValue(value[name], node?.members.get(name));
    if (member !== undefined) kept.push([name, member]);
  }
  return kept.length === 0 && node?.fact.empty !== 'kept' ? undefined : Object.fromEntries(kept);
}

function canonicalFlags(value: string, separator: string): string | undefined {
  const flags = value
    .split(separator.trim() === '' ? /\s+/ : separator.trim())
    .map((flag) => flag.trim())
    .filter((flag) => flag !== '');
  return [...new Set(flags)].sort(compareText).join(separator);
}
