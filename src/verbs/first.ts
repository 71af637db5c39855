// First snapshots: a large kind is kept in a private commit of its own while it is read, so that a run that dies is gone on with.
import type { Commit } from '../model/commit.ts';
import type { KindCoverage } from '../model/coverage.ts';
import type { JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import type { Capture, KeptPieces, KindCapture, Repository } from '../model/repository.ts';
import {
  type ChangeMark,
  type KindPage,
  type Place,
  PlaceLost,
  type Recognition,
  type TenantIdentity,
  type TenantReader,
} from '../model/tenant.ts';
import { type Besides, type Difference, differenceOf, noteBesides } from './feed.ts';
import { forgetPageNotes, openPageNotes } from './page-notes.ts';

/** Kinds of fewer objects are read again in less time than keeping them is worth; larger ones are kept whenever so many more were read. */
export const worthKeeping = 50_000;
/** What was begun longer ago is read again: the snapshot would be of too many moments. */
const longestKept = 24 * 3_600_000;

export interface KeepingOptions {
  readonly repository: Repository;
  readonly reader: TenantReader;
  readonly identity: TenantIdentity;
  readonly version: string;
  readonly now: () => Date;
  /** Objects that are read until they are kept. */
  readonly every: number;
}

function refOf(kind: Kind): string {
  return `refs/driftline/first/${kind.name}`;
}

/**
 * Reads a kind into a private commit and takes it from there into the snapshot. A kind that is not complete is not taken. `read` fills the capture
 * that it is given, by way of the pieces. Gives the coverage, and since when the kind was read where an earlier attempt has begun it and it is
 * of no single moment.
 */
export async function readAndKeep(
  options: KeepingOptions,
  work: Capture,
  kind: Kind,
  read: (work: Capture, pieces: Pieces) => Promise<KindCoverage>,
): Promise<{ readonly coverage: KindCoverage; readonly since: string | undefined }> {
  const { repository, now } = options;
  const own = await repository.capture({ base: undefined, ref: refOf(kind), parent: false, kinds: [kind.name] });
  try {
    const pieces = new Pieces(options, own, kind);
    const coverage = await read(own, pieces);
    const since = pieces.goneOn ? pieces.since : undefined;
    if (coverage.status !== 'complete') return { coverage, since };
    const subject = `${kind.name} of a first snapshot that is not complete yet`;
    const body = JSON.stringify(pieces.note);
    const commit: Commit | undefined = await own.commit({ subject, body, at: now().toISOString() });
    await work.adopt(kind.name, commit!.id);
    return { coverage, since };
  } finally {
    await own.abort();
  }
}

/** Lets go of what was kept of kinds that the snapshot has, also where an attempt was killed before it could. */
export async function forgetKept(repository: Repository, kinds: readonly Kind[]): Promise<void> {
  await repository.forget(...kinds.map(refOf));
  await forgetPageNotes(repository, kinds);
}

/** How a capture reads: what it does with a page, and with what may have changed since. */
export interface ReadingSteps {
  /** Will somebody ask what the objects have besides? */
  readonly noting: boolean;
  /** Pages are to say what their entities were made of. */
  readonly recognition: Recognition | undefined;
  take(target: KindCapture, page: KindPage, besides: Besides): Promise<void>;
  renew(target: KindCapture, difference: Difference): Promise<Map<string, string>>;
}

/** How the reading of a kind began, and what tells later what has changed since. */
interface Beginning {
  readonly tenantId: string;
  readonly cloud: string;
  readonly version: string;
  /** What the token let us see; absent where it did not say. */
  readonly permissions?: readonly string[];
  readonly startedAt: string;
  readonly mark?: ChangeMark;
  /** Microsoft's own recovery leaves no trace in change tracking. */
  readonly recoveries?: string;
}

/** May an attempt that begins now go on with what began so? */
function fits(kept: Beginning, now: Beginning): boolean {
  const same = ['tenantId', 'cloud', 'version', 'recoveries'] as const;
  const age = Date.parse(now.startedAt) - Date.parse(kept.startedAt);
  return (
    age < longestKept &&
    same.every((name) => kept[name] === now[name]) &&
    askedOf(kept.mark) === askedOf(now.mark) &&
    kept.permissions?.join() === now.permissions?.join()
  );
}

/** What the mark tells of, and at which address of Graph: elsewhere, and of less or more, nothing of the earlier attempt holds. */
function askedOf(mark: ChangeMark | undefined): string | undefined {
  return mark && `${new URL(mark.link).origin} ${mark.select}`;
}

/**
 * What is noted with what is kept. The place is a page token, so nobody but us gets to see it; null before the first page; without one, the kind
 * was read to its end.
 */
interface Note extends Beginning {
  readonly place?: Place | null;
}

/** A large kind that is read piece by piece: each is kept with the place where the reading goes on, by this attempt or by the next. */
export class Pieces {
  readonly #options: KeepingOptions;
  readonly #own: Capture;
  readonly #kind: Kind;
  /** Of what moments the kind is: none of it was read before this one. */
  since: string;
  /** An earlier attempt has read a part of it, and it cannot be told what has changed since then. */
  goneOn = false;
  /** What is to be noted with the kind when it is whole. */
  note: Note | undefined;

  constructor(options: KeepingOptions, own: Capture, kind: Kind) {
    this.#options = options;
    this.#own = own;
    this.#kind = kind;
    this.since = options.now().toISOString();
  }

  /**
   * Reads all of the kind, from where an earlier attempt has come to where that can be; what has changed since that one began is read anew where
   * Graph can tell it, so that the kind is of one moment all the same.
   */
  async read(first: KindCapture, steps: ReadingSteps) {
    const beginning = await this.#begin();
    const kept = await this.#kept(beginning);
    if (kept !== undefined) {
      try {
        return await this.#goOn(first, kept, steps);
      } catch (error) {
        if (!(error instanceof PlaceLost)) throw error;
      }
    }
    // Also of what was taken up in vain nothing stays; but what came in bulk holds, and what has changed since then is looked at.
    await first.discard();
    const target = this.#own.kind(this.#kind.name);
    if (kept !== undefined)
      return this.#goOn(target, { note: { ...kept.note, place: null }, besides: new Map() }, steps);
    const besides: Besides = steps.noting ? new Map() : undefined;
    await this.#keep({ ...beginning, place: null });
    await this.#readPages(target, beginning, besides, steps);
    this.note = beginning;
    return { target, besides, mark: beginning.mark };
  }

  async #keep(note: Note): Promise<void> {
    await this.#own.keep(this.#kind.name, note as unknown as JsonObject, this.#options.now().toISOString());
  }

  async #begin(): Promise<Beginning> {
    const { reader, identity, version, now } = this.#options;
    const startedAt = now().toISOString();
    const mark = await reader.tracking?.mark(this.#kind);
    const recoveries = await reader.tracking?.recoveries();
    const { tenantId, cloud, permissions } = identity;
    return {
      tenantId,
      cloud,
      version,
      ...(permissions === undefined ? {} : { permissions: [...permissions].sort() }),
      startedAt,
      ...(mark === undefined ? {} : { mark }),
      ...(recoveries === undefined ? {} : { recoveries }),
    };
  }

  /** What an earlier attempt has kept, put into the kind; undefined where there is nothing, or nothing that fits this attempt or can be read. */
  async #kept(now: Beginning) {
    const kept = await this.#own.kept(this.#kind.name);
    const note = noteOf(kept);
    if (note === undefined || !fits(note, now)) return undefined;
    const besides = new Map<string, string>();
    try {
      for await (const { entity } of this.#options.repository.entities(kept!.files))
        noteBesides(this.#kind, [entity], besides);
      return { note, besides };
    } catch (error) {
      return unlessProblem(error);
    }
  }

  async #goOn(
    target: KindCapture,
    { note, besides }: { readonly note: Note; readonly besides: Map<string, string> },
    steps: ReadingSteps,
  ) {
    const { now } = this.#options;
    const { place, ...beginning } = note;
    if (place !== undefined) await this.#readPages(target, beginning, besides, steps, place ?? undefined);
    const startedAt = now().toISOString();
    const changed = await this.#changed(beginning, besides, target.count);
    if (changed === undefined) {
      this.goneOn = true;
      this.since = beginning.startedAt;
      this.note = beginning;
      // What lies between other objects changes with them, and theirs are later marks.
      return { target, besides, mark: this.#kind.key === 'id' ? beginning.mark : undefined };
    }
    const found = await steps.renew(target, changed);
    this.since = startedAt;
    this.note = { ...beginning, startedAt, mark: changed.marks[0]! };
    // The earlier mark: other kinds were read before the later one.
    return { target, besides: found, mark: beginning.mark };
  }

  /** What has changed since the beginning; undefined where that cannot be told, or what others tell belongs to it, too. */
  async #changed(
    { mark }: Beginning,
    noted: ReadonlyMap<string, string>,
    count: number,
  ): Promise<Difference | undefined> {
    const { tracking } = this.#options.reader;
    if (mark === undefined || tracking === undefined || this.#kind.key !== 'id') return undefined;
    const changes = await tracking.changes(this.#kind, mark);
    const besides = changes === undefined ? undefined : await tracking.besides(this.#kind);
    if (changes === undefined || besides === undefined) return undefined;
    return differenceOf(changes.keys, [changes.mark], noted, besides, count);
  }

  async #readPages(
    target: KindCapture,
    beginning: Beginning,
    besides: Besides,
    { recognition, take }: ReadingSteps,
    from?: Place,
  ): Promise<void> {
    const { repository, reader, every } = this.#options;
    const notes = openPageNotes(repository, this.#kind, JSON.stringify(beginning));
    const met = (key: string) => from !== undefined && target.hasKept(key);
    const start = { from, notes, recognition, met, scratch: repository.scratch() };
    let kept = target.count;
    for await (const page of reader.readPages!(this.#kind, start)) {
      const { next } = page;
      await take(target, page, besides);
      if (next === undefined || target.count - kept < every) continue;
      await this.#keep({ ...beginning, place: next });
      kept = target.count;
    }
  }
}

function noteOf(kept: KeptPieces | undefined): Note | undefined {
  return typeof kept?.note.startedAt === 'string' ? (kept.note as unknown as Note) : undefined;
}

/** What cannot be found or read is as if it were not there. */
function unlessProblem(error: unknown): undefined {
  if (error instanceof Problem) return undefined;
  throw error;
}
