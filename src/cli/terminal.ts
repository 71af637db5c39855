// The terminal: where a command's words go, and what it may know of the world around it.
import { styleText } from 'node:util';
import type { Kinds } from '../model/kind.ts';
import type { Time } from '../tenant/index.ts';

export interface Terminal {
  /** Writes results; resolves when the reader has room for more. */
  out(text: string): Promise<void>;
  /** Writes what is for the person and not for the pipe: progress, hints, errors. */
  note(text: string): void;
  /** Colour and control sequences may be written to the results. */
  readonly colour: boolean;
  /** A person is watching the notes. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly now: () => Date;
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Another table of kinds than the built-in one. */
  readonly kinds?: Kinds;
  /** Another time for waits than the machine's, for tests. */
  readonly time?: Time;
}

export type Style = Parameters<typeof styleText>[0];

/** The text in a style where the terminal takes colour, else as it is. */
export function styled(terminal: Pick<Terminal, 'colour'>, style: Style, text: string): string {
  return terminal.colour ? styleText(style, text, { validateStream: false }) : text;
}

/** The terminal of this process. */
export function processTerminal(signal: AbortSignal): Terminal {
  const { stdout, stderr, env } = process;
  return {
    out: (text) =>
      new Promise((resolve, reject) => {
        stdout.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    note: (text) => {
      stderr.write(text);
    },
    colour: stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    interactive: stderr.isTTY === true,
    columns: stdout.columns ?? 80,
    environment: env,
    cwd: process.cwd(),
    now: () => new Date(),
    signal,
  };
}
