// Relations by `$ref` and `@odata.bind`: what a request names in, links made or ended in the store out (reference 1.11).

import { relatedItems } from './expand.ts';
import { arrayCollection, type Collection, contextUrl, countOf, list } from './listing.ts';
import type { World } from './options.ts';
import { allowed } from './permissions.ts';
import { parseSelect, present } from './present.ts';
import type { GraphRequest } from './request.ts';
import {
  type Answer,
  badRequest,
  type Context,
  denied,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  type LinkRule,
  notFound,
} from './types.ts';

/** Relations that one create or update may bear (reference 1.11). */
const mostBindings = 20;

export interface Binding {
  readonly relation: string;
  readonly rule: LinkRule;
  readonly targets: readonly string[];
}

/** The links that a body asks for by `members@odata.bind`. */
export function bindings(body: GraphRecord, rules: EntityType, request: GraphRequest): readonly Binding[] {
  const found: Binding[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (!name.endsWith('@odata.bind')) continue;
    const relation = name.slice(0, -'@odata.bind'.length);
    const rule = rules.links?.[relation];
    if (!rule || rule.inverseOf) throw badRequest(`Property '${relation}' on type '${rules.type}' cannot be bound.`);
    const urls = Array.isArray(value) ? value : [value];
    found.push({ relation, rule, targets: urls.map((url) => referenced(url, request)) });
  }
  if (found.reduce((sum, { targets }) => sum + targets.length, 0) > mostBindings) {
    throw badRequest('The number of references in the request exceeds the limit of 20.');
  }
  return found;
}

/** Throws where one of the links may not be made; nothing is made then (all or nothing). */
export function checkBindings(
  links: readonly Binding[],
  owner: GraphObject,
  rules: EntityType,
  context: Context,
): void {
  for (const { relation, rule, targets } of links) {
    if (new Set(targets).size < targets.length) throw badRequest('Request contains a property with duplicate values.');
    for (const target of targets) checkAdd(owner, relation, rule, rules, target, context);
  }
}

export function makeBindings(links: readonly Binding[], owner: GraphObject, context: Context): void {
  for (const { relation, rule, targets } of links) {
    for (const target of targets) {
      if (rule.single) clear(relation, owner.id, context);
      context.store.link(relation, owner.id, target);
    }
  }
}

/** The id in `https://host/v1.0/directoryObjects/{id}` (or a typed collection); 400 for another host (reference 1.1). */
function referenced(url: unknown, request: GraphRequest): string {
  const refuse = (): never => {
    throw badRequest(`The reference '${String(url)}' is not a valid entity reference.`);
  };
  if (typeof url !== 'string') return refuse();
  let parsed: URL;
  try {
    parsed = new URL(url, `${request.origin}/${request.version}/`);
  } catch {
    return refuse();
  }
  const match = /^\/(?:v1\.0|beta)\/\w+\/([0-9a-f-]{36})(?:\/[\w.]+)?$/i.exec(
    decodeURIComponent(parsed.pathname).replace(/\('?([^')]+)'?\)$/, '/$1'),
  );
  if (parsed.origin !== request.origin || !match) return refuse();
  return (match[1] as string).toLowerCase();
}

function checkAdd(
  owner: GraphObject,
  relation: string,
  rule: LinkRule,
  rules: EntityType,
  target: string,
  context: Context,
): void {
  if (rule.write && !allowed(context.caller.permissions, rule.write)) throw denied();
  const found = context.reader.locate(target);
  if (!found) throw notFound(target);
  if (!rule.targets.includes(found.type)) {
    throw badRequest(`Invalid object type '${found.type}' for relation '${relation}' of type '${rules.type}'.`);
  }
  if (!rule.single && context.store.linked(relation, owner.id, target)) {
    throw badRequest(
      `One or more added object references already exist for the following modified properties: '${relation}'.`,
    );
  }
  if (rule.maximum !== undefined && context.store.targets(relation, owner.id).length >= rule.maximum) {
    throw new GraphError(403, 'Directory_QuotaExceeded', `The maximum of ${rule.maximum} ${relation} was reached.`);
  }
  rule.checkAdd?.(owner, found, context);
}

function clear(relation: string, owner: string, context: Context): boolean {
  const targets = context.store.targets(relation, owner);
  for (const target of targets) context.store.unlink(relation, owner, target);
  return targets.length > 0;
}

/** Ends a link; 404 where there is none. */
function end(owner: GraphObject, relation: string, rule: LinkRule, target: string, context: Context): Answer {
  if (rule.write && !allowed(context.caller.permissions, rule.write)) throw denied();
  if (!context.store.linked(relation, owner.id, target)) throw notFound(target);
  rule.checkRemove?.(owner, target, context);
  context.store.unlink(relation, owner.id, target);
  return { status: 204 };
}

/** What a route below an object's relation needs of the router. */
export interface RelationCall {
  readonly owner: GraphObject;
  readonly rules: EntityType;
  readonly relation: string;
  readonly rule: LinkRule;
  /** Segments behind the relation: `$ref`, `$count`, a type cast, an id. */
  readonly rest: readonly string[];
}

/** Serves everything below `/{collection}/{id}/{relation}`. */
export function relationRoute(
  world: World,
  context: Context,
  request: GraphRequest,
  call: RelationCall,
  deleteTarget: (id: string) => Answer,
): Answer {
  const { rest, rule, owner, relation, rules } = call;
  if (request.method === 'GET') return read(world, context, request, call);
  if (rule.inverseOf)
    throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  if (!rule.write && !allowed(context.caller.permissions, rules.permissions.write)) throw denied();
  const [first, second] = rest;
  if (rule.single) {
    if (first !== '$ref') throw wrongMethod();
    if (request.method === 'PUT') return set(context, request, call);
    if (request.method === 'DELETE') {
      const [target] = context.store.targets(relation, owner.id);
      if (target === undefined) throw notFound(owner.id);
      return end(owner, relation, rule, target, context);
    }
    throw wrongMethod();
  }
  if (request.method === 'POST' && first === '$ref' && rest.length === 1) {
    const target = referenced(request.body?.['@odata.id'], request);
    checkAdd(owner, relation, rule, rules, target, context);
    context.store.link(relation, owner.id, target);
    return { status: 204 };
  }
  if (request.method === 'DELETE' && first !== undefined && second === '$ref') {
    return end(owner, relation, rule, first.toLowerCase(), context);
  }
  if (request.method === 'DELETE' && first !== undefined && rest.length === 1 && first !== '$ref') {
    // The documentation's warning: without /$ref the target object itself is deleted, where permissions allow it (reference 1.11).
    if (!context.store.linked(relation, owner.id, first.toLowerCase())) throw notFound(first);
    return deleteTarget(first.toLowerCase());
  }
  throw wrongMethod();
}

const wrongMethod = () =>
  new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');

function set(context: Context, request: GraphRequest, { owner, relation, rule, rules }: RelationCall): Answer {
  const target = referenced(request.body?.['@odata.id'], request);
  checkAdd(owner, relation, rule, rules, target, context);
  clear(relation, owner.id, context);
  context.store.link(relation, owner.id, target);
  return { status: 204 };
}

function read(world: World, context: Context, request: GraphRequest, call: RelationCall): Answer {
  const { rest, rule, owner, rules, relation } = call;
  const directory = context.rules('directoryObject') as EntityType;
  let items = relatedItems(context, rules, owner, relation);
  let [first] = rest;
  if (rule.single) {
    const [item] = items;
    if (!item) throw notFound(owner.id);
    if (first === '$ref') {
      return {
        status: 200,
        body: { '@odata.id': `${request.origin}/${request.version}/directoryObjects/${item.object.id}` },
      };
    }
    const own = context.rules(item.type) ?? directory;
    const selected = parseSelect(request.query.get('$select'), own, context, true);
    return {
      status: 200,
      body: {
        '@odata.context': contextUrl(request, 'directoryObjects', selected, true),
        ...present(world, context, own, item.object, { single: true, selected, polymorphic: true }),
      },
    };
  }
  let type = 'directoryObject';
  const cast = /^microsoft\.graph\.(\w+)$/.exec(first ?? '');
  if (cast) {
    type = cast[1] as string;
    items = items.filter((item) => item.type === type);
    first = rest[1];
  }
  const path = cast ? (context.rules(type)?.path ?? 'directoryObjects') : 'directoryObjects';
  const collection: Collection = { ...arrayCollection(type, path, items), path };
  const itemRules = context.rules(type) ?? directory;
  if (first === undefined) return list(world, context, request, { ...collection, path: `${path}` }, itemRules);
  if (first === '$count') return countOf(request, context, collection, itemRules);
  if (first === '$ref') return references(world, context, request, collection, itemRules);
  const item = items.find(({ object }) => object.id === first?.toLowerCase());
  if (!item) throw notFound(first);
  const own = context.rules(item.type) ?? directory;
  return { status: 200, body: present(world, context, own, item.object, { single: true, polymorphic: true }) };
}

/** A page of `@odata.id`s. */
function references(
  world: World,
  context: Context,
  request: GraphRequest,
  collection: Collection,
  rules: EntityType,
): Answer {
  const page = list(world, context, request, collection, rules).body as GraphRecord;
  const value = (page.value as GraphRecord[]).map((item) => ({
    '@odata.id': `${request.origin}/${request.version}/directoryObjects/${item.id}`,
  }));
  return { status: 200, body: { ...page, '@odata.context': contextUrl(request, 'Collection($ref)'), value } };
}
