// A first snapshot killed as a process at each of its writes, once and again: the next attempt goes on, and its tree is that of one that never died.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, generate, type Sandbox } from '../../src/sandbox/index.ts';
import { temporaryFolder } from '../support/driftline.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
let folder = '';
let sandbox: Sandbox;
let graph: Awaited<ReturnType<Sandbox['listen']>>;

beforeAll(async () => {
  const top = resolve(import.meta.dirname, '../..');
  // Below the packages, so that the program finds them.
  const cache = join(top, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'driftline-first-'));
  cpSync(join(top, 'package.json'), join(folder, 'package.json'));
  const options = ['-p', 'src', '--outDir', join(folder, 'dist'), '--noCheck'];
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', ...options], { cwd: top });
  const seeds = [generate({ users: 60, groups: 2, applications: 1, grants: 1, assignments: 1 }, tenantId)];
  sandbox = createSandbox({ seeds, tenantId, throttling: false, pageSize: 10 });
  graph = await sandbox.listen();
}, 60_000);
afterAll(async () => {
  await graph.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  readonly steps: readonly string[];
  readonly status: number | null;
  readonly said: string;
  /** Pages of users that it asked for. */
  readonly pages: number;
}

/** Runs to its end or to a step. */
function run(root: string, stopAt = 0): Promise<Ran> {
  const from = sandbox.requests.length;
  const words = [join(import.meta.dirname, 'killed-first.mjs'), join(folder, 'dist'), root, graph.graphUrl];
  const child = spawn(process.execPath, [...words, graph.env.DRIFTLINE_ACCESS_TOKEN!, String(stopAt)]);
  return new Promise((done) => {
    const output = { out: '', error: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output.error += text;
    });
    child.on('close', (status) => {
      const asked = sandbox.requests.slice(from).filter(({ path }) => /^\/v1\.0\/users\?.*displayName/.test(path));
      const steps = output.out.split('\n').filter(Boolean);
      done({ steps, status, said: output.error, pages: asked.length });
    });
  });
}

const git = (root: string, ...words: string[]) =>
  execFileSync('git', ['-C', root, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** The attempt that nobody kills: whole, with nothing of the others left. */
async function end(point: string, root: string, tree: string): Promise<Ran> {
  const last = await run(root);
  expect([last.status, last.said], point).toEqual([0, '']);
  expect(git(root, 'rev-parse', 'HEAD:state'), point).toBe(tree);
  expect(git(root, 'log', '-1', '--format=%B'), point).not.toContain('Continued');
  expect(git(root, 'fsck', '--strict', '--no-dangling'), point).toBe('');
  expect(git(root, 'for-each-ref', '--format=%(refname)'), point).toBe(git(root, 'symbolic-ref', 'HEAD'));
  const left = readdirSync(join(root, '.git'), { recursive: true, encoding: 'utf8' });
  expect(
    left.filter((path) => /\.lock$|\.ndjson$|^fast_import_crash/.test(path)),
    point,
  ).toEqual([]);
  return last;
}

describe('a first snapshot that is killed', () => {
  it('at each of its steps, and then at another, goes on from what it has kept', async () => {
    const model = temporaryFolder('killed');
    const { steps } = await run(model);
    const tree = git(model, 'rev-parse', 'HEAD:state');
    const kept = ['import: blobs', 'keep: write', 'keep: move', 'keep: moved'];
    expect(steps.filter((step) => kept.includes(step)).slice(0, 11)).toEqual([...kept.slice(1), ...kept, ...kept]);
    // At all that has to do with pieces, and once at all else: the repository's own sweep is over that.
    const points = steps.flatMap((step, at) => (step.startsWith('keep') || steps.indexOf(step) === at ? [at + 1] : []));
    expect(points.length).toBeGreaterThan(12);
    // The long run takes all of them, the daily one a part.
    const every = process.env.DRIFTLINE_WHOLE === undefined ? 6 : 1;
    for (const [number, at] of [...points, steps.length].entries()) {
      if (number % every !== 1 % every) continue;
      const point = `killed at ${at}: ${steps[at - 1]}`;
      const root = temporaryFolder('killed');
      const killed = await run(root, at);
      expect([killed.status, killed.steps.length], point).toEqual([null, at]);
      // Every second of them is killed once more on its way.
      const again = Math.floor(number / every) % 2 === 0 ? [] : (await run(root, 3 + (number % 7))).steps;
      const done = [...killed.steps, ...again];
      const times = (step: string) => done.filter((one) => one === step).length;
      const committed = git(root, 'for-each-ref', 'refs/heads/') !== '';
      const { pages } = await end(point, root, tree);
      // Before the first page nothing but the beginning is kept; then pages by twos, of six, and the last ones with the whole kind. A snapshot
      // that there is is not gone on with.
      const kept = times('ref: moved') > 0 ? 6 : 2 * Math.max(0, times('keep: moved') - 1);
      expect(pages, point).toBe(committed ? 6 : 6 - kept);
      rmSync(root, { recursive: true });
    }
  }, 300_000);
});
