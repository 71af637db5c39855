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
  const line = new ProgressLine(terminal.now);
  const show = () => {
    spinner.text = line.text();
  };
  return {
    capture: (progress) => {
      line.note(progress);
      show();
    },
    waiting: (reason) => {
      line.waiting = reason;
      show();
    },
    stop: () => {
      spinner.stop();
    },
  };
}

/** Counts, rate and estimate of a capture as one line of text. */
export class ProgressLine {
  waiting: string | undefined;
  readonly #now: () => Date;
  readonly #began: number;
  readonly #kinds = new Map<string, CaptureProgress>();

  constructor(now: () => Date) {
    this.#now = now;
    this.#began = now().getTime();
  }

  note(progress: CaptureProgress): void {
    const { kind, objects, done } = progress;
    const before = this.#kinds.get(kind);
    // A kind that ends without objects was not complete: what was read of it does not count.
    this.#kinds.set(kind, done && objects === 0 && before !== undefined ? { ...before, objects, done } : progress);
  }

  /** `12,000 objects, 2,000/s; users 10,000 of about 200,000; about 2 min left; throttled until …`. */
  text(): string {
    const kinds = [...this.#kinds.values()];
    const total = kinds.reduce((sum, { objects }) => sum + objects, 0);
    const seconds = (this.#now().getTime() - this.#began) / 1000;
    const rate = seconds < 1 ? undefined : total / seconds;
    const reading = kinds.filter(({ done }) => !done);
    const parts = [`${whole(total)} objects read${rate === undefined ? '' : `, ${whole(rate)}/s`}`];
    if (reading.length > 0) parts.push(`reading ${reading.map(kindText).join(', ')}`);
    const left = reading.reduce((sum, { objects, expected = 0 }) => sum + Math.max(0, expected - objects), 0);
    if (rate !== undefined && rate > 0 && left > 0) parts.push(`about ${duration(left / rate)} left`);
    if (this.waiting !== undefined) parts.push(this.waiting);
    return parts.join('; ');
  }
}

function kindText({ kind, objects, expected }: CaptureProgress): string {
  return `${kind} ${whole(objects)}${expected === undefined ? '' : ` of about ${whole(expected)}`}`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
