// driftline snapshot: reads the tenant and commits it; says what was read and what was not.
import { sinceText } from '../model/commit.ts';
import { exitStatus, Problem } from '../model/problem.ts';
import type { Snapshot } from '../verbs/snapshot.ts';
import { version } from '../version.ts';
import { command, kindScope, workplaceFor } from './command.ts';
import { coverageHeadings, coverageRows } from './coverage.ts';
import { json } from './json.ts';
import { watchProgress } from './progress.ts';
import { tableText } from './table.ts';
import { styled, type Terminal } from './terminal.ts';

interface Arguments {
  readonly 'skip-unchanged': boolean;
  readonly delta: boolean;
  readonly 'untracked-max-age': number;
  readonly push?: string | undefined;
}

/** Problem `usage` for what is no number of seconds, and without `--delta`: a full read compares everything. */
function secondsOf(argv: Arguments): number {
  const seconds = argv['untracked-max-age'];
  const detail = !(seconds >= 0)
    ? 'It must be a number of seconds, 0 or more.'
    : seconds > 0 && !argv.delta
      ? 'Without --delta everything is read and compared; leave it out, or add --delta.'
      : undefined;
  if (detail !== undefined)
    throw new Problem({ kind: 'usage', summary: '--untracked-max-age is not valid', detail, subject: String(seconds) });
  return seconds;
}

function noteUntracked(terminal: Terminal, { since, notAsked }: Snapshot['untracked']): void {
  const kinds = sinceText(since);
  if (kinds === '') return;
  const audits =
    notAsked === undefined ? 'The audit log was asked for changes of it.' : `The audit log was not asked: ${notAsked}`;
  terminal.note(
    `What Graph does not track was not compared (--untracked-max-age) and is as it was: ${kinds}. ${audits}\n`,
  );
}

export const snapshotCommand = command<Arguments>({
  options: (yargs) =>
    yargs
      .option('skip-unchanged', {
        type: 'boolean',
        default: false,
        describe: 'Make no commit where nothing has changed',
      })
      .option('delta', {
        type: 'boolean',
        default: false,
        describe: 'Read only what Graph says has changed, where it can; all of it once a week and whenever in doubt',
      })
      .option('untracked-max-age', {
        type: 'number',
        default: 0,
        describe:
          'With --delta: seconds for which what Graph does not track (owners, sponsors, app role assignments, federated credentials) may be as it was last compared; until then the audit log tells, where it may be read',
        requiresArg: true,
      })
      .option('push', {
        type: 'string',
        describe: 'Push the branch to this remote [default: remote of driftline.yaml]',
        requiresArg: true,
      }),
  async run(argv, terminal) {
    const untrackedMaxAge = secondsOf(argv);
    const workplace = workplaceFor(argv, terminal);
    const { snapshot } = await import('../verbs/snapshot.ts');
    const progress = await watchProgress(argv, terminal);
    const reader = await workplace.openReader(progress.read);
    const repository = await workplace.openRepository({ create: true });
    try {
      const result = await snapshot({
        repository,
        reader,
        kinds: workplace.kinds,
        scope: kindScope(argv),
        now: terminal.now,
        version,
        skipUnchanged: argv['skip-unchanged'],
        delta: argv.delta,
        untrackedMaxAge,
        onProgress: progress.capture,
        signal: terminal.signal,
        remote: argv.push ?? workplace.configuration.remote,
      });
      progress.stop();
      if (argv.format === 'json')
        await terminal.out(
          json({
            commit: result.commit.id,
            tree: result.commit.tree,
            created: result.created,
            counts: result.counts,
            coverage: result.coverage,
            requests: result.statistics.requests,
            retries: result.statistics.retries,
            seconds: result.seconds,
            pushed: result.pushed,
            leftAlone: result.leftAlone,
            continued: result.continued,
            untracked: result.untracked,
          }),
        );
      else if (!argv.quiet) {
        const { added, changed, removed } = result.counts;
        const head = result.created
          ? `${styled(terminal, 'bold', result.commit.id.slice(0, 12))}  ${changed} changed, ${added} added, ${removed} removed`
          : `Nothing has changed since ${result.commit.id.slice(0, 12)} of ${result.commit.at}; no commit was made`;
        await terminal.out(`${head}  (${result.statistics.requests} requests, ${result.seconds.toFixed(1)} s)\n\n`);
        await terminal.out(
          await tableText(terminal, coverageHeadings, coverageRows(terminal, result.coverage), ['left', 'right']),
        );
      }
      for (const [kind, at] of Object.entries(result.continued))
        terminal.note(`${kind} was read since ${at}: an earlier attempt at this first snapshot had begun it.\n`);
      noteUntracked(terminal, result.untracked);
      for (const path of result.leftAlone)
        terminal.note(
          `${path} has uncommitted changes: it was left as it is in your folder; the commit has the tenant's state.\n`,
        );
      if (result.incomplete.length > 0) {
        terminal.note(
          `\nNot complete: ${result.incomplete.join(', ')}. Their last files were kept, and nothing of them reads as deleted. driftline doctor says what is missing.\n`,
        );
        return exitStatus.incomplete.status;
      }
      return exitStatus.done.status;
    } finally {
      progress.stop();
      await reader.close();
      await repository.close();
    }
  },
});
