// Children: what objects have apart from their own attributes (links, contained objects), read per object in batches of 20.
import type { Link } from '../model/entity.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Contained, Kind, LinkKind } from '../model/kind.ts';
import { linkPageSize, objectPath, withQuery } from './addressing.ts';
import { type Answer, succeeded } from './answer.ts';
import { readBatch } from './batch.ts';
import { expandedLinks, toLink } from './expanded.ts';
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

/**
 * Reads, for each object, the links and contained objects named for it. `undefined` for an object that is gone by now.
 * Throws {@link Refused}, naming the object, where Graph refuses a part of it.
 */
export async function readChildren(
  graph: Graph,
  kind: Kind,
  raws: readonly JsonObject[],
  parts: readonly (readonly string[])[],
): Promise<(Children | undefined)[]> {
  const children: (Children | undefined)[] = raws.map(() => ({ links: {}, contained: {} }));
  const questions = raws.flatMap((raw, object) =>
    questionsOf(kind, raw, parts[object]!).map((one) => ({ ...one, object })),
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

function questionsOf(kind: Kind, raw: JsonObject, parts: readonly string[]): { part: Part; path: string }[] {
  if (parts.length === 0) return [];
  const path = objectPath(kind, String(raw.id));
  return parts.map((name) => {
    const row = kind.links[name];
    if (row !== undefined) return { part: { link: name, row }, path: linkPath(path, name, row) };
    const contained = kind.contained!.find(({ attribute }) => attribute === name)!;
    return { part: { contained }, path: `${path}/${name}` };
  });
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

/** All items of a list whose first page is at hand. One that has a second page is read anew by itself: it may restart, and its first page may be a repeated answer. */
export async function itemsOf(graph: Graph, request: Omit<ReadRequest, 'path'>, path: string, answer: Answer) {
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
