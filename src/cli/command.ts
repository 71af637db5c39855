// What a command of the command line is: its options, and what runs; and the options that all of them share.
import type { Argv } from 'yargs';
import type { Scope } from '../model/scope.ts';
import { openWorkplace, requireKind, type Workplace } from '../workplace.ts';
import type { Terminal } from './terminal.ts';

/** The options that every command takes. */
export interface CommonArguments {
  readonly repo: string;
  readonly config?: string | undefined;
  readonly kind?: readonly string[] | undefined;
  readonly format: string;
  readonly verbose: boolean;
  readonly quiet: boolean;
  readonly cloud?: string | undefined;
  readonly graphUrl?: string | undefined;
  readonly authorityUrl?: string | undefined;
}

/** What a command takes and does; its words stand in commands.ts. `run` returns the exit status, or throws a Problem. */
export interface Command<Arguments = unknown> {
  /** Formats beside `table` and `json`. */
  readonly formats?: readonly string[];
  readonly options?: (yargs: Argv) => Argv<Arguments>;
  run(argv: Arguments & CommonArguments, terminal: Terminal): Promise<number>;
}

/** Gives the arguments their type without naming it twice. */
export function command<Arguments>(definition: Command<Arguments>): Command {
  return definition as Command;
}

/** Adds the options that every command takes. */
export function commonOptions(yargs: Argv, formats: readonly string[]): Argv {
  return yargs
    .option('repo', { type: 'string', default: '.', describe: 'Folder of the Git repository', requiresArg: true })
    .option('config', {
      type: 'string',
      describe: 'Configuration file [default: driftline.yaml in the repository]',
      requiresArg: true,
    })
    .option('kind', { type: 'string', array: true, describe: 'Only this kind (repeatable)', requiresArg: true })
    .option('format', { choices: formats, default: formats[0]!, describe: 'Form of the output' })
    .option('verbose', {
      type: 'boolean',
      default: false,
      describe: 'Say more; with an error, also where it came from',
    })
    .option('quiet', { type: 'boolean', default: false, describe: 'Say nothing but results and errors' })
    .option('cloud', { type: 'string', describe: 'global, usgov, usgovdod or china', requiresArg: true })
    .option('graph-url', {
      type: 'string',
      describe: 'Root of Microsoft Graph, for a cloud of your own',
      requiresArg: true,
    })
    .option('authority-url', { type: 'string', describe: 'Root of the sign-in service, likewise', requiresArg: true });
}

/** Opens the workplace that the common options name. */
export function workplaceFor(argv: CommonArguments, terminal: Terminal): Workplace {
  const workplace = openWorkplace({
    repo: argv.repo,
    config: argv.config,
    cloud: argv.cloud,
    graphUrl: argv.graphUrl,
    authorityUrl: argv.authorityUrl,
    cwd: terminal.cwd,
    environment: terminal.environment,
    signal: terminal.signal,
    prompt: (text) => terminal.note(`${text}\n`),
    ...(terminal.kinds === undefined ? {} : { kinds: terminal.kinds }),
    ...(terminal.time === undefined ? {} : { time: terminal.time }),
  });
  for (const kind of argv.kind ?? []) requireKind(workplace.kinds, kind, '--kind');
  return workplace;
}

/** The scope that `--kind` says. */
export function kindScope(argv: CommonArguments): Scope {
  return argv.kind === undefined ? {} : { kinds: argv.kind };
}
