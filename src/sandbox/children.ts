// Contained collections (federated credentials, method configurations, combination configurations): requests in, the owner's array changed out.
import { childRules } from './expand.ts';
import { arrayCollection, contextUrl, list } from './listing.ts';
import { checkBody, merge, need, resourceName } from './objects.ts';
import type { World } from './options.ts';
import { present } from './present.ts';
import { alternateKey, type GraphRequest } from './request.ts';
import {
  type Answer,
  badRequest,
  type ChildRule,
  type Context,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  type Json,
  notFound,
} from './types.ts';

export interface ChildCall {
  readonly owner: GraphObject;
  readonly rules: EntityType;
  readonly navigation: string;
  readonly rule: ChildRule;
  readonly rest: readonly string[];
}

const childrenOf = (owner: GraphObject, navigation: string) => (owner[navigation] ?? []) as GraphRecord[];

/** Serves everything below `/{collection}/{id}/{navigation}`. */
export function childRoute(world: World, context: Context, request: GraphRequest, call: ChildCall): Answer {
  const { rest, rule } = call;
  const [key, tail] = rest;
  const permits = (method: ChildRule['methods'][number]) => {
    if (!rule.methods.includes(method)) {
      throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
    }
  };
  if (key === undefined) {
    if (request.method === 'GET') {
      permits('list');
      return listChildren(world, context, request, call);
    }
    if (request.method !== 'POST')
      throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
    permits('create');
    return createChild(world, context, request, call, request.body ?? {});
  }
  if (tail !== undefined && !(request.method === 'DELETE' && tail === '$ref')) throw notFound(tail);
  const child = findChild(call, key);
  if (request.method === 'PATCH') return patchChild(world, context, request, call, key, child);
  if (!child) throw childNotFound(call, key);
  if (request.method === 'GET') {
    permits('get');
    return {
      status: 200,
      body: {
        '@odata.context': contextUrl(request, pathOf(call), undefined, true),
        ...shape(world, context, call, child, true),
      },
    };
  }
  if (request.method !== 'DELETE')
    throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  permits('delete');
  return deleteChild(context, call, child);
}

const pathOf = ({ rules, owner, navigation }: ChildCall) =>
  rules.singleton ? `${rules.path}/${navigation}` : `${rules.path}('${owner.id}')/${navigation}`;

function childNotFound({ rules }: ChildCall, key: string): GraphError {
  if (rules.notFoundCode) return new GraphError(404, rules.notFoundCode, `Resource '${key}' could not be found.`);
  return notFound(key);
}

const rulesOf = ({ rules, navigation }: ChildCall) => childRules(rules, navigation) as EntityType;

function shape(world: World, context: Context, call: ChildCall, child: GraphRecord, single: boolean): GraphRecord {
  return present(world, context, rulesOf(call), child as GraphObject, { single });
}

function listChildren(world: World, context: Context, request: GraphRequest, call: ChildCall): Answer {
  const items = childrenOf(call.owner, call.navigation).map((object) => ({
    type: call.rule.type,
    object: object as GraphObject,
  }));
  const childContext: Context = {
    ...context,
    rules: (type) => (type === call.rule.type ? rulesOf(call) : context.rules(type)),
  };
  return list(world, childContext, request, arrayCollection(call.rule.type, pathOf(call), items), rulesOf(call));
}

function findChild(call: ChildCall, key: string): GraphRecord | undefined {
  const alternate = alternateKey(key);
  const [property, value] = alternate ? [alternate.property, alternate.value] : [call.rule.key, key];
  if (alternate && alternate.property !== call.rule.alternateKey)
    throw badRequest(`'${alternate.property}' is no key of '${call.rule.type}'.`);
  return childrenOf(call.owner, call.navigation).find((child) => {
    const own = child[property];
    return typeof own === 'string' && (alternate ? own === value : own.toLowerCase() === value.toLowerCase());
  });
}

function store(context: Context, call: ChildCall, children: readonly GraphRecord[]): void {
  const { owner, navigation, rules } = call;
  // The owner as it is now: the one that was read may have come from a replica that lags.
  const current = context.store.get(rules.type, owner.id) ?? owner;
  context.store.put(rules.type, { ...current, [navigation]: children as Json }, [navigation]);
}

function createChild(
  world: World,
  context: Context,
  request: GraphRequest,
  call: ChildCall,
  body: GraphRecord,
): Answer {
  const { owner, rule, rules, navigation } = call;
  need(context, rules.permissions.write);
  checkBody(
    body,
    { type: rule.type, ...(rule.derived ? { derived: rule.derived } : {}), readOnly: rule.readOnly ?? [] },
    context,
  );
  for (const name of rule.required ?? []) {
    if (body[name] === undefined || body[name] === null) {
      throw badRequest(`A value is required for property '${name}' of resource '${resourceName(rule.type)}'.`);
    }
  }
  const current = childrenOf(context.store.get(rules.type, owner.id) ?? owner, navigation);
  if (rule.maximum !== undefined && current.length >= rule.maximum) {
    throw badRequest(`The maximum of ${rule.maximum} ${navigation} was reached.`);
  }
  const child: GraphRecord = { ...rule.defaults?.(body, owner, context), ...body };
  child.id ??= context.store.newId();
  rule.check?.(child, undefined, owner, context);
  store(context, call, [...current, child]);
  return {
    status: 201,
    headers: { Location: `${request.origin}/${request.version}/${rules.path}/${owner.id}/${navigation}/${child.id}` },
    body: {
      '@odata.context': contextUrl(request, pathOf(call), undefined, true),
      ...shape(world, context, call, child, true),
    },
  };
}

/** PATCH of a child; by alternate key with `Prefer: create-if-missing` it creates (reference 1.3). */
function patchChild(
  world: World,
  context: Context,
  request: GraphRequest,
  call: ChildCall,
  key: string,
  before: GraphRecord | undefined,
): Answer {
  const { owner, rule, rules, navigation } = call;
  const body = request.body ?? {};
  if (!rule.methods.includes('update'))
    throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  if (!before) {
    const alternate = alternateKey(key);
    if (!alternate || !/create-if-missing/i.test(request.headers.get('prefer') ?? '')) throw childNotFound(call, key);
    return createChild(world, context, request, call, { ...body, [alternate.property]: alternate.value });
  }
  need(context, rules.permissions.write);
  checkBody(
    body,
    { type: rule.type, ...(rule.derived ? { derived: rule.derived } : {}), readOnly: rule.readOnly ?? [] },
    context,
  );
  for (const name of rule.createOnly ?? []) {
    if (name in body && body[name] !== before[name]) throw badRequest(`Property '${name}' cannot be changed.`);
  }
  const after = merge(before, body, world.knobs.mergeMode);
  rule.check?.(after, before, owner, context);
  const current = childrenOf(context.store.get(rules.type, owner.id) ?? owner, navigation);
  store(
    context,
    call,
    current.map((child) => (child[rule.key] === before[rule.key] ? after : child)),
  );
  return { status: 204 };
}

function deleteChild(context: Context, call: ChildCall, child: GraphRecord): Answer {
  const { owner, rule, rules, navigation } = call;
  need(context, rules.permissions.write);
  const left = rule.remove?.(child, owner, context);
  const current = childrenOf(context.store.get(rules.type, owner.id) ?? owner, navigation);
  store(
    context,
    call,
    current.flatMap((each) => (each[rule.key] !== child[rule.key] ? [each] : left ? [left] : [])),
  );
  return { status: 204 };
}
