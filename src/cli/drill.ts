// driftline drill: rehearses a recovery in a sandbox, and says what came back and what did not.
import { exitStatus } from '../model/problem.ts';
import { version } from '../version.ts';
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';
import { watchProgress } from './progress.ts';
import { type GuardArguments, goalOptions, planOptionsFrom, runText } from './recovery.ts';
import { tableText } from './table.ts';

interface Arguments extends GuardArguments {
  readonly commit: string;
  readonly seed: number;
  readonly against?: 'live' | undefined;
}

export const drillCommand = command<Arguments>({
  options: (yargs) =>
    goalOptions(yargs)
      .option('seed', { type: 'number', default: 1, requiresArg: true, describe: 'Which objects are broken' })
      .option('against', {
        choices: ['live'],
        requiresArg: true,
        describe: 'Rehearse the actual recovery: of the tenant as it is now',
      }) as never,
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { drill } = await import('../verbs/drill.ts');
    const { capture } = await import('../verbs/capture.ts');
    const progress = await watchProgress(argv, terminal);
    const repository = await workplace.openRepository();
    const ref = 'refs/driftline/drill';
    try {
      const common = { repository, kinds: workplace.kinds, now: terminal.now, version };
      let live: Awaited<ReturnType<typeof capture>>['commit'];
      if (argv.against === 'live') {
        const reader = await workplace.openReader(progress.read);
        try {
          live = (
            await capture({
              ...common,
              reader,
              scope: {},
              base: await repository.tip(),
              ref,
              onProgress: progress.capture,
            })
          ).commit;
        } finally {
          await reader.close();
        }
      }
      progress.stop();
      const result = await drill({
        ...common,
        configuration: workplace.configuration,
        goal: argv.commit,
        seed: argv.seed,
        ...(live === undefined ? {} : { live, options: planOptionsFrom(argv, workplace, terminal.now()) }),
      });
      if (argv.format === 'json') await terminal.out(json(result));
      else {
        const rows = result.kinds
          .filter(({ objects }) => objects > 0)
          .map(({ kind, objects, broken, equal, byNature, lost }) => [
            kind,
            objects,
            broken,
            equal,
            Object.keys(byNature).join(', '),
            lost.length,
          ]);
        await terminal.out(
          await tableText(terminal, ['Kind', 'Objects', 'Broken', 'Came back equal', 'Not by nature', 'Lost'], rows, [
            'left',
            'right',
            'right',
            'right',
            'left',
            'right',
          ]),
        );
        for (const { lost } of result.kinds) for (const line of lost) await terminal.out(`  lost: ${line}\n`);
        if (result.notLoaded.length > 0)
          await terminal.out(
            `  ${result.notLoaded.length} objects could not be loaded into the sandbox: ${result.notLoaded.slice(0, 5).join(', ')}\n`,
          );
        await terminal.out(`\n${runText(result.record, terminal)}`);
      }
      return result.kinds.every(({ lost }) => lost.length === 0)
        ? exitStatus.done.status
        : exitStatus.incomplete.status;
    } finally {
      progress.stop();
      await repository.forget(ref);
      await repository.close();
    }
  },
});
