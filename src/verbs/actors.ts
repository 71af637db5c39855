// Actors: the objects that differ between two sides, and the tenant's audit log, into who is said to have changed each; words of a report only.

import type { AuditQuestion } from '../model/audit.ts';
import { type Commit, timesSaid } from '../model/commit.ts';
import { NotComplete } from '../model/coverage.ts';
import type { Kinds } from '../model/kind.ts';
import { minuteText } from '../model/moment.ts';
import { Problem } from '../model/problem.ts';
import type { Ref } from '../model/ref.ts';
import type { ReportActor, ReportActors } from '../model/report.ts';
import type { Repository } from '../model/repository.ts';
import type { TenantReader } from '../model/tenant.ts';
import { AuditBook, type Recovery } from './audit-book.ts';

export interface ActorsRequest {
  readonly kinds: Kinds;
  /** The objects that differ. */
  readonly refs: AsyncIterable<Ref>;
  /** Ids at the other ends of the links that differ; asked where the objects are few. */
  readonly linked: () => Promise<readonly string[]>;
  /** All refs that an object has had. */
  readonly refsOf: (ref: Ref) => readonly Ref[];
  readonly reader: (() => Promise<TenantReader>) | undefined;
  /** The tenant that both sides are of. */
  readonly tenantId: string | undefined;
  /** From when on the older side could have been changed (undefined where no snapshot says so), and until when the younger one was. ISO 8601 UTC. */
  readonly from: string | undefined;
  readonly to: string;
  readonly now: Date;
  /** Recoveries that ended since a time. */
  readonly runs: (since: string) => AsyncIterable<Recovery>;
  readonly signal?: AbortSignal | undefined;
}

export interface Actors {
  readonly header: ReportActors;
  /** The entries about an object; undefined where the log could not be read. */
  of(ref: Ref): { readonly actors: readonly ReportActor[]; readonly more: number } | undefined;
}

/** The log keeps entries so long, where it can be read at all (reference 1.16). */
const keptMs = 30 * 86_400_000;
/** What a tenant without a premium licence keeps. */
const freeMs = 7 * 86_400_000;
/** What was done may show so much later. */
const lagMs = 15 * 60_000;
/** So many questions are asked one by one, if that is less than reading everything. */
const mostQuestions = 20;
/** Pages of a thousand entries; at five in ten seconds that is ten minutes. */
const mostPages = 300;

/**
 * Asks the audit log who changed the objects; undefined where there are none. Whatever keeps it from answering is said in the header, and is
 * no Problem.
 */
export async function findActors(request: ActorsRequest): Promise<Actors | undefined> {
  const { to } = request;
  const horizon = new Date(request.now.getTime() - keptMs).toISOString();
  const from = request.from ?? horizon;
  const unknown = (status: ReportActors['status'], reason: string): Actors => ({
    header: { status, from, to, reason },
    of: () => undefined,
  });
  const book = new AuditBook(request.kinds);
  for await (const ref of request.refs) book.expect(ref);
  if (book.size === 0) return undefined;
  if (to <= horizon) return unknown('skipped', 'The audit log keeps 30 days at the most, and this was before.');
  try {
    const reader = await request.reader?.();
    if (reader?.audits === undefined)
      return unknown('skipped', 'There is no tenant here whose audit log could be asked.');
    const { tenantId } = await reader.identity();
    if (request.tenantId !== undefined && request.tenantId !== tenantId)
      return unknown('skipped', `The token is for the tenant ${tenantId}, and this is ${request.tenantId}.`);
    const readTo = await readInto(book, { from: from < horizon ? horizon : from, to }, request, reader);
    const week = new Date(request.now.getTime() - freeMs).toISOString();
    const short = readTo === undefined && from < week && !(await reachesBefore(week, book, request, reader));
    await book.nameRuns(request.runs);
    const reasons = [
      ...(from < horizon
        ? [`It keeps 30 days at the most, so what was done before ${minuteText(horizon)} is gone.`]
        : []),
      ...(short ? [`It has nothing from before ${minuteText(week)}: without a premium licence it keeps 7 days.`] : []),
      ...(readTo === undefined ? [] : [`Only its newest entries were read, back to ${minuteText(readTo)}.`]),
      ...lagReason(to, request.now),
    ];
    const status = reasons.length === 0 ? 'complete' : 'partial';
    const header = { status, from, to, ...(reasons.length === 0 ? {} : { reason: reasons.join(' ') }) } as const;
    return { header, of: (ref) => book.of(request.refsOf(ref)) };
  } catch (error) {
    if (error instanceof NotComplete) return unknown(error.status, error.detail);
    // The report can do without; stopping, and a set-up that would leak the token, are not for it to survive.
    if (error instanceof Problem && !['interrupted', 'usage'].includes(error.kind))
      return unknown('failed', error.detail);
    throw error;
  }
}

/** Snapshots that are looked back through for when a kind was read last. */
const lookBack = 200;

/**
 * When the reading began that a commit's state is of: where a person made the commit, or a snapshot left a kind out or could not read it, that
 * of an earlier one. Undefined where no snapshot is there to say so (a shallow clone).
 */
export async function readSince(
  repository: Repository,
  commit: Commit,
  kinds: readonly string[],
): Promise<string | undefined> {
  const open = new Set(kinds);
  let since: string | undefined;
  for await (const { snapshot } of repository.log({ from: commit.id, limit: lookBack })) {
    if (snapshot === undefined) continue;
    const read = [...open].filter((kind) => snapshot.coverage[kind]?.status === 'complete');
    for (const kind of read) open.delete(kind);
    // What an attempt that died had read is of its time, and so is what was not compared, which the snapshot says (`users since …`).
    const times = [snapshot.startedAt, ...timesSaid(snapshot)];
    if (read.length > 0) for (const at of times) if (since === undefined || at < since) since = at;
    if (open.size === 0) break;
  }
  return since;
}

/** Is there anything in the log from before that time? */
async function reachesBefore(
  time: string,
  book: AuditBook,
  { signal }: ActorsRequest,
  reader: TenantReader,
): Promise<boolean> {
  if (book.oldest !== undefined && book.oldest < time) return true;
  const from = new Date(Date.parse(time) - keptMs + freeMs).toISOString();
  for await (const entries of reader.audits!({ from, to: time })) {
    signal?.throwIfAborted();
    if (entries.length > 0) return true;
  }
  return false;
}

function lagReason(to: string, now: Date): string[] {
  const sure = new Date(now.getTime() - lagMs).toISOString();
  return to <= sure ? [] : [`It lags, so what was done after ${minuteText(sure)} may not be in it yet.`];
}

/**
 * Reads what the log has about the objects, by time or by object, whichever takes fewer requests: by time first, as far as questions about
 * each object would go. Gives back to when it came, where that is not the whole.
 */
async function readInto(
  book: AuditBook,
  time: Pick<AuditQuestion, 'from' | 'to'>,
  request: ActorsRequest,
  reader: TenantReader,
): Promise<string | undefined> {
  const questions = await questionsOf(book, request);
  const limit = questions?.length ?? mostPages;
  let back = await readPages(book, time, limit, request, reader);
  if (back === undefined || questions === undefined) return back;
  back = undefined;
  for (const question of questions) {
    const reached = await readPages(book, { ...time, ...question }, mostPages, request, reader);
    if (reached !== undefined && (back === undefined || reached > back)) back = reached;
  }
  return back;
}

/** What to ask about each object; undefined where that is too much. */
async function questionsOf(
  book: AuditBook,
  request: ActorsRequest,
): Promise<readonly Pick<AuditQuestion, 'id' | 'activity'>[] | undefined> {
  if (book.size > mostQuestions) return undefined;
  const ids = new Set<string>();
  const activities = new Set<string>();
  for (const { needs, activities: named } of book.all()) {
    if (named === undefined) for (const id of needs) ids.add(id);
    else for (const activity of named) activities.add(activity);
  }
  // An entry about a link may name only the other end as its target.
  for (const id of await request.linked()) {
    ids.add(id);
    if (ids.size + activities.size > mostQuestions) return undefined;
  }
  return [...[...ids].map((id) => ({ id })), ...[...activities].map((activity) => ({ activity }))];
}

/** Reads at most so many pages; gives the time of the last entry where there were more. */
async function readPages(
  book: AuditBook,
  question: AuditQuestion,
  limit: number,
  { signal }: ActorsRequest,
  reader: TenantReader,
): Promise<string | undefined> {
  let pages = 0;
  let last = question.to;
  for await (const entries of reader.audits!(question)) {
    signal?.throwIfAborted();
    pages += 1;
    if (pages > limit) return last;
    for (const entry of entries) book.enter(entry);
    last = entries.at(-1)?.activityDateTime ?? last;
  }
  return undefined;
}
