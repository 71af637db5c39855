// What the verbs may ask of the tenant; tenant/ does it over Microsoft Graph. The reader cannot write; the writer is opened by apply alone.
import type { AuditEntry, AuditQuestion } from './audit.ts';
import type { Entity } from './entity.ts';
import type { Json, JsonObject } from './json.ts';
import type { Kind } from './kind.ts';
import type { Ref } from './ref.ts';
import type { Scratch } from './scratch.ts';

export interface TenantIdentity {
  readonly tenantId: string;
  readonly displayName: string;
  readonly cloud: string;
  /** Our own application, by the token's claims: never written to. */
  readonly appId?: string;
  readonly servicePrincipalId?: string;
  /** Application permissions in the token; undefined where the token does not say (an opaque or delegated one). */
  readonly permissions?: readonly string[];
}

export interface ReadProgress {
  readonly kind: string;
  readonly objects: number;
  readonly requests: number;
  /** What it waits for (`throttled until 12:00:05 UTC`), absent while it works. */
  readonly waiting?: string;
}

export interface ReadStatistics {
  readonly requests: number;
  readonly retries: number;
  readonly throttled: number;
  readonly bytes: number;
  /** This machine's clock minus Graph's, in seconds, by the last answer's `Date`; absent before the first answer. */
  readonly clockSkewSeconds?: number;
}

export interface TenantReader {
  identity(): Promise<TenantIdentity>;
  /**
   * All objects of a kind, page by page, links and contained objects included, in any order, each once.
   * Ends normally only if the kind is complete: every page was read and checked (trust.md 1.4); otherwise throws NotComplete.
   */
  read(kind: Kind): AsyncIterable<readonly Entity[]>;
  /** As {@link read}, each page with the place where the reading may go on later, perhaps from such a place. Throws {@link PlaceLost} too. */
  readPages?(kind: Kind, start?: ReadingStart): AsyncIterable<KindPage>;
  /** Single objects of a kind by key; absent from the map: Graph says that there is none (404). Throws NotComplete where it cannot be told. */
  readObjects(kind: Kind, keys: readonly string[]): Promise<ReadonlyMap<string, Entity>>;
  /** The refs of directory objects by id, for those that exist (`getByIds`). */
  resolve(ids: readonly string[]): Promise<ReadonlyMap<string, Ref>>;
  /** Soft-deleted objects of a kind: those of the given keys that are in the bin, page by page. Throws NotComplete where it cannot be told. */
  readDeleted(kind: Kind, keys: readonly string[]): AsyncIterable<readonly Entity[]>;
  /** One small read of a kind, to learn whether it may be read: undefined where it may, else why not. */
  probe(
    kind: Kind,
  ): Promise<{ readonly status: 'forbidden' | 'unlicensed' | 'failed'; readonly reason: string } | undefined>;
  /** About how many objects of a kind there are, by Graph's index that lags; undefined where it does not say. */
  count?(kind: Kind): Promise<number | undefined>;
  /** Pages of the audit log's answer to a question, the newest entries first; an entry may come twice. Throws NotComplete where it cannot be read. */
  audits?(question: AuditQuestion): AsyncIterable<readonly AuditEntry[]>;
  statistics(): ReadStatistics;
  /** What changed since an earlier read; absent where the tenant cannot tell. Only makes reading cheaper, never needed. */
  readonly tracking?: ChangeTracking;
  close(): Promise<void>;
}

/** Where the reading of a kind may go on later: a page token, and the address of the listing that it was given for. Kept outside of the reviewed state. */
export interface Place {
  readonly link: string;
  readonly of: string;
}

export interface KindPage {
  readonly entities: readonly Entity[];
  /** What each of the entities was made of, where that is known: see {@link Recognition}. */
  readonly contents?: readonly (string | undefined)[];
  /** Keys of the objects that were recognized; there are no entities of them. */
  readonly recognized?: ReadonlySet<string>;
  /** Where the reading goes on after this page; absent at the end, and where there is no such place. */
  readonly next?: Place;
}

/** Knows objects again that come as they came before, so that they need not be made into entities. */
export interface Recognition {
  /**
   * Would an object with this key that is made of this content be as the base has it? The content is a text, with digests in it, of all that the
   * entity is made of: with the same version, cloud and permissions, equal contents make equal entities.
   */
  recognizes(key: string, content: string): boolean;
}

export interface ReadingStart {
  /** Absent: from the first page on. */
  readonly from?: Place | undefined;
  /** Was the object with this key among those that were read before? It is taken as it was then. */
  readonly met?: (key: string) => boolean;
  /** Absent: no object is recognized, and no page says what its entities were made of. */
  readonly recognition?: Recognition | undefined;
  /** Where the pages that come before the first object (links in bulk) are noted, and those of an earlier attempt are found. */
  readonly notes?: PageNotes;
  /** Where links that are told of before the first object are kept until it comes. Absent: in memory, however many they are. */
  readonly scratch?: Scratch;
}

/** Lines under names, kept outside of the reviewed state, where nobody else reads them. */
export interface PageNotes {
  /** Oldest first. */
  lines(name: string): AsyncIterable<string>;
  note(name: string, line: string): Promise<void>;
  forget(name: string): Promise<void>;
}

/** The place from which a reading was to go on does not hold any more, or was given for something else: the kind is to be read from its beginning. */
export class PlaceLost extends Error {}

/** From where on Graph can tell the changes of a kind: its delta link, and what was asked for. Kept outside of the reviewed state. */
export interface ChangeMark {
  readonly link: string;
  readonly select: string;
  /** When it was given, ISO 8601 UTC. */
  readonly at: string;
}

export interface Changes {
  readonly keys: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
  readonly mark: ChangeMark;
}

export interface ChangeTracking {
  /** A mark of now, to be taken before the kind is read; undefined where Graph cannot tell of all its changes. */
  mark(kind: Kind): Promise<ChangeMark | undefined>;
  /**
   * Keys of objects that changed, came or went since a mark, perhaps more, and which of them are gone; undefined where that cannot be told (any
   * more): read all of it.
   */
  changes(kind: Kind, since: ChangeMark): Promise<Changes | undefined>;
  /** Keys of the objects in which this attribute is one of these ids; undefined where Graph does not filter by it. */
  keysWith(kind: Kind, attribute: string, ids: readonly string[]): Promise<ReadonlySet<string> | undefined>;
  /** What objects have of the row's `tracked.besides`, by key, in the row's order and as `besidesText` says it; of none, nothing. Undefined where it cannot be told. */
  besides(kind: Kind): Promise<ReadonlyMap<string, string> | undefined>;
  /** A text that changes with every recovery by Microsoft's own service, which leaves no trace in change tracking; undefined where it may not be looked at. */
  recoveries(): Promise<string | undefined>;
}

/** One request to Graph, relative to the version root. */
export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly version: 'v1.0' | 'beta';
  /** Path and query below the version root; every id in it percent-encoded. */
  readonly path: string;
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly lane: Kind['lane'];
}

/** What came back. `unknown`: the request was sent, and whether it took effect cannot be told (trust.md 1.5). */
export type GraphAnswer =
  | { readonly outcome: 'answered'; readonly status: number; readonly body?: Json; readonly requestId?: string }
  | { readonly outcome: 'unknown'; readonly because: string };

export interface TenantWriter {
  /** Sends one write; throttling (429) is waited out, nothing else is repeated. */
  send(request: GraphRequest): Promise<GraphAnswer>;
  /** Sends up to 20 writes of one version as a `$batch`; answers in the order of the requests. */
  sendBatch(requests: readonly GraphRequest[]): Promise<readonly GraphAnswer[]>;
  close(): Promise<void>;
}
