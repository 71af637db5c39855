// OData's query options, as far as the native service has them (native.md 1.4): the texts of an address in, a page of plain objects out.
import { compareText, type Json, type JsonObject } from '../../model/json.ts';
import { badRequest } from '../failure.ts';
import { parseFilter } from './filter.ts';

/** Page sizes of every list (native.md 1.4). */
const usual = 100;
const largest = 999;

export interface QueryOptions {
  readonly select: readonly string[] | undefined;
  readonly top: number;
  readonly skip: number;
  readonly order: readonly { readonly name: string; readonly down: boolean }[];
  readonly filter: ((item: JsonObject) => boolean) | undefined;
  readonly count: boolean;
}

const names = ['$select', '$top', '$skip', '$skiptoken', '$orderby', '$filter', '$count', '$format'] as const;

/** Failure 400 for an option that there is not, or a value that it does not take. */
export function queryOptions(address: URL): QueryOptions {
  const found = new Map<string, string>();
  for (const [name, value] of address.searchParams) {
    const option = name.startsWith('$') ? name.toLowerCase() : `$${name.toLowerCase()}`;
    if (!(names as readonly string[]).includes(option)) {
      if (name.startsWith('$')) throw badRequest(`The query option ${name} is not supported here.`);
      continue;
    }
    if (found.has(option)) throw badRequest(`The query option ${option} stands twice.`);
    found.set(option, value);
  }
  const filter = found.get('$filter');
  const count = found.get('$count') ?? 'false';
  if (!['true', 'false'].includes(count)) throw badRequest('$count is true or false.');
  return {
    select: found
      .get('$select')
      ?.split(',')
      .map((name) => name.trim()),
    top: whole(found.get('$top'), '$top', 1, largest) ?? usual,
    skip: whole(found.get('$skiptoken') ?? found.get('$skip'), '$skip', 0, Number.MAX_SAFE_INTEGER) ?? 0,
    order: (found.get('$orderby') ?? '').split(',').filter(Boolean).map(orderOf),
    filter: filter === undefined ? undefined : parseFilter(filter),
    count: count === 'true',
  };
}

function whole(text: string | undefined, name: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw badRequest(`${name} must be a whole number from ${least}${most === largest ? ` to ${most}` : ''}.`);
  return value;
}

function orderOf(text: string): { name: string; down: boolean } {
  const found = /^\s*([A-Za-z]\w*)(?:\s+(asc|desc))?\s*$/.exec(text);
  if (found === null) throw badRequest(`$orderby does not take ${JSON.stringify(text.slice(0, 80))}.`);
  return { name: found[1]!, down: found[2] === 'desc' };
}

/** The items that pass the filter, in the order asked for. Failure 400 for an order by what the items have not. */
export function arranged(items: readonly JsonObject[], { filter, order }: QueryOptions): readonly JsonObject[] {
  const passed = filter === undefined ? [...items] : items.filter(filter);
  const [first] = passed;
  for (const { name } of order)
    if (first !== undefined && !Object.hasOwn(first, name)) throw badRequest(`$orderby: there is no property ${name}.`);
  return passed.sort((left, right) => {
    for (const { name, down } of order) {
      const found = compareJson(left[name], right[name]);
      if (found !== 0) return down ? -found : found;
    }
    return 0;
  });
}

function compareJson(left: Json | undefined, right: Json | undefined): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return compareText(
    left === null || left === undefined ? '' : String(left),
    right === null || right === undefined ? '' : String(right),
  );
}

/** An item with the properties asked for; annotations stay. Failure 400 for one that it has not. */
export function selected(item: JsonObject, select: readonly string[] | undefined): JsonObject {
  if (select === undefined || select.includes('*')) return item;
  for (const name of select)
    if (!Object.hasOwn(item, name))
      throw badRequest(`$select: there is no property ${JSON.stringify(name.slice(0, 80))}.`);
  return Object.fromEntries(
    Object.entries(item).filter(([name]) => name.startsWith('@') || name === 'id' || select.includes(name)),
  );
}

/** One page of a collection, with the address of the next one. */
export function page(
  items: readonly JsonObject[],
  total: number,
  { top, skip, count }: QueryOptions,
  address: URL,
  context: string,
): JsonObject {
  const body: Record<string, Json> = { '@odata.context': context };
  if (count) body['@odata.count'] = total;
  if (skip + top < total) {
    const next = new URL(address);
    next.searchParams.delete('$skiptoken');
    next.searchParams.set('$skip', String(skip + top));
    next.searchParams.set('$top', String(top));
    body['@odata.nextLink'] = next.href.replace(/%24/g, '$');
  }
  body.value = items;
  return body;
}
