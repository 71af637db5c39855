// Emitting YAML: an entity or a JSON object in, the text of its file out, always the same text for the same value.
import type { Entity, Link } from '../model/entity.ts';
import { compareText, isArray, type Json, type JsonObject } from '../model/json.ts';
import { type Kind, nameAttributes } from '../model/kind.ts';
import { keyOf } from '../model/ref.ts';

/** Deepest nesting of a file, written or read; nothing in Graph comes near it. */
export const deepest = 64;

/** YAML allows a key of 1,024 characters on one line; no property name of Graph comes near it. */
const longestKey = 1000;

/**
 * Texts that every YAML 1.1 and 1.2 reader takes for the same string when written bare (engineering 3.1, widened by Latin letters,
 * comma and apostrophe; test/repo/yaml.test.ts proves it over three readers). All others are written as JSON strings.
 */
const PLAIN = /^[A-Za-zÀ-ɏ][\w .,'@/+()À-ɏ-]*$/;
const PLAIN_KEY = /^[A-Za-z][\w-]*$/;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|infinity)$/i;
const longestReserved = 8;

/**
 * What JSON.stringify leaves as it is and a terminal or a reviewer would not see: controls, format and bidi characters, separators,
 * spaces that are not U+0020, private use and non-characters (trust.md 2.1). A fixed list: Unicode tables differ between Node versions.
 */
const UNSEEN =
  /[\u007f-\u00a0\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{10ffff}]/gu;
const NOT_ASCII = /[^\x20-\x7e]/;

const indents = Array.from({ length: deepest + 2 }, (_, depth) => '  '.repeat(depth));

/**
 * The file of an entity: `id`, `@odata.type` where it has one, the naming attributes, the other attributes sorted ordinally,
 * `links` last. The entity is taken as canonical: sets are not sorted here. RangeError for a value that JSON does not have or nesting
 * deeper than {@link deepest}.
 */
export function emitYaml(kind: Kind, entity: Entity): string {
  let text = `id: ${scalar(keyOf(entity.ref))}\n`;
  if (entity.type !== undefined) text += `"@odata.type": ${scalar(entity.type)}\n`;
  const { attributes } = entity;
  let left = Object.keys(attributes).length;
  for (const [name, lead] of attributeOrder(kind)) {
    const value = attributes[name];
    if (value === undefined || !Object.hasOwn(attributes, name)) continue;
    text += member(lead, value, 0);
    left -= 1;
  }
  if (left > 0) throw new RangeError(`${entity.ref} has attributes that its kind does not list`);
  return text + emitLinks(entity.links);
}

/** The file of a JSON object that is no entity: members sorted ordinally at every depth. RangeError as {@link emitYaml}. */
export function emitObject(value: JsonObject): string {
  return Object.keys(value).length === 0 ? '{}\n' : members(value, 0, '');
}

/** Naming attributes first, in the row's order, then the others ordinally; each with its key as it is written. */
function attributeOrder(kind: Kind): readonly (readonly [name: string, lead: string])[] {
  const known = orders.get(kind);
  if (known !== undefined) return known;
  const names = new Set(Object.keys(kind.attributes).map((path) => path.split('.')[0]!));
  const naming = nameAttributes(kind).filter((name) => names.has(name));
  const others = [...names].filter((name) => !naming.includes(name)).sort(compareText);
  const order = [...naming, ...others].map((name) => [name, key(name)] as const);
  orders.set(kind, order);
  return order;
}
const orders = new WeakMap<Kind, readonly (readonly [string, string])[]>();

function emitLinks(links: Entity['links']): string {
  const names = Object.keys(links).sort(compareText);
  let text = '';
  for (const name of names) {
    const targets = links[name]!;
    if (targets.length === 0) continue;
    text += `  ${key(name)}\n`;
    for (const link of targets)
      text += link.properties === undefined ? `    - ${scalar(link.target)}\n` : withProperties(link);
  }
  return text === '' ? '' : `links:\n${text}`;
}

function withProperties(link: Link): string {
  let text = `    - target: ${scalar(link.target)}\n`;
  for (const name of Object.keys(link.properties!).sort(compareText)) {
    text += `      ${key(name)} ${scalar(link.properties![name]!)}\n`;
  }
  return text;
}

/** One member: its lead (indentation and key) and what follows the colon. */
function member(lead: string, value: Json, depth: number): string {
  if (typeof value !== 'object' || value === null) return `${lead} ${scalar(value)}\n`;
  if (isArray(value)) {
    return value.length === 0 ? `${lead} []\n` : `${lead}\n${sequence(value, depth + 1, indentAt(depth + 1))}`;
  }
  const text = members(value, depth + 1, indentAt(depth + 1));
  return text === '' ? `${lead} {}\n` : `${lead}\n${text}`;
}

/** The members of a mapping at a depth; `first` stands before the first one, the depth's indentation before the others. */
function members(value: JsonObject, depth: number, first: string): string {
  let lead = first;
  let text = '';
  for (const name of sortedKeys(value)) {
    text += member(lead + key(name), value[name]!, depth);
    lead = indentAt(depth);
  }
  return text;
}

function sequence(items: readonly Json[], depth: number, first: string): string {
  let lead = first;
  let text = '';
  for (const item of items) {
    lead += '- ';
    if (typeof item !== 'object' || item === null) text += `${lead}${scalar(item)}\n`;
    else if (isArray(item)) text += item.length === 0 ? `${lead}[]\n` : sequence(item, depth + 1, lead);
    else text += members(item, depth + 1, lead) || `${lead}{}\n`;
    lead = indentAt(depth);
  }
  return text;
}

/** Canonical objects come sorted nearly always: looking is cheaper than sorting. */
function sortedKeys(value: JsonObject): readonly string[] {
  const names = Object.keys(value);
  for (let at = 1; at < names.length; at += 1) if (names[at - 1]! > names[at]!) return names.sort(compareText);
  return names;
}

function indentAt(depth: number): string {
  const indent = indents[depth];
  if (depth > deepest || indent === undefined) throw new RangeError(`nested deeper than ${deepest}`);
  return indent;
}

/** A key as it is written, with its colon. */
function key(name: string): string {
  if (PLAIN_KEY.test(name) && !isReserved(name)) return `${name}:`;
  if (name.length > longestKey) throw new RangeError(`a member's name is longer than ${longestKey} characters`);
  return `${quoted(name)}:`;
}

/** A value that is no array and no object, as it is written. */
export function scalar(value: Json): string {
  if (typeof value === 'string') return isPlain(value) ? value : quoted(value);
  if (typeof value === 'number') return number(value);
  if (value === null || typeof value === 'boolean') return String(value);
  throw new RangeError(`not a JSON value: ${typeof value}`);
}

function isPlain(text: string): boolean {
  if (PLAIN.test(text)) return text.charCodeAt(text.length - 1) !== 0x20 && !isReserved(text);
  return text.length === 36 && GUID.test(text);
}

function isReserved(text: string): boolean {
  return text.length <= longestReserved && RESERVED.test(text);
}

function quoted(text: string): string {
  const json = JSON.stringify(text);
  return NOT_ASCII.test(json) ? json.replace(UNSEEN, escapeOf) : json;
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
}

/**
 * A number as every reader takes it for the same number: YAML 1.1 wants a point before an exponent, and digits beyond 2^53 would read
 * as an integer that nobody can hold.
 */
function number(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  if (!Number.isFinite(value)) throw new RangeError(`not a JSON value: ${value}`);
  const text = Number.isInteger(value) ? value.toExponential() : String(value);
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text;
}
