// Reports of the Action: a difference into its numbers, the Markdown of a comment and a summary, and the file that report-path names.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Commit, Counts } from '../model/commit.ts';
import { incomplete } from '../model/coverage.ts';
import type { Repository } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import type { TenantReader } from '../model/tenant.ts';
import {
  commentLimit,
  count,
  renderHtml,
  renderMarkdown,
  type Sheet,
  type SheetItem,
  sheetOf,
  summaryLimit,
} from '../report/index.ts';
import type { CaptureProgress } from '../verbs/capture.ts';
import { type Difference, diff } from '../verbs/diff.ts';
import { version } from '../version.ts';
import type { Site } from './site.ts';

/** Bytes around a report in a pull request's body or the summary: our own words and the marker. */
const roomAround = 3_000;
/** Items that are kept for the next rendering; a larger difference is made again for each. */
const mostKept = 2_000;

/** A sheet, whole or made anew, as often as it is asked for: a sheet is walked once. */
export type Sheets = <Result>(use: (sheet: Sheet) => Promise<Result>) => Promise<Result>;

export interface Survey {
  readonly objects: number;
  readonly counts: Counts;
  /** Kinds with a change, in the order of the report. */
  readonly kinds: readonly string[];
  readonly ignored: number;
  readonly sheets: Sheets;
}

/** Compares two commits: the numbers at once, the report when it is wanted; with a reader, also who made the changes. */
export async function survey(
  site: Site,
  repository: Repository,
  from: string,
  to: string,
  scope: Scope,
  reader?: TenantReader,
): Promise<Survey> {
  const open = () => differenceOf(site, repository, from, to, scope, reader);
  const difference = await open();
  try {
    const sheet = sheetOf(difference);
    const kept: SheetItem[] = [];
    let total = 0;
    for await (const item of sheet.items) {
      total += 1;
      if (total <= mostKept) kept.push(item);
    }
    const { objects, ignored, byKind } = difference.summary();
    const counts = { added: 0, changed: 0, removed: 0 };
    for (const { create, update, delete: removed } of Object.values(byKind)) {
      counts.added += create;
      counts.changed += update;
      counts.removed += removed;
    }
    const closing = sheet.closing();
    const sheets: Sheets =
      total > mostKept
        ? (use) => anew(open, use)
        : (use) => use({ ...sheet, items: itemsAgain(kept), closing: () => closing });
    return { objects, counts, ignored, kinds: Object.keys(byKind), sheets };
  } finally {
    await difference.close();
  }
}

async function* itemsAgain(items: readonly SheetItem[]): AsyncGenerator<SheetItem> {
  yield* items;
}

async function anew<Result>(open: () => Promise<Difference>, use: (sheet: Sheet) => Promise<Result>): Promise<Result> {
  const difference = await open();
  try {
    return await use(sheetOf(difference));
  } finally {
    await difference.close();
  }
}

function differenceOf(
  { workplace, configuration, world }: Site,
  repository: Repository,
  from: string,
  to: string,
  scope: Scope,
  reader: TenantReader | undefined,
): Promise<Difference> {
  return diff({
    repository,
    kinds: workplace.kinds,
    configuration,
    from,
    to,
    scope: { kinds: scope.kinds, ids: scope.refs },
    ...(reader === undefined ? {} : { actors: true, reader: async () => reader }),
    now: world.now,
    version,
    signal: world.signal,
  });
}

/** Writes the whole report into a file and the summary, and sets report-path. */
export async function writeReport(site: Site, sheets: Sheets, lead: string): Promise<void> {
  const folder = join(site.folder, 'report');
  const path = join(folder, 'report.html');
  await mkdir(folder, { recursive: true });
  await sheets((sheet) => pipeline(Readable.from(renderHtml(sheet)), createWriteStream(path)));
  site.runner.output('report-path', path);
  const limit = summaryLimit - roomAround;
  const text = await sheets((sheet) => textOf(renderMarkdown(sheet, { limit, whole: site.runPage })));
  site.runner.summary(`${lead}\n\n${text}`);
}

/** The report as Markdown that fits a comment or the body of a pull request, with room for our own words. */
export async function commentText(site: Site, sheets: Sheets): Promise<string> {
  const limit = commentLimit - roomAround;
  return sheets((sheet) => textOf(renderMarkdown(sheet, { limit, whole: site.runPage })));
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

/** Milliseconds between two lines about one kind that takes long. */
const pace = 60_000;

/** Says in the log how the reading gets on: each kind when it is read, and once a minute where that takes long. */
export function readingLog({ runner, world }: Pick<Site, 'runner' | 'world'>): (progress: CaptureProgress) => void {
  let last = world.now().getTime();
  return ({ kind, objects, expected, done }) => {
    const now = world.now().getTime();
    if (!done && now - last < pace) return;
    last = now;
    const part = done ? '' : `${expected === undefined ? '' : ` of about ${expected}`}, going on`;
    runner.log(`Read ${kind}: ${count(objects, 'object')}${part}`);
  };
}

/** Says which kinds a commit could not be read completely of: an annotation each, and the output. Gives their names. */
export function sayIncomplete({ runner }: Pick<Site, 'runner'>, commit: Commit): readonly string[] {
  const coverage = commit.snapshot?.coverage ?? {};
  const kinds = incomplete(coverage);
  for (const kind of kinds)
    runner.annotate(
      'warning',
      `Not complete: ${kind}`,
      `${coverage[kind]?.reason ?? coverage[kind]?.status ?? ''} Its last files were kept, and nothing of it reads as deleted.`,
    );
  runner.output('incomplete', kinds.join(','));
  return kinds;
}
