// Requests below /directoryObjects in: objects of any directory type by id, one or a thousand at a time (reference 1.3).

import { contextUrl } from './listing.ts';
import { isA } from './metadata.ts';
import type { World } from './options.ts';
import { allowed } from './permissions.ts';
import { present } from './present.ts';
import type { GraphRequest } from './request.ts';
import {
  type Answer,
  badRequest,
  type Context,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  notFound,
} from './types.ts';

/** Types that are addressed as directory objects: those with the directory's bin, and devices and contacts. */
function isDirectoryType(rules: EntityType | undefined): boolean {
  return (
    rules !== undefined && (rules.bin === 'directory' || ['device', 'orgContact', 'organization'].includes(rules.type))
  );
}

type ObjectRoute = (
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  object: GraphObject,
  rest: readonly string[],
  polymorphic: boolean,
) => Answer;

/** Answers requests below `/directoryObjects`; undefined for every other path. */
export function directoryObjectRoute(
  world: World,
  context: Context,
  request: GraphRequest,
  objectRoute: ObjectRoute,
): Answer | undefined {
  const [first = '', id, ...rest] = request.segments;
  if (first.toLowerCase() !== 'directoryobjects') return undefined;
  if (id === undefined) throw badRequest('The collection directoryObjects cannot be listed.');
  if (id.replace(/^microsoft\.graph\./, '').toLowerCase() === 'getbyids') {
    if (request.method !== 'POST')
      throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
    return getByIds(world, context, request, request.body ?? {});
  }
  const found = context.reader.locate(id.toLowerCase());
  const rules = found && context.rules(found.type);
  if (!found || !rules || !isDirectoryType(rules)) throw notFound(id);
  return objectRoute(world, context, request, rules, found.object, rest, true);
}

/** Up to 1,000 ids; those that are not there, or may not be read, are left out without a word. */
function getByIds(world: World, context: Context, request: GraphRequest, body: GraphRecord): Answer {
  const { ids, types } = body;
  if (!Array.isArray(ids) || ids.some((id) => typeof id !== 'string'))
    throw badRequest("A value is required for parameter 'ids'.");
  if (ids.length > 1000) throw badRequest('Too many values specified for ids: the maximum is 1000.');
  const wanted = Array.isArray(types) ? types.map(String) : ['directoryObject'];
  const value: GraphRecord[] = [];
  for (const id of new Set(ids.map((each) => String(each).toLowerCase()))) {
    const found = context.reader.locate(id);
    const rules = found && context.rules(found.type);
    if (!found || !rules || !isDirectoryType(rules)) continue;
    if (!wanted.some((type) => type === found.type || isA(found.type, type))) continue;
    if (!allowed(context.caller.permissions, rules.permissions.read)) continue;
    value.push(present(world, context, rules, found.object, { single: false, polymorphic: true }));
  }
  return { status: 200, body: { '@odata.context': contextUrl(request, 'directoryObjects'), value } };
}
