// A request to Graph and who sends it in, the answer out: every path below a version root finds its rules here.
import { auditRoute } from './audit-route.ts';
import { binRoute } from './bins.ts';
import { childRoute } from './children.ts';
import { deltaRoute } from './delta.ts';
import { directoryObjectRoute } from './directory.ts';
import { expander, parseExpand, readOf, relatedItems } from './expand.ts';
import { relationRoute } from './links.ts';
import { arrayCollection, contextUrl, countOf, list, tableCollection } from './listing.ts';
import { create, need, remove, update } from './objects.ts';
import type { World } from './options.ts';
import { allowed } from './permissions.ts';
import { parseSelect, present } from './present.ts';
import { alternateKey, type GraphRequest } from './request.ts';
import {
  type Answer,
  badRequest,
  type Caller,
  type Context,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  notFound,
  unlicensed,
} from './types.ts';

/** What the rules may look at while this request is served. */
export function contextOf(world: World, request: GraphRequest, caller: Caller): Context {
  return {
    store: world.store,
    reader: world.nextReader(),
    caller,
    version: request.version,
    method: request.method,
    path: request.segments.join('/'),
    headers: request.headers,
    may: (...permissions) => permissions.some((permission) => allowed(caller.permissions, [permission])),
    rules: (type) => world.types.get(type),
    keepSecret: (holder, keyId, secret) => {
      world.secrets.set(`${holder} ${keyId}`, secret);
    },
  };
}

const wrongMethod = () =>
  new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');

const noSegment = (segment: string) =>
  new GraphError(400, 'BadRequest', `Resource not found for the segment '${segment}'.`);

/** The listed types by path, in lower case; made once for the types of a world. */
const pathTables = new WeakMap<World['types'], ReadonlyMap<string, EntityType>>();

function pathsOf(types: World['types']): ReadonlyMap<string, EntityType> {
  const known = pathTables.get(types);
  if (known) return known;
  const paths = new Map<string, EntityType>();
  for (const rules of types.values()) {
    if (rules.unlisted) continue;
    for (const path of [rules.path, ...(rules.aliases ?? [])].map((each) => each.toLowerCase()))
      if (!paths.has(path)) paths.set(path, rules);
  }
  pathTables.set(types, paths);
  return paths;
}

/** Finds the type whose path the segments begin with; the longest one wins. */
function findRules(
  world: World,
  segments: readonly string[],
): { rules: EntityType; rest: readonly string[] } | undefined {
  const paths = pathsOf(world.types);
  for (let length = segments.length; length > 0; length--) {
    const rules = paths.get(segments.slice(0, length).join('/').toLowerCase());
    if (rules) return { rules, rest: segments.slice(length) };
  }
  return undefined;
}

/** Serves one request; throws GraphErrors. */
export function route(world: World, request: GraphRequest, caller: Caller): Answer {
  const context = contextOf(world, request, caller);
  const [first = ''] = request.segments;
  if (first === '') throw noSegment('');
  if (first.toLowerCase() === 'me') throw badRequest('/me request is only valid with delegated authentication flow.');
  const audits = auditRoute(world, context, request);
  if (audits) return audits;
  const binned = binRoute(world, context, request);
  if (binned) return binned;
  const directory = directoryObjectRoute(world, context, request, objectRoute);
  if (directory) return directory;
  const found = findRules(world, request.segments);
  if (!found) throw noSegment(request.segments.at(-1) ?? first);
  const { rules, rest } = found;
  if (world.knobs.unlicensed.includes(rules.type)) throw unlicensed();
  if (rules.singleton) {
    const [object] = [...context.reader.list(rules.type)];
    if (!object) throw notFound(rules.path);
    // organization is a collection of one; policies are served at their path itself.
    if (!rules.methods.includes('list')) return objectRoute(world, context, request, rules, object, rest);
  }
  return collectionRoute(world, context, request, rules, rest);
}

function collectionRoute(
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  rest: readonly string[],
): Answer {
  const [key, ...below] = rest;
  if (key === undefined) {
    if (request.method === 'GET') {
      permit(rules, 'list');
      need(context, rules.permissions.read);
      return list(world, context, request, tableCollection(rules, context, rules.path), rules);
    }
    if (request.method !== 'POST') throw wrongMethod();
    permit(rules, 'create');
    return create(world, context, request, rules, request.body ?? {});
  }
  const cast = /^microsoft\.graph\.(\w+)$/.exec(key);
  if (key.toLowerCase() === 'delta' || cast?.[1] === 'delta') {
    if (!rules.delta) throw noSegment('delta');
    need(context, rules.permissions.read);
    return deltaRoute(world, context, request, rules);
  }
  if (key === '$count') {
    need(context, rules.permissions.read);
    return countOf(request, context, tableCollection(rules, context, rules.path), rules);
  }
  if (cast && request.method === 'GET') return castRoute(world, context, request, rules, cast[1] as string);
  const object = findObject(context, rules, key);
  if (!object) return absent(world, context, request, rules, key, below);
  return objectRoute(world, context, request, rules, object, below);
}

function permit(rules: EntityType, method: EntityType['methods'][number]): void {
  if (!rules.methods.includes(method)) throw wrongMethod();
}

/** `…/namedLocations/microsoft.graph.ipNamedLocation`: those of a derived type. */
function castRoute(world: World, context: Context, request: GraphRequest, rules: EntityType, type: string): Answer {
  need(context, rules.permissions.read);
  const items = [...context.reader.list(rules.type)]
    .filter((object) => object['@odata.type'] === `#microsoft.graph.${type}`)
    .map((object) => ({ type: rules.type, object }));
  return list(world, context, request, arrayCollection(rules.type, rules.path, items), rules);
}

/** By id, alternate key, or, for users, user principal name (reference 1.3). */
function findObject(context: Context, rules: EntityType, key: string): GraphObject | undefined {
  const alternate = alternateKey(key);
  if (alternate) {
    if (!rules.alternateKeys?.includes(alternate.property))
      throw badRequest(`'${alternate.property}' is no key of '${rules.type}'.`);
    return context.reader.find(rules.type, alternate.property, alternate.value)[0];
  }
  const byId = context.reader.get(rules.type, key) ?? context.reader.get(rules.type, key.toLowerCase());
  if (byId || rules.type !== 'user' || !key.includes('@')) return byId;
  return context.reader.find('user', 'userPrincipalName', key)[0];
}

/** An object that is not there: an upsert creates it, everything else is 404. */
function absent(
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  key: string,
  below: readonly string[],
): Answer {
  const alternate = alternateKey(key);
  if (request.method === 'PATCH' && below.length === 0) {
    const body = request.body ?? {};
    if (rules.methods.includes('upsert') && !alternate) {
      const made = create(world, context, request, rules, body, key);
      return rules.methods.includes('create') ? made : { status: 204 };
    }
    if (alternate && /create-if-missing/i.test(request.headers.get('prefer') ?? '')) {
      return create(world, context, request, rules, { ...body, [alternate.property]: alternate.value });
    }
  }
  need(context, rules.permissions.read);
  if (rules.notFoundCode) throw new GraphError(404, rules.notFoundCode, `Resource '${key}' could not be found.`);
  throw notFound(alternate?.value ?? key);
}

/** Everything at and below one object. */
export function objectRoute(
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  object: GraphObject,
  rest: readonly string[],
  polymorphic = false,
): Answer {
  const [raw, ...below] = rest;
  if (raw === undefined) return selfRoute(world, context, request, rules, object, polymorphic);
  const name = raw.replace(/^microsoft\.graph\./, '');
  const named = <Rule>(table: Readonly<Record<string, Rule>> | undefined): [string, Rule] | undefined =>
    Object.entries(table ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase());
  const link = named(rules.links);
  if (link) {
    const [relation, rule] = link;
    if (request.method === 'GET') need(context, rule.read ?? rules.permissions.read);
    return relationRoute(world, context, request, { owner: object, rules, relation, rule, rest: below }, (id) =>
      deleteAny(context, id),
    );
  }
  const child = named(rules.children);
  if (child) {
    need(context, request.method === 'GET' ? rules.permissions.read : rules.permissions.write);
    const [navigation, rule] = child;
    return childRoute(world, context, request, { owner: object, rules, navigation, rule, rest: below });
  }
  const related = named(rules.related);
  if (related) return relatedRoute(world, context, request, rules, object, related[0], below);
  const action = named(rules.actions);
  if (action && below.length === 0) {
    const [, rule] = action;
    if (request.method !== rule.method) throw wrongMethod();
    need(context, rule.permissions ?? (rule.method === 'GET' ? rules.permissions.read : rules.permissions.write));
    const current = context.store.get(rules.type, object.id) ?? object;
    return rule.run(current, request.body ?? {}, context);
  }
  throw noSegment(raw);
}

/** Deletes whatever object bears this id, by the rules of its own type. */
function deleteAny(context: Context, id: string): Answer {
  const found = context.store.locate(id);
  const rules = found && context.rules(found.type);
  if (!found || !rules) throw notFound(id);
  return remove(context, rules, found.object);
}

function selfRoute(
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  object: GraphObject,
  polymorphic: boolean,
): Answer {
  const current = context.store.get(rules.type, object.id);
  switch (request.method) {
    case 'GET':
      permit(rules, 'get');
      need(context, rules.permissions.read);
      return readObject(world, context, request, rules, object, polymorphic);
    case 'PATCH':
      if (!rules.methods.includes('upsert')) permit(rules, 'update');
      if (!current) throw notFound(object.id);
      return update(world, context, request, rules, current, request.body ?? {});
    case 'DELETE':
      permit(rules, 'delete');
      if (!current) throw notFound(object.id);
      return remove(context, rules, current);
    default:
      throw wrongMethod();
  }
}

function readObject(
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  object: GraphObject,
  polymorphic: boolean,
): Answer {
  const selected = parseSelect(request.query.get('$select'), rules, context, true);
  const expansion = parseExpand(request.query.get('$expand'), rules, context, false);
  const shaped = present(world, context, rules, object, { single: true, selected, polymorphic });
  if (expansion) expander(world, context, rules, expansion)(object, shaped);
  const path = polymorphic ? 'directoryObjects' : rules.path;
  return {
    status: 200,
    body: { '@odata.context': contextUrl(request, path, selected, !rules.singleton || polymorphic), ...shaped },
  };
}

/** `appRoleAssignedTo` and its like: objects of another type that name this one. */
function relatedRoute(
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  owner: GraphObject,
  relation: string,
  rest: readonly string[],
): Answer {
  const related = rules.related?.[relation];
  const own = related && context.rules(related.type);
  if (!related || !own) throw noSegment(relation);
  const permitted = (method: 'list' | 'get' | 'create' | 'delete') => {
    if (!related.methods.includes(method)) throw wrongMethod();
  };
  const [id, ...below] = rest;
  if (request.method === 'GET') need(context, readOf(rules, relation, context));
  const path = `${rules.path}('${owner.id}')/${relation}`;
  const items = relatedItems(context, rules, owner, relation);
  if (id === undefined && request.method === 'GET') {
    permitted('list');
    return list(world, context, request, arrayCollection(related.type, path, items), own);
  }
  if (id === undefined && request.method === 'POST') {
    permitted('create');
    const body = request.body ?? {};
    if (body[related.by] !== undefined && String(body[related.by]).toLowerCase() !== owner.id) {
      throw badRequest(`Invalid value specified for property '${related.by}' of resource '${own.type}'.`);
    }
    return create(world, context, request, own, { ...body, [related.by]: owner.id } as GraphRecord);
  }
  if (id === '$count') return countOf(request, context, arrayCollection(related.type, path, items), own);
  if (id === undefined || below.length > 0) throw wrongMethod();
  const item = items.find(({ object }) => object.id === id);
  if (!item) throw notFound(id);
  if (request.method === 'GET') {
    permitted('get');
    return readObject(world, context, request, own, item.object, false);
  }
  if (request.method !== 'DELETE') throw wrongMethod();
  permitted('delete');
  if (!context.store.get(own.type, id)) throw notFound(id);
  return remove(context, own, item.object);
}
