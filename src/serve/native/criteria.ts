// Filtering criteria: the body of a job's request in, the scope it means out, with the checks of the native service (native.md 1.5, 1.8).
import { keyOfGraphId } from '../../model/graph-id.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Kind, Kinds } from '../../model/kind.ts';
import { isKey, type Ref, toRef } from '../../model/ref.ts';
import type { Scope } from '../../model/scope.ts';
import { badRequest } from '../failure.ts';
import { kindOfType, namespace } from './names.ts';

/** Objects that one job may name, over all types: the portal's cap (native.md 1.2). */
const mostIds = 100;

/** The scope, and the criteria as they came; no body, or none in it, is everything. Failure 400 for anything else than the two filters. */
export function criteriaOf(body: JsonObject, kinds: Kinds): { readonly scope: Scope; readonly filter?: JsonObject } {
  for (const name of Object.keys(body))
    if (name !== 'filteringCriteria' && !name.startsWith('@'))
      throw badRequest(
        `The property ${JSON.stringify(name.slice(0, 80))} does not exist on the job, or cannot be set.`,
      );
  const filter = body.filteringCriteria;
  if (filter === undefined || filter === null) return { scope: {} };
  if (!isObject(filter)) throw badRequest('filteringCriteria must be an object.');
  switch (filter['@odata.type']) {
    case `#${namespace}.recoveryJobEntityNamesFilter`:
      return { scope: { kinds: kindsOf(filter.entityTypes, kinds) }, filter };
    case `#${namespace}.recoveryJobEntityNameAndIdsFilter`:
      return { scope: { refs: refsOf(filter.filterValues, kinds) }, filter };
    default:
      throw badRequest('filteringCriteria must say by @odata.type which of the two filters it is.');
  }
}

function kindsOf(types: Json | undefined, kinds: Kinds): string[] {
  if (!isArray(types) || types.length === 0) throw badRequest('entityTypes must be a list of entity types.');
  return [...new Set(types.map((type) => kindNamed(kinds, type).name))];
}

function kindNamed(kinds: Kinds, type: Json | undefined): Kind {
  const kind = kindOfType(kinds, type);
  if (kind === undefined)
    throw badRequest(
      `There is no entity type ${JSON.stringify(type ?? null).slice(0, 80)} here; there are ${[...kinds.values()].map(({ native, type }) => native ?? type).join(', ')}.`,
    );
  return kind;
}

function refsOf(values: Json | undefined, kinds: Kinds): Ref[] {
  if (!isArray(values) || values.length === 0) throw badRequest('filterValues must be a list.');
  const refs: Ref[] = [];
  const seen = new Set<Json>();
  for (const value of values) {
    if (!isObject(value) || !isArray(value.entityIds))
      throw badRequest('Each of filterValues has entityType and entityIds.');
    if (seen.has(value.entityType ?? null)) throw badRequest('The same entity type stands twice in filterValues.');
    seen.add(value.entityType ?? null);
    const kind = kindNamed(kinds, value.entityType);
    for (const id of value.entityIds) {
      const key = typeof id === 'string' ? keyOfGraphId(kind, id) : undefined;
      if (key === undefined || !isKey(key))
        throw badRequest(`${JSON.stringify(id).slice(0, 80)} is not the id of a ${kind.type}.`);
      refs.push(toRef(kind.name, key));
    }
  }
  if (refs.length === 0) throw badRequest('entityIds must hold at least one id.');
  if (refs.length > mostIds) throw badRequest(`A job takes up to ${mostIds} object ids, and these are ${refs.length}.`);
  return [...new Set(refs)];
}
