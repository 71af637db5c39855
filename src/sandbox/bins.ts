// Requests to the two recycle bins in: soft-deleted objects listed, restored with the same id, or deleted for good (reference 1.12).
import { arrayCollection, contextUrl, list } from './listing.ts';
import { need } from './objects.ts';
import type { World } from './options.ts';
import { parseSelect, present } from './present.ts';
import type { GraphRequest } from './request.ts';
import {
  type Answer,
  type Bin,
  type Binned,
  badRequest,
  type Context,
  type EntityType,
  GraphError,
  type GraphRecord,
  notFound,
} from './types.ts';

/** Where the Conditional Access bin lists each type. */
const conditionalAccessCollections: Readonly<Record<string, string>> = {
  policies: 'conditionalAccessPolicy',
  namedlocations: 'namedLocation',
};

const wrongMethod = () =>
  new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');

/** Answers requests to `/directory/deletedItems` and `/identity/conditionalAccess/deletedItems`; undefined for every other path. */
export function binRoute(world: World, context: Context, request: GraphRequest): Answer | undefined {
  const path = request.segments.map((segment) => segment.toLowerCase());
  if (path[0] === 'directory' && path[1] === 'deleteditems') return directoryBin(world, context, request);
  if (path[0] !== 'identity' || path[1] !== 'conditionalaccess') return undefined;
  if (path[2] === 'deleteditems') {
    const type = conditionalAccessCollections[path[3] ?? ''];
    if (!type)
      throw new GraphError(400, 'BadRequest', `Resource not found for the segment '${request.segments.at(-1)}'.`);
    return below(world, context, request, 'conditionalAccess', type, request.segments.slice(4));
  }
  // Also POST …/policies/{id}/restore, though the policy itself is not there any more.
  const type = conditionalAccessCollections[path[2] ?? ''];
  if (type && path.length === 5 && path[4]?.replace('microsoft.graph.', '') === 'restore') {
    return below(world, context, request, 'conditionalAccess', type, request.segments.slice(3));
  }
  return undefined;
}

function directoryBin(world: World, context: Context, request: GraphRequest): Answer {
  const [first, ...rest] = request.segments.slice(2);
  const cast = /^microsoft\.graph\.(\w+)$/i.exec(first ?? '');
  if (first === undefined) {
    throw badRequest(
      "The resource type must be specified: '/directory/deletedItems/microsoft.graph.user' or another type.",
    );
  }
  if (!cast) return below(world, context, request, 'directory', undefined, [first, ...rest]);
  const type = [...world.types.keys()].find((name) => name.toLowerCase() === cast[1]?.toLowerCase());
  const rules = type === undefined ? undefined : world.types.get(type);
  if (rules?.bin !== 'directory') throw badRequest(`Deleted items of type '${cast[1]}' cannot be listed.`);
  return below(world, context, request, 'directory', rules.type, rest);
}

function below(
  world: World,
  context: Context,
  request: GraphRequest,
  bin: Bin,
  type: string | undefined,
  rest: readonly string[],
): Answer {
  const [id, action] = rest;
  if (id === undefined || id === '$count') {
    const rules = world.types.get(type ?? '') as EntityType;
    if (request.method !== 'GET') throw wrongMethod();
    need(context, rules.permissions.read);
    const items = [...context.store.listBin(bin, rules.type)].map(({ object }) => ({ type: rules.type, object }));
    return list(world, context, request, arrayCollection(rules.type, rules.path, items), withDeletion(rules));
  }
  const found = context.store.binned(bin, id.toLowerCase());
  const rules = found && world.types.get(found.type);
  if (!found || !rules || (type !== undefined && type !== found.type)) throw notFound(id);
  if (action === undefined && request.method === 'GET') return read(world, context, request, rules, found);
  need(context, rules.permissions.restore ?? rules.permissions.write);
  if (action === undefined && request.method === 'DELETE') {
    context.store.remove(found.type, found.object.id);
    return { status: 204 };
  }
  if (action?.replace(/^microsoft\.graph\./, '') !== 'restore' || request.method !== 'POST') throw wrongMethod();
  return restore(world, context, request, rules, found);
}

/** In the bin `deletedDateTime` is part of the default answer. */
function withDeletion(rules: EntityType): EntityType {
  return rules.defaultSelect ? { ...rules, defaultSelect: [...rules.defaultSelect, 'deletedDateTime'] } : rules;
}

function read(world: World, context: Context, request: GraphRequest, rules: EntityType, { object }: Binned): Answer {
  need(context, rules.permissions.read);
  const selected = parseSelect(request.query.get('$select'), rules, context, true);
  const polymorphic = rules.bin === 'directory';
  return {
    status: 200,
    body: {
      '@odata.context': contextUrl(request, polymorphic ? 'directoryObjects' : rules.path, selected, true),
      ...present(world, context, withDeletion(rules), object, { single: true, selected, polymorphic }),
    },
  };
}

/** 200 with the object, under its old id, with the links that its type brings back. */
function restore(world: World, context: Context, request: GraphRequest, rules: EntityType, { object }: Binned): Answer {
  const body: GraphRecord = request.body ?? {};
  rules.checkRestore?.(object, body, context);
  const restored = context.store.restore(object.id);
  rules.afterRestore?.(restored, body, context);
  const now = context.store.get(rules.type, restored.id) ?? restored;
  const polymorphic = rules.bin === 'directory';
  return {
    status: 200,
    body: {
      '@odata.context': contextUrl(request, polymorphic ? 'directoryObjects' : rules.path, undefined, true),
      ...present(world, context, rules, now, { single: true, polymorphic }),
    },
  };
}
