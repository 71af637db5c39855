// Attribute paths: how a change says where in an object it is (`appRoles[3f0a…].isEnabled`), and what a row says for that place.
import { attributeAt } from './canonical.ts';
import { canonicalText, isObject, type Json, type JsonObject } from './json.ts';
import type { Attribute, Kind } from './kind.ts';

/** One step of a path: into a member of an object, or, in brackets, to an item of a keyed set or to a member of an unusual name. */
export interface Step {
  readonly text: string;
  readonly bracketed: boolean;
}

const plainMember = /^(@odata\.type|[A-Za-z_][A-Za-z0-9_-]*)$/;
const plainKey = /^[\w.:@/+-]+$/;

/** The path of a member: `conditions.users`; a name that would read as something else stands quoted in brackets. */
export function memberPath(path: string, name: string): string {
  if (!plainMember.test(name)) return `${path}[${quoted(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** The path of an item of a keyed set: `appRoles[3f0a…]`, `identities[federated,issuer,id]`. */
export function itemPath(path: string, item: JsonObject, key: readonly string[]): string {
  return `${path}[${itemLabel(item, key)}]`;
}

/** The key of an item as its path says it. Two items have the same label just when their key members are equal. */
export function itemLabel(item: JsonObject, key: readonly string[]): string {
  return key.map((name) => labelText(item[name])).join(',');
}

function labelText(value: Json | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return bracketless(canonicalText(value));
  return plainKey.test(value) ? value : quoted(value);
}

function quoted(text: string): string {
  return bracketless(JSON.stringify(text));
}

function bracketless(text: string): string {
  return text.replace(/[[\]]/g, (bracket) => (bracket === '[' ? '\\u005b' : '\\u005d'));
}

/** The steps of a path, in order. */
export function pathSteps(path: string): Step[] {
  return [...path.matchAll(/\[([^\]]*)\]|@odata\.type|[^.[\]]+/g)].map((found) => ({
    text: found[1] ?? found[0],
    bracketed: found[1] !== undefined,
  }));
}

/** The name of a member that stands quoted in brackets, as {@link memberPath} wrote it. */
export function quotedName(text: string): string {
  return String(JSON.parse(text));
}

/**
 * The items of a keyed set by label, or undefined where they cannot be told apart by the key: an item that is no object or bears no
 * part of the key, or two of one key.
 */
export function itemsByLabel(value: readonly Json[], key: readonly string[]): Map<string, JsonObject> | undefined {
  const items = new Map<string, JsonObject>();
  for (const item of value) {
    if (!isObject(item) || key.every((name) => item[name] === undefined)) return undefined;
    const label = itemLabel(item, key);
    if (items.has(label)) return undefined;
    items.set(label, item);
  }
  return items;
}

/** The members that tell the items of the array at a path apart: what the row says, or what addresses contained objects. */
export function keyAt(kind: Kind, path: string): readonly string[] | undefined {
  const contained = kind.contained?.find(({ attribute }) => attribute === path);
  return attributeAt(kind, path).key ?? (contained === undefined ? undefined : [contained.key]);
}

/**
 * The fact of the nearest path, this one or one above it, for which a row states `name`: writing, coverage and access go down from where
 * they are stated. Undefined where it states none.
 */
export function nearestFact(kind: Kind, path: string, name: keyof Attribute): Attribute | undefined {
  const names = rowPath(path).split('.');
  for (let length = names.length; length > 0; length -= 1) {
    const fact = attributeAt(kind, names.slice(0, length).join('.'));
    if (fact[name] !== undefined) return fact;
  }
  return undefined;
}

/** What the nearest fact states for `name`: see {@link nearestFact}. */
export function inheritedFact<Name extends keyof Attribute>(
  kind: Kind,
  path: string,
  name: Name,
): Attribute[Name] | undefined {
  return nearestFact(kind, path, name)?.[name];
}

/** The path as rows have it: without keys and quoted names. */
export function rowPath(path: string): string {
  return path.replace(/\[[^\]]*\]/g, '');
}
