// Links in bulk: a delta listing of the wanted links into an index, by owner (reference 1.5).
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import type { Scratch } from '../model/scratch.ts';
import type { PageNotes } from '../model/tenant.ts';
import { collectionOf } from './collections.ts';
import type { Graph } from './graph.ts';
import { type LinkIndex, LinkLog } from './link-index.ts';
import { notedPages } from './noted.ts';
import { gatherWhereListed } from './paging.ts';
import { shapeProblem } from './problems.ts';

export interface Indexing {
  readonly graph: Graph;
  readonly kind: Kind;
  /** Where links are kept until all are known. Default: in memory. */
  readonly scratch?: Scratch | undefined;
}

/**
 * Reads these links of all objects of a kind by one delta listing from the beginning. Pages come in any order, tell of an object several
 * times and repeat themselves; the last word on a link holds. An object of which the index has no targets, not even none, must be asked for its links one by one;
 * that goes for all of them where the server has no delta for the kind.
 */
export async function readLinkIndex(
  { graph, kind, scratch }: Indexing,
  links: readonly string[],
  notes?: PageNotes,
): Promise<LinkIndex> {
  const listing = {
    version: kind.version,
    path: `${kind.path}/delta?$select=${links.join(',')}`,
    lane: kind.lane,
    about: kind.name,
    delta: true,
  };
  const log = await gatherWhereListed(
    notedPages(graph, listing, links.join('-'), notes),
    () => new LinkLog(links, kind, scratch),
    (noted, item) => merge(noted, kind, links, item),
  );
  return log.index();
}

function merge(log: LinkLog, kind: Kind, links: readonly string[], item: JsonObject): void {
  const owner = guidIn(item, kind);
  if (item['@removed'] !== undefined) {
    log.forget(owner);
    return;
  }
  let linked = false;
  for (const link of links) {
    const changes = item[`${link}@delta`];
    if (changes === undefined) continue;
    if (!isArray(changes)) throw shapeProblem(`"${link}@delta" is no array`, `${kind.name}/delta`);
    for (const change of changes) mergeLink(log, kind, link, owner, change);
    linked ||= changes.length > 0;
  }
  if (!linked) log.see(owner);
}

function mergeLink(log: LinkLog, kind: Kind, link: string, owner: string, change: Json): void {
  if (!isObject(change)) throw shapeProblem(`an item of "${link}@delta" is no object`, `${kind.name}/delta`);
  const row = kind.links[link]!;
  const target = guidIn(change, kind);
  if (change['@removed'] !== undefined) log.remove(link, owner, target);
  else {
    const type = change['@odata.type'];
    const collection = collectionOf(typeof type === 'string' ? type : undefined, row.targets);
    log.add(link, owner, target, collection);
  }
}

function guidIn(item: JsonObject, kind: Kind): string {
  const { id } = item;
  if (typeof id === 'string') return id;
  throw shapeProblem('an object has no id', `${kind.name}/delta`);
}
