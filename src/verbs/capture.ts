// Capture: the living tenant, or the part of it that is asked for, into one commit; what could not be read stays as it was.
import { type Commit, type Counts, type SnapshotRecord, sinceText } from '../model/commit.ts';
import { type Coverage, type CoverageStatus, coverageStatuses, type KindCoverage } from '../model/coverage.ts';
import { isObject, type JsonObject } from '../model/json.ts';
import type { Kind, Kinds } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import type { Capture, Repository } from '../model/repository.ts';
import { kindsInScope, type Scope } from '../model/scope.ts';
import type { ReadStatistics, TenantIdentity, TenantReader } from '../model/tenant.ts';
import { Feed } from './feed.ts';
import { forgetKept, type Pieces, readAndKeep, worthKeeping } from './first.ts';
import { type CaptureProgress, readKind } from './read-kind.ts';

export type { CaptureProgress } from './read-kind.ts';

/** The state format that this version writes; a repository with a newer one is refused (docs/state-format.md). */
export const formatVersion = 1;

/** Kinds that are read at a time: enough to overlap Graph's latency, few enough to leave its quotas alone. */
const kindsAtATime = 4;

export interface CaptureOptions {
  readonly repository: Repository;
  readonly reader: TenantReader;
  /** All kinds of the configuration; those outside the scope are said to be skipped, and their files stay. */
  readonly kinds: Kinds;
  readonly scope: Scope;
  /** The commit whose files are kept where nothing is read; undefined: there is none yet. */
  readonly base: Commit | undefined;
  /** The ref that is moved to the new commit: the branch, or a private `refs/driftline/…`. */
  readonly ref: string;
  readonly now: () => Date;
  readonly version: string;
  readonly onProgress?: (progress: CaptureProgress) => void;
  readonly notes?: SnapshotRecord['notes'];
  /** The commit's subject; default: the counts. */
  readonly subject?: string;
  readonly skipUnchanged?: boolean;
  /** Read only what Graph says has changed since the base, where it can say so and the last full read is no week ago. */
  readonly delta?: boolean;
  /** With `delta`: so many seconds what change tracking does not tell of may be as it was when it was last compared; default 0. */
  readonly untrackedMaxAge?: number | undefined;
  /** A first snapshot keeps kinds of so many objects, whenever so many more were read, for a next attempt; default 50,000. */
  readonly keepFrom?: number;
  /** Aborted when the person has had enough: nothing is committed. */
  readonly signal?: AbortSignal;
}

export interface CaptureResult {
  /** Undefined where nothing changed and `skipUnchanged` was asked for. */
  readonly commit: Commit | undefined;
  readonly coverage: Coverage;
  readonly counts: Counts;
  readonly statistics: ReadStatistics;
  readonly identity: TenantIdentity;
  /** Kinds that an earlier attempt at this first snapshot had begun, with the time since which they were read: two moments, said. */
  readonly continued: Readonly<Record<string, string>>;
  /** Kinds of which nothing was compared that change tracking does not tell of, with the time of the last comparison; and why the audit log was not asked. */
  readonly untracked: { readonly since: Readonly<Record<string, string>>; readonly notAsked?: string };
  readonly startedAt: string;
  readonly finishedAt: string;
}

/**
 * Reads the scope of the tenant into a commit on `ref`. A kind that is not complete keeps its files and says so in the coverage
 * (laws 5 and 6). Problems: `refused` where the repository holds another tenant, `conflict` where the ref moved meanwhile.
 */
export async function capture(options: CaptureOptions): Promise<CaptureResult> {
  const { repository, reader, base, now } = options;
  const startedAt = now().toISOString();
  const identity = await reader.identity();
  await sameTenant(repository, base, identity);
  const asked = kindsInScope(options.scope, options.kinds.keys());
  const work = await repository.capture({ base: base?.id, ref: options.ref, kinds: asked });
  try {
    const before = base === undefined ? {} : await coverageAt(repository, base.id);
    const feed = await openFeed(options, identity, before);
    const since = new Map<string, string>();
    const coverage = await readKinds({ ...options, feed, since }, work, identity, before);
    await work.file('tenant.yaml', tenantFile(identity));
    await work.file('coverage.yaml', coverage as unknown as JsonObject);
    const finishedAt = now().toISOString();
    const counts = work.counts();
    const continued = Object.fromEntries(since);
    const untracked = {
      since: Object.fromEntries([...(feed?.untracked ?? [])].sort()),
      ...(feed?.notAsked !== undefined && { notAsked: feed.notAsked }),
    };
    const notes = {
      ...options.notes,
      ...(since.size > 0 && { Continued: sinceText(continued) }),
      ...(feed !== undefined && feed.untracked.size > 0 && { Untracked: sinceText(untracked.since) }),
    };
    const record = { tenantId: identity.tenantId, startedAt, finishedAt, version: options.version, coverage, counts };
    const commit = await work.commit(
      {
        subject: options.subject ?? countsText(counts),
        record: Object.keys(notes).length === 0 ? record : { ...record, notes },
        at: finishedAt,
      },
      { skipUnchanged: options.skipUnchanged ?? false },
    );
    await feed?.save((commit ?? base)!.id);
    if (options.ref === repository.branch) {
      const whole = [...options.kinds.values()].filter(({ name }) => coverage[name]!.status === 'complete');
      await forgetKept(repository, whole);
    }
    return {
      commit,
      coverage,
      counts,
      statistics: reader.statistics(),
      identity,
      continued,
      untracked,
      startedAt,
      finishedAt,
    };
  } finally {
    await work.abort();
  }
}

/** `3 changed, 1 added, 0 removed`: the subject of a snapshot. */
export function countsText(counts: Counts): string {
  return `${counts.changed} changed, ${counts.added} added, ${counts.removed} removed`;
}

/** The coverage that a commit states; kinds it does not name were not known then. */
export async function coverageAt(repository: Repository, commit: string): Promise<Coverage> {
  const file = await repository.file(commit, 'coverage.yaml');
  const coverage: Record<string, KindCoverage> = {};
  for (const [kind, value] of Object.entries(file ?? {})) {
    if (!isObject(value)) continue;
    const { status, reason, count } = value;
    if (!(coverageStatuses as readonly unknown[]).includes(status)) continue;
    coverage[kind] = {
      status: status as CoverageStatus,
      ...(typeof reason === 'string' ? { reason } : {}),
      count: typeof count === 'number' ? count : 0,
    };
  }
  return coverage;
}

function tenantFile(identity: TenantIdentity): JsonObject {
  return {
    formatVersion,
    tenantId: identity.tenantId,
    displayName: identity.displayName,
    cloud: identity.cloud,
  };
}

async function sameTenant(repository: Repository, base: Commit | undefined, identity: TenantIdentity): Promise<void> {
  const file = base === undefined ? undefined : await repository.file(base.id, 'tenant.yaml');
  if (file === undefined) return;
  if (typeof file.formatVersion === 'number' && file.formatVersion > formatVersion)
    throw new Problem({
      kind: 'refused',
      summary: 'The repository is of a newer Driftline',
      detail: `Its state has format ${file.formatVersion}; this version reads up to format ${formatVersion}. Nothing was changed. Install the newer version and run it again.`,
      subject: `${repository.statePath}/tenant.yaml`,
    });
  if (file.tenantId !== identity.tenantId)
    throw new Problem({
      kind: 'refused',
      summary: 'The repository holds another tenant',
      detail: `Its state is of tenant ${String(file.tenantId)}, and the credentials are for tenant ${identity.tenantId} (${identity.displayName}). Nothing was read or changed. Use the repository, or sign in to the tenant, that you meant.`,
      subject: `${repository.statePath}/tenant.yaml`,
    });
}

/** The capture's options, the memory of the last one where there is one, and what is found out on the way. */
interface Reading extends CaptureOptions {
  readonly feed: Feed | undefined;
  /** Kinds that an earlier attempt had begun, with the time since which they were read. */
  readonly since: Map<string, string>;
}

async function openFeed(
  { delta, repository, reader, kinds, base, version, untrackedMaxAge, now }: CaptureOptions,
  identity: TenantIdentity,
  before: Coverage,
): Promise<Feed | undefined> {
  if (!delta || reader.tracking === undefined) return undefined;
  const { tracking } = reader;
  return Feed.open({ repository, reader, tracking, identity, kinds, base, before, version, untrackedMaxAge, now });
}

async function readKinds(
  options: Reading,
  work: Capture,
  identity: TenantIdentity,
  before: Coverage,
): Promise<Coverage> {
  const asked = new Set(kindsInScope(options.scope, options.kinds.keys()));
  const statuses = new Map<string, KindCoverage>();
  const queue = [...options.kinds.values()].filter((kind) => asked.has(kind.name));
  for (const kind of options.kinds.values()) {
    if (asked.has(kind.name)) continue;
    const last = before[kind.name];
    statuses.set(kind.name, { status: 'skipped', reason: 'not asked for', count: last?.count ?? 0 });
  }
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    try {
      for (let kind = queue.shift(); kind !== undefined; kind = queue.shift())
        statuses.set(kind.name, await readOrContinue({ ...options, signal }, work, identity, kind, before[kind.name]));
    } catch (error) {
      failures.push(error);
      stop.abort(error);
    }
  };
  // Nothing of this capture goes on in the background when it has failed.
  await Promise.all(Array.from({ length: kindsAtATime }, worker));
  if (failures.length > 0) throw failures[0];
  return Object.fromEntries([...options.kinds.keys()].map((name) => [name, statuses.get(name)!]));
}

/** A large kind that no snapshot has yet is kept while it is read, and gone on with where an earlier attempt has kept it; all others are just read. */
async function readOrContinue(
  options: Reading,
  work: Capture,
  identity: TenantIdentity,
  kind: Kind,
  before: KindCoverage | undefined,
): Promise<KindCoverage> {
  const { ref, repository, scope, reader, onProgress } = options;
  const read = (into: Capture, expected: number | undefined, pieces?: Pieces) => {
    const reading = { ...options, onProgress: withExpected(onProgress, expected), ...(pieces && { pieces }) };
    return readKind(reading, into, identity, kind, before?.count ?? 0);
  };
  const suits = ref === repository.branch && kind.sharded && scope.refs === undefined;
  const first = suits && (await isNew(options, kind, before));
  const expected = first ? await reader.count?.(kind) : before?.count;
  // Before its first object come the links of all of them: minutes, in a large tenant.
  withExpected(onProgress, expected)({ kind: kind.name, objects: 0, done: false });
  const every = options.keepFrom ?? worthKeeping;
  if (!first || reader.readPages === undefined || expected === undefined || expected < every)
    return read(work, expected);
  const keeping = { repository, reader, identity, version: options.version, now: options.now, every };
  const { coverage, since } = await readAndKeep(keeping, work, kind, (own, pieces) => read(own, expected, pieces));
  if (since !== undefined) options.since.set(kind.name, since);
  return coverage;
}

/** Has the base nothing of a kind: because there is none, or because it could not be read then? */
async function isNew(
  { base, repository }: CaptureOptions,
  kind: Kind,
  before: KindCoverage | undefined,
): Promise<boolean> {
  if (base === undefined) return true;
  if (before?.status === 'complete' || (before?.count ?? 0) > 0) return false;
  for await (const _ of repository.files(base.id, { kinds: [kind.name] })) return false;
  return true;
}

function withExpected(
  onProgress: CaptureOptions['onProgress'],
  expected: number | undefined,
): NonNullable<CaptureOptions['onProgress']> {
  return (progress) => onProgress?.(expected === undefined || progress.done ? progress : { ...progress, expected });
}
