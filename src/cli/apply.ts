// driftline apply: carries out a saved plan, or goes on with one that was stopped.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Problem } from '../model/problem.ts';
import { command, workplaceFor } from './command.ts';
import { applyRequest, confirmed, planFormats, sayApplied, showPlan } from './recovery.ts';

interface Arguments {
  readonly plan?: string | undefined;
  readonly resume?: string | undefined;
  readonly yes: boolean;
  readonly 'max-age'?: number | undefined;
  readonly details: boolean;
}

export const applyCommand = command<Arguments>({
  formats: planFormats,
  options: (yargs) =>
    yargs
      .positional('plan', { type: 'string', describe: 'File of driftline plan --out' })
      .option('resume', { type: 'string', describe: 'Go on with this run, or with the last one that was stopped' })
      .option('yes', { type: 'boolean', default: false, describe: 'Do not ask' })
      .option('max-age', {
        type: 'number',
        requiresArg: true,
        describe: 'Seconds that a plan stays good for [default: 86400]',
      })
      .option('details', { type: 'boolean', default: false, describe: 'In the table, every attribute and link' }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { applyPlan, resumeRun } = await import('../verbs/apply.ts');
    const { parsePlan } = await import('../plan/index.ts');
    if ((argv.plan === undefined) === (argv.resume === undefined))
      throw new Problem({
        kind: 'usage',
        summary: 'Nothing to apply',
        detail: 'Give the file of a plan (driftline plan COMMIT --out plan.json), or --resume.',
      });
    const plan =
      argv.plan === undefined
        ? undefined
        : parsePlan(await readFile(resolve(terminal.cwd, argv.plan), 'utf8').catch(withoutPlan(argv.plan)), argv.plan);
    const repository = await workplace.openRepository();
    const reader = await workplace.openReader();
    const writer = await workplace.openWriter();
    try {
      const request = {
        ...(await applyRequest(workplace, { repository, reader, writer }, argv, terminal)),
        ...(argv['max-age'] === undefined ? {} : { maxAge: argv['max-age'] }),
      };
      if (plan === undefined)
        return await sayApplied(await resumeRun(argv.resume || undefined, request), argv, terminal);
      if (!argv.yes && argv.format === 'table') await showPlan(plan, argv, workplace.kinds, terminal);
      if (!(await confirmed(plan, argv.yes, terminal))) {
        terminal.note('Nothing was changed.\n');
        return 0;
      }
      return await sayApplied(await applyPlan(plan, request), argv, terminal);
    } finally {
      await writer.close();
      await reader.close();
      await repository.close();
    }
  },
});

/** Problem `usage` where there is no such file, or a folder in its place. */
function withoutPlan(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'ENOENT' && error.code !== 'EISDIR') throw error;
    throw new Problem({
      kind: 'usage',
      summary: 'There is no such plan',
      detail: 'Make one with driftline plan COMMIT --out FILE. The path is taken from the folder that you are in.',
      subject: path,
      cause: error,
    });
  };
}
