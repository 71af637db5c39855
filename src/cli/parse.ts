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
      throw error ?? invalid(message.trim(), words);
    });
  for (const listed of commands) add(listed);
  try {
    await parser.parseAsync();
  } catch (error) {
    // What yargs finds after it has waited for a builder does not come by way of `fail`.
    throw error instanceof Error && error.name === 'YError' ? invalid(error.message, words) : error;
  }
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
        requireNumbers(argv);
        status = await loaded!.run(argv as unknown as CommonArguments, terminal);
      },
    });
  }
}

/** What yargs says, in our words where its own are for programmers, with the help of the command that was meant. */
function invalid(message: string, words: readonly string[]): Problem {
  const name = words.find((word) => !word.startsWith('-'));
  const meant = commands.find(({ command }) => command.split(' ')[0] === name);
  let said = message
    .replace(/^Not enough arguments following: (.*)$/, '--$1 needs a value')
    .replace(/^Unknown arguments: (.*)$/, (_, names: string) => unknownText(names.split(', ')));
  if (message.startsWith('Not enough non-option arguments'))
    said = `Something is missing: driftline ${meant?.command ?? '<command>'}`;
  else if (message === `Unknown argument: ${name}` && meant === undefined) said = `There is no command ${name}`;
  return new Problem({
    kind: 'usage',
    summary: 'The command line is not valid',
    detail: `${said.replace(/[.?]*$/, said.includes('?') ? '?' : '.')} See driftline ${meant === undefined ? '' : `${name} `}--help.`,
  });
}

/** The arguments that yargs does not know, each as it was written: an option with a hyphen it names in camel case once more. */
function unknownText(names: readonly string[]): string {
  const letters = (name: string) => name.replaceAll('-', '').toLowerCase();
  const hyphened = names.filter((name) => name.includes('-'));
  const written = names.filter((name) => hyphened.includes(name) || !hyphened.map(letters).includes(letters(name)));
  return `Unknown argument${written.length === 1 ? '' : 's'}: ${written.join(', ')}`;
}

/** Problem `usage` where an option that takes a number was given something else, which yargs lets through. */
function requireNumbers(argv: Readonly<Record<string, unknown>>): void {
  const wrong = Object.entries(argv).find(([, value]) => Number.isNaN(value));
  if (wrong === undefined) return;
  throw new Problem({
    kind: 'usage',
    summary: 'Not a number',
    detail: 'The option takes a number.',
    subject: `--${wrong[0]}`,
  });
}
