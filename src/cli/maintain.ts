// driftline maintain: packs the repository and keeps up its commit graph; says what that came to.
import { exitStatus } from '../model/problem.ts';
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';

interface Arguments {
  readonly full: boolean;
}

export const maintainCommand = command<Arguments>({
  options: (yargs) =>
    yargs.option('full', {
      type: 'boolean',
      default: false,
      describe: 'Pack everything anew, and not only what came lately: slower, smaller',
    }),
  async run(argv, terminal) {
    const { root } = workplaceFor(argv, terminal);
    const { maintain } = await import('../verbs/maintain.ts');
    const { before, after } = await maintain({ root, full: argv.full });
    if (argv.format === 'json') await terminal.out(json({ before, after }));
    else if (!argv.quiet)
      await terminal.out(
        `${size(before.bytes)} in ${packs(before.packs)} before, ${size(after.bytes)} in ${packs(after.packs)} after; the commit graph is up to date.\n`,
      );
    return exitStatus.done.status;
  },
});

function packs(count: number): string {
  return count === 1 ? '1 pack' : `${count} packs`;
}

function size(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
