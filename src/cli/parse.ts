// One command line through yargs: its words in, the chosen command run, its exit status out.
import yargs, { type Argv } from 'yargs';
import { exitStatus, Problem } from '../model/problem.ts';
import { version } from '../version.ts';
import { type Command, type CommonArguments, commonOptions } from './command.ts';
import { commands, type ListedCommand } from './commands.ts';
import { epilogue, usage } from './overview.ts';
import type { Terminal } from './terminal.ts';

/** Runs the command that the words name; only that one is loaded. Problem `usage` where they are not valid. `onVerbose`: told before it runs. */
export async function runCommand(
  words: readonly string[],
  terminal: Terminal,
  onVerbose: (verbose: boolean) => void,
): Promise<number> {
  let status: number = exitStatus.done.status;
  const parser = yargs([...words])
    .scriptName('driftline')
    .locale('en')
    .usage(`$0 <command>\n\n${usage}`)
    .version(version)
    .help()
    .strict()
    .demandCommand(1, 'Name a command.')
    .recommendCommands()
    .wrap(Math.min(terminal.columns, 110))
    .epilogue(epilogue)
    .exitProcess(false)
    .fail((message, error) => {
      throw (
        error ??
        new Problem({
          kind: 'usage',
          summary: 'The command line is not valid',
          detail: `${message.trim().replace(/[.]?$/, '.')} See driftline --help.`,
        })
      );
    });
  for (const listed of commands) add(listed);
  await parser.parseAsync();
  return status;

  function add({ command, describe, load }: ListedCommand): void {
    let loaded: Command | undefined;
    parser.command({
      command,
      describe,
      // yargs waits for a builder, though its types do not say so.
      builder: (async (inner: Argv) => {
        loaded = await load();
        const common = commonOptions(inner, ['table', 'json', ...(loaded.formats ?? [])]);
        return loaded.options?.(common) ?? common;
      }) as unknown as (inner: Argv) => Argv,
      handler: async (argv) => {
        onVerbose(argv.verbose === true);
        status = await loaded!.run(argv as unknown as CommonArguments, terminal);
      },
    });
  }
}
