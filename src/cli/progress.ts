// Progress: one line that a person can watch on long work; nothing where nobody watches.
import ora from 'ora';
import type { CaptureProgress } from '../verbs/capture.ts';
import type { CommonArguments } from './command.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  readonly capture: (progress: CaptureProgress) => void;
  /** What Graph makes us wait for, undefined when it goes on. */
  readonly waiting: (reason: string | undefined) => void;
  readonly stop: () => void;
}

/** Watches a capture. Silent with `--quiet`, and where the notes do not go to a terminal. */
export function watchProgress(argv: Pick<CommonArguments, 'quiet'>, terminal: Terminal): Progress {
  if (argv.quiet || !terminal.interactive) return { capture: () => {}, waiting: () => {}, stop: () => {} };
  const spinner = ora({ text: 'Reading the tenant', stream: process.stderr, discardStdin: false }).start();
  const kinds = new Map<string, number>();
  const reading = new Set<string>();
  let waiting: string | undefined;
  const show = () => {
    const total = [...kinds.values()].reduce((sum, count) => sum + count, 0);
    const now = [...reading].map((kind) => `${kind} ${kinds.get(kind) ?? 0}`).join(', ');
    spinner.text = `${total} objects read${now === '' ? '' : `; reading ${now}`}${waiting === undefined ? '' : `; ${waiting}`}`;
  };
  return {
    capture: ({ kind, objects, done }) => {
      if (!done || objects > 0) kinds.set(kind, objects);
      if (done) reading.delete(kind);
      else reading.add(kind);
      show();
    },
    waiting: (reason) => {
      waiting = reason;
      show();
    },
    stop: () => {
      spinner.stop();
    },
  };
}
