// Runs: the recoveries of a repository, those that left their record on the branch and those that were stopped before they could.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JournalState, readJournal } from '../apply/index.ts';
import type { Commit } from '../model/commit.ts';
import type { JsonObject } from '../model/json.ts';
import type { IdMap } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import type { Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';
import type { RunRecord } from '../model/run.ts';
import { parsePlan } from '../plan/index.ts';

/** The folder that a run's plan and journal are kept in. */
export function runFolder(repository: Repository, run: string): string {
  if (!/^[0-9A-Za-z-]{1,64}$/.test(run))
    throw new Problem({ kind: 'usage', summary: 'Not the id of a run', detail: 'See driftline runs.', subject: run });
  return join(repository.privateFolder, 'runs', run);
}

/** Runs that were begun in this repository's folder, oldest first; those whose journal never began are not there. */
export async function startedRuns(
  repository: Repository,
): Promise<{ readonly id: string; readonly state: JournalState }[]> {
  const folder = join(repository.privateFolder, 'runs');
  const names = await readdir(folder).catch(() => [] as string[]);
  const found: { id: string; state: JournalState }[] = [];
  for (const id of names.sort()) {
    try {
      found.push({ id, state: await readJournal(join(folder, id, 'journal.jsonl')) });
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== 'usage') throw error;
    }
  }
  return found;
}

/**
 * What runs of this folder know and the branch may not yet: the ids that they were given, and the objects of which it is not known whether
 * they were made anew (their answer was lost, or the process died before it came). A damaged journal knows nothing.
 */
export async function unkept(
  repository: Repository,
): Promise<{ readonly ids: IdMap; readonly unsure: ReadonlySet<Ref> }> {
  const ids: Record<string, string> = {};
  const unsure = new Set<Ref>();
  const folder = join(repository.privateFolder, 'runs');
  for (const id of await readdir(folder).catch(() => [] as string[])) {
    try {
      const state = await readJournal(join(folder, id, 'journal.jsonl'));
      Object.assign(ids, state.ids);
      const open = new Set(state.begun);
      for (const [step, { outcome }] of state.outcomes) if (outcome === 'unknown') open.add(step);
      // A plan may be large, and of nearly every run all is known.
      if (open.size === 0) continue;
      const plan = parsePlan(await readFile(join(folder, id, 'plan.json'), 'utf8'), id);
      for (const step of plan.steps) if (step.action === 'recreate' && open.has(step.id)) unsure.add(step.ref);
    } catch (error) {
      if (!(error instanceof Problem) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return { ids, unsure };
}

export interface RunEntry {
  readonly record: RunRecord;
  /** The snapshot that the run ended with. */
  readonly commit: Commit;
}

/** Runs that ended (since a time), newest first, from the branch's history: they are there in every clone. */
export async function* endedRuns(
  repository: Repository,
  limit = Number.POSITIVE_INFINITY,
  since?: string,
): AsyncGenerator<RunEntry> {
  let found = 0;
  for await (const commit of repository.log()) {
    if (since !== undefined && commit.at < since) return;
    const run = commit.snapshot?.notes?.Run;
    if (run === undefined || commit.snapshot?.notes?.Goal === undefined) continue;
    const file = await repository.file(commit.id, `runs/${run}.yaml`);
    if (file === undefined) continue;
    yield { record: file as unknown as RunRecord, commit };
    if (++found >= limit) return;
  }
}

/** One run, the last one by default. Problem `usage` where there is none. */
export async function findRun(repository: Repository, run?: string): Promise<RunEntry> {
  for await (const entry of endedRuns(repository)) if (run === undefined || entry.record.id === run) return entry;
  throw new Problem({
    kind: 'usage',
    summary: 'There is no such run',
    detail:
      run === undefined
        ? 'No recovery has ended in this repository.'
        : 'No recovery of that id has ended on this branch; see driftline runs.',
    ...(run === undefined ? {} : { subject: run }),
  });
}

/** Runs that were stopped and can be resumed here. */
export async function stoppedRuns(
  repository: Repository,
): Promise<{ readonly id: string; readonly startedAt: string; readonly done: number }[]> {
  const runs = await startedRuns(repository);
  return runs
    .filter(({ state }) => !state.ended || state.interrupted)
    .map(({ id, state }) => ({ id, startedAt: state.startedAt, done: state.outcomes.size }));
}

/** A record as plain JSON, as `--format json` prints it. */
export function runJson({ record, commit }: RunEntry): JsonObject {
  return { ...(record as unknown as JsonObject), commit: commit.id };
}
