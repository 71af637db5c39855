// Mode snapshot: reads the tenant, commits it on top of the branch, pushes it, and says what was read and what changed.
import { exitStatus } from '../model/problem.ts';
import { countsText } from '../verbs/capture.ts';
import { snapshot } from '../verbs/snapshot.ts';
import { version } from '../version.ts';
import { readingLog, sayIncomplete } from './report.ts';
import { publish, refusePublic, type Site } from './site.ts';

/** Runs the mode; returns the exit status of the command line's `snapshot`. */
export async function runSnapshot(site: Site): Promise<number> {
  const { runner, inputs, workplace, world } = site;
  await refusePublic(site);
  const repository = await site.openRepository();
  const reader = await workplace.openReader();
  try {
    const taken = await snapshot({
      repository,
      reader,
      kinds: workplace.kinds,
      scope: inputs.kinds === undefined ? {} : { kinds: inputs.kinds },
      now: world.now,
      version,
      skipUnchanged: inputs.skipUnchanged,
      onProgress: readingLog(site),
      signal: world.signal,
    });
    const commit = taken.created ? await publish(site, repository, site.tip, taken.commit.id) : taken.commit.id;
    const { added, changed, removed } = taken.counts;
    runner.output('commit', commit);
    runner.output('changed', String(added + changed + removed));
    const kinds = sayIncomplete(site, taken.commit);
    const words = taken.created ? countsText(taken.counts) : 'Nothing has changed; no commit was made';
    runner.log(
      `${commit.slice(0, 12)}  ${words} (${taken.statistics.requests} requests, ${taken.seconds.toFixed(1)} s)`,
    );
    runner.summary(summaryOf(site, commit, words, taken.coverage));
    return kinds.length > 0 ? exitStatus.incomplete.status : exitStatus.done.status;
  } finally {
    await reader.close();
    await repository.close();
  }
}

function summaryOf(
  site: Site,
  commit: string,
  words: string,
  coverage: Awaited<ReturnType<typeof snapshot>>['coverage'],
): string {
  const rows = Object.entries(coverage).map(
    ([kind, { status, count }]) => `| ${kind} | ${count} | ${status === 'complete' ? 'complete' : `**${status}**`} |`,
  );
  return [
    `## Snapshot [${commit.slice(0, 12)}](${site.page}/commit/${commit})`,
    '',
    `${words}.`,
    '',
    '| kind | objects | coverage |',
    '|---|---:|---|',
    ...rows,
    '',
  ].join('\n');
}
