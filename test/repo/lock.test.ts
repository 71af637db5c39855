// Locks: one holder at a time; the dead are told from the living, whoever they were (trust.md row 44).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquire, liveHolders, removeLeft } from '../../src/repo/lock.ts';
import { problemOf, temporaryFolder } from './support.ts';

const at = '2026-11-20T10:00:00.000Z';

function leave(folder: string, holder: object | string): string {
  const path = join(folder, 'a.lock');
  writeFileSync(
    path,
    typeof holder === 'string'
      ? holder
      : JSON.stringify({ id: 'other', pid: 1, began: '0', host: hostname(), at, ...holder }),
  );
  return path;
}

/** The id of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

// Where there is no /proc, a process is known by its number alone.
describe.skipIf(!existsSync('/proc/self/stat'))('a lock', () => {
  it('has one holder, until it is released', async () => {
    const folder = temporaryFolder();
    const lock = await acquire(folder, 'a');
    const problem = await problemOf(acquire(folder, 'a'));
    expect([problem.kind, problem.subject]).toEqual(['conflict', join(folder, 'a.lock')]);
    expect(problem.detail).toContain(`Process ${process.pid}`);
    const other = await acquire(folder, 'b');
    expect(await liveHolders(folder)).toEqual(new Set([lock.id, other.id]));
    await lock.release();
    await lock.release();
    await (await acquire(folder, 'a')).release();
    await other.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes to one of many who want it', async () => {
    const folder = temporaryFolder();
    leave(folder, { pid: deadPid() });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => acquire(folder, 'a')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it("of a dead process is taken over, of a living one's not", async () => {
    const cases: readonly (readonly [string, () => object | string, 'taken' | 'held'])[] = [
      ['a dead process', () => ({ pid: deadPid() }), 'taken'],
      ['a process whose number another one has now', () => ({ pid: process.ppid, began: '1' }), 'taken'],
      ['an earlier part of this process', () => ({ pid: process.pid, began: beganAt(process.pid) }), 'taken'],
      ['a living process', () => ({ pid: process.ppid, began: beganAt(process.ppid) }), 'held'],
      ['another machine that was heard of just now', () => ({ host: 'elsewhere' }), 'held'],
      ['nobody yet: it is being written', () => '', 'held'],
    ];
    for (const [who, holder, expected] of cases) {
      const folder = temporaryFolder();
      leave(folder, holder());
      const outcome = await acquire(folder, 'a').then(
        async (lock) => {
          expect(lock.deadSince, who).toEqual(new Date(at));
          await lock.release();
          return 'taken';
        },
        () => 'held',
      );
      expect(outcome, who).toBe(expected);
    }
  });

  it('of a machine not heard of for long, or from the future, is taken over', async () => {
    for (const seconds of [-600, 600]) {
      for (const holder of [{ host: 'elsewhere' }, '', '{"id":']) {
        const folder = temporaryFolder();
        const path = leave(folder, holder);
        const then = new Date(Date.now() + seconds * 1000);
        utimesSync(path, then, then);
        await (await acquire(folder, 'a')).release();
        expect(readdirSync(folder)).toEqual([]);
      }
    }
  });

  it('is not released by one who lost it', async () => {
    const folder = temporaryFolder();
    const lock = await acquire(folder, 'a');
    leave(folder, { id: 'thief', pid: process.ppid, began: beganAt(process.ppid) });
    await lock.release();
    expect(readFileSync(join(folder, 'a.lock'), 'utf8')).toContain('thief');
  });

  it('clears away what a dead process left beside it, and of git only what is as young as that', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.new'), JSON.stringify({ id: 'x', pid: deadPid(), began: '1', host: hostname(), at }));
    await (await acquire(folder, 'a')).release();
    expect(readdirSync(folder)).toEqual([]);
    const [old, young] = [join(folder, 'old.lock'), join(folder, 'young.lock')];
    for (const path of [old, young]) writeFileSync(path, '');
    utimesSync(old, new Date(at), new Date(at));
    await removeLeft([old, young, join(folder, 'none.lock')], new Date(Date.now() - 60_000));
    expect(readdirSync(folder)).toEqual(['old.lock']);
  });
});

function beganAt(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')[19]!;
}
