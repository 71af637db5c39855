// driftline permissions: what the tool's app registration must be granted for the kinds chosen, as a table, JSON or a script.
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';
import { tableText } from './table.ts';

interface Arguments {
  readonly access: 'read' | 'write' | 'both';
  readonly optional: boolean;
}

export const permissionsCommand = command<Arguments>({
  formats: ['az', 'graph'],
  options: (yargs) =>
    yargs
      .option('access', {
        choices: ['read', 'write', 'both'] as const,
        default: 'both' as const,
        describe: 'read: for snapshots and reports; write: for recovery, an identity of its own',
      })
      .option('optional', {
        type: 'boolean',
        default: false,
        describe: 'Also what is needed for a part of a kind only, and to ask the audit log',
      }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { azScript, graphScript, permissionsFor } = await import('../verbs/permissions.ts');
    const chosen = [...workplace.kinds].filter(([name]) => argv.kind === undefined || argv.kind.includes(name));
    const permissions = permissionsFor(new Map(chosen), argv.access, argv);
    if (argv.format === 'json') await terminal.out(json(permissions));
    else if (argv.format === 'az') await terminal.out(azScript(permissions));
    else if (argv.format === 'graph') await terminal.out(graphScript(permissions));
    else
      await terminal.out(
        await tableText(
          terminal,
          ['Permission', 'For', 'Needed by'],
          permissions.map(({ permission, access, neededBy }) => [permission, access, neededBy.join(', ')]),
        ),
      );
    return 0;
  },
});
