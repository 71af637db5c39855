// Reading a kind: all of it, single objects, or what has changed, from the tenant into a capture; a kind that has shrunk is read twice.
import { type KindCoverage, NotComplete } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import type { Kind } from '../model/kind.ts';
import { keyOf, kindOf, type Ref, toRef } from '../model/ref.ts';
import type { Capture, KindCapture, Repository } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import type { KindPage, TenantIdentity, TenantReader } from '../model/tenant.ts';
import { type Besides, type Difference, type Feed, noteBesides } from './feed.ts';
import type { Pieces } from './first.ts';
import { nothingKnown, Recall } from './recall.ts';

/** Single objects that are read and put at a time. */
const keysAtOnce = 1000;

export interface CaptureProgress {
  readonly kind: string;
  readonly objects: number;
  /** About how many there will be, where that is known. */
  readonly expected?: number;
  readonly done: boolean;
}

export interface KindReading {
  readonly repository: Pick<Repository, 'privateFolder' | 'scratch'>;
  readonly version: string;
  readonly reader: TenantReader;
  readonly scope: Scope;
  /** The memory of the last capture, where there is one. */
  readonly feed: Feed | undefined;
  /** The kind is kept piece by piece while it is read. */
  readonly pieces?: Pieces;
  readonly now: () => Date;
  readonly onProgress?: (progress: CaptureProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads a kind, or what is asked or may have changed of it, into the capture, and says how complete that is: what cannot be read leaves the files
 * of the kind as they are (laws 5 and 6).
 */
export async function readKind(
  options: KindReading,
  work: Capture,
  identity: TenantIdentity,
  kind: Kind,
  countBefore: number,
): Promise<KindCoverage> {
  const refs = options.scope.refs?.filter((ref) => kindOf(ref) === kind.name);
  if (kind.absentIn?.includes(identity.cloud))
    return { status: 'skipped', reason: `Microsoft Graph does not have it in the cloud ${identity.cloud}`, count: 0 };
  let target: KindCapture | undefined;
  try {
    const difference = refs === undefined ? await options.feed?.difference(kind) : undefined;
    const only = difference === undefined ? refs : [...difference.keys].map((key) => toRef(kind.name, key));
    target = work.kind(kind.name, only === undefined ? undefined : new Set(only));
    if (difference !== undefined) await readDifference(options, target, kind, difference);
    else if (refs !== undefined) await readObjects(options, target, kind, refs);
    else target = await recalling(options, identity, kind, (recall) => readWhole(options, work, target!, kind, recall));
    const { added, removed } = await target.complete();
    options.onProgress?.({ kind: kind.name, objects: target.count, done: true });
    // A difference is one to the commit that was made of it: what that one says of itself need not be counted.
    const before = difference === undefined ? await target.baseCount() : countBefore;
    return { status: 'complete', count: before + added - removed };
  } catch (error) {
    await target?.discard();
    if (!(error instanceof NotComplete)) throw error;
    options.onProgress?.({ kind: kind.name, objects: 0, done: true });
    return { status: error.status, reason: error.detail, count: (await target?.baseCount()) ?? countBefore };
  }
}

/** Reads with what is remembered of how the kind's objects came; remembers how they came now where that ends well. */
async function recalling(
  { repository, version }: KindReading,
  identity: TenantIdentity,
  kind: Kind,
  read: (recall: Recall | undefined) => Promise<KindCapture>,
): Promise<KindCapture> {
  const recall = await Recall.open({ repository, version, identity, kind });
  try {
    const target = await read(recall);
    await recall?.save();
    return target;
  } finally {
    await recall?.close();
  }
}

/** All objects of a kind, and what to remember of them for the next time. */
async function readWhole(
  options: KindReading,
  work: Capture,
  target: KindCapture,
  kind: Kind,
  recall: Recall | undefined,
): Promise<KindCapture> {
  const { feed, now, pieces } = options;
  if (pieces !== undefined) {
    const read = await pieces.read(target, {
      noting: feed !== undefined,
      recognition: recall && nothingKnown,
      take: (into, page, besides) => takePage(options, into, kind, page, besides, recall),
      renew: (into, difference) =>
        readChanged(options, kind, difference, (keys, entities) => into.replace(keys, entities)),
    });
    if (read.mark !== undefined && read.besides !== undefined)
      feed?.keep(kind, [read.mark], read.besides, pieces.since);
    return read.target;
  }
  const readAt = now().toISOString();
  const mark = await feed?.mark(kind);
  const besides: Besides = feed && new Map();
  await readAll(options, target, kind, besides, recall);
  const believed = (await shrunk(target)) ? await readAgain(options, work, target, kind, besides) : target;
  if (mark !== undefined) feed!.keep(kind, [mark], besides!, readAt);
  return believed;
}

/** The objects of a kind that may have changed since the base; those that are gone are removed. */
async function readDifference(
  options: KindReading,
  target: KindCapture,
  kind: Kind,
  difference: Difference,
): Promise<void> {
  const found = await readChanged(options, kind, difference, async (_, entities) => {
    await target.put(entities);
    options.onProgress?.({ kind: kind.name, objects: target.count, done: false });
  });
  options.feed?.keep(kind, difference.marks, found);
}

/** Reads single objects as they are now; gives what all objects of the kind have that change tracking does not tell of. */
async function readChanged(
  { reader, signal }: KindReading,
  kind: Kind,
  { keys, besides }: Difference,
  put: (keys: readonly string[], entities: readonly Entity[]) => Promise<void>,
): Promise<Map<string, string>> {
  const asked = [...keys];
  const found = new Map(besides);
  for (let from = 0; from < asked.length; from += keysAtOnce) {
    signal?.throwIfAborted();
    const some = asked.slice(from, from + keysAtOnce);
    const entities = [...(await reader.readObjects(kind, some)).values()];
    await put(some, entities);
    noteBesides(kind, entities, found);
  }
  return found;
}

async function readAll(
  options: KindReading,
  target: KindCapture,
  kind: Kind,
  besides: Besides,
  recall?: Recall,
): Promise<void> {
  const { reader, repository } = options;
  if (reader.readPages === undefined) {
    for await (const entities of reader.read(kind)) await takePage(options, target, kind, { entities }, besides);
    return;
  }
  // What an object has besides is noted from the object: a kind of which that is asked is made whole.
  const asked = besides !== undefined && (kind.tracked?.besides ?? []).length > 0;
  const recognition = asked ? recall && nothingKnown : recall?.recognition(await target.blobs());
  for await (const page of reader.readPages(kind, { recognition, scratch: repository.scratch() }))
    await takePage(options, target, kind, page, besides, recall);
}

async function takePage(
  { signal, onProgress }: KindReading,
  target: KindCapture,
  kind: Kind,
  { entities, contents, recognized }: KindPage,
  besides: Besides,
  recall?: Recall,
): Promise<void> {
  signal?.throwIfAborted();
  await target.put(entities);
  if (recognized !== undefined) await target.retain(recognized);
  if (contents !== undefined) await recall?.note(entities, contents, await target.blobs());
  noteBesides(kind, entities, besides);
  onProgress?.({ kind: kind.name, objects: target.count, done: false });
}

async function readObjects(options: KindReading, target: KindCapture, kind: Kind, refs: readonly Ref[]): Promise<void> {
  const found = await options.reader.readObjects(kind, refs.map(keyOf));
  await target.put([...found.values()]);
}

/** Did the kind lose more than 30 % of at least 10 objects, or all of them? Then it is read again before it is believed (trust.md 1.4). */
async function shrunk(target: KindCapture): Promise<boolean> {
  const { count } = target;
  const baseCount = await target.baseCount();
  return baseCount > 0 && (count === 0 || (baseCount >= 10 && count < baseCount * 0.7));
}

async function readAgain(
  options: KindReading,
  work: Capture,
  first: KindCapture,
  kind: Kind,
  besides: Besides,
): Promise<KindCapture> {
  await first.discard();
  const second = work.kind(kind.name);
  besides?.clear();
  await readAll(options, second, kind, besides);
  if (second.digest() === first.digest()) return second;
  await second.discard();
  throw new NotComplete(
    'failed',
    kind.name,
    `Graph listed ${first.count} objects where the last snapshot has ${await first.baseCount()}, and ${second.count} when asked again. The two answers differ, so neither is believed; the files of the last snapshot stay. Run the snapshot again in a few minutes.`,
  );
}
