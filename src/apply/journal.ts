// The journal of a run: lines of JSON in a file, each on the disk before the next thing happens; and what they say after a kill.
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { isObject, type Json } from '../model/json.ts';
import type { IdMap } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import type { Journal, JournalLine, StepOutcome } from '../model/run.ts';

/** What a journal says of a run so far. */
export interface JournalState {
  readonly digest: string;
  readonly run: string;
  readonly outcomes: ReadonlyMap<string, StepOutcome>;
  /** Steps that were begun and have no outcome: whether they took effect is to be looked up. */
  readonly begun: ReadonlySet<string>;
  readonly ids: IdMap;
  /** Digests of objects as they were left, by the step that left them so. */
  readonly digests: ReadonlyMap<string, string>;
  readonly ended: boolean;
  readonly interrupted: boolean;
  readonly startedAt: string;
  /** Requests by the step that they were for. */
  readonly sent: ReadonlyMap<string, number>;
}

/**
 * Opens a journal for appending. Problem `failed` where a line cannot be written (no space): nothing is sent to Graph that is not in it.
 * A torn last line is cut off by the reader and ended here, so that what follows stands on lines of its own.
 */
export async function openJournal(path: string): Promise<Journal> {
  let file: FileHandle;
  try {
    file = await open(path, 'a', 0o600);
    if ((await file.stat()).size > 0) await file.appendFile('\n');
  } catch (cause) {
    throw unwritable(path, cause);
  }
  return {
    async append(lines: readonly JournalLine[]) {
      try {
        await file.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
        await file.datasync();
      } catch (cause) {
        throw unwritable(path, cause);
      }
    },
    close: () => file.close(),
  };
}

function unwritable(path: string, cause: unknown): Problem {
  return new Problem({
    kind: 'failed',
    summary: 'The journal cannot be written',
    detail:
      'Without it nobody could tell what was done, so nothing more is sent to Graph. Make room on the disk, then go on with driftline apply --resume.',
    subject: path,
    cause,
  });
}

/** Reads a journal. Problem `failed` where it is not whole but for a torn last line (trust.md row 70). */
export async function readJournal(path: string): Promise<JournalState> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw unknown(path, cause);
  }
  const lines = parseLines(text, path);
  // Killed before its first line was on the disk: nothing was sent.
  if (lines.length === 0) throw unknown(path);
  return replay(lines, path);
}

function unknown(path: string, cause?: unknown): Problem {
  return new Problem({
    kind: 'usage',
    summary: 'There is no such run',
    detail: 'Its journal is not there, or was never begun. See driftline runs for the runs of this repository.',
    subject: path,
    cause,
  });
}

function parseLines(text: string, path: string): JournalLine[] {
  const lines = text.split('\n');
  const found: JournalLine[] = [];
  for (const [at, line] of lines.entries()) {
    if (line === '') continue;
    let value: Json | undefined;
    try {
      value = JSON.parse(line) as Json;
    } catch {
      // Torn by a kill: what it would have said is looked up in the tenant. In a resumed journal it may stand before the resume.
      const next = lines.slice(at + 1).find((other) => other !== '');
      if (next === undefined || next.startsWith('{"line":"resume"')) continue;
    }
    if (!isObject(value) || typeof value.line !== 'string') throw damaged(path, at + 1);
    found.push(value as unknown as JournalLine);
  }
  return found;
}

function damaged(path: string, line: number): Problem {
  return new Problem({
    kind: 'failed',
    summary: 'The journal is damaged',
    detail:
      'A line of it is not what was written, so it cannot be told what was done. Nothing was changed. Take a snapshot, and plan anew from what the tenant is now.',
    subject: `${path}:${line}`,
  });
}

function replay(lines: readonly JournalLine[], path: string): JournalState {
  const [first] = lines;
  if (first?.line !== 'begin') throw damaged(path, 1);
  const outcomes = new Map<string, StepOutcome>();
  const begun = new Set<string>();
  const digests = new Map<string, string>();
  const ids: Record<string, string> = {};
  let ended = false;
  let interrupted = false;
  const sent = new Map<string, number>();
  for (const line of lines) {
    if (line.line === 'intent') {
      begun.add(line.step);
      sent.set(line.step, (sent.get(line.step) ?? 0) + 1);
    } else if (line.line === 'ids') Object.assign(ids, line.ids);
    else if (line.line === 'outcome') {
      const { line: _line, at: _at, digest, ...outcome } = line;
      outcomes.set(line.step, outcome);
      begun.delete(line.step);
      if (digest !== undefined) digests.set(line.step, digest);
    } else if (line.line === 'resume') ended = false;
    else if (line.line === 'end') {
      ended = true;
      interrupted = line.interrupted;
    }
  }
  return {
    digest: first.digest,
    run: first.run,
    outcomes,
    begun,
    ids,
    digests,
    ended,
    interrupted,
    startedAt: first.at,
    sent,
  };
}
