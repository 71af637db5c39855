// Reading the history: the difference of two commits against git's own, and log, show and history after a thousand snapshots.
import { maintainRepository } from '../src/repo/index.ts';
import { historyOf } from './growth.ts';
import { measureProgram, type Row } from './measure.ts';
import { type CommandCost, driftline, inFolder, runJson } from './processes.ts';
import type { Options } from './sizes.ts';
import { idOf } from './tenant.ts';

const snapshots = 1000;
const changes = 1000;

/** The difference as data, walked to its end in a process that is warm, against git's own list of the files that differ. */
export async function diffTwo({ users }: Options): Promise<Row[]> {
  return inFolder(async (folder) => {
    const { repository, day } = await historyOf(folder, users);
    await day(1, Math.min(changes, users));
    await repository.close();
    await maintainRepository(folder);
    const cost = await runJson<{ first: number; quickest: number; changes: number; peak: number }>('diff', [folder]);
    const command = await quickest(() => driftline(['diff', 'HEAD~1', 'HEAD', '--format', 'ndjson', '--repo', folder]));
    const git = await measureProgram(8, 'git', ['-C', folder, 'diff-tree', '-r', 'HEAD~1', 'HEAD'], folder);
    return [
      {
        bench: 'diff',
        what: `diff of two commits of ${users} objects with ${cost.changes} changes against git diff-tree -r`,
        measured: cost.quickest,
        limit: git.quickest,
        unit: 'ms',
        target: 3,
        context: { 'first in the process': cost.first, 'the command': command.wall, 'peak MB': cost.peak },
      },
    ];
  });
}

/** Each under a second after the process's start: the limit is that second. */
export async function thousandSnapshots({ users }: Options): Promise<Row[]> {
  return inFolder(async (folder) => {
    const { repository, day } = await historyOf(folder, users);
    for (let number = 1; number < snapshots; number += 1) await day(number, Math.max(1, Math.round(users / 1000)));
    await repository.close();
    const repo = ['--repo', folder];
    const object = `users/${idOf(1, 7919 % users)}`;
    const commands = [
      ['log', '--limit', String(snapshots)],
      ['log', '--ref', object],
      ['show', 'HEAD~500', object],
      ['history', object],
    ];
    const unmaintained: CommandCost[] = [];
    for (const words of commands) unmaintained.push(await quickest(() => driftline([...words, ...repo])));
    await maintainRepository(folder);
    const rows: Row[] = [];
    for (const [at, words] of commands.entries()) {
      const cost = await quickest(() => driftline([...words, ...repo]));
      rows.push({
        bench: 'log',
        what: `driftline ${words[0]}${words[1] === '--ref' ? ' --ref' : ''} in ${snapshots} snapshots of ${users} users, after the start`,
        measured: cost.wall,
        limit: 1000,
        unit: 'ms',
        target: 1,
        context: { CPU: cost.own + cost.programs, 'before maintain': unmaintained[at]!.wall, 'peak MB': cost.peak },
      });
    }
    return rows;
  });
}

async function quickest(run: () => Promise<CommandCost>): Promise<CommandCost> {
  const costs = [await run(), await run(), await run()];
  return costs.sort((left, right) => left.wall - right.wall)[0]!;
}
