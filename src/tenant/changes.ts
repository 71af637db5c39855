// Changes: a mark from an earlier read into the keys of what has changed since, by delta queries (reference 1.5); it never says too little.
import { besidesText, type Link } from '../model/entity.ts';
import { keyOfGraphId } from '../model/graph-id.ts';
import { isArray, isObject, type JsonObject } from '../model/json.ts';
import { type Kind, kindIn } from '../model/kind.ts';
import { isKey } from '../model/ref.ts';
import type { ChangeMark, Changes, ChangeTracking } from '../model/tenant.ts';
import { keyOfRaw, quoted, selectOf, withQuery } from './addressing.ts';
import { succeeded } from './answer.ts';
import { readBatch } from './batch.ts';
import { itemsOf } from './children.ts';
import { toNotComplete } from './coverage.ts';
import { expandedItems, expandedLinks, readExpanded } from './expanded.ts';
import type { Graph } from './graph.ts';
import { toEntity } from './normalize.ts';
import { ExpiredMark, gather, type Listing, readPages } from './paging.ts';
import { Refused, shapeProblem } from './problems.ts';

export class GraphTracking implements ChangeTracking {
  readonly #graph: Graph;
  readonly #cloud: string;
  readonly #permissions: () => Promise<readonly string[] | undefined>;

  constructor(graph: Graph, cloud: string, permissions: () => Promise<readonly string[] | undefined>) {
    this.#graph = graph;
    this.#cloud = cloud;
    this.#permissions = permissions;
  }

  async mark(kind: Kind): Promise<ChangeMark | undefined> {
    const select = await this.#select(kind);
    if (select === undefined) return undefined;
    const read = await this.#read(kind, select, { path: deltaPath(kind, select, 'latest') });
    return read?.mark;
  }

  async changes(kind: Kind, since: ChangeMark): Promise<Changes | undefined> {
    const select = await this.#select(kind);
    // A mark tells only of what it was asked for; a row or a permission more, and it would say too little.
    if (select === undefined || select !== since.select) return undefined;
    // Nor does a mark of another server say anything of this one.
    if (!since.link.startsWith(`${this.#graph.url.origin}/`)) return undefined;
    return this.#read(kind, select, { path: deltaPath(kind, select), from: since.link });
  }

  async besides(kind: Kind): Promise<ReadonlyMap<string, string> | undefined> {
    const found = new Map<string, string>();
    for (const part of kindIn(this.#cloud, kind).tracked?.besides ?? []) {
      const texts = await this.#told(kind, () => this.#partsOf(kind, part));
      if (texts === undefined) return undefined;
      for (const [key, text] of texts) found.set(key, (found.get(key) ?? '') + text);
    }
    return found;
  }

  #partsOf(kind: Kind, part: string): Promise<ReadonlyMap<string, string>> {
    return gather(
      readExpanded(this.#graph, kind, part),
      () => new Map<string, string>(),
      (texts, raw) => {
        const text = partOf(kind, part, raw);
        if (text !== '') texts.set(keyOfRaw(kind, raw), text);
      },
    );
  }

  keysWith(kind: Kind, attribute: string, ids: readonly string[]): Promise<ReadonlySet<string> | undefined> {
    return this.#told(kind, async () => {
      const found = new Set<string>();
      const request = { version: kind.version, lane: kind.lane, about: kind.name };
      const paths = ids.map((id) =>
        withQuery(kind.path, { $filter: encodeURIComponent(`${attribute} eq ${quoted(id)}`), $top: kind.pageSize }),
      );
      for (const [at, answer] of (await readBatch(this.#graph, request, paths)).entries()) {
        if (!succeeded(answer)) throw new Refused(answer, `GET ${kind.path}`);
        for (const item of await itemsOf(this.#graph, request, paths[at]!, answer)) found.add(keyOfRaw(kind, item));
      }
      return found;
    });
  }

  async recoveries(): Promise<string | undefined> {
    if ((await this.#permissions())?.includes('EntraBackup.Read.All') === false) return undefined;
    const answer = await this.#graph.read({ version: 'v1.0', path: '/directory/recovery/jobs', lane: 'directory' });
    if (!succeeded(answer) || !isObject(answer.body) || !isArray(answer.body.value)) return undefined;
    const ids = answer.body.value.flatMap((job) => (isObject(job) && typeof job.id === 'string' ? [job.id] : []));
    return ids.sort().join(' ');
  }

  /** What a delta must be asked for: all that is stored and the links it carries; undefined where it would not tell everything. */
  async #select(kind: Kind): Promise<string | undefined> {
    if (kind.tracked === undefined) return undefined;
    const links = Object.keys(kind.links).filter((link) => kind.links[link]!.read === 'delta');
    const attributes = selectOf(kind, await this.#permissions());
    // Without a choice Graph tells of everything that it has by default, and such a kind has nothing else.
    return attributes === undefined ? '' : [attributes, ...links].join(',');
  }

  async #read(kind: Kind, select: string, from: Pick<Listing, 'path' | 'from'>) {
    const { time } = this.#graph.options;
    const at = new Date(time.now()).toISOString();
    const keys = new Set<string>();
    const gone = new Set<string>();
    const listing = { version: kind.version, lane: kind.lane, about: kind.name, delta: true, ...from };
    return this.#told(kind, async () => {
      let link: string | undefined;
      for await (const { items, mark } of readPages(this.#graph, listing)) {
        for (const item of items) {
          const key = changedKey(kind, item);
          keys.add(key);
          // The same object may be told of again: the last word holds.
          if (item['@removed'] === undefined) gone.delete(key);
          else gone.add(key);
        }
        link = mark ?? link;
      }
      if (link === undefined) throw shapeProblem('a delta has no deltaLink', `${kind.name}/delta`);
      return { keys, gone, mark: { link, select, at } };
    });
  }

  /** What was asked, or undefined where Graph cannot tell: reading all of the kind is then right, and says what is wrong if that fails, too. */
  async #told<Told>(kind: Kind, ask: () => Promise<Told>): Promise<Told | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ExpiredMark) return undefined;
      if (error instanceof Refused && untold.includes(error.answer.status)) return undefined;
      throw toNotComplete(kind, error, await this.#permissions());
    }
  }
}

/** A part of an object as {@link besidesText} says it; one that may be cut is like no other, so that the object is read. */
function partOf(kind: Kind, part: string, raw: JsonObject): string {
  const isLink = kind.links[part] !== undefined;
  const found = isLink ? expandedLinks(kind, part, raw) : expandedItems(kind, part, raw);
  if (found === undefined) return cut;
  // Most have none, and there are many.
  if (found.length === 0) return '';
  const id = raw.id!;
  return besidesText(
    part,
    isLink
      ? toEntity(kind, { id }, { [part]: found as readonly Link[] })
      : toEntity(kind, { id, [part]: found as readonly JsonObject[] }, {}),
  );
}

const cut = 'more than are expanded';

/** So Graph refuses what it does not do for a kind, what a token may not see, and a mark that it does not know any more (reference 1.5). */
const untold: readonly number[] = [400, 403, 404, 405, 410, 501];

function deltaPath(kind: Kind, select: string, $deltatoken?: string): string {
  return withQuery(`${kind.path}/delta`, { $select: select === '' ? undefined : select, $deltatoken });
}

/** A removed object has nothing but its id. */
function changedKey(kind: Kind, item: JsonObject): string {
  const key = typeof item.id === 'string' ? keyOfGraphId(kind, item.id) : undefined;
  if (key === undefined || !isKey(key)) throw shapeProblem('an object has no usable id', `${kind.name}/delta`);
  return key;
}
