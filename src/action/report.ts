// Reports of the Action: a difference or a sheet into the Markdown of a comment and a summary, and into the file that report-path names.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Commit, Counts } from '../model/commit.ts';
import { incomplete } from '../model/coverage.ts';
import type { Repository } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import { commentLimit, renderHtml, renderMarkdown, type Sheet, sheetOf, summaryLimit } from '../report/index.ts';
import { diff } from '../verbs/diff.ts';
import { version } from '../version.ts';
import type { Site } from './site.ts';

/** Bytes around a report in a pull request's body: our own words and the marker. */
const roomAround = 3_000;

export interface Compared {
  readonly objects: number;
  readonly counts: Counts;
  /** Kinds with a change, in the order of the report. */
  readonly kinds: readonly string[];
  readonly ignored: number;
}

/** Walks the difference between two commits for its numbers alone. */
export async function compareCommits(
  site: Site,
  repository: Repository,
  from: string,
  to: string,
  scope: Scope,
): Promise<Compared> {
  const difference = await differenceOf(site, repository, from, to, scope);
  try {
    for await (const _ of difference.changes);
    const { objects, ignored, byKind } = difference.summary();
    const counts = { added: 0, changed: 0, removed: 0 };
    for (const { create, update, delete: removed } of Object.values(byKind)) {
      counts.added += create;
      counts.changed += update;
      counts.removed += removed;
    }
    return { objects, counts, ignored, kinds: Object.keys(byKind) };
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
) {
  return diff({
    repository,
    kinds: workplace.kinds,
    configuration,
    from,
    to,
    scope: { kinds: scope.kinds, ids: scope.refs },
    now: world.now,
    version,
    signal: world.signal,
  });
}

/** Makes the sheet of a difference anew each time it is asked for: a sheet is walked once. */
export function differenceSheets(site: Site, repository: Repository, from: string, to: string, scope: Scope) {
  return async <Result>(use: (sheet: Sheet) => Promise<Result>): Promise<Result> => {
    const difference = await differenceOf(site, repository, from, to, scope);
    try {
      return await use(sheetOf(difference));
    } finally {
      await difference.close();
    }
  };
}

export type Sheets = ReturnType<typeof differenceSheets>;

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
