// A collection and the query options of a request in, one page of it out (reference 1.4).
import { type Expansion, expander, parseExpand } from './expand.ts';
import { type Filter, parseFilter } from './filter.ts';
import type { World } from './options.ts';
import { checkSelect, derivedTypes, itemPresenter, parseSelect } from './present.ts';
import type { GraphRequest } from './request.ts';
import {
  type Answer,
  badRequest,
  type Context,
  type EntityType,
  GraphError,
  type GraphObject,
  type GraphRecord,
  type Item,
} from './types.ts';

/** A collection that can be read from a position on; `next` is undefined at its end. */
export interface Collection {
  /** The type of its items; `directoryObject` where they are of several. */
  readonly type: string;
  /** Path as it stands in `@odata.context` and page tokens. */
  readonly path: string;
  page(from: number, limit: number): { readonly items: readonly Item[]; readonly next: number | undefined };
  /** Items for an equality filter, where there is an index. */
  find?(property: string, value: string): readonly Item[] | undefined;
}

/** A collection of a type's own objects. */
export function tableCollection(rules: EntityType, context: Context, path: string): Collection {
  const item = (object: GraphObject): Item => ({ type: rules.type, object });
  return {
    type: rules.type,
    path,
    page: (from, limit) => {
      const { objects, next } = context.reader.page(rules.type, from, limit);
      return { items: objects.map(item), next };
    },
    find: (property, value) => {
      if (property !== 'id') return context.reader.find(rules.type, property, value).map(item);
      const object = context.reader.get(rules.type, value.toLowerCase()) ?? context.reader.get(rules.type, value);
      return object ? [item(object)] : [];
    },
  };
}

/** A collection that is at hand whole. */
export function arrayCollection(type: string, path: string, items: readonly Item[]): Collection {
  return {
    type,
    path,
    page: (from, limit) => ({
      items: items.slice(from, from + limit),
      next: from + limit < items.length ? from + limit : undefined,
    }),
  };
}

const maximumPage = 999;
const defaultPage = 100;

interface Options {
  readonly top: number | undefined;
  readonly selected: ReadonlySet<string> | undefined;
  readonly expand: Expansion | undefined;
  readonly filter: Filter | undefined;
  readonly orderBy: readonly { property: string; descending: boolean }[];
  readonly search: Filter | undefined;
  readonly skip: number;
  readonly counted: boolean;
  readonly advanced: boolean;
}

/** Answers `GET` of a collection; `rules` are those of its items' type, or of `directoryObject`. */
export function list(
  world: World,
  context: Context,
  request: GraphRequest,
  collection: Collection,
  rules: EntityType,
): Answer {
  const options = parseOptions(request, context, rules);
  const path = `${collection.path}?${['$select', '$filter', '$orderby', '$search', '$expand'].map((name) => request.query.get(name) ?? '').join('&')}`;
  const token = request.query.get('$skiptoken');
  const from = token === undefined ? options.skip : world.pages.read(token, path);
  const limit = pageLimit(world, options);
  // A collection of one is one page (reference 1.4).
  const mayBeEmpty = world.knobs.emptyPages > 0 && !rules.singleton;
  const empty = mayBeEmpty && world.dice.number() < world.knobs.emptyPages;
  const narrowed = narrow(collection, options);
  const { items, next } = empty ? { items: [], next: from } : gather(narrowed, options, from, limit);
  const shape = {
    single: false,
    selected: options.selected,
    polymorphic: collection.type === 'directoryObject',
    expanded: options.expand?.single === false ? options.expand.relation : undefined,
  };
  const show = itemPresenter(
    world,
    context,
    (type) => (rules.type === type ? rules : (context.rules(type) ?? rules)),
    shape,
  );
  const value = items.map(show);
  if (options.expand) {
    const extend = expander(world, context, rules, options.expand);
    for (const [index, shaped] of value.entries()) extend((items[index] as Item).object, shaped);
  }
  const body: GraphRecord = { '@odata.context': contextUrl(request, collection.path, options.selected) };
  if (options.counted && options.advanced && token === undefined) body['@odata.count'] = count(narrowed, options);
  if (next !== undefined) body['@odata.nextLink'] = nextLink(request, world.pages.make(path, next));
  body.value = value;
  return { status: 200, body };
}

/** Answers `…/$count` as plain text; only in advanced mode on directory objects (reference 1.4). */
export function countOf(request: GraphRequest, context: Context, collection: Collection, rules: EntityType): Answer {
  if (isDirectory(rules) && !eventual(context)) throw badRequest('$count is not currently supported.');
  const options = parseOptions(request, context, rules);
  return {
    status: 200,
    body: String(count(narrow(collection, options), options)),
    headers: { 'Content-Type': 'text/plain' },
  };
}

/** Conditional Access and the policies are services of their own, without the directory's advanced queries. */
const isDirectory = (rules: EntityType) => !/^(identity|policies)\//.test(rules.path);
const eventual = (context: Context) => context.headers.get('consistencylevel')?.toLowerCase() === 'eventual';

function pageLimit(world: World, options: Options): number {
  const asked = options.top ?? defaultPage;
  const wanted = options.expand ? Math.min(asked, defaultPage) : asked;
  return world.knobs.pageSize === undefined ? wanted : Math.min(wanted, world.knobs.pageSize);
}

function parseOptions(request: GraphRequest, context: Context, rules: EntityType): Options {
  const { query } = request;
  for (const option of rules.refusedOptions ?? []) {
    if (query.has(option))
      throw badRequest(`The query specified in the URI is not valid. Query option '${option}' is not allowed.`);
  }
  const advanced =
    eventual(context) &&
    (query.get('$count') === 'true' || query.has('$search') || request.segments.at(-1) === '$count');
  const selected = parseSelect(query.get('$select'), rules, context, false);
  const filter = parseOption(query.get('$filter'), parseFilter);
  checkSelect(filter?.properties ?? [], rules, context, true, derivedTypes(rules));
  const orderBy = parseOrder(query.get('$orderby'));
  if (isDirectory(rules)) gate(query, filter, orderBy, advanced, eventual(context), rules);
  return {
    top: parseTop(query.get('$top')),
    selected,
    expand: parseExpand(query.get('$expand'), rules, context, advanced),
    filter,
    orderBy,
    search: parseOption(query.get('$search'), (text) => parseFilter(searchAsFilter(text))),
    skip: Number(query.get('$skip') ?? 0),
    counted: query.get('$count') === 'true',
    advanced: advanced || !isDirectory(rules),
  };
}

const parseOption = <Parsed>(text: string | undefined, parse: (text: string) => Parsed): Parsed | undefined =>
  text === undefined ? undefined : parse(text);

/** The advanced-query gate, in the words of reference 1.4. */
function gate(
  query: ReadonlyMap<string, string>,
  filter: Filter | undefined,
  orderBy: Options['orderBy'],
  advanced: boolean,
  isEventual: boolean,
  rules: EntityType,
): void {
  if (query.has('$skip')) throw badRequest("'$skip' is not supported by the service.");
  if (query.has('$search') && !isEventual) {
    throw new GraphError(
      400,
      'Request_UnsupportedQuery',
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
    );
  }
  if (advanced) return;
  if (filter?.advanced)
    throw new GraphError(400, 'Request_UnsupportedQuery', 'Unsupported or invalid query filter clause.');
  const sortable: Record<string, readonly string[]> = {
    user: ['displayName', 'userPrincipalName'],
    group: ['displayName'],
  };
  if (orderBy.length > 0 && (filter || orderBy.some(({ property }) => !sortable[rules.type]?.includes(property)))) {
    throw new GraphError(400, 'Request_UnsupportedQuery', 'Sorting not supported for current query.');
  }
}

function parseTop(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const top = Number(text);
  if (!Number.isInteger(top) || top < 1 || top > maximumPage) {
    throw badRequest(`Invalid page size specified: '${text}'. Must be between 1 and 999 inclusive.`);
  }
  return top;
}

function parseOrder(text: string | undefined): { property: string; descending: boolean }[] {
  if (text === undefined) return [];
  return text.split(',').map((part) => {
    const [property = '', direction = 'asc'] = part.trim().split(/\s+/);
    return { property, descending: direction === 'desc' };
  });
}

/** `"displayName:ab" OR "mail:ab"` as the filter that means about the same. */
function searchAsFilter(text: string): string {
  const filter = text.replace(
    /"(\w+):([^"]*)"/g,
    (_, property: string, wanted: string) => `contains(${property},'${wanted.replaceAll("'", "''")}')`,
  );
  if (filter.includes('"')) throw badRequest('Syntax error in $search: only "property:text" clauses are supported.');
  return filter.replaceAll(' OR ', ' or ').replaceAll(' AND ', ' and ');
}

/** Uses the index where the filter is an equality. */
function narrow(collection: Collection, options: Options): Collection {
  const equality = options.filter?.equality;
  const found = equality && collection.find?.(equality.property, equality.value);
  return found ? arrayCollection(collection.type, collection.path, found) : collection;
}

function matches(options: Options, { object }: Item): boolean {
  return (options.filter?.matches(object) ?? true) && (options.search?.matches(object) ?? true);
}

/** Items from a position on until the page is full; sorted listings are put in order whole. */
function gather(
  collection: Collection,
  options: Options,
  from: number,
  limit: number,
): { items: readonly Item[]; next: number | undefined } {
  if (options.orderBy.length > 0) {
    const all = sorted(
      [...everything(collection)].filter((item) => matches(options, item)),
      options.orderBy,
    );
    return arrayCollection(collection.type, collection.path, all).page(from, limit);
  }
  if (!options.filter && !options.search) return collection.page(from, limit);
  const items: Item[] = [];
  let position: number | undefined = from;
  while (position !== undefined && items.length < limit) {
    const page = collection.page(position, limit - items.length);
    items.push(...page.items.filter((item) => matches(options, item)));
    position = page.next;
  }
  return { items, next: position };
}

function* everything(collection: Collection): Iterable<Item> {
  for (let position: number | undefined = 0; position !== undefined; ) {
    const { items, next } = collection.page(position, maximumPage);
    yield* items;
    position = next;
  }
}

function sorted(items: Item[], orderBy: Options['orderBy']): Item[] {
  return items.sort((one, other) => {
    for (const { property, descending } of orderBy) {
      const [left, right] = [String(one.object[property] ?? ''), String(other.object[property] ?? '')];
      const order = left.toLowerCase() < right.toLowerCase() ? -1 : left.toLowerCase() > right.toLowerCase() ? 1 : 0;
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
}

function count(collection: Collection, options: Options): number {
  let found = 0;
  for (const item of everything(collection)) if (matches(options, item)) found++;
  return found;
}

/** `{origin}/v1.0/$metadata#users(id,displayName)`. */
export function contextUrl(
  request: GraphRequest,
  path: string,
  selected?: ReadonlySet<string>,
  single = false,
): string {
  const names = selected ? `(${[...selected].join(',')})` : '';
  return `${request.origin}/${request.version}/$metadata#${path}${names}${single ? '/$entity' : ''}`;
}

/** The request again, with another page token. */
export function nextLink(
  request: GraphRequest,
  token: string,
  name = '$skiptoken',
  drop: readonly string[] = [],
): string {
  const [path = '', query = ''] = request.target.split('?');
  const dropped = ['$skiptoken', '$deltatoken', ...drop];
  const kept = query
    .split('&')
    .filter((part) => part !== '' && !dropped.includes(decodeURIComponent(part.split('=')[0] ?? '').toLowerCase()));
  return `${request.origin}/${request.version}/${path}?${[...kept, `${name}=${token}`].join('&')}`;
}
