// The programs that a bench runs beside itself: a sandbox that serves a tenant of a size, and driftline commands, with what they cost.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Sizes } from '../src/sandbox/index.ts';

const program = (name: string) => fileURLToPath(new URL(`programs/${name}.js`, import.meta.url));

export interface SandboxCost {
  readonly requests: number;
  readonly cpu: number;
}

export interface SandboxProcess {
  readonly graphUrl: string;
  readonly env: Readonly<Record<string, string>>;
  /** Changes so many users; gives what the sandbox has cost so far. */
  change(users: number): Promise<SandboxCost>;
  /** Deletes so many users, which then lie in the bin; gives what the sandbox has cost so far. */
  remove(users: number): Promise<SandboxCost>;
  close(): Promise<void>;
}

/** Starts a sandbox that serves a generated tenant. */
export async function startSandbox(sizes: Sizes): Promise<SandboxProcess> {
  const child = spawn(process.execPath, [program('sandbox'), JSON.stringify(sizes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string);
  const { graphUrl, env } = await next();
  const ask = async (what: object): Promise<SandboxCost> => {
    child.stdin.write(`${JSON.stringify(what)}\n`);
    return next();
  };
  return {
    graphUrl,
    env,
    change: (users) => ask({ change: users }),
    remove: (users) => ask({ remove: users }),
    close: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill();
  await closed;
}

export interface CommandCost {
  readonly status: number;
  readonly said: string;
  readonly wall: number;
  /** Milliseconds of CPU of the process itself, and of the programs that it ran. */
  readonly own: number;
  readonly programs: number;
  /** Largest memory of the process itself, MB. */
  readonly peak: number;
}

/** Runs one driftline command in a process of its own. Throws where its status is none of those expected. */
export async function driftline(
  words: readonly string[],
  {
    env = {},
    expected = [0],
    flags = [],
  }: { env?: Readonly<Record<string, string>>; expected?: readonly number[]; flags?: readonly string[] } = {},
): Promise<CommandCost> {
  const cost = await runJson<CommandCost>('driftline', words, { env, flags });
  if (!expected.includes(cost.status))
    throw new Error(`driftline ${words.join(' ')} gave ${cost.status}: ${cost.said}`);
  return cost;
}

/** Runs one of the bench's programs in a process of its own; gives the JSON of its last line. */
export async function runJson<Result>(
  name: string,
  words: readonly string[],
  { env = {}, flags = [] }: { env?: Readonly<Record<string, string>>; flags?: readonly string[] } = {},
): Promise<Result> {
  const child = spawn(process.execPath, [...flags, program(name), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${name} ${words.join(' ')} ended with ${code}`);
  return JSON.parse(out.trimEnd().split('\n').at(-1)!) as Result;
}

/** Work in a folder of its own, which is removed afterwards. */
export async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'driftline-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
