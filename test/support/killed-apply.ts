// The real program, killed while it applies a plan: `driftline apply` as a process of its own against a sandbox over HTTP, SIGKILL, then `--resume`.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { IdMap } from '../../src/model/plan.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/index.ts';
import { dice } from '../../src/sandbox/random.ts';
import { driftline, temporaryFolder } from './driftline.ts';
import { caller } from './graph.ts';
import { exampleSeed } from './recovery.ts';
import { differences, journalLines, truthOf } from './recovery-oracles.ts';

export interface KilledApply {
  /** Kills an apply at a random moment, resumes it, and checks the end. The same number, about the same moment. */
  run(number: number): Promise<void>;
  close(): Promise<void>;
}

/** Builds the program and breaks a tenant once; every run starts from copies of both tenant and repository. */
export async function openKilledApply(): Promise<KilledApply> {
  const top = resolve(import.meta.dirname, '../..');
  // Below the packages, so that the program finds them.
  const cache = join(top, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'driftline-apply-'));
  cpSync(join(top, 'package.json'), join(folder, 'package.json'));
  const built = join(folder, 'dist');
  const options = ['-p', 'src', '--outDir', built, '--noCheck'];
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', ...options], { cwd: top });
  const sandbox = createSandbox({ throttling: false, randomSeed: 'killed', seeds: [await exampleSeed()] });
  const whole = sandbox.fork();
  const repo = temporaryFolder('killed');
  const listening = await sandbox.listen();
  const call = (...words: string[]) => driftline([...words, '--repo', repo], { env: listening.env, cwd: repo });
  expect((await call('snapshot')).status).toBe(0);
  await breakPeopleAndGroups(caller(listening.graphUrl, listening.env.DRIFTLINE_ACCESS_TOKEN!));
  const flags = ['--allow-access', 'all', '--allow-mass-change', '--without-emergency-account'];
  expect(await call('plan', 'HEAD', ...flags, '--out', 'plan.json')).toMatchObject({ status: 0 });
  await listening.close();
  const requests = await unkilled(sandbox, repo);
  return {
    run: async (number) => {
      const chance = dice(`kill ${number}`);
      const at = Math.floor(chance.number() * requests);
      await killedAndResumed({ built, sandbox: sandbox.fork(), whole, from: repo, at, later: chance.number() * 20 });
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Groups that are gone, some for good, with people and links that changed: all of it in the directory, whose lanes are fast. */
async function breakPeopleAndGroups(graph: ReturnType<typeof caller>): Promise<void> {
  const call = async (method: string, path: string, body?: object) => {
    const answer = await graph(method, path, body);
    expect(answer.status, `${method} ${path}`).toBeLessThan(300);
    return answer.body;
  };
  // biome-ignore lint/suspicious/noExplicitAny: answers of Graph, as loose as they come
  const groups = (await call('GET', '/groups?$top=999')).value as any[];
  for (const [at, name] of ['App: Payroll', 'App: Fleetboard viewers', 'VPN: engineering', 'VPN: all'].entries()) {
    const { id } = groups.find(({ displayName }) => displayName === name);
    await call('DELETE', `/groups/${id}`);
    if (at % 2 === 0) await call('DELETE', `/directory/deletedItems/${id}`);
  }
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const people = (await call('GET', '/users?$select=id,userType,onPremisesSyncEnabled&$top=999')).value as any[];
  const users = people.filter(
    ({ userType, onPremisesSyncEnabled }) => userType !== 'Guest' && onPremisesSyncEnabled !== true,
  );
  for (const { id } of users.slice(0, 6)) await call('PATCH', `/users/${id}`, { department: 'Drifted' });
  await call('DELETE', `/users/${users.at(-1).id}`);
}

/** How many requests an apply makes that nobody kills. */
async function unkilled(from: Sandbox, repo: string): Promise<number> {
  const sandbox = from.fork();
  const root = copyOf(repo);
  const { env, close } = await sandbox.listen();
  const applied = await driftline(['apply', 'plan.json', '--yes', '--repo', root], { env, cwd: root });
  expect(applied).toMatchObject({ status: 0 });
  await close();
  rmSync(root, { recursive: true });
  return sandbox.requests.length;
}

function copyOf(repo: string): string {
  const root = temporaryFolder('killed');
  cpSync(repo, root, { recursive: true });
  return root;
}

interface Kill {
  readonly built: string;
  readonly sandbox: Sandbox;
  readonly whole: Sandbox;
  readonly from: string;
  /** The request after which the process is killed, and so many milliseconds later. */
  readonly at: number;
  readonly later: number;
}

async function killedAndResumed({ built, sandbox, whole, from, at, later }: Kill): Promise<void> {
  const root = copyOf(from);
  const { env, close } = await sandbox.listen();
  try {
    await killed([join(built, 'main.js'), 'apply', 'plan.json', '--yes', '--repo', root], root, env, async () => {
      while (sandbox.requests.length < at) await sleep(1);
      await sleep(later);
    });
    const call = (...words: string[]) => driftline([...words, '--repo', root], { env, cwd: root });
    const resumed = await call('apply', '--resume', '', '--format', 'json');
    // Killed before its first line was in the journal, nothing was begun; killed after its last one, nothing is left.
    if (resumed.notes.includes('There is nothing to resume')) {
      const applied = await call('apply', 'plan.json', '--yes');
      expect(applied.status === 0 || applied.notes.includes('applied already'), applied.notes).toBe(true);
    } else expect(resumed).toMatchObject({ status: 0, notes: '' });
    const { runs } = JSON.parse((await call('runs', '--format', 'json')).out) as { runs: { id: string; ids: IdMap }[] };
    const [record] = runs;
    expect(differences(truthOf({ store: whole.store }, record!.ids), truthOf(sandbox, record!.ids))).toEqual([]);
    const journal = journalLines(join(root, '.git/driftline/runs', record!.id, 'journal.jsonl'));
    const ended = new Set(journal.flatMap((line) => (line.line === 'outcome' ? [line.step] : [])));
    const { steps } = JSON.parse(readFileSync(join(root, 'plan.json'), 'utf8')) as { steps: { id: string }[] };
    expect(ended.size).toBe(steps.length);
  } finally {
    await close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Runs the program until the moment has come, and kills it with all that it started. */
async function killed(
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  moment: () => Promise<void>,
): Promise<void> {
  const child = spawn(process.execPath, words, {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    detached: true,
    stdio: 'ignore',
  });
  const ended = new Promise<void>((done) => {
    child.once('close', () => done());
  });
  await Promise.race([moment(), ended]);
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It had ended by itself.
  }
  await ended;
}
