// The command line: finds the command, runs it, and turns a Problem into words and an exit status.
import yargs from 'yargs';
import { exitStatus, Problem } from '../model/problem.ts';
import { version } from '../version.ts';
import { type Command, type CommonArguments, commonOptions } from './command.ts';
import { commands } from './commands.ts';
import { problemText } from './problem.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line (without node and script) and returns the exit status; nothing here ends the process. */
export async function run(words: readonly string[], terminal: Terminal): Promise<number> {
  let status: number = exitStatus.done.status;
  let verbose = words.includes('--verbose');
  const parser = yargs([...words])
    .scriptName('driftline')
    .locale('en')
    .usage(
      '$0 <command>\n\nGit history for a Microsoft Entra ID tenant: snapshots as commits, drift as a diff, recovery from any commit.',
    )
    .version(version)
    .help()
    .strict()
    .demandCommand(1, 'Name a command.')
    .recommendCommands()
    .wrap(Math.min(terminal.columns, 110))
    .epilogue('Each command: driftline <command> --help. Exit statuses: docs/exit-status.md.')
    .exitProcess(false)
    .fail((message, error) => {
      throw (
        error ??
        new Problem({
          kind: 'usage',
          summary: 'The command line is not valid',
          detail: `${message} See driftline --help.`,
        })
      );
    });
  for (const command of commands) add(parser, command);
  try {
    await parser.parseAsync();
  } catch (error) {
    await Promise.resolve();
    status = error instanceof Problem ? error.exitStatus : exitStatus.failed.status;
    if (terminal.signal.aborted) status = exitStatus.interrupted.status;
    terminal.note(problemText(error, terminal, verbose));
  }
  return status;

  function add(onto: typeof parser, command: Command): void {
    onto.command({
      command: command.command,
      describe: command.describe,
      builder: (inner: import('yargs').Argv) =>
        (command.options?.(commonOptions(inner, ['table', 'json', ...(command.formats ?? [])])) ??
          commonOptions(inner, ['table', 'json', ...(command.formats ?? [])])) as import('yargs').Argv,
      handler: async (argv) => {
        verbose = argv.verbose === true;
        status = await command.run(argv as unknown as CommonArguments, terminal);
      },
    });
  }
}
