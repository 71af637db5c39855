// driftline log: the snapshots, newest first, with what each changed and covered.
import { incomplete } from '../model/coverage.ts';
import { Problem } from '../model/problem.ts';
import { parseRef } from '../model/ref.ts';
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';
import { tableText } from './table.ts';
import { styled } from './terminal.ts';

interface Arguments {
  readonly limit: number;
  readonly ref?: string | undefined;
  readonly from?: string | undefined;
}

export const logCommand = command<Arguments>({
  options: (yargs) =>
    yargs
      .option('limit', { type: 'number', default: 30, describe: 'How many at the most', requiresArg: true })
      .option('ref', { type: 'string', describe: 'Only commits that changed this object (kind/id)', requiresArg: true })
      .option('from', { type: 'string', describe: 'Where to start [default: the branch]', requiresArg: true }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    if (!Number.isInteger(argv.limit) || argv.limit < 1)
      throw new Problem({
        kind: 'usage',
        summary: 'Not a number of commits',
        detail: 'Give a whole number from 1 on.',
        subject: `--limit ${argv.limit}`,
      });
    const ref = argv.ref === undefined ? undefined : parseRef(argv.ref);
    if (argv.ref !== undefined && ref === undefined)
      throw new Problem({
        kind: 'usage',
        summary: 'Not a ref',
        detail: 'A ref is kind/id, as driftline diff prints it.',
        subject: argv.ref,
      });
    const repository = await workplace.openRepository();
    try {
      const from = argv.from === undefined ? undefined : (await repository.resolve(argv.from, terminal.now())).id;
      const commits = [];
      const filter = {
        limit: argv.limit,
        ...(ref === undefined ? {} : { ref }),
        ...(from === undefined ? {} : { from }),
      };
      for await (const commit of repository.log(filter)) commits.push(commit);
      if (argv.format === 'json') await terminal.out(json(commits));
      else
        await terminal.out(
          await tableText(
            terminal,
            ['Commit', 'At (UTC)', 'Changed', 'Added', 'Removed', 'Coverage', 'Subject'],
            commits.map((commit) => {
              const missing = commit.snapshot === undefined ? [] : incomplete(commit.snapshot.coverage);
              const counts = commit.snapshot?.counts;
              const coverage =
                commit.snapshot === undefined
                  ? ''
                  : missing.length === 0
                    ? styled(terminal, 'green', 'complete')
                    : styled(terminal, 'yellow', `without ${missing.join(', ')}`);
              return [
                { styled: styled(terminal, 'yellow', commit.id.slice(0, 12)) },
                commit.at.slice(0, 16).replace('T', ' '),
                counts?.changed ?? '',
                counts?.added ?? '',
                counts?.removed ?? '',
                { styled: coverage },
                counts === undefined || !/^\d+ changed, /.test(commit.subject) ? commit.subject : '',
              ];
            }),
            ['left', 'left', 'right', 'right', 'right'],
          ),
        );
      return 0;
    } finally {
      await repository.close();
    }
  },
});
