// Normalizing: an object as Graph gave it, with its links, into an entity in canonical form.
import { canonicalEntity } from '../model/canonical.ts';
import type { Entity, Link } from '../model/entity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { toRef } from '../model/ref.ts';
import { keyOfRaw } from './addressing.ts';
import { shapeProblem } from './problems.ts';

/**
 * The entity of an object. Throws Unanswered for an object without id or name, and for a number that JavaScript would round
 * (trust.md row 15).
 */
export function toEntity(kind: Kind, raw: JsonObject, links: Readonly<Record<string, readonly Link[]>>): Entity {
  const type = raw['@odata.type'];
  const derived = typeof type === 'string' && type.toLowerCase() !== `#microsoft.graph.${kind.type}`.toLowerCase();
  const ref = toRef(kind.name, keyOfRaw(kind, raw));
  const entity = canonicalEntity(kind, { ref, ...(derived ? { type } : {}), attributes: raw, links });
  refuseRounded(entity.attributes, ref);
  return entity;
}

function refuseRounded(value: Json, subject: string): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      throw shapeProblem('a number in it is larger than can be kept exactly', subject);
  } else if (isArray(value)) for (const item of value) refuseRounded(item, subject);
  else if (isObject(value)) for (const name of Object.keys(value)) refuseRounded(value[name]!, subject);
}
