// Requests: a step of a plan, with its placeholders filled in, into the Graph calls that carry it out; pure, it sends nothing.

import { graphIdOf } from '../model/graph-id.ts';
import { equal, isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Contained, Kind } from '../model/kind.ts';
import type { Step } from '../model/plan.ts';
import { isGuid, keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { StepCall, StepRequests } from '../model/run.ts';
import type { GraphRequest } from '../model/tenant.ts';
import { keyOfRaw, objectPath, quoted } from './addressing.ts';
import { resolveCloud } from './clouds.ts';

/** Targets in one PATCH with `members@odata.bind` (reference 1.11). */
const bindSize = 20;
/** Links that Graph takes many at a time, by kind. */
const bindable: Readonly<Record<string, readonly string[]>> = { groups: ['members'] };

export interface RequestOptions {
  readonly cloud: string;
  readonly graphUrl?: string | undefined;
  /** Bytes that nobody can guess, for the passwords of users that are made anew. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/**
 * How steps are said to this Graph. `@odata.id` in a body must name the host that is called (reference 1.1), so it is made for one cloud.
 * Problem `usage` for an address that is not valid.
 */
export function stepRequests({ cloud, graphUrl, randomBytes }: RequestOptions): StepRequests {
  const { origin } = resolveCloud(cloud, graphUrl).graph;
  const entry = (target: Ref) => `${origin}/v1.0/directoryObjects/${encodeURIComponent(keyOf(target))}`;
  return {
    callFor: (step, kind) => callFor(step, kind, entry, () => newPassword(randomBytes)),
    bind(kind, ref, link, targets) {
      if (targets.length > bindSize || !bindable[kind.name]?.includes(link)) return undefined;
      return request(kind, 'PATCH', pathOf(kind, ref), { [`${link}@odata.bind`]: targets.map(entry) });
    },
    bindSize,
    madeKey(kind, body) {
      try {
        return isObject(body) ? keyOfRaw(kind, body) : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

function request(kind: Kind, method: GraphRequest['method'], path: string, body?: JsonObject): GraphRequest {
  return { method, version: kind.version, path, lane: kind.lane, ...(body === undefined ? {} : { body }) };
}

/** The path of an object. A singleton that Graph lists as a collection of one is written by its id (reference 3.20). */
function pathOf(kind: Kind, ref: Ref): string {
  const key = keyOf(ref);
  if (kind.singleton) return isGuid(key) ? `${kind.path}/${key}` : kind.path;
  return objectPath(kind, graphIdOf(kind, key) ?? key);
}

function callFor(step: Step, kind: Kind, entry: (target: Ref) => string, password: () => string): StepCall {
  const path = pathOf(kind, step.ref);
  switch (step.action) {
    case 'restore':
      return {
        request: request(kind, 'POST', `${restorePath(kind)}/${encodeURIComponent(keyOf(step.ref))}/restore`, {}),
      };
    case 'recreate':
      return creation(step, kind, path, password);
    case 'update':
      return { request: request(kind, 'PATCH', path, { ...typeOf(kind, step.type), ...step.after }) };
    case 'action':
      return { request: request(kind, 'POST', `${path}/${step.name}`, actionBody(step, kind)) };
    case 'createItem':
    case 'updateItem':
    case 'deleteItem':
      return itemCall(step, kind, path);
    case 'link':
    case 'unlink':
      return linkCall(step, kind, path, entry);
    case 'delete':
      return { request: request(kind, 'DELETE', path) };
    case 'prune':
      throw new RangeError('what to take away after a restore is known only when the object was read');
  }
}

/** Where a bin takes `<id>/restore`: its path without the cast that its listing needs (reference 1.12). */
function restorePath(kind: Kind): string {
  return kind.deletion.restore ?? (kind.deletion.bin ?? '').replace(/\/microsoft\.graph\.\w+$/, '');
}

function typeOf(kind: Kind, type: string | undefined): JsonObject {
  return kind.typed && type !== undefined ? { '@odata.type': type } : {};
}

function creation(step: Step & { action: 'recreate' }, kind: Kind, path: string, password: () => string): StepCall {
  const body: JsonObject = { ...(step.type === undefined ? {} : { '@odata.type': step.type }), ...step.after };
  // A PATCH of an id that is not there makes it (reference 3.10).
  if (kind.creation === 'upsert') return { request: request(kind, 'PATCH', path, body) };
  if (!kind.newPassword) return { request: request(kind, 'POST', kind.path, body) };
  const secret = password();
  return {
    request: request(kind, 'POST', kind.path, {
      ...body,
      passwordProfile: { password: secret, forceChangePasswordNextSignIn: true },
    }),
    secret,
  };
}

/**
 * 24 characters of four sorts from 18 random bytes: Entra demands three of them, and eight characters. The person changes it at the first
 * sign-in (reference 3.1).
 */
function newPassword(randomBytes: (length: number) => Uint8Array): string {
  return `${Buffer.from(randomBytes(15)).toString('base64url')}aA1!`;
}

/** The whole value, or what is to be added and removed, as the row says that the action takes it. */
function actionBody({ attribute, before, after }: Step & { action: 'action' }, kind: Kind): JsonObject {
  const difference = kind.attributes[attribute]?.difference;
  if (difference === undefined) return { [attribute]: after };
  const { key } = difference;
  const [held, wanted] = [before, after].map((side) => (isArray(side) ? side.filter(isObject) : []));
  const kept = new Set(wanted!.map((item) => item[key]));
  return {
    [difference.add]: wanted!.filter((item) => !held!.some((other) => equal(other, item))),
    [difference.remove]: held!.map((item) => item[key]!).filter((value) => !kept.has(value)),
  };
}

type ItemStep = Step & { readonly action: 'createItem' | 'updateItem' | 'deleteItem' };

function itemCall(step: ItemStep, kind: Kind, path: string): StepCall {
  const contained = kind.contained?.find(({ attribute }) => attribute === step.attribute);
  const collection = `${path}/${step.attribute}`;
  const item = contained === undefined ? collection : itemPath(contained, collection, step.key);
  switch (step.action) {
    case 'createItem':
      return { request: request(kind, 'POST', collection, createBody(contained, step.after ?? {})) };
    case 'updateItem':
      return { request: request(kind, 'PATCH', item, step.after ?? {}) };
    case 'deleteItem':
      if (contained?.removal === undefined) return { request: request(kind, 'DELETE', item) };
      if (contained.removal === 'rewrite') return rewriteCall(step, contained, kind, path);
      return { request: request(kind, 'POST', `${path}/${contained.removal.action}`, { [contained.key]: step.key }) };
  }
}

/** The list is read, with what only a read of this one attribute shows (the bytes of keys), and written without the item (reference 3.3). */
function rewriteCall(step: ItemStep, { attribute, key }: Contained, kind: Kind, path: string): StepCall {
  return {
    find: request(kind, 'GET', `${path}?$select=${attribute}`),
    request(body) {
      const items = isObject(body) && isArray(body[attribute]) ? body[attribute].filter(isObject) : [];
      const rest = items.filter((item) => !same(item[key], step.key));
      return rest.length < items.length ? request(kind, 'PATCH', path, { [attribute]: rest }) : undefined;
    },
  };
}

function itemPath({ alternateKey, key }: Contained, collection: string, value: string): string {
  if (!alternateKey) return `${collection}/${encodeURIComponent(value)}`;
  return `${collection}(${key}=${encodeURIComponent(quoted(value))})`;
}

/** An item's own id is Graph's to give. */
function createBody(contained: Contained | undefined, after: JsonObject): JsonObject {
  if (contained?.key !== 'id') return after;
  const { id: _id, ...body } = after;
  return body;
}

function linkCall(
  step: Step & { action: 'link' | 'unlink' },
  kind: Kind,
  path: string,
  entry: (target: Ref) => string,
): StepCall {
  const row = kind.links[step.link];
  const list = `${path}/${step.link}`;
  if (row?.write === 'assignment') return assignmentCall(step, kind, list);
  if (step.action === 'link')
    return {
      request: request(kind, row?.single ? 'PUT' : 'POST', `${list}/$ref`, { '@odata.id': entry(step.target) }),
    };
  // Without the last /$ref Graph would delete the object itself (reference 1.11).
  const target = row?.single ? '' : `/${encodeURIComponent(keyOf(step.target))}`;
  return { request: request(kind, 'DELETE', `${list}${target}/$ref`) };
}

/** App role assignments are objects of their own: made by a POST, and deleted by an id that is looked up first (reference 3.5). */
function assignmentCall(step: Step & { action: 'link' | 'unlink' }, kind: Kind, list: string): StepCall {
  const item = kind.links[step.link]?.item;
  const member = item?.target ?? 'principalId';
  const principal = keyOf(step.target);
  const properties = step.properties ?? {};
  if (step.action === 'link')
    return {
      request: request(kind, 'POST', list, { [member]: principal, resourceId: keyOf(step.ref), ...properties }),
    };
  const names = item?.properties ?? [];
  // Looked up from the principal's side: it holds 1,500 at most, where a resource may have any number (reference 1.4).
  const held = `/${kindOf(step.target)}/${encodeURIComponent(principal)}/appRoleAssignments?$top=999`;
  return {
    find: request(kind, 'GET', held),
    request(body) {
      const found = rows(body).find(
        (row) => same(row.resourceId, keyOf(step.ref)) && names.every((name) => same(row[name], properties[name])),
      );
      return typeof found?.id === 'string'
        ? request(kind, 'DELETE', `${list}/${encodeURIComponent(found.id)}`)
        : undefined;
    },
  };
}

function rows(body: Json | undefined): readonly JsonObject[] {
  return isObject(body) && isArray(body.value) ? body.value.filter(isObject) : [];
}

/** GUIDs are the same in either case. */
function same(left: Json | undefined, right: Json | undefined): boolean {
  return String(left).toLowerCase() === String(right).toLowerCase();
}
