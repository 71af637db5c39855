// driftline runs: the recoveries of a repository, or what came of one of them.
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';
import { runText } from './recovery.ts';
import { tableText } from './table.ts';

interface Arguments {
  readonly run?: string | undefined;
  readonly limit: number;
}

export const runsCommand = command<Arguments>({
  options: (yargs) =>
    yargs
      .positional('run', { type: 'string', describe: 'Id of a run' })
      .option('limit', { type: 'number', default: 20, requiresArg: true, describe: 'How many, newest first' }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { endedRuns, findRun, runJson, stoppedRuns } = await import('../verbs/runs.ts');
    const repository = await workplace.openRepository();
    try {
      if (argv.run !== undefined) {
        const entry = await findRun(repository, argv.run);
        await terminal.out(argv.format === 'json' ? json(runJson(entry)) : runText(entry.record, terminal));
        return 0;
      }
      const entries = [];
      for await (const entry of endedRuns(repository, argv.limit)) entries.push(entry);
      const stopped = await stoppedRuns(repository);
      if (argv.format === 'json') {
        await terminal.out(json({ runs: entries.map(runJson), stopped }));
        return 0;
      }
      if (entries.length === 0 && stopped.length === 0) await terminal.out('No recovery yet.\n');
      else
        await terminal.out(
          await tableText(
            terminal,
            ['Run', 'Status', 'Done', 'Not done', 'Goal', 'Reason'],
            [
              ...stopped.map(({ id, done }) => [id, 'stopped', String(done), '', '', 'driftline apply --resume']),
              ...entries.map(({ record }) => [
                record.id,
                record.status,
                String(record.counts.done),
                String(record.counts.refused + record.counts.skipped + record.counts.unknown),
                record.goal.slice(0, 12),
                record.reason ?? '',
              ]),
            ],
            ['left', 'left', 'right', 'right'],
          ),
        );
      return 0;
    } finally {
      await repository.close();
    }
  },
});
