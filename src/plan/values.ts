// Attributes as a row lets them be written: two values of one attribute in, what to send to Graph out; and the references in them.
import { createHash } from 'node:crypto';
import { attributeAt, canonicalEntity } from '../model/canonical.ts';
import type { Entity, Link } from '../model/entity.ts';
import { canonicalText, isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { type Kind, ownItems, type Reference, type Write } from '../model/kind.ts';
import { currentId, currentRef, type IdMap } from '../model/plan.ts';

/** When a path can be written: what the row says of it, else of the nearest path above; noise is never written. */
export function writeOf(kind: Kind, path: string): Write {
  let write: Write = 'always';
  const names = path.split('.');
  for (let depth = 1; depth <= names.length; depth++) {
    const fact = attributeAt(kind, names.slice(0, depth).join('.'));
    if (fact.noise) return 'never';
    if (fact.write !== undefined) write = fact.write;
  }
  return write;
}

/** The value without the members that cannot be written; undefined where nothing is left. `creating` keeps what only a create may bear. */
export function writable(kind: Kind, path: string, value: Json | undefined, creating: boolean): Json | undefined {
  if (value === undefined) return undefined;
  const write = writeOf(kind, path);
  if (write === 'never' || (write === 'create' && !creating)) return undefined;
  if (isArray(value)) {
    return value.map((item) => (isObject(item) ? writableMembers(kind, path, item, creating) : item));
  }
  return isObject(value) ? writableMembers(kind, path, value, creating) : value;
}

function writableMembers(kind: Kind, path: string, value: JsonObject, creating: boolean): JsonObject {
  const kept: [string, Json][] = [];
  for (const [name, member] of Object.entries(value)) {
    const own = name.startsWith('@') ? member : writable(kind, `${path}.${name}`, member, creating);
    if (own !== undefined) kept.push([name, own]);
  }
  return Object.fromEntries(kept);
}

/**
 * What to send so that an attribute becomes `goal`: the whole value without what cannot be written, and an explicit null (or [])
 * for each member that is set now and not in the goal; right whether Graph merges complex values or replaces them (reference 1.10).
 */
export function outgoing(kind: Kind, path: string, live: Json | undefined, goal: Json | undefined): Json {
  if (goal === undefined) return isArray(live) ? [] : null;
  if (!isObject(goal)) return writable(kind, path, goal, false) ?? null;
  const before = isObject(live) ? live : {};
  const members: [string, Json][] = [];
  for (const [name, member] of Object.entries(goal)) {
    if (name.startsWith('@')) members.push([name, member]);
    else if (writable(kind, `${path}.${name}`, member, false) !== undefined)
      members.push([name, outgoing(kind, `${path}.${name}`, before[name], member)]);
  }
  for (const [name, member] of Object.entries(before)) {
    if (name.startsWith('@') || Object.hasOwn(goal, name)) continue;
    if (writable(kind, `${path}.${name}`, member, false) !== undefined)
      members.push([name, isArray(member) ? [] : null]);
  }
  return Object.fromEntries(members);
}

/** Digest of what of an object a recovery may write: it tells whether somebody changed the object since. */
export function digestOf(kind: Kind, entity: Entity): string {
  const kept: [string, Json][] = [];
  for (const [name, value] of Object.entries(entity.attributes)) {
    const own = writable(kind, name, ownItems(attributeAt(kind, name), value), false);
    if (own !== undefined) kept.push([name, own]);
  }
  return createHash('sha256')
    .update(canonicalText(Object.fromEntries(kept)))
    .digest('hex');
}

export interface FoundReference {
  /** Attribute path, without indexes. */
  readonly path: string;
  readonly reference: Reference;
  /** The id or application id that stands there. */
  readonly value: string;
}

const GUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** Everything in an object's attributes that the row calls a reference; texts with ids inside give one for each id. */
export function referencesIn(kind: Kind, attributes: JsonObject): FoundReference[] {
  const found: FoundReference[] = [];
  substitute(kind, attributes, (value, reference, path) => {
    found.push({ path, reference, value });
    return undefined;
  });
  return found;
}

/** The same attributes with each reference replaced by what `change` gives for it; undefined leaves it. Pieces of a text become `$text`. */
export function substitute(
  kind: Kind,
  attributes: JsonObject,
  change: (value: string, reference: Reference, path: string) => Json | undefined,
): JsonObject {
  const at = (path: string, value: Json): Json => {
    if (isArray(value)) return value.map((item) => at(path, item));
    if (isObject(value))
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, at(`${path}.${name}`, member)]));
    const reference = typeof value === 'string' ? attributeAt(kind, path).refersTo : undefined;
    if (reference === undefined || typeof value !== 'string') return value;
    if (!reference.inside) return change(value, reference, path) ?? value;
    return replaceInside(value, (id) => change(id, reference, path));
  };
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, at(name, value)]));
}

function replaceInside(text: string, change: (id: string) => Json | undefined): Json {
  const pieces: Json[] = [];
  let end = 0;
  for (const match of text.matchAll(GUIDS)) {
    const now = change(match[0].toLowerCase());
    if (now === undefined) continue;
    if (match.index > end) pieces.push(text.slice(end, match.index));
    pieces.push(now);
    end = match.index + match[0].length;
  }
  if (pieces.length === 0) return text;
  if (end < text.length) pieces.push(text.slice(end));
  return pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : { $text: pieces };
}

/** An object of an older commit as it is called now: its own ref, its references and its links under the ids of later recoveries. */
export function translate(kind: Kind, entity: Entity, ids: IdMap): Entity {
  if (Object.keys(ids).length === 0) return entity;
  const links: Record<string, readonly Link[]> = {};
  for (const [name, targets] of Object.entries(entity.links))
    links[name] = targets.map((link) => ({ ...link, target: currentRef(ids, link.target) }));
  const attributes = ownIds(
    kind,
    substitute(kind, entity.attributes, (value) => currentId(ids, value)),
    ids,
  );
  return canonicalEntity(kind, { ...entity, ref: currentRef(ids, entity.ref), attributes, links });
}

/** The ids that Graph gives an object beside its key: they refer to nothing, and change with it all the same. */
function ownIds(kind: Kind, attributes: JsonObject, ids: IdMap): JsonObject {
  const renewed: Record<string, Json> = {};
  if (typeof attributes.appId === 'string') renewed.appId = currentId(ids, attributes.appId);
  for (const { attribute, key } of kind.contained ?? []) {
    const items = attributes[attribute];
    if (!isArray(items)) continue;
    renewed[attribute] = items.map((item) =>
      isObject(item) && typeof item[key] === 'string' ? { ...item, [key]: currentId(ids, item[key]) } : item,
    );
  }
  return { ...attributes, ...renewed };
}

/** Does a value that no version of ours can have written stand anywhere in it? (reference 1.2) */
export function hasUnknownValue(value: Json | undefined): boolean {
  if (value === 'unknownFutureValue') return true;
  if (isArray(value)) return value.some(hasUnknownValue);
  return isObject(value) && Object.values(value).some(hasUnknownValue);
}
