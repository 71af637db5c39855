// Killed at any moment: the branch is at the old commit or at the new one, nothing is damaged, and the next run succeeds (law 6).
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entity } from '../../src/model/entity.ts';
import { openRepository } from '../../src/repo/index.ts';
import { kinds } from './kinds.ts';
import { git, identity, open, policy, snapshot, temporaryFolder, user } from './support.ts';

const top = resolve(import.meta.dirname, '../..');
let built = '';

beforeAll(() => {
  // The run that is killed is a process of its own, and Node does not run TypeScript everywhere yet.
  const cache = join(top, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  built = mkdtempSync(join(cache, 'driftline-kill-'));
  writeFileSync(join(built, 'package.json'), '{"type":"module"}');
  writeFileSync(join(built, 'wanted.json'), wanted);
  const options = [
    '--ignoreConfig',
    '--rootDir',
    '.',
    '--outDir',
    built,
    '--target',
    'es2023',
    '--module',
    'nodenext',
    '--types',
    'node',
  ];
  const loose = ['--rewriteRelativeImportExtensions', '--skipLibCheck', '--noCheck'];
  execFileSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', ...options, ...loose, 'src/repo/index.ts', 'test/repo/kinds.ts'],
    { cwd: top },
  );
});
afterAll(() => rmSync(built, { recursive: true, force: true }));

/** Some texts are long, so that blobs go to git in several pieces. */
const before: readonly Entity[] = [...[1, 2, 3, 4, 5].map((n) => user(n)), policy('p1'), policy('p2')];
const after: readonly Entity[] = [
  user(1),
  ...[2, 3, 6].map((n) => user(n, { notes: 'x'.repeat(150_000) })),
  policy('p2', { state: 'new' }),
];
const wanted = JSON.stringify({
  users: after.filter(({ ref }) => ref.startsWith('users/')),
  policies: after.filter(({ ref }) => ref.startsWith('policies/')),
});

interface Fixture {
  readonly root: string;
  readonly oldTree: string;
  readonly newTree: string;
}

async function fixture(): Promise<Fixture> {
  const root = temporaryFolder();
  const repository = await open(root);
  const first = await snapshot(repository, before);
  await repository.updateWorkingFolder(undefined, first.id);
  const model = temporaryFolder();
  const whole = await snapshot(await open(model), after);
  return { root, oldTree: first.tree, newTree: whole.tree };
}

/** Runs until its end or a step, and gives the steps that it came to. */
function run(
  root: string,
  stopAt: number,
  killAfter?: number,
): Promise<{ readonly steps: readonly string[]; readonly said: string; readonly status: number | null }> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-run.mjs'), built, root, String(stopAt)], {
      detached: true,
    });
    const output = { out: '', error: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.out += text;
      // Counted from the first step: what comes before is Node starting.
      if (killAfter !== undefined && output.out === text) setTimeout(() => killGroup(child.pid!), killAfter);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.error += text;
    });
    child.on('close', (status) => done({ steps: output.out.split('\n').filter(Boolean), said: output.error, status }));
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function locksIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) =>
      /\.lock$|^fast_import_crash|\.new$|\.dead$/.test(path) &&
      // Killed between making such a file and writing into it: another run may be at that point now, so it is left alone for ten seconds.
      !(path.endsWith('.new') && statSync(join(folder, path)).size === 0),
  );
}

/** The oracle: old or new, whole, and good for the next run, which leaves nothing behind. */
async function check(point: string, { root, oldTree, newTree }: Fixture): Promise<'old' | 'new'> {
  const tree = git(root, 'rev-parse', 'main^{tree}');
  expect([oldTree, newTree], point).toContain(tree);
  expect(git(root, 'fsck', '--strict', '--no-dangling'), point).toBe('');
  const next = await run(root, 0);
  expect([next.status, next.said], point).toEqual([0, '']);
  expect(git(root, 'rev-parse', 'main^{tree}'), point).toBe(newTree);
  expect(git(root, 'status', '--porcelain', '--untracked-files=all'), point).toBe('');
  expect(git(root, 'for-each-ref', '--format=%(refname)'), point).toBe('refs/heads/main');
  expect(locksIn(join(root, '.git')), point).toEqual([]);
  expect(git(root, 'fsck', '--strict', '--no-dangling'), point).toBe('');
  return tree === oldTree ? 'old' : 'new';
}

async function copyOf(original: Fixture): Promise<Fixture> {
  const root = temporaryFolder();
  cpSync(original.root, root, { recursive: true, preserveTimestamps: true });
  return { ...original, root };
}

describe('a run that is killed', () => {
  it('at each of its steps leaves the old commit or the new one', async () => {
    const original = await fixture();
    const whole = await copyOf(original);
    const { steps, said, status } = await run(whole.root, 0);
    expect([status, said]).toEqual([0, '']);
    expect(new Set(steps)).toEqual(
      new Set([
        'lock',
        'import: start',
        'import: blobs',
        'import: commit',
        'import: done',
        'import: ended',
        'ref: move',
        'ref: moved',
        'working folder: file',
      ]),
    );
    const outcomes: string[] = [];
    for (let at = 1; at <= steps.length; at += 1) {
      const copy = await copyOf(original);
      const killed = await run(copy.root, at);
      expect([killed.status, killed.steps.length]).toEqual([null, at]);
      outcomes.push(await check(`killed at ${at}: ${steps[at - 1]}`, copy));
      rmSync(copy.root, { recursive: true });
    }
    const moved = steps.indexOf('ref: moved');
    expect(outcomes.slice(0, moved)).toEqual(Array(moved).fill('old'));
    expect(outcomes.slice(moved)).toEqual(Array(steps.length - moved).fill('new'));
  }, 300_000);

  it('with its gits at any time leaves the old commit or the new one', async () => {
    const original = await fixture();
    // The long run takes all of them, the daily one a part.
    const step = process.env.DRIFTLINE_WHOLE === undefined ? 40 : 10;
    for (let delay = 0; delay < 120; delay += step) {
      const copy = await copyOf(original);
      await run(copy.root, 0, delay);
      await check(`killed after ${delay} ms`, copy);
      rmSync(copy.root, { recursive: true });
    }
  }, 300_000);

  it('leaves locks of git that the next run clears away, and only those', async () => {
    const { root } = await fixture();
    const killed = await run(root, 7);
    expect(killed.status).toBeNull();
    const lock = join(root, '.git/refs/heads/main.lock');
    // Killed while git made the temporary ref: there is a lock, and no ref.
    const temporary = join(root, '.git/refs/driftline/tmp/9555002d-836f-4cd9-ab0e-a8e77d7a0a36.lock');
    mkdirSync(dirname(temporary), { recursive: true });
    for (const path of [lock, temporary]) writeFileSync(path, '');
    expect((await run(root, 0)).status).toBe(0);
    for (const path of [lock, temporary]) expect(existsSync(path), path).toBe(false);

    // Nobody of ours has died now: the lock is somebody else's.
    writeFileSync(lock, '');
    const repository = await openRepository({ root, statePath: 'state', kinds, identity });
    const capture = await repository.capture({ base: (await repository.tip())!.id });
    const outcome = await capture.commit({ subject: 'x', at: '2026-11-21T10:00:00Z' }).then(
      () => 'committed',
      (error) => error.kind,
    );
    expect(outcome).toBe('conflict');
    expect(existsSync(lock)).toBe(true);
    await repository.close();
  }, 60_000);
});
