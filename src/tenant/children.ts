// Children: what objects have apart from their own attributes (links, contained objects), read per object in batches of 20.
import type { Link } from '../model/entity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { type Contained, holds, type Kind, type LinkKind } from '../model/kind.ts';
import { linkPageSize, objectPath, withQuery } from './addressing.ts';
import { type Answer, succeeded } from './answer.ts';
import { readBatch } from './batch.ts';
import { keyText, targetRef } from './collections.ts';
import type { Graph, ReadRequest } from './graph.ts';
import { checkPage, readAll } from './paging.ts';
import { Refused, shapeProblem } from './problems.ts';

/** What was read for one object. */
export interface Children {
  readonly links: Record<string, readonly Link[]>;
  /** Contained objects by the attribute they are stored under. */
  readonly contained: Record<string, Json>;
}

type Part = { readonly link: string; readonly row: LinkKind } | { readonly contained: Contained };

interface Question {
  readonly object: number;
  readonly part: Part;
  readonly path: string;
}

/** More than this many expanded items may be a cut list (reference 1.4). */
const expandedAtMost = 19;

/**
 * Reads, for each object, the links named for it and the contained objects of the row. `undefined` for an object that is gone by now.
 * Throws {@link Refused}, naming the object, where Graph refuses a part of it.
 */
export async function readChildren(
  graph: Graph,
  kind: Kind,
  raws: readonly JsonObject[],
  links: readonly (readonly string[])[],
): Promise<(Children | undefined)[]> {
  const children: (Children | undefined)[] = raws.map(() => ({ links: {}, contained: {} }));
  const questions = raws.flatMap((raw, object) =>
    questionsOf(kind, raw, links[object]!).map((one) => ({ ...one, object })),
  );
  const request = { version: kind.version, lane: kind.lane, about: kind.name } as const;
  const answers = await readBatch(
    graph,
    request,
    questions.map(({ path }) => path),
  );
  const missing: Question[] = [];
  for (const [at, question] of questions.entries()) {
    const answer = answers[at]!;
    if (answer.status === 404) missing.push(question);
    else await keep(graph, request, kind, question, answer, children);
  }
  await askAgain(graph, request, kind, raws, missing, children);
  return children;
}

function questionsOf(kind: Kind, raw: JsonObject, links: readonly string[]): { part: Part; path: string }[] {
  const questions: { part: Part; path: string }[] = [];
  if (links.length === 0 && kind.contained === undefined) return questions;
  const path = objectPath(kind, String(raw.id));
  for (const link of links) {
    const row = kind.links[link]!;
    questions.push({ part: { link, row }, path: linkPath(path, link, row) });
  }
  for (const contained of kind.contained ?? []) {
    if (contained.read !== 'list' || (contained.when !== undefined && !holds(contained.when, raw))) continue;
    questions.push({ part: { contained }, path: `${path}/${contained.attribute}` });
  }
  return questions;
}

/** A single link is asked for by `$expand`, which is complete for it: so "it has none" cannot be mistaken for "it is gone". */
function linkPath(path: string, link: string, row: LinkKind): string {
  if (row.single) return withQuery(path, { $select: 'id', $expand: `${link}($select=id)` });
  return withQuery(`${path}/${link}`, { $select: row.item === undefined ? 'id' : undefined, $top: linkPageSize });
}

async function keep(
  graph: Graph,
  request: Omit<ReadRequest, 'path'>,
  kind: Kind,
  { object, part, path }: Question,
  answer: Answer,
  children: (Children | undefined)[],
): Promise<void> {
  const child = children[object];
  if (child === undefined) return;
  if (!succeeded(answer)) throw new Refused(answer, `GET ${path.split('?')[0]}`, path.split('?')[0]);
  if ('contained' in part) {
    child.contained[part.contained.attribute] = await itemsOf(graph, request, path, answer);
  } else if (part.row.single) {
    if (!isObject(answer.body)) throw shapeProblem('it is no object', path);
    child.links[part.link] = expandedLinks(kind, part.link, answer.body) ?? [];
  } else {
    const items = await itemsOf(graph, request, path, answer);
    child.links[part.link] = items.map((item) => toLink(part.row, item, path));
  }
}

/** A list that has a second page is read anew by itself: it may restart, and its first page may be a repeated answer. */
async function itemsOf(graph: Graph, request: Omit<ReadRequest, 'path'>, path: string, answer: Answer) {
  const page = checkPage(answer, {}, `GET ${path.split('?')[0]}`);
  return page.next === undefined ? page.items : readAll(graph, { ...request, path });
}

/** 404 for a part of an object that was listed a moment ago: the object is gone, or it is not; then the part is asked for once more (row 26). */
async function askAgain(
  graph: Graph,
  request: Omit<ReadRequest, 'path'>,
  kind: Kind,
  raws: readonly JsonObject[],
  missing: readonly Question[],
  children: (Children | undefined)[],
): Promise<void> {
  if (missing.length === 0) return;
  const objects = [...new Set(missing.map(({ object }) => object))];
  const owners = await readBatch(
    graph,
    request,
    objects.map((object) => objectPath(kind, String(raws[object]!.id))),
  );
  for (const [at, object] of objects.entries()) if (owners[at]!.status === 404) children[object] = undefined;
  const left = missing.filter(({ object }) => children[object] !== undefined);
  const answers = await readBatch(
    graph,
    request,
    left.map(({ path }) => path),
  );
  for (const [at, question] of left.entries()) await keep(graph, request, kind, question, answers[at]!, children);
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

/** The links that came expanded with an object; undefined where they may be cut, or are not there although there should be a list. */
export function expandedLinks(kind: Kind, link: string, raw: JsonObject): readonly Link[] | undefined {
  const row = kind.links[link]!;
  const value = raw[link];
  if (row.single) {
    if (value === undefined || value === null) return [];
    if (!isObject(value)) throw shapeProblem(`"${link}" is no object`, kind.path);
    return [toLink(row, value, kind.path)];
  }
  if (!isArray(value) || value.length > expandedAtMost) return undefined;
  return value.map((item) => {
    if (!isObject(item)) throw shapeProblem(`an item of "${link}" is no object`, kind.path);
    return toLink(row, item, kind.path);
  });
}
