// Diff: two sides, each a commit or the living tenant, into a composed report that is made as it is walked.
import { randomUUID } from 'node:crypto';
import { applyIgnore, diffEntities, requireInForce } from '../diff/index.ts';
import type { Commit } from '../model/commit.ts';
import type { Configuration } from '../model/config.ts';
import { type Coverage, incomplete, NotComplete } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import type { Kinds } from '../model/kind.ts';
import type { IdMap } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { Report, ReportCoverage, ReportHeader, ReportSide } from '../model/report.ts';
import type { FileChange, Repository } from '../model/repository.ts';
import { kindsInScope, type Scope } from '../model/scope.ts';
import type { TenantReader } from '../model/tenant.ts';
import { type Compared, compose } from '../report/index.ts';
import { type Actors, findActors, readSince } from './actors.ts';
import { type CaptureProgress, capture, coverageAt } from './capture.ts';
import { everyRef, idMapAt, type MappedSide, type Pair, underOneId } from './id-map.ts';
import { keysByKind, nameLookup } from './names.ts';
import { endedRuns } from './runs.ts';
import { type AskedScope, resolveScope } from './scope.ts';

/** The word for the living tenant. */
export const live = 'live';

export interface DiffRequest {
  readonly repository: Repository;
  readonly kinds: Kinds;
  readonly configuration: Pick<Configuration, 'ignore'>;
  /** A commit, branch, tag, date, or `live`; default: the branch. */
  readonly from?: string | undefined;
  /** Likewise; default: `live`. */
  readonly to?: string | undefined;
  readonly scope: AskedScope;
  /** Also asks the tenant's audit log who made the changes. */
  readonly actors?: boolean | undefined;
  /** Opens the tenant; called only where a side is living, or its audit log is asked. Whoever opened it closes it. */
  readonly reader?: () => Promise<TenantReader>;
  readonly now: () => Date;
  readonly version: string;
  readonly onProgress?: (progress: CaptureProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Difference extends Report {
  /** The commits that are compared; that of a living side is a private one. */
  readonly commits: { readonly from: Commit; readonly to: Commit };
  /** Kinds that a living side was asked for and could not be read completely. */
  readonly incomplete: readonly string[];
  /** The same difference as git's own patch. */
  patch(): AsyncIterable<Uint8Array>;
  /** Ends what is open; nothing can be walked any more. */
  close(): Promise<void>;
}

/** How long a recycle bin keeps an object, in milliseconds (reference 1.12). */
const binKeeps = 30 * 86_400_000;
/** Files that are read together. */
const windowSize = 128;
/** Snapshots that are looked back through for when a kind was read last. */
const lookBack = 200;

/** A side as it was resolved. `complete`: the kinds of which it is known what there was, and so also what there was not. */
interface Side {
  readonly asked: string;
  readonly commit: Commit;
  readonly living: boolean;
  readonly coverage: Coverage;
  readonly complete: ReadonlySet<string>;
}

/**
 * Compares. Between two commits nothing is asked of the network. A living side is read, only the scope asked for, into a private commit on
 * top of the other side, so that what cannot be read does not differ. Problems: `usage` for sides, scopes and ignore rules that are not
 * valid, and those of capture.
 */
export async function diff(request: DiffRequest): Promise<Difference> {
  const { repository, kinds, configuration, now } = request;
  const today = now().toISOString().slice(0, 10);
  requireInForce(configuration.ignore, today);
  const { from, to, scope, forget } = await resolveSides(request);
  const names = nameLookup(repository, kinds, [to.commit.id, from.commit.id]);
  const whole: Scope = scope.refs === undefined && scope.kinds === undefined ? { kinds: [...kinds.keys()] } : scope;
  const counts = { ignored: 0, withheld: 0 };
  const differing = readPairs(repository, repository.diff(from.commit.id, to.commit.id, whole));
  const sides = { from: await mapped(repository, from), to: await mapped(repository, to) };
  const pairs = underOneId(request, sides, differing);
  async function* compared(): AsyncGenerator<Compared> {
    for await (const { ref, before, after } of pairs) {
      request.signal?.throwIfAborted();
      const kind = kinds.get(kindOf(ref));
      const change = kind === undefined ? undefined : diffEntities(kind, before, after);
      if (kind === undefined || change === undefined) continue;
      // Law 5: what could not be read is not gone.
      if (change.operation === 'delete' && !to.complete.has(kind.name)) counts.withheld += 1;
      else {
        const considered = applyIgnore(change, configuration.ignore, today);
        counts.ignored += considered.ignored;
        if (considered.change !== undefined) yield { kind, change: considered.change, before, after };
      }
    }
  }
  const cloud = (await repository.file(to.commit.id, 'tenant.yaml'))?.cloud;
  const asked = kindsInScope(scope, kinds.keys());
  const actors =
    request.actors === true ? await actorsBetween(request, from, to, sides.to.ids, whole, asked) : undefined;
  const report = compose({
    header: { ...(await headerOf(repository, from, to, scope, asked)), ...(actors && { actors: actors.header }) },
    kinds,
    compared: compared(),
    names: names.find,
    ...(to.living && request.reader !== undefined ? { inBin: binLookup(kinds, request.reader) } : {}),
    ...(actors && { actors: actors.of }),
    fromComplete: (kind) => from.complete.has(kind),
    binExpired: now().getTime() - Date.parse(to.commit.at) > binKeeps,
    cloud: typeof cloud === 'string' ? cloud : undefined,
    counts: () => counts,
  });
  const living = [from, to].filter((side) => side.living);
  return {
    ...report,
    commits: { from: from.commit, to: to.commit },
    incomplete: living.flatMap(({ coverage }) => incomplete(coverage)),
    patch: () => repository.patch(from.commit.id, to.commit.id, whole),
    async close() {
      await names.close();
      await forget();
    },
  };
}

interface Sides {
  readonly from: Side;
  readonly to: Side;
  readonly scope: Scope;
  /** Lets the private commit go. */
  readonly forget: () => Promise<void>;
}

async function resolveSides(request: DiffRequest): Promise<Sides> {
  const { repository, kinds, now } = request;
  const asked = { from: request.from ?? shortBranch(repository), to: request.to ?? live };
  if (asked.from === live && asked.to === live)
    throw new Problem({
      kind: 'usage',
      summary: 'Both sides are the living tenant',
      detail: 'Name a commit, branch, tag or date for one of them; driftline log shows the snapshots.',
    });
  const commitOf = (text: string) =>
    request.from === undefined && text === asked.from ? tipOf(repository) : repository.resolve(text, now());
  const [left, right] = [asked.from, asked.to].map(async (text) => (text === live ? undefined : commitOf(text)));
  // Where neither can be found, it is the first one that is spoken of.
  right!.catch(() => undefined);
  const commits = { from: await left, to: await right };
  const there = [commits.to, commits.from].filter((commit) => commit !== undefined);
  const living = there.length < 2;
  const scope = await resolveScope(
    { repository, kinds, commits: there, reader: living ? request.reader : undefined },
    request.scope,
  );
  const names = kindsInScope(scope, kinds.keys());
  if (commits.from !== undefined && commits.to !== undefined) {
    const [from, to] = await Promise.all([
      committed(repository, asked.from, commits.from, names),
      committed(repository, asked.to, commits.to, names),
    ]);
    return { from, to, scope, forget: async () => undefined };
  }
  const ref = `refs/driftline/live/${randomUUID()}`;
  const base = there[0]!;
  const captured = await readLiving(request, scope, base, ref);
  const committedSide = await committed(repository, asked.from === live ? asked.to : asked.from, base, names);
  return {
    from: asked.from === live ? captured : committedSide,
    to: asked.to === live ? captured : committedSide,
    scope,
    forget: () => repository.forget(ref),
  };
}

function shortBranch({ branch }: Repository): string {
  return branch.replace(/^refs\/heads\//, '');
}

async function tipOf(repository: Repository): Promise<Commit> {
  const tip = await repository.tip();
  if (tip !== undefined) return tip;
  throw new Problem({
    kind: 'usage',
    summary: 'There is nothing to compare with yet',
    detail: `The branch ${shortBranch(repository)} has no commit. Take a snapshot first: driftline snapshot.`,
  });
}

async function readLiving(request: DiffRequest, scope: Scope, base: Commit, ref: string): Promise<Side> {
  const { repository, kinds, now, version, onProgress, signal } = request;
  if (request.reader === undefined)
    throw new Problem({
      kind: 'usage',
      summary: 'The living tenant cannot be read here',
      detail: 'Name a commit, branch, tag or date for both sides.',
    });
  const { commit, coverage } = await capture({
    repository,
    reader: await request.reader(),
    kinds,
    scope,
    base,
    ref,
    now,
    version,
    subject: 'The tenant as it was when a difference was asked for',
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (commit === undefined) throw new Error('a capture of the living tenant always commits');
  return { asked: live, commit, living: true, coverage, complete: completeIn(coverage) };
}

function completeIn(coverage: Coverage): Set<string> {
  return new Set(Object.keys(coverage).filter((kind) => coverage[kind]!.status === 'complete'));
}

/**
 * A commit as a side. A kind that its snapshot was not asked for has the files of an earlier one, and is as complete as it was there; a kind
 * that could not be read is not, whatever came before.
 */
async function committed(
  repository: Repository,
  asked: string,
  commit: Commit,
  kinds: readonly string[],
): Promise<Side> {
  const coverage = await coverageAt(repository, commit.id);
  const complete = completeIn(coverage);
  const open = new Set(kinds.filter((kind) => coverage[kind]?.status === 'skipped'));
  if (open.size > 0)
    for await (const { snapshot } of repository.log({ from: commit.id, limit: lookBack })) {
      for (const kind of open) {
        const status = snapshot?.coverage[kind]?.status ?? 'skipped';
        if (status === 'complete') complete.add(kind);
        if (status !== 'skipped') open.delete(kind);
      }
      if (open.size === 0) break;
    }
  return { asked, commit, living: false, coverage, complete };
}

async function headerOf(
  repository: Repository,
  from: Side,
  to: Side,
  scope: Scope,
  kinds: readonly string[],
): Promise<ReportHeader> {
  const notices: string[] = [];
  const [left, right] = await Promise.all([from, to].map(({ commit }) => repository.file(commit.id, 'tenant.yaml')));
  if (left?.tenantId !== undefined && right?.tenantId !== undefined && left.tenantId !== right.tenantId)
    notices.push(
      `The two sides are of different tenants: ${left.displayName} (${left.tenantId}) and ${right.displayName} (${right.tenantId}).`,
    );
  return {
    from: sideOf(from),
    to: sideOf(to),
    scope,
    coverage: kinds.map((kind) => coverageOf(kind, from, to)),
    ...(notices.length === 0 ? {} : { notices }),
  };
}

function sideOf({ asked, commit, living }: Side): ReportSide {
  return { ref: asked, commit: living ? null : commit.id, at: commit.at };
}

function coverageOf(kind: string, from: Side, to: Side): ReportCoverage {
  const [before, after] = [from, to].map(({ coverage }) => coverage[kind]);
  const reasons = [from, to].flatMap((side) => {
    const { status, reason } = side.coverage[kind] ?? {};
    if (status === undefined) return [`${side.asked} says nothing of it`];
    return status === 'complete' || reason === undefined ? [] : [reason];
  });
  return {
    kind,
    from: before?.status ?? 'skipped',
    to: after?.status ?? 'skipped',
    ...(reasons.length === 0 ? {} : { reason: [...new Set(reasons)].join('; ') }),
  };
}

/** Who changed what differs, from before the older side was read until the younger one had been. */
async function actorsBetween(
  { repository, kinds, reader, now, signal }: DiffRequest,
  from: Side,
  to: Side,
  ids: IdMap,
  scope: Scope,
  asked: readonly string[],
): Promise<Actors | undefined> {
  const [older, younger] = from.commit.at <= to.commit.at ? [from, to] : [to, from];
  const changes = () => repository.diff(from.commit.id, to.commit.id, scope);
  async function* refs(): AsyncGenerator<Ref> {
    for await (const { ref } of changes()) if (ref !== undefined) yield ref;
  }
  async function linked(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { ref, before, after } of readPairs(repository, changes())) {
      const kind = kinds.get(kindOf(ref));
      const links = kind === undefined ? [] : (diffEntities(kind, before, after)?.links ?? []);
      ids.push(...links.map(({ target }) => keyOf(target)));
    }
    return ids;
  }
  async function* runs(since: string) {
    for await (const { record } of endedRuns(repository, undefined, since)) yield record;
  }
  const tenant = await repository.file(younger.commit.id, 'tenant.yaml');
  return findActors({
    kinds,
    refs: refs(),
    linked,
    refsOf: everyRef(ids),
    reader,
    tenantId: typeof tenant?.tenantId === 'string' ? tenant.tenantId : undefined,
    from: await readSince(repository, older.commit, asked),
    to: younger.commit.snapshot?.finishedAt ?? younger.commit.at,
    now: now(),
    runs,
    signal,
  });
}

/** A living tenant has all the ids that recoveries gave, whatever commit it was read on top of. */
async function mapped(repository: Repository, { commit, living }: Side): Promise<MappedSide> {
  return { commit, ids: await idMapAt(repository, living ? await repository.tip() : commit) };
}

/** The objects that differ, each on both sides, in the order of the files; only blobs that differ are read. */
async function* readPairs(repository: Repository, changes: AsyncIterable<FileChange>): AsyncGenerator<Pair> {
  let window: FileChange[] = [];
  for await (const change of changes) {
    if (change.ref === undefined) continue;
    window.push(change);
    if (window.length < windowSize) continue;
    yield* readWindow(repository, window);
    window = [];
  }
  yield* readWindow(repository, window);
}

async function* readWindow(repository: Repository, window: readonly FileChange[]): AsyncGenerator<Pair> {
  const files = window.flatMap(({ ref, path, before, after }) =>
    [before, after].flatMap((blob) => (ref === undefined || blob === undefined ? [] : [{ ref, path, blob }])),
  );
  const entities = repository.entities(files)[Symbol.asyncIterator]();
  const next = async () => (await entities.next()).value?.entity as Entity | undefined;
  for (const { ref, before, after } of window) {
    const left = before === undefined ? undefined : await next();
    const right = after === undefined ? undefined : await next();
    if (ref !== undefined) yield { ref, before: left, after: right };
  }
}

/** Which deleted objects are in the living tenant's bin; undefined where a bin cannot be read. */
function binLookup(kinds: Kinds, reader: () => Promise<TenantReader>) {
  return async (deleted: readonly Ref[]): Promise<ReadonlySet<Ref> | undefined> => {
    const found = new Set<Ref>();
    const tenant = await reader();
    try {
      for (const [name, keys] of keysByKind(deleted)) {
        const kind = kinds.get(name);
        if (kind?.deletion.bin === undefined) continue;
        for await (const page of tenant.readDeleted(kind, keys)) for (const { ref } of page) found.add(ref);
      }
      return found;
    } catch (error) {
      if (error instanceof NotComplete) return undefined;
      throw error;
    }
  };
}
