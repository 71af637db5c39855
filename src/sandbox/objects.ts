// A body and the rules of its type in, an object created, changed, deleted or restored in the store out (reference 1.10, 1.12).

import { bindings, checkBindings, makeBindings } from './links.ts';
import { contextUrl } from './listing.ts';
import { baseOf, InvalidBody, isA, property, validate } from './metadata.ts';
import type { World } from './options.ts';
import { allowed } from './permissions.ts';
import { present, typeOfObject } from './present.ts';
import type { GraphRequest } from './request.ts';
import {
  type Answer,
  badRequest,
  type Context,
  denied,
  type EntityType,
  type GraphObject,
  type GraphRecord,
  type Json,
  type Permissions,
} from './types.ts';

const isRecord = (value: Json | undefined): value is GraphRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Graph names a type with a capital in its messages: `User`. */
export const resourceName = (type: string): string => type.charAt(0).toUpperCase() + type.slice(1);

export function need(context: Context, permissions: Permissions): void {
  if (!allowed(context.caller.permissions, permissions)) throw denied();
}

interface BodyRules {
  readonly type: string;
  readonly derived?: readonly string[];
  readonly readOnly?: readonly string[];
  readonly notClearable?: readonly string[];
}

/** Refuses what no write may bear: unknown and ill-typed properties, read-only ones, empty texts, a missing `@odata.type`. */
export function checkBody(body: GraphRecord, rules: BodyRules, context: Context): void {
  if (rules.derived && typeof body['@odata.type'] !== 'string') {
    throw badRequest(
      `Property '@odata.type' is required: the type 'microsoft.graph.${rules.type}' is abstract and cannot be instantiated.`,
    );
  }
  if (typeof body['@odata.type'] === 'string' && rules.derived) {
    const name = typeOfObject(rules.type, body);
    if (!rules.derived.some((derived) => isA(name, derived))) {
      throw badRequest(`Type 'microsoft.graph.${name}' cannot be created or updated here.`);
    }
  }
  try {
    validate(rules.type, body);
  } catch (error) {
    if (error instanceof InvalidBody) throw badRequest(error.message);
    throw error;
  }
  const type = typeOfObject(rules.type, body);
  const beta = context.version === 'v1.0' ? betaProperty(type, body) : undefined;
  if (beta) throw badRequest(`Could not find a property named '${beta.name}' on type 'microsoft.graph.${beta.type}'.`);
  for (const path of ['id', 'deletedDateTime', ...(rules.readOnly ?? [])]) {
    if (names(body, path.split('.')))
      throw badRequest(`Property '${path.split('.')[0]}' is read-only and cannot be set.`);
  }
  for (const [name, value] of Object.entries(body)) {
    if (value === '' && isDirectoryObject(rules.type)) {
      throw badRequest(`Invalid value specified for property '${name}' of resource '${resourceName(type)}'.`);
    }
    const info = name.includes('@') ? undefined : property(type, name);
    if (value === null && info?.collection && !info.nullable) {
      throw badRequest(
        `A null value was found for the property named '${name}', which has the expected type 'Collection(Edm.${resourceName(info.type)})[Nullable=False]'.`,
      );
    }
    if (value === null && rules.notClearable?.includes(name)) {
      throw badRequest(`Invalid value specified for property '${name}' of resource '${resourceName(type)}'.`);
    }
  }
}

/** A property that has a value in the body and that only the beta root knows (reference 3.7). */
function betaProperty(type: string, body: GraphRecord): { type: string; name: string } | undefined {
  for (const [name, value] of Object.entries(body)) {
    const info = name.includes('@') || value === null ? undefined : property(type, name);
    if (info?.beta) return { type, name };
    if (info?.kind !== 'complex') continue;
    for (const item of Array.isArray(value) ? value : [value]) {
      const found = isRecord(item) ? betaProperty(typeOfObject(info.type, item), item) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

/** True where the body sets a (dotted) path, in any item of the arrays on the way; a null leaf counts, an absent one does not. */
function names(value: Json | undefined, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return value !== undefined;
  if (Array.isArray(value)) return value.some((item) => names(item, path));
  return isRecord(value) && first in value && names(value[first], rest);
}

function isDirectoryObject(type: string): boolean {
  for (let name: string | undefined = type; name; name = baseOf(name))
    if (name === 'directoryObject') return !/Policy$/.test(type);
  return false;
}

/** Only what belongs to the object itself: annotations of links and control information are not stored. */
function own(body: GraphRecord): GraphRecord {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name === '@odata.type' || !name.includes('@')));
}

/** The first wins where it says something; complex values are joined one level down. */
function fill(body: GraphRecord, defaults: GraphRecord): GraphRecord {
  const filled: GraphRecord = { ...defaults, ...body };
  for (const [name, value] of Object.entries(body)) {
    const other = defaults[name];
    if (isRecord(value) && isRecord(other)) filled[name] = { ...other, ...value };
    if (value === null && other !== undefined && other !== null) filled[name] = other;
  }
  return filled;
}

/** A whole object from what a seed or a create says, with what the server fills in. */
export function complete(rules: EntityType, id: string, body: GraphRecord, context: Context): GraphObject {
  return { ...fill(own(body), rules.defaults?.(body, context) ?? {}), id };
}

/** `POST` to a collection → 201 with the object; `id`, where the client names it (an upsert). */
export function create(
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  body: GraphRecord,
  id?: string,
): Answer {
  need(context, rules.permissions.create ?? rules.permissions.write);
  const object = make(context, request, rules, body, id);
  const shaped = present(world, context, rules, object, { single: true });
  return {
    status: 201,
    headers: { Location: `${request.origin}/${request.version}/${rules.path}/${object.id}` },
    body: {
      '@odata.context': contextUrl(request, rules.path, undefined, true),
      ...shaped,
      ...rules.created?.(object, body, context),
    },
  };
}

/** Checks a body and stores what it makes. */
export function make(
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  sent: GraphRecord,
  given?: string,
): GraphObject {
  const body = rules.readBody?.(sent) ?? sent;
  checkBody(body, rules, context);
  for (const name of rules.updateOnly ?? []) {
    if (name in body) throw badRequest(`Property '${name}' cannot be set when the ${rules.type} is created.`);
  }
  for (const name of rules.required ?? []) {
    if (body[name] === undefined || body[name] === null) {
      throw badRequest(`A value is required for property '${name}' of resource '${resourceName(rules.type)}'.`);
    }
  }
  const links = bindings(body, rules, request);
  rules.checkCreate?.(body, context);
  const id = given ?? rules.identify?.(body, context) ?? context.store.newId();
  let object = complete(rules, id, body, context);
  checkBindings(links, object, rules, context);
  object = rules.settle?.(object, undefined, context) ?? object;
  context.store.put(rules.type, object);
  makeBindings(links, object, context);
  rules.afterCreate?.(object, body, context);
  return object;
}

/** What PATCH makes of a value that is there: arrays and simple values are replaced whole, complex ones as the knob says. */
export function merge(before: GraphRecord, patch: GraphRecord, mode: 'merge' | 'replace'): GraphRecord {
  const after: GraphRecord = { ...before };
  for (const [name, value] of Object.entries(own(patch))) {
    const old = before[name];
    const joinable =
      mode === 'merge' &&
      isRecord(value) &&
      isRecord(old) &&
      (value['@odata.type'] ?? old['@odata.type']) === old['@odata.type'];
    after[name] = joinable ? { ...(old as GraphRecord), ...(value as GraphRecord) } : value;
  }
  return after;
}

/** `PATCH` of an object → 204. */
export function update(
  world: World,
  context: Context,
  request: GraphRequest,
  rules: EntityType,
  object: GraphObject,
  sent: GraphRecord,
): Answer {
  // Links alone ask for the permissions of their relation, which links.ts looks at.
  const sentNames = Object.keys(sent);
  const onlyLinks =
    sentNames.length > 0 && sentNames.every((name) => rules.links?.[name.replace(/@odata\.bind$/, '')]?.write);
  if (!onlyLinks) need(context, rules.permissions.write);
  const body = rules.readBody?.(sent) ?? sent;
  checkBody(body, rules, context);
  for (const name of rules.createOnly ?? []) {
    if (name in body) throw badRequest(`Property '${name}' cannot be changed after the ${rules.type} was created.`);
  }
  const links = bindings(body, rules, request);
  const merged: GraphObject = { ...merge(object, body, world.knobs.mergeMode), id: object.id };
  rules.checkUpdate?.(object, body, merged, context);
  checkBindings(links, object, rules, context);
  const after = rules.settle?.(merged, object, context) ?? merged;
  const changed = Object.keys(after).filter((name) => JSON.stringify(after[name]) !== JSON.stringify(object[name]));
  if (changed.length > 0) context.store.put(rules.type, after, changed);
  makeBindings(links, object, context);
  rules.afterUpdate?.(after, object, context);
  return { status: 204 };
}

/** `DELETE` of an object → 204: into its bin where it has one, else gone. */
export function remove(context: Context, rules: EntityType, object: GraphObject): Answer {
  need(context, rules.permissions.delete ?? rules.permissions.write);
  rules.checkDelete?.(object, context);
  bury(context, rules, object);
  return { status: 204 };
}

/** The deletion itself, for those who have checked that it may be done. */
export function bury(context: Context, rules: EntityType, object: GraphObject): void {
  const { store } = context;
  if (!rules.bin || rules.hardDeleted?.(object)) {
    store.remove(rules.type, object.id);
  } else {
    loseLinks(context, rules, object);
    store.bury(rules.type, object.id, rules.bin);
  }
  rules.afterDelete?.(object, context);
}

/** Ends the links that do not come back with a restore (reference 3.1, Delete). */
function loseLinks(context: Context, rules: EntityType, object: GraphObject): void {
  const { store } = context;
  for (const [relation, link] of Object.entries(rules.links ?? {})) {
    if (!link.lostWithOwner) continue;
    for (const target of store.targets(relation, object.id)) store.unlink(relation, object.id, target);
  }
  for (const relation of store.relations()) {
    for (const owner of store.owners(relation, object.id)) {
      const ownerType = store.locate(owner)?.type;
      const link = ownerType ? context.rules(ownerType)?.links?.[relation] : undefined;
      if (link && !link.survivesBin) store.unlink(relation, owner, object.id);
    }
  }
}
