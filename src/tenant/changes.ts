// Changes: a mark from an earlier read into the keys of what has changed since, by delta queries (reference 1.5); it never says too little.
import { besidesText } from '../model/entity.ts';
import { isArray, isObject, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { isKey } from '../model/ref.ts';
import type { ChangeMark, ChangeTracking } from '../model/tenant.ts';
import { keyOfRaw, selectOf } from './addressing.ts';
import { succeeded } from './answer.ts';
import { keyText } from './collections.ts';
import { expandedItems, expandedLinks, readExpanded } from './expanded.ts';
import type { Graph } from './graph.ts';
import { toEntity } from './normalize.ts';
import { ExpiredMark, type Listing, readPages } from './paging.ts';
import { Refused, shapeProblem } from './problems.ts';

export class GraphTracking implements ChangeTracking {
  readonly #graph: Graph;
  readonly #permissions: () => Promise<readonly string[] | undefined>;

  constructor(graph: Graph, permissions: () => Promise<readonly string[] | undefined>) {
    this.#graph = graph;
    this.#permissions = permissions;
  }

  async mark(kind: Kind): Promise<ChangeMark | undefined> {
    const select = await this.#select(kind);
    if (select === undefined) return undefined;
    const read = await this.#read(kind, select, { path: `${deltaPath(kind, select)}&$deltatoken=latest` });
    return read?.mark;
  }

  async changes(kind: Kind, since: ChangeMark) {
    const select = await this.#select(kind);
    // A mark tells only of what it was asked for; a row or a permission more, and it would say too little.
    if (select === undefined || select !== since.select) return undefined;
    return this.#read(kind, select, { path: deltaPath(kind, select), from: since.link });
  }

  async besides(kind: Kind): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const part of kind.tracked?.besides ?? []) {
      let pass = 1;
      let texts = new Map<string, string>();
      for await (const page of readExpanded(this.#graph, kind, part)) {
        if (page.pass !== pass) texts = new Map();
        pass = page.pass;
        for (const raw of page.items) {
          const text = partOf(kind, part, raw);
          if (text !== '') texts.set(keyOfRaw(kind, raw), text);
        }
      }
      for (const [key, text] of texts) found.set(key, (found.get(key) ?? '') + text);
    }
    return found;
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
    return attributes === undefined ? undefined : [attributes, ...links].join(',');
  }

  async #read(kind: Kind, select: string, from: Pick<Listing, 'path' | 'from'>) {
    const { time } = this.#graph.options;
    const at = new Date(time.now()).toISOString();
    const keys = new Set<string>();
    const listing = { version: kind.version, lane: kind.lane, about: kind.name, delta: true, ...from };
    try {
      let link: string | undefined;
      for await (const { items, mark } of readPages(this.#graph, listing)) {
        for (const item of items) keys.add(changedKey(kind, item));
        link = mark ?? link;
      }
      if (link === undefined) throw shapeProblem('a delta has no deltaLink', `${kind.name}/delta`);
      return { keys, mark: { link, select, at } };
    } catch (error) {
      if (error instanceof ExpiredMark) return undefined;
      if (error instanceof Refused && [400, 404, 405, 410, 501].includes(error.answer.status)) return undefined;
      throw error;
    }
  }
}

/** A part of an object as {@link besidesText} says it; one that may be cut is like no other, so that the object is read. */
function partOf(kind: Kind, part: string, raw: JsonObject): string {
  if (kind.links[part] !== undefined) {
    const links = expandedLinks(kind, part, raw);
    return links === undefined ? cut : besidesText(part, toEntity(kind, { id: raw.id! }, { [part]: links }));
  }
  const items = expandedItems(kind, part, raw);
  return items === undefined ? cut : besidesText(part, toEntity(kind, { id: raw.id!, [part]: items }, {}));
}

const cut = 'more than are expanded';

function deltaPath(kind: Kind, select: string): string {
  return `${kind.path}/delta?$select=${select}`;
}

/** A removed object has nothing but its id. */
function changedKey(kind: Kind, item: JsonObject): string {
  const key = typeof item.id === 'string' ? keyText(item.id) : '';
  if (kind.key !== 'id' || !isKey(key)) throw shapeProblem('an object has no usable id', `${kind.name}/delta`);
  return key;
}
