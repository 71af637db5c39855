// The reader: Graph and the tenant it serves as the port TenantReader; it holds nothing that can write.
import type { AuditEntry, AuditQuestion } from '../model/audit.ts';
import { NotComplete } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import { graphIdOf } from '../model/graph-id.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { type Kind, kindIn } from '../model/kind.ts';
import { isKey, keyOf, type Ref, toRef } from '../model/ref.ts';
import {
  type ChangeTracking,
  type KindPage,
  PlaceLost,
  type ReadingStart,
  type ReadProgress,
  type TenantIdentity,
  type TenantReader,
} from '../model/tenant.ts';
import { keyOfRaw, objectPath, quoted, selectOf, singletonIn, withQuery } from './addressing.ts';
import { statusText, succeeded } from './answer.ts';
import { readAudits } from './audits.ts';
import type { Tokens } from './auth.ts';
import { readBatch } from './batch.ts';
import { GraphTracking } from './changes.ts';
import type { Cloud } from './clouds.ts';
import { type Collecting, collect, entitiesOf } from './collect.ts';
import { collectionOf, keyText } from './collections.ts';
import { toNotComplete } from './coverage.ts';
import { expandOf } from './expanded.ts';
import type { Graph } from './graph.ts';
import { toEntity } from './normalize.ts';
import { checkPage, ExpiredMark, readPages } from './paging.ts';
import { authenticationProblem, Refused, shapeProblem } from './problems.ts';
import type { Claims } from './token.ts';

/** Ids in one getByIds request (reference 1.3). */
const idsAtOnce = 1000;
/** From so many objects on, one listing of a slow lane is faster than single reads. */
const listFrom = 4;
/** `in` takes so many values (documentation of $filter: at most 15 child clauses). */
const idsPerFilter = 15;
/** So many filters are asked for before a whole bin is listed instead. */
const mostFilters = 40;

export interface ReaderParts {
  readonly graph: Graph;
  readonly tokens: Tokens;
  readonly cloud: Cloud;
  readonly tenantId: string | undefined;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
  readonly close: () => void;
}

export class GraphReader implements TenantReader {
  readonly #parts: ReaderParts;
  readonly #objects = new Map<string, number>();

  readonly tracking: ChangeTracking;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.tracking = new GraphTracking(parts.graph, parts.cloud.name, async () => (await this.#claims()).permissions);
  }

  statistics() {
    return this.#parts.graph.statistics();
  }

  async close(): Promise<void> {
    this.#parts.close();
  }

  /** Tells how far the reading of a kind is, and what it waits for. */
  tell(kind: string, waiting?: string): void {
    const { graph, onProgress } = this.#parts;
    onProgress?.({
      kind,
      objects: this.#objects.get(kind) ?? 0,
      requests: graph.requestsFor(kind),
      ...(waiting === undefined ? {} : { waiting }),
    });
  }

  async identity(): Promise<TenantIdentity> {
    const { graph, cloud, tenantId } = this.#parts;
    const claims = await this.#claims();
    const path = '/organization?$select=id,displayName';
    const answer = await graph.read({ version: 'v1.0', path, lane: 'directory' });
    if (!succeeded(answer) && answer.status !== 403) throw new Refused(answer, 'GET /organization');
    const organization = succeeded(answer) ? singletonIn(organizationRow, answer.body) : {};
    const id = typeof organization.id === 'string' ? organization.id.toLowerCase() : claims.tenantId;
    if (id === undefined)
      throw authenticationProblem(
        `Neither the token nor Graph says which tenant this is (${statusText(answer)} to GET /organization). Grant Organization.Read.All.`,
      );
    for (const expected of [claims.tenantId, tenantId?.toLowerCase()])
      if (expected?.includes('-') && expected !== id)
        throw authenticationProblem(
          `Graph answers for tenant ${id}, and the token or the configuration says ${expected}. Nothing was read. Check the tenant id in driftline.yaml and the credentials.`,
        );
    return {
      tenantId: id,
      displayName: typeof organization.displayName === 'string' ? organization.displayName : id,
      cloud: cloud.name,
      ...(claims.appId === undefined ? {} : { appId: claims.appId }),
      ...(claims.objectId === undefined ? {} : { servicePrincipalId: claims.objectId }),
      ...(claims.permissions === undefined ? {} : { permissions: claims.permissions }),
    };
  }

  async *read(kind: Kind): AsyncGenerator<readonly Entity[]> {
    for await (const { entities } of this.readPages(kind)) yield entities;
  }

  async *readPages(kind: Kind, start?: ReadingStart): AsyncGenerator<KindPage> {
    if (kind.absentIn?.includes(this.#parts.cloud.name))
      throw new NotComplete('skipped', kind.name, `The cloud ${this.#parts.cloud.name} does not have it.`);
    const { permissions } = await this.#claims();
    this.#objects.set(kind.name, 0);
    try {
      const collecting = { ...this.#collecting(this.#row(kind), permissions), scratch: start?.scratch };
      for await (const page of collect(collecting, start)) {
        this.#objects.set(kind.name, this.#objects.get(kind.name)! + page.entities.length);
        this.tell(kind.name);
        yield page;
      }
    } catch (error) {
      if (error instanceof ExpiredMark) throw new PlaceLost(kind.name, { cause: error });
      throw toNotComplete(kind, error, permissions);
    }
  }

  async readObjects(kind: Kind, keys: readonly string[]): Promise<ReadonlyMap<string, Entity>> {
    const { permissions } = await this.#claims();
    try {
      const row = this.#row(kind);
      const { raws, expanded } = await this.#rawObjects(row, keys, permissions);
      const entities = await entitiesOf(this.#collecting(row, permissions), raws, { expanded });
      return byKey(entities, keys);
    } catch (error) {
      throw toNotComplete(kind, error, permissions);
    }
  }

  async resolve(ids: readonly string[]): Promise<ReadonlyMap<string, Ref>> {
    const found = new Map<string, Ref>();
    const { graph } = this.#parts;
    const path = '/directoryObjects/getByIds';
    for (let at = 0; at < ids.length; at += idsAtOnce) {
      const body = { ids: ids.slice(at, at + idsAtOnce) };
      const answer = await graph.read({ version: 'v1.0', path, lane: 'directory', body });
      if (!succeeded(answer)) throw new Refused(answer, `POST ${path}`);
      for (const item of checkPage(answer, {}, `POST ${path}`).items) {
        const id = typeof item.id === 'string' ? keyText(item.id) : '';
        const type = item['@odata.type'];
        if (isKey(id)) found.set(id, toRef(collectionOf(typeof type === 'string' ? type : undefined), id));
      }
    }
    return found;
  }

  async *readDeleted(kind: Kind, keys: readonly string[]): AsyncGenerator<readonly Entity[]> {
    const { bin, binAbsentIn } = kind.deletion;
    if (bin === undefined || keys.length === 0 || binAbsentIn?.includes(this.#parts.cloud.name)) return;
    const { permissions } = await this.#claims();
    const wanted = new Set(keys);
    try {
      for (const path of binListings(kind, bin, keys, selectOf(kind, permissions)))
        for await (const { items } of readPages(this.#parts.graph, {
          version: kind.version,
          path,
          lane: kind.lane,
          about: kind.name,
        }))
          yield items
            .filter((raw) => isOfKind(kind, raw))
            .map((raw) => toEntity(kind, raw, {}))
            .filter(({ ref }) => wanted.has(keyOf(ref)));
    } catch (error) {
      throw toNotComplete(kind, error, permissions);
    }
  }

  async count(kind: Kind): Promise<number | undefined> {
    if (kind.singleton || kind.lane !== 'directory' || kind.pageSize === undefined) return undefined;
    const { graph } = this.#parts;
    const headers = { ConsistencyLevel: 'eventual' };
    try {
      const path = `${kind.path}/$count`;
      const answer = await graph.read({ version: kind.version, path, lane: kind.lane, about: kind.name, headers });
      return succeeded(answer) && typeof answer.body === 'number' ? answer.body : undefined;
    } catch (error) {
      // Only an estimate hangs on it.
      if (toNotComplete(kind, error, undefined) instanceof NotComplete) return undefined;
      throw error;
    }
  }

  async *audits(question: AuditQuestion): AsyncGenerator<readonly AuditEntry[]> {
    const { permissions } = await this.#claims();
    yield* readAudits(this.#parts.graph, question, permissions);
  }

  async probe(kind: Kind) {
    const { graph, cloud } = this.#parts;
    const { permissions } = await this.#claims();
    if (kind.absentIn?.includes(cloud.name))
      return { status: 'failed' as const, reason: `The cloud ${cloud.name} does not have it.` };
    const $top = kind.pageSize === undefined || kind.singleton ? undefined : 1;
    const path = withQuery(kind.path, { $select: selectOf(kind, permissions), $top });
    try {
      const answer = await graph.read({ version: kind.version, path, lane: kind.lane, about: kind.name });
      if (succeeded(answer)) return undefined;
      throw new Refused(answer, `GET ${kind.path}`);
    } catch (error) {
      const problem = toNotComplete(kind, error, permissions);
      if (!(problem instanceof NotComplete)) throw problem;
      const { status } = problem;
      return {
        status: status === 'forbidden' || status === 'unlicensed' ? status : 'failed',
        reason: problem.detail,
      } as const;
    }
  }

  #row(kind: Kind): Kind {
    return kindIn(this.#parts.cloud.name, kind);
  }

  #collecting(kind: Kind, permissions: readonly string[] | undefined): Collecting {
    return {
      graph: this.#parts.graph,
      kind,
      permissions,
      readObjects: (asked, keys) => this.readObjects(asked, keys),
    };
  }

  async #claims(): Promise<Claims> {
    return (await this.#parts.tokens.get()).claims;
  }

  /** Those of the keys that Graph has, as it gives them, and the link that came with them. */
  async #rawObjects(
    kind: Kind,
    keys: readonly string[],
    permissions: readonly string[] | undefined,
  ): Promise<{ readonly raws: JsonObject[]; readonly expanded?: string | undefined }> {
    const { graph } = this.#parts;
    const query = { $select: selectOf(kind, permissions) };
    const request = { version: kind.version, lane: kind.lane, about: kind.name } as const;
    const slow = kind.lane === 'conditionalAccess';
    const ids = keys.map((key) => graphIdOf(kind, key));
    if (ids.includes(undefined) || (slow && !kind.singleton && keys.length >= listFrom)) {
      const raws: JsonObject[] = [];
      const path = withQuery(kind.path, { ...query, $top: kind.pageSize });
      for await (const { items } of readPages(graph, { ...request, path })) raws.push(...items);
      const wanted = new Set(keys);
      const found = new Map(raws.map((raw) => [keyOfRaw(kind, raw), raw] as const));
      return { raws: [...found].flatMap(([key, raw]) => (wanted.has(key) ? [raw] : [])) };
    }
    // One link may come with the object, complete up to 19 (reference 1.4): a request less for each.
    const expanded = slow ? undefined : Object.keys(kind.links).find((link) => kind.links[link]!.read === 'expand');
    const single = { ...query, $expand: expanded === undefined ? undefined : expandOf(kind, expanded) };
    const paths = kind.singleton
      ? [withQuery(kind.path, query)]
      : ids.map((id) => withQuery(objectPath(kind, id!), single));
    const answers = slow
      ? await inTurn(paths, (path) => graph.read({ ...request, path }))
      : await readBatch(graph, request, paths);
    const raws = answers.flatMap((answer, at) => {
      if (answer.status === 404) return [];
      if (!succeeded(answer)) throw new Refused(answer, `GET ${paths[at]!.split('?')[0]}`, paths[at]);
      return [kind.singleton ? singletonIn(kind, answer.body) : objectIn(answer.body, paths[at]!)];
    });
    return { raws, expanded };
  }
}

const organizationRow = { path: '/organization' } as Kind;

function objectIn(body: Json | undefined, path: string): JsonObject {
  if (!isObject(body) || isArray(body.value) || isObject(body.error)) throw shapeProblem('it is no object', path);
  return body;
}

/**
 * What to list of a bin, through the listing of the type, which takes `$select` as the type's own does (documentation of List deletedItems; a read
 * of one item gives default properties only): the few that are asked for by their ids; all of it where Graph has no filter for it, or where the
 * ids would need more requests than the pages of a large bin, which are as long as those of the type (reference 1.4).
 */
function binListings(kind: Kind, bin: string, keys: readonly string[], $select: string | undefined): string[] {
  if (kind.lane === 'conditionalAccess') return [bin];
  if (keys.length > idsPerFilter * mostFilters) return [withQuery(bin, { $top: kind.pageSize, $select })];
  const ids = keys.map((key) => quoted(graphIdOf(kind, key) ?? key));
  const listings: string[] = [];
  for (let at = 0; at < ids.length; at += idsPerFilter) {
    const $filter = encodeURIComponent(`id in (${ids.slice(at, at + idsPerFilter).join(',')})`);
    listings.push(withQuery(bin, { $filter, $select }));
  }
  return listings;
}

function byKey(entities: readonly Entity[], keys: readonly string[]): ReadonlyMap<string, Entity> {
  const wanted = new Set(keys);
  const found = new Map<string, Entity>();
  for (const entity of entities) {
    const key = keyOf(entity.ref);
    if (wanted.has(key)) found.set(key, entity);
  }
  return found;
}

/** The bin of the directory holds objects of all types. */
function isOfKind(kind: Kind, raw: JsonObject): boolean {
  const type = raw['@odata.type'];
  return typeof type !== 'string' || kind.typed === true || collectionOf(type, [kind.name]) === kind.name;
}

async function inTurn<Item, Result>(items: readonly Item[], each: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await each(item));
  return results;
}
