// The feed: what is remembered between snapshots so that the next one may read only what has changed; never part of the state, never needed.
import { hash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Commit } from '../model/commit.ts';
import { type Coverage, NotComplete } from '../model/coverage.ts';
import { besidesText, type Entity } from '../model/entity.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import { isKey, keyOf, toRef } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { ChangeMark, Changes, ChangeTracking, TenantIdentity, TenantReader } from '../model/tenant.ts';

const hour = 3_600_000;
/** Graph keeps a mark for seven days (reference 1.5). */
const longestMark = 6 * 24 * hour;
/** All of a kind is read once a week at least, also where snapshots are taken daily at about the same time. */
const longestWithoutFullRead = 6.5 * 24 * hour;
/** So far the audit log may lag behind, and more (reference 1.16 says a quarter of an hour). */
const longestLag = hour;
/** Entries that are looked through for changes; of more, comparing is less work. */
const mostEntries = 10_000;

/**
 * Of more than a twentieth of a kind it is less work to read all of it than single objects; and where much of a small kind seems to have
 * changed, reading all of it can tell whether that is so.
 */
function mostKeys(count: number): number {
  return Math.max(20, Math.min(1000, count / 4), count / 20);
}

/** What is remembered of one kind. */
interface KindMemory {
  /** When all of it was last read, ISO 8601 UTC. */
  readonly readAt: string;
  /** Since when what change tracking does not tell of is known to be as it is noted, ISO 8601 UTC. */
  readonly comparedAt: string;
  /** The marks of this snapshot and of the one before, oldest first. */
  readonly marks: readonly ChangeMark[];
  /** By key, a digest of what the object has that change tracking does not tell of, where it has any. */
  readonly besides: Readonly<Record<string, string>>;
}

interface Memory {
  readonly format: 3;
  /** Another version may store other things: it reads everything first. */
  readonly version: string;
  readonly tenantId: string;
  /** The snapshot that the marks belong to. */
  readonly commit: string;
  readonly recoveries?: string;
  /** Up to when the audit log was last read to its end, ISO 8601 UTC. */
  readonly auditedAt?: string;
  readonly kinds: Readonly<Record<string, KindMemory>>;
}

export interface FeedOptions {
  readonly repository: Repository;
  readonly reader: Pick<TenantReader, 'audits'>;
  readonly tracking: ChangeTracking;
  readonly identity: TenantIdentity;
  readonly base: Commit | undefined;
  /** All kinds, by name: of some, what happened to others tells. */
  readonly kinds: Kinds;
  /** What the base covers: of a kind that it does not cover completely, no difference tells enough. */
  readonly before: Coverage;
  readonly version: string;
  /** So many seconds what change tracking does not tell of may be as it was when it was last compared; default 0. */
  readonly untrackedMaxAge?: number | undefined;
  readonly now: () => Date;
}

/** What may have changed in a kind since the base, and what to remember once it is committed. */
export interface Difference {
  readonly keys: ReadonlySet<string>;
  readonly marks: readonly ChangeMark[];
  readonly besides: ReadonlyMap<string, string>;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #path: string;
  readonly #memory: Memory | undefined;
  readonly #recoveries: string | undefined;
  readonly #kinds: Record<string, KindMemory> = {};
  readonly #changes = new Map<string, Promise<Changes | undefined>>();
  readonly #comparedAt = new Map<string, string>();
  #named: Promise<ReadonlySet<string> | undefined> | undefined;
  #auditedAt: string | undefined;
  /** Kinds of which nothing was compared that change tracking does not tell of, with the time since which that is as it was. */
  readonly untracked = new Map<string, string>();
  /** Why the audit log was not asked instead. */
  notAsked: string | undefined;

  private constructor(options: FeedOptions, memory: Memory | undefined, recoveries: string | undefined) {
    this.#options = options;
    this.#path = pathOf(options);
    this.#memory = memory;
    this.#auditedAt = memory?.auditedAt;
    this.#recoveries = recoveries;
  }

  /**
   * Opens the memory. It counts for nothing where it is not of exactly this commit, tenant and version, or where Microsoft's own recovery
   * has been at work since: that leaves no trace in change tracking (reference 1.5).
   */
  static async open(options: FeedOptions): Promise<Feed> {
    const [memory, recoveries] = await Promise.all([readMemory(pathOf(options)), options.tracking.recoveries()]);
    const { base, identity, version } = options;
    const holds =
      memory !== undefined &&
      memory.commit === base?.id &&
      memory.tenantId === identity.tenantId &&
      memory.version === version &&
      memory.recoveries === recoveries;
    return new Feed(options, holds ? memory : undefined, recoveries);
  }

  /** What may have changed in a kind since the base; undefined where all of it must be read. */
  async difference(kind: Kind): Promise<Difference | undefined> {
    const { tracking, before } = this.#options;
    const memory = this.#memory?.kinds[kind.name];
    const changes = await this.#changesOf(kind);
    const between = changes === undefined ? undefined : await this.#between(kind);
    if (memory === undefined || changes === undefined || between === undefined) return undefined;
    const noted = new Map(Object.entries(memory.besides));
    const marks = [...memory.marks.slice(-1), changes.mark];
    const keys = [...changes.keys, ...between];
    const { count } = before[kind.name]!;
    const named = await this.#namedOf(kind, memory);
    const difference = named && differenceOf([...keys, ...named], marks, noted, undefined, count);
    if (difference !== undefined) {
      this.#comparedAt.set(kind.name, memory.comparedAt);
      this.untracked.set(kind.name, memory.comparedAt);
      return difference;
    }
    this.#comparedAt.set(kind.name, this.#options.now().toISOString());
    const besides = await tracking.besides(kind);
    return besides && differenceOf(keys, marks, noted, besides, count);
  }

  /** Keys of the kind's objects that the audit log names, where that is to do instead of comparing; undefined where it is not. */
  async #namedOf(kind: Kind, { comparedAt }: KindMemory): Promise<readonly string[] | undefined> {
    const { repository, base, untrackedMaxAge = 0 } = this.#options;
    if ((kind.tracked?.besides ?? []).length === 0 || this.#age(comparedAt) >= untrackedMaxAge * 1000) return undefined;
    this.#named ??= this.#askAudits();
    const ids = await this.#named;
    if (ids === undefined || ids.size === 0) return ids && [];
    const found: string[] = [];
    const refs = [...ids].map((id) => toRef(kind.name, id));
    for await (const { ref } of repository.files(base!.id, { refs })) found.push(keyOf(ref));
    return found;
  }

  /**
   * Ids that the audit log names since everything was compared or the log was read, so that a snapshot which could not ask leaves no gap; none where it
   * cannot be asked, undefined where there are too many entries.
   */
  async #askAudits(): Promise<ReadonlySet<string> | undefined> {
    const { reader, now } = this.#options;
    const compared = Object.values(this.#memory!.kinds).map(({ comparedAt }) => Date.parse(comparedAt));
    const since = Math.max(Math.min(...compared), this.#auditedAt === undefined ? 0 : Date.parse(this.#auditedAt));
    const question = { from: new Date(since - longestLag).toISOString(), to: now().toISOString() };
    const ids = new Set<string>();
    let count = 0;
    try {
      for await (const entries of reader.audits?.(question) ?? []) {
        count += entries.length;
        if (count > mostEntries) return undefined;
        for (const { about } of entries) for (const id of about) if (isKey(id)) ids.add(id);
      }
      this.#auditedAt = question.to;
    } catch (error) {
      if (!(error instanceof NotComplete)) throw error;
      this.notAsked = error.detail;
    }
    return ids;
  }

  /** What Graph tells of a kind, asked once; undefined where it cannot tell, or the last full read is too long ago. */
  #changesOf(kind: Kind): Promise<Changes | undefined> {
    const known = this.#changes.get(kind.name);
    if (known !== undefined) return known;
    const { tracking, before } = this.#options;
    const memory = this.#memory?.kinds[kind.name];
    const complete = before[kind.name]?.status === 'complete';
    // The older mark: what was written a moment before the newer one may not have been visible to it yet (reference 1.9).
    const usable =
      memory === undefined || !complete || this.#age(memory.readAt) > longestWithoutFullRead
        ? undefined
        : memory.marks.find(({ at }) => this.#age(at) < longestMark);
    const asked = usable === undefined ? Promise.resolve(undefined) : tracking.changes(kind, usable);
    this.#changes.set(kind.name, asked);
    return asked;
  }

  /**
   * Objects that lie between others (their key is made of the ids of those) go and come back with them (reference 3.4), and nothing says that
   * change tracking tells of it: the keys of those between objects that changed, which may have gone and come back meanwhile, and of those that
   * may have come back with one. Undefined where that cannot be told.
   */
  async #between(kind: Kind): Promise<ReadonlySet<string> | undefined> {
    const { repository, tracking, base, kinds } = this.#options;
    const found = new Set<string>();
    const changed = new Set<string>();
    for (const attribute of kind.key === 'id' ? [] : kind.key) {
      const end = kinds.get(kind.attributes[attribute]?.refersTo?.kind ?? '');
      const changes = end === undefined ? undefined : await this.#changesOf(end);
      if (end === undefined || changes === undefined) return undefined;
      for (const key of changes.keys) changed.add(key);
      const refs = [...changes.keys].filter((key) => !changes.gone.has(key)).map((key) => toRef(end.name, key));
      const came = new Set(refs);
      if (refs.length > 0) for await (const { ref } of repository.files(base!.id, { refs })) came.delete(ref);
      const held = await tracking.keysWith(kind, attribute, [...came].map(keyOf));
      if (held === undefined) return undefined;
      for (const key of held) found.add(key);
    }
    if (changed.size > 0)
      for await (const { ref } of repository.files(base!.id, { kinds: [kind.name] })) {
        const ends = keyOf(ref).split('_');
        if (ends.some((end) => changed.has(end))) found.add(keyOf(ref));
      }
    return found;
  }

  /** A mark of now, to be taken before all of a kind is read. */
  mark(kind: Kind): Promise<ChangeMark | undefined> {
    return this.#options.tracking.mark(kind);
  }

  /** Remembers a kind that was read; `readAt` is absent where only a difference was. */
  keep(kind: Kind, marks: readonly ChangeMark[], besides: ReadonlyMap<string, string>, readAt?: string): void {
    const since = readAt ?? this.#memory?.kinds[kind.name]?.readAt;
    const comparedAt = readAt ?? this.#comparedAt.get(kind.name);
    if (since !== undefined && comparedAt !== undefined && marks.length > 0)
      this.#kinds[kind.name] = { readAt: since, comparedAt, marks, besides: Object.fromEntries(besides) };
  }

  /** Writes the memory down for the commit that was made. */
  async save(commit: string): Promise<void> {
    const { identity, version } = this.#options;
    const memory: Memory = {
      format: 3,
      version,
      tenantId: identity.tenantId,
      commit,
      ...(this.#recoveries === undefined ? {} : { recoveries: this.#recoveries }),
      ...(this.#auditedAt === undefined ? {} : { auditedAt: this.#auditedAt }),
      kinds: this.#kinds,
    };
    await mkdir(dirname(this.#path), { recursive: true });
    const draft = `${this.#path}.${process.pid}`;
    await writeFile(draft, JSON.stringify(memory), { mode: 0o600 });
    await rename(draft, this.#path);
  }

  #age(at: string): number {
    return this.#options.now().getTime() - Date.parse(at);
  }
}

/**
 * The difference that these keys make, and those of objects that have something else besides than was noted (where that was asked); undefined where it
 * is of so many that reading all of the kind is less work.
 */
export function differenceOf(
  changed: Iterable<string>,
  marks: readonly ChangeMark[],
  noted: ReadonlyMap<string, string>,
  besides: ReadonlyMap<string, string> | undefined,
  count: number,
): Difference | undefined {
  const keys = new Set(changed);
  if (besides !== undefined) {
    for (const [key, text] of besides) if (noted.get(key) !== digest(text)) keys.add(key);
    for (const key of noted.keys()) if (!besides.has(key)) keys.add(key);
  }
  if (keys.size > mostKeys(count)) return undefined;
  return { keys, marks, besides: new Map([...noted].filter(([key]) => !keys.has(key))) };
}

/** By key, a digest of what objects have that change tracking does not tell of; undefined where nobody will ask. */
export type Besides = Map<string, string> | undefined;

/** Notes what entities have that change tracking does not tell of. */
export function noteBesides(kind: Kind, entities: readonly Entity[], besides: Besides): void {
  const parts = besides === undefined ? [] : (kind.tracked?.besides ?? []);
  if (parts.length === 0) return;
  for (const entity of entities) {
    const text = parts.map((part) => besidesText(part, entity)).join('');
    if (text === '') besides!.delete(keyOf(entity.ref));
    else besides!.set(keyOf(entity.ref), digest(text));
  }
}

/** Long enough that no two texts share it, and as long for an application that a thousand people may use. */
function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

function pathOf({ repository, identity }: Pick<FeedOptions, 'repository' | 'identity'>): string {
  return join(repository.privateFolder, 'delta', `${identity.tenantId}.json`);
}

/** What is there and can be read; whatever is wrong with it, reading everything is always right. */
async function readMemory(path: string): Promise<Memory | undefined> {
  try {
    const memory = JSON.parse(await readFile(path, 'utf8')) as Memory;
    return memory.format === 3 && typeof memory.kinds === 'object' ? memory : undefined;
  } catch {
    return undefined;
  }
}
