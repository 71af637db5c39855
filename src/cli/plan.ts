// driftline plan: what a recovery to a commit would do, shown and saved; it changes nothing.
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { exitStatus, Problem } from '../model/problem.ts';
import { version } from '../version.ts';
import { command, workplaceFor } from './command.ts';
import { watchProgress } from './progress.ts';
import { type GuardArguments, goalOptions, idOption, planFormats, planOptionsFrom, showPlan } from './recovery.ts';

interface Arguments extends GuardArguments {
  readonly commit: string;
  readonly id?: readonly string[] | undefined;
  readonly out?: string | undefined;
  readonly 'exit-code': boolean;
}

export const planCommand = command<Arguments>({
  formats: planFormats,
  options: (yargs) =>
    goalOptions(yargs)
      .option('id', idOption)
      .option('out', { type: 'string', requiresArg: true, describe: 'Save the plan to this file, for driftline apply' })
      .option('exit-code', {
        type: 'boolean',
        default: false,
        describe: 'End with 2 where there is something to do',
      }) as never,
  async run(argv, terminal) {
    const file = argv.out === undefined ? undefined : resolve(terminal.cwd, argv.out);
    // Before the tenant is read, which takes long.
    if (file !== undefined) await requirePlaceFor(file);
    const workplace = workplaceFor(argv, terminal);
    const { planRecovery } = await import('../verbs/plan.ts');
    const { resolveScope } = await import('../verbs/scope.ts');
    const progress = await watchProgress(argv, terminal);
    const reader = await workplace.openReader(progress.read);
    const repository = await workplace.openRepository();
    try {
      const goal = await repository.resolve(argv.commit, terminal.now());
      const scope = await resolveScope(
        { repository, kinds: workplace.kinds, commits: [goal], reader: async () => reader },
        { kinds: argv.kind, ids: argv.id },
      );
      const { plan, ref } = await planRecovery({
        repository,
        reader,
        kinds: workplace.kinds,
        configuration: workplace.configuration,
        goal: argv.commit,
        scope,
        options: planOptionsFrom(argv, workplace, terminal.now()),
        ...(argv.reason === undefined ? {} : { reason: argv.reason }),
        now: terminal.now,
        version,
        onProgress: progress.capture,
      });
      progress.stop();
      if (file === undefined) await repository.forget(ref);
      else {
        const { printPlan } = await import('../plan/index.ts');
        await writeFile(file, printPlan(plan), { mode: 0o600 });
      }
      await showPlan(plan, argv, workplace.kinds, terminal);
      if (plan.blockers.length > 0) return exitStatus.refused.status;
      return argv['exit-code'] && plan.steps.length > 0 ? exitStatus.differences.status : exitStatus.done.status;
    } finally {
      progress.stop();
      await reader.close();
      await repository.close();
    }
  },
});

/** Problem `usage` where a plan cannot be saved there, for want of a folder or because there is one; what the system does not allow is thrown as it is. */
async function requirePlaceFor(file: string): Promise<void> {
  const look = (path: string) => stat(path).catch(() => undefined);
  const found = await look(file);
  if (found?.isDirectory())
    throw cannotSave('A folder stands where a file is needed', 'A plan is one file (--out). Name the file.', file);
  const folder = dirname(file);
  if (!(await look(folder))?.isDirectory())
    throw cannotSave(
      'There is no such folder',
      'The plan would be saved there (--out). Make the folder, or name another file.',
      folder,
    );
  await access(found === undefined ? folder : file, constants.W_OK);
}

function cannotSave(summary: string, detail: string, subject: string): Problem {
  return new Problem({ kind: 'usage', summary, detail, subject });
}
