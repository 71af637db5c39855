// Expanded: a link or the contained objects of a kind's objects, as a listing with `$expand` tells of them (reference 1.4).
import type { Link } from '../model/entity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Condition, Kind, LinkKind } from '../model/kind.ts';
import type { PageNotes } from '../model/tenant.ts';
import { quoted, withQuery } from './addressing.ts';
import { keyText, targetRef } from './collections.ts';
import type { Graph } from './graph.ts';
import { notedPages } from './noted.ts';
import type { Page } from './paging.ts';
import { shapeProblem } from './problems.ts';

/** With an `$expand` Graph gives pages of a hundred (reference 1.4). */
export const expandedPageSize = 100;
/** More than this many expanded items may be a cut list (reference 1.4). */
const expandedAtMost = 19;

/** How a link or the contained objects of this name are asked for by `$expand`. */
export function expandOf(kind: Kind, part: string): string {
  const row = kind.links[part];
  return row === undefined || row.item !== undefined ? part : `${part}($select=id)`;
}

/** All objects that may have a link, or contained objects, of this name: their ids and that part of them. Throws as readPages does. */
export function readExpanded(graph: Graph, kind: Kind, part: string, notes?: PageNotes): AsyncGenerator<Page> {
  const existsWhen = kind.links[part]?.existsWhen;
  const path = withQuery(kind.path, {
    $filter: existsWhen === undefined ? undefined : encodeURIComponent(existsWhen.map(filterOf).join(' or ')),
    $select: 'id',
    $expand: expandOf(kind, part),
    $top: expandedPageSize,
  });
  const entitySet = kind.path.split('/').at(-1)!;
  const listing = { version: kind.version, path, lane: kind.lane, about: kind.name, entitySet };
  return notedPages(graph, listing, part, notes);
}

function filterOf({ attribute, equals }: Condition & { readonly equals: string }): string {
  return `${attribute} eq ${quoted(equals)}`;
}

/** The contained objects that came expanded; undefined where they may be cut, or are not there although there should be a list. */
export function expandedItems(kind: Kind, part: string, raw: JsonObject): readonly JsonObject[] | undefined {
  const value = raw[part];
  if (!isArray(value) || value.length > expandedAtMost) return undefined;
  if (!value.every(isObject)) throw shapeProblem(`an item of "${part}" is no object`, kind.path);
  return value as readonly JsonObject[];
}

/** The links that came expanded with an object; undefined as for {@link expandedItems}. */
export function expandedLinks(kind: Kind, link: string, raw: JsonObject): readonly Link[] | undefined {
  const row = kind.links[link]!;
  if (!row.single) return expandedItems(kind, link, raw)?.map((item) => toLink(row, item, kind.path));
  const value = raw[link];
  if (value === undefined || value === null) return [];
  if (!isObject(value)) throw shapeProblem(`"${link}" is no object`, kind.path);
  return [toLink(row, value, kind.path)];
}

/** One item of a link's list as a link. */
export function toLink(row: LinkKind, item: JsonObject, subject: string): Link {
  const text = (value: Json | undefined) => (typeof value === 'string' ? value : undefined);
  if (row.item === undefined) return { target: targetRef(row, text(item['@odata.type']), item.id, subject) };
  const { target, targetType, properties } = row.item;
  const ref = targetRef(row, targetType === undefined ? undefined : text(item[targetType]), item[target], subject);
  const kept: Record<string, string> = {};
  for (const name of properties) {
    const value = text(item[name]);
    if (value === undefined) throw shapeProblem(`a link has no ${name}`, subject);
    kept[name] = keyText(value);
  }
  return { target: ref, properties: kept };
}
