// Addressing: a kind's row and a key into the paths and queries by which Graph reads objects, and an object of Graph into its key.
import { isObject, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { isKey } from '../model/ref.ts';
import { keyText } from './collections.ts';
import { shapeProblem } from './problems.ts';

/** Largest page of links (reference 1.4); asked for always, because default pages have left out rows of app role assignments. */
export const linkPageSize = 999;

/** The path of one object below the version root, by Graph's own id. */
export function objectPath(kind: Kind, id: string): string {
  return kind.singleton ? kind.path : `${kind.path}/${encodeURIComponent(id)}`;
}

/** The key of an object that Graph gave. Throws Unanswered where it has none: an object without its id cannot be told from others. */
export function keyOfRaw(kind: Kind, raw: JsonObject): string {
  const part = (name: string) => {
    const value = raw[name];
    return typeof value === 'string' && value !== '' ? keyText(value) : undefined;
  };
  const key = kind.key === 'id' ? part('id') : kind.key.map((name) => part(name) ?? 'all').join('_');
  if (key === undefined || !isKey(key) || (kind.key !== 'id' && part(kind.key[0] ?? '') === undefined))
    throw shapeProblem(`an object has no usable ${kind.key === 'id' ? 'id' : kind.key.join(', ')}`, kind.path);
  return key;
}

/**
 * The `$select` of a kind, without attributes that the token may not read: one of those would make Graph refuse the whole request
 * (reference 3.1). Undefined where Graph is not to be asked for certain attributes.
 */
export function selectOf(kind: Kind, permissions: readonly string[] | undefined): string | undefined {
  if (!kind.select) return undefined;
  const names = new Set(['id', ...(kind.key === 'id' ? [] : kind.key)]);
  for (const path of Object.keys(kind.attributes)) names.add(path.split('.')[0]!);
  for (const name of [...names]) {
    const fact = kind.attributes[name];
    const guarded = fact?.guard !== undefined && !permissions?.includes(fact.guard);
    const listed = kind.contained?.some(({ attribute, read }) => attribute === name && read !== 'inline');
    if (fact?.noise || guarded || listed) names.delete(name);
  }
  for (const { existsWhen = [], computedWhen, hiddenWhen } of Object.values(kind.links))
    for (const condition of [...existsWhen, computedWhen, hiddenWhen])
      if (condition !== undefined) names.add(condition.attribute);
  for (const { when } of kind.contained ?? []) if (when !== undefined) names.add(when.attribute);
  return [...names].join(',');
}

/** A path with its query; options that are undefined are left out. Values are Graph's own names and numbers and need no encoding. */
export function withQuery(path: string, options: Readonly<Record<string, string | number | undefined>>): string {
  const query = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

/** A text as OData has it in filters and keys. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The object of a singleton's answer, which some singletons wrap into a collection of one (`/organization`). */
export function singletonIn(kind: Kind, body: unknown): JsonObject {
  const subject = `GET ${kind.path}`;
  if (!isObject(body as JsonObject)) throw shapeProblem('it is no object', subject);
  const { value } = body as { value?: unknown };
  if (value === undefined) {
    if (isObject((body as JsonObject).error))
      throw shapeProblem('it is an error with the status of a success', subject);
    return body as JsonObject;
  }
  if (!Array.isArray(value) || value.length !== 1 || !isObject(value[0]))
    throw shapeProblem('it has not exactly one object in "value"', subject);
  return value[0];
}
