// A year of daily snapshots with 0.1 % changed: what the repository grows by, with and without maintenance.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { kinds } from '../src/kinds/index.ts';
import { maintainRepository, openRepository } from '../src/repo/index.ts';
import { measureProgram, type Row, runProgram } from './measure.ts';
import { inFolder } from './processes.ts';
import type { Options } from './sizes.ts';
import { idOf, userEntity } from './tenant.ts';

const days = 365;
const begin = Date.UTC(2026, 0, 1);
const complete = { status: 'complete', count: 0 };

/** A bare repository with a first snapshot of so many users, taken in this process, and a way to add daily ones. */
export async function historyOf(folder: string, users: number) {
  await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], folder);
  const repository = await openRepository({
    root: folder,
    statePath: 'state',
    kinds,
    identity: { name: 'Bench', email: 'bench@example.com' },
  });
  const at = (day: number) => new Date(begin + day * 86_400_000).toISOString();
  const work = await repository.capture({ base: undefined });
  const kind = work.kind('users');
  for (let from = 0; from < users; from += 1000)
    await kind.put(Array.from({ length: Math.min(1000, users - from) }, (_, index) => userEntity(from + index)));
  await kind.complete();
  await work.file('coverage.yaml', Object.fromEntries([...kinds.keys()].map((name) => [name, complete])));
  await work.commit({ subject: 'day 0', at: at(0) });
  return {
    repository,
    /** One snapshot in which so many users differ. */
    async day(number: number, changed: number): Promise<void> {
      const base = await repository.tip();
      const chosen = Array.from({ length: changed }, (_, index) => (number * 7919 + index * 104_729) % users);
      const indexes = [...new Set(chosen)];
      const capture = await repository.capture({ base: base!.id, kinds: ['users'] });
      const fed = capture.kind('users', new Set(indexes.map((index) => `users/${idOf(1, index)}` as const)));
      await fed.put(indexes.map((index) => userEntity(index, number)));
      await fed.complete();
      await capture.commit({ subject: `day ${number}`, at: at(number) });
    },
  };
}

/** The limit is what git's own whole repack (`git gc`), which nobody runs every week, makes of the same history. */
export async function growth({ users }: Options): Promise<Row[]> {
  const changed = Math.max(1, Math.round(users / 1000));
  const grown = async (folder: string, every: number | undefined) => {
    const { repository, day } = await historyOf(folder, users);
    // Packed once, so that what maintenance saves on the first snapshot is not taken for shrinking.
    await maintainRepository(folder, { full: true });
    const base = await bytesOf(folder);
    for (let number = 1; number <= days; number += 1) {
      await day(number, changed);
      if (every !== undefined && number % every === 0) await maintainRepository(folder);
    }
    await repository.close();
    return { base, bytes: (await bytesOf(folder)) - base };
  };
  const perDay = (bytes: number) => (bytes / days / 1024) * (100_000 / users);
  return inFolder(async (left) => {
    const without = await grown(left, undefined);
    const gc = await measureProgram(1, 'git', ['-C', left, '-c', 'gc.auto=0', 'gc', '--quiet'], left);
    const gathered = (await bytesOf(left)) - without.base;
    return inFolder(async (kept) => {
      const maintained = await grown(kept, 7);
      const full = await measureFull(kept);
      const fully = (await bytesOf(kept)) - maintained.base;
      const total = (bytes: number) => (without.base + bytes) / 2 ** 20;
      return [
        {
          bench: 'growth',
          what: `repository after ${days} days of ${users} users, ${changed} changed a day, maintained weekly, against git gc at the end`,
          measured: total(maintained.bytes),
          limit: total(gathered),
          unit: 'MB',
          target: 2,
          context: {
            'first snapshot, MB': without.base / 2 ** 20,
            'without maintenance, MB': total(without.bytes),
            'maintain --full at the end, MB': total(fully),
            'a day for 100,000 objects, kB': perDay(maintained.bytes),
            'the same without maintenance, kB': perDay(without.bytes),
            'git gc, s': gc.wall / 1000,
            'maintain --full, s': full / 1000,
          },
        },
      ];
    });
  });
}

async function measureFull(folder: string): Promise<number> {
  const start = performance.now();
  await maintainRepository(folder, { full: true });
  return performance.now() - start;
}

/** Bytes of all files below a folder, as they count on the disk: in blocks. */
async function bytesOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    names
      .filter((name) => name.isFile())
      .map(async (name) => (await stat(join(name.parentPath, name.name))).blocks * 512),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
