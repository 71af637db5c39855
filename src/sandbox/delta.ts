// A delta request in, a page of what there is or of what changed out, with the link to go on from (reference 1.5).
import { nextLink } from './listing.ts';
import type { World } from './options.ts';
import { parseSelect, presenter, selectionOf } from './present.ts';
import type { GraphRequest } from './request.ts';
import {
  type Answer,
  badRequest,
  type Change,
  type Context,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  type Json,
} from './types.ts';

/** Objects, and links of one object, on a page of a delta. */
const objectsPerPage = 200;
const linksPerPage = 400;

/** Where a delta stands; it travels inside the links, with the first request's `$select` and `$filter`. */
interface State {
  readonly type: string;
  readonly select: string | undefined;
  readonly ids: readonly string[] | undefined;
  /** Changes from this one on have not been told. */
  readonly since: number;
  /** In the initial listing: the next position, and the next link of the object there; undefined in later rounds. */
  readonly position: number | undefined;
  readonly link: number;
  /** In a later round: how many changed objects were told. */
  readonly told: number;
  readonly until: number | undefined;
  readonly at: number;
}

/** Relations that a delta of this type can carry, and those it carries without `$select` (reference 1.5). */
const relations: Readonly<Record<string, readonly string[]>> = {
  group: ['members', 'owners'],
  user: ['manager'],
  application: ['owners'],
  servicePrincipal: ['owners'],
};
const relationsByDefault: Readonly<Record<string, readonly string[]>> = { group: ['members'] };

/** Answers `GET /{collection}/delta`, from the start or from a token. */
export function deltaRoute(world: World, context: Context, request: GraphRequest, rules: EntityType): Answer {
  if (request.method !== 'GET')
    throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  for (const option of ['$expand', '$orderby', '$top', '$search', '$count']) {
    if (request.query.has(option)) throw badRequest(`The query option '${option}' is not supported for delta queries.`);
  }
  const token = request.query.get('$skiptoken') ?? request.query.get('$deltatoken');
  if (token === undefined) return initial(world, context, request, rules, begin(world, context, request, rules));
  if (token.toLowerCase() === 'latest') {
    const state = begin(world, context, request, rules);
    return page(world, request, rules, [], undefined, { ...state, position: undefined });
  }
  const state = open(world, token, rules, request);
  return state.position === undefined
    ? incremental(world, context, request, rules, state)
    : initial(world, context, request, rules, state);
}

function begin(world: World, context: Context, request: GraphRequest, rules: EntityType): State {
  const select = request.query.get('$select');
  const names = relations[rules.type] ?? [];
  const properties = select?.split(',').filter((name) => !names.includes(name.trim()));
  if (properties && properties.length > 0) parseSelect(properties.join(','), rules, context, false);
  return {
    type: rules.type,
    select,
    ids: idFilter(request.query.get('$filter')),
    since: world.store.lastSequence(),
    position: 0,
    link: 0,
    told: 0,
    until: undefined,
    at: world.knobs.clock(),
  };
}

/** `id eq 'a' or id eq 'b'`, at most 50 of them; nothing else can be asked. */
function idFilter(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const ids = text.split(/\s+or\s+/).map((part) => /^\s*id eq '([^']+)'\s*$/.exec(part)?.[1]?.toLowerCase());
  if (ids.some((id) => id === undefined))
    throw new GraphError(400, 'Request_UnsupportedQuery', 'Unsupported filter for a delta query.');
  if (ids.length > 50) throw badRequest('A delta query can track at most 50 ids.');
  return ids as string[];
}

function seal(world: World, state: State): string {
  const text = Buffer.from(JSON.stringify({ ...state, at: world.knobs.clock() })).toString('base64url');
  return `${text}.${world.signDelta(text)}`;
}

/** The state in a token; throws what an expired one gets: 400 `syncStateNotFound`, or 410 with a Location to begin again. */
function open(world: World, token: string, rules: EntityType, request: GraphRequest): State {
  const [text = '', signature] = token.split('.');
  if (signature !== world.signDelta(text)) throw badRequest('The delta token is not valid.');
  const state = JSON.parse(Buffer.from(text, 'base64url').toString()) as State;
  if (state.type !== rules.type) throw badRequest('The delta token is not valid for this resource.');
  if (world.knobs.clock() - state.at <= world.knobs.deltaTokenLifetimeMs) return state;
  if (world.knobs.deltaExpiry === '410') {
    throw new GraphError(
      410,
      'syncStateInvalid',
      'The sync state is no longer valid: a full synchronization is required.',
      {
        headers: { Location: `${request.origin}/${request.version}/${rules.path}/delta?$deltatoken=` },
      },
    );
  }
  throw new GraphError(
    400,
    'syncStateNotFound',
    'The sync state generation is not found; a full synchronization is required.',
  );
}

interface Wanted {
  readonly properties: ReadonlySet<string> | undefined;
  readonly relations: readonly string[];
}

function wanted(state: State, rules: EntityType): Wanted {
  const known = relations[rules.type] ?? [];
  if (state.select === undefined) return { properties: undefined, relations: relationsByDefault[rules.type] ?? [] };
  const names = state.select.split(',').map((name) => name.trim());
  return {
    properties: selectionOf(names.filter((name) => !known.includes(name)).join(',')),
    relations: known.filter((name) => names.includes(name)),
  };
}

/** Set properties only: what was never set is not in the answer, what was cleared is there as null. */
function shaper(
  world: World,
  context: Context,
  rules: EntityType,
  selected: ReadonlySet<string> | undefined,
): (object: GraphObject) => GraphRecord {
  const show = presenter(world, context, rules, { single: false, selected });
  return (object) => {
    const shaped = show(object);
    const kept: GraphRecord = {};
    for (const name in shaped) {
      const value = shaped[name] as Json;
      const isUnset = value === null || (Array.isArray(value) && value.length === 0);
      if (!isUnset || object[name] !== undefined) kept[name] = value;
    }
    return kept;
  };
}

function linked(context: Context, id: string): GraphRecord {
  const type = context.store.typeOf(id) ?? context.store.binned('directory', id)?.type ?? 'directoryObject';
  return { '@odata.type': `#microsoft.graph.${type}`, id };
}

/** A page of the first round: every object, a large group again on each page until all its links are told. */
function initial(world: World, context: Context, request: GraphRequest, rules: EntityType, state: State): Answer {
  const { properties, relations: asked } = wanted(state, rules);
  const shape = shaper(world, context, rules, properties);
  const limit = Math.min(objectsPerPage, world.knobs.pageSize ?? objectsPerPage);
  const value: GraphRecord[] = [];
  let position: number | undefined = state.position ?? 0;
  let skip = state.link;
  let room = linksPerPage;
  while (position !== undefined && value.length < limit && room > 0) {
    const { objects, next }: { objects: readonly GraphObject[]; next: number | undefined } = context.reader.page(
      rules.type,
      position,
      1,
    );
    const [object] = objects;
    if (!object) return page(world, request, rules, value, undefined, state);
    const all = asked.flatMap((relation) =>
      context.reader.targets(relation, object.id).map((id) => ({ relation, id })),
    );
    if (state.ids === undefined || state.ids.includes(object.id)) {
      const record = shape(object);
      const told = all.slice(skip, skip + room);
      for (const relation of asked) {
        const own = told.filter((each) => each.relation === relation);
        if (own.length > 0) record[`${relation}@delta`] = own.map(({ id }) => linked(context, id));
      }
      value.push(record);
      room -= told.length;
      if (skip + told.length < all.length) {
        return page(world, request, rules, value, { ...state, position, link: skip + told.length }, state);
      }
    }
    skip = 0;
    position = next;
  }
  return page(
    world,
    request,
    rules,
    value,
    position === undefined ? undefined : { ...state, position, link: 0 },
    state,
  );
}

/** A page of a later round: each object that changed since, once, with what is true now. */
function incremental(world: World, context: Context, request: GraphRequest, rules: EntityType, state: State): Answer {
  const until = state.until ?? world.store.lastSequence();
  const changes = world.store.changesSince(state.since).slice(0, until - state.since);
  const byId = new Map<string, Change[]>();
  for (const change of changes) {
    if (change.type !== rules.type || (state.ids && !state.ids.includes(change.id))) continue;
    byId.set(change.id, [...(byId.get(change.id) ?? []), change]);
  }
  const minimal = /return=minimal/i.test(request.headers.get('prefer') ?? '');
  const asked = wanted(state, rules);
  const shape = shaper(world, context, rules, asked.properties);
  const records = [...byId]
    .map(([id, own]) => record(context, rules, asked, shape, id, own, minimal))
    .filter((each) => each !== undefined);
  const limit = Math.min(objectsPerPage, world.knobs.pageSize ?? objectsPerPage);
  const value = records.slice(state.told, state.told + limit);
  const told = state.told + value.length;
  const next = told < records.length ? { ...state, told, until } : undefined;
  return page(world, request, rules, value, next, { ...state, since: until });
}

function record(
  context: Context,
  rules: EntityType,
  { properties, relations: asked }: Wanted,
  shape: (object: GraphObject) => GraphRecord,
  id: string,
  changes: readonly Change[],
  minimal: boolean,
): GraphRecord | undefined {
  const object = context.reader.get(rules.type, id);
  if (!object) {
    const removal = changes.findLast((change) => change.removed !== undefined);
    return removal && { id, '@removed': { reason: removal.removed ?? 'changed' } };
  }
  const written = changes.filter((change) => change.relation === undefined && change.removed === undefined);
  const whole = written.some((change) => change.properties === undefined);
  const names = new Set(written.flatMap((change) => change.properties ?? []));
  const touched = whole || [...names].some((name) => !properties || properties.has(name));
  const links = linkChanges(context, changes, asked);
  if (!touched && Object.keys(links).length === 0) return undefined;
  const full = shape(object);
  if (!minimal || whole) return { ...full, ...links };
  return { ...Object.fromEntries(Object.entries(full).filter(([name]) => name === 'id' || names.has(name))), ...links };
}

/** The last word on each link: there, or `@removed`. */
function linkChanges(context: Context, changes: readonly Change[], asked: readonly string[]): GraphRecord {
  const found: Record<string, Map<string, GraphRecord>> = {};
  for (const { relation, target, unlinked } of changes) {
    if (relation === undefined || target === undefined || !asked.includes(relation)) continue;
    const records = found[`${relation}@delta`] ?? new Map<string, GraphRecord>();
    found[`${relation}@delta`] = records;
    records.set(
      target,
      unlinked ? { ...linked(context, target), '@removed': { reason: 'deleted' } } : linked(context, target),
    );
  }
  return Object.fromEntries(Object.entries(found).map(([name, records]) => [name, [...records.values()]]));
}

/** A page with a nextLink to `next`, or, at the end of the round, a deltaLink to where `state` says. */
function page(
  world: World,
  request: GraphRequest,
  rules: EntityType,
  value: GraphRecord[],
  next: State | undefined,
  state: State,
): Answer {
  const dropped = ['$select', '$filter', '$deltatoken', '$skiptoken'];
  const body: GraphRecord = { '@odata.context': `${request.origin}/${request.version}/$metadata#${rules.path}` };
  if (next) body['@odata.nextLink'] = nextLink(request, seal(world, next), '$skiptoken', dropped);
  else {
    const rest: State = { ...state, position: undefined, link: 0, told: 0, until: undefined };
    body['@odata.deltaLink'] = nextLink(request, seal(world, rest), '$deltatoken', dropped);
  }
  body.value = value;
  return { status: 200, body };
}
