// Planning a recovery of every user of a tenant, changed or deleted, against one of a hundredth of them: the memory and the CPU that so much takes.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kinds } from '../src/kinds/index.ts';
import type { Plan, Step } from '../src/model/plan.ts';
import { openRepository } from '../src/repo/index.ts';
import { cpuUsed, type Row, runProgram } from './measure.ts';
import { driftline, inFolder, startSandbox } from './processes.ts';
import type { Options } from './sizes.ts';

/**
 * Both plans read the same tenant, so what the large one takes beyond the small one is for its changes. Nobody can plan them without reading
 * both sides of each, which is measured alone.
 */
export async function planning({ users, profile }: Options): Promise<Row[]> {
  const sandbox = await startSandbox({ users });
  const few = Math.max(1, Math.round(users / 100));
  try {
    return await inFolder(async (folder) => {
      const file = join(folder, 'plan.json');
      await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], folder);
      await driftline(['snapshot', '--repo', folder, '--format', 'json'], sandbox);
      const plan = async (flags: readonly string[] = []) => {
        const words = ['plan', 'HEAD', '--kind', 'users', '--allow-mass-change', '--out', file, '--repo', folder];
        const cost = await driftline(words, { ...sandbox, flags });
        return { ...cost, cpu: cost.own + cost.programs };
      };
      await sandbox.change(few);
      const small = await plan();
      await sandbox.change(users);
      const large = await plan(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]);
      const { steps, live, goal } = JSON.parse(await readFile(file, 'utf8')) as { steps: Step[] } & Plan;
      const sides = await readingSides(folder, [live.commit, goal.commit]);
      await sandbox.remove(Math.round(users / 2));
      const back = await plan();
      const restoring = JSON.parse(await readFile(file, 'utf8')) as { steps: Step[] };
      const restored = restoring.steps.filter(({ action }) => action === 'restore').length;
      const row = { bench: 'plan', context: { 'CPU, ms': large.cpu, 'of the small one': small.cpu, wall: large.wall } };
      return [
        {
          ...row,
          what: `peak memory of planning ${steps.length} changes`,
          measured: large.peak,
          limit: 600,
          unit: 'MB',
          target: 1,
        },
        {
          ...row,
          what: `the same against planning ${few} changes in the same tenant`,
          measured: large.peak,
          limit: small.peak,
          unit: 'MB',
          target: 1.2,
        },
        {
          ...row,
          what: `peak memory of planning ${restored} restores and what else differs, ${restoring.steps.length} steps`,
          measured: back.peak,
          limit: 600,
          unit: 'MB',
          target: 1,
        },
        {
          ...row,
          what: `CPU that ${steps.length} changes take beyond ${few}, against reading both sides of them`,
          measured: large.cpu - small.cpu,
          limit: sides,
          unit: 'ms',
          target: 4,
        },
      ];
    });
  } finally {
    await sandbox.close();
  }
}

/** Milliseconds of CPU for the users of the commits, out of git and parsed. */
async function readingSides(root: string, commits: readonly string[]): Promise<number> {
  const identity = { name: 'Bench', email: 'bench@example.com' };
  const repository = await openRepository({ root, statePath: 'state', kinds, identity });
  const before = cpuUsed();
  for (const commit of commits)
    for await (const _ of repository.entities(repository.files(commit, { kinds: ['users'] })));
  await repository.close();
  const after = cpuUsed();
  return after.own - before.own + after.programs - before.programs;
}
