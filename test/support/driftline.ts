// Runs driftline's command line in this process, and keeps what it says.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/index.ts';
import type { Kinds } from '../../src/model/kind.ts';
import type { Time } from '../../src/tenant/index.ts';

/** Time in which every wait is over at once, as if it had passed: Conditional Access takes one request a second, a test has none to give. */
export function hurriedTime(): Time {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    async sleep(milliseconds, signal) {
      signal?.throwIfAborted();
      ahead += milliseconds;
    },
    timeout(milliseconds) {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(new Error(`no answer after ${milliseconds} ms`)), milliseconds);
      return { signal: controller.signal, clear: () => clearTimeout(timer) };
    },
  };
}

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly notes: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly kinds?: Kinds;
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
  /** Default: {@link hurriedTime}. */
  readonly time?: Time;
}

/** One command line, run in process without colour; `env` is the whole environment it sees, but for PATH and HOME. */
export async function driftline(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  let out = '';
  let notes = '';
  const status = await run(words, {
    out: async (text) => {
      out += text;
    },
    note: (text) => {
      notes += text;
    },
    colour: false,
    interactive: false,
    columns: options.columns ?? 100,
    environment: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    cwd: options.cwd ?? process.cwd(),
    now: options.now ?? (() => new Date()),
    signal: options.signal ?? new AbortController().signal,
    time: options.time ?? hurriedTime(),
    ...(options.kinds === undefined ? {} : { kinds: options.kinds }),
  });
  return { status, out, notes };
}

/** A new empty folder below the system's temporary one. */
export function temporaryFolder(name = 'driftline'): string {
  return mkdtempSync(join(tmpdir(), `${name}-`));
}
