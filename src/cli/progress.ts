// Progress: one line that a person can watch on long work; nothing where nobody watches.
import { auditLog } from '../model/audit.ts';
import type { ReadProgress } from '../model/tenant.ts';
import type { CaptureProgress } from '../verbs/capture.ts';
import type { CommonArguments } from './command.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  readonly capture: (progress: CaptureProgress) => void;
  /** What a reader tells: its requests, and what Graph makes it wait for. */
  readonly read: (progress: ReadProgress) => void;
  readonly stop: () => void;
}

/** Watches a capture. Silent with `--quiet`, and where the notes do not go to a terminal. */
export async function watchProgress(argv: Pick<CommonArguments, 'quiet'>, terminal: Terminal): Promise<Progress> {
  if (argv.quiet || !terminal.interactive) return { capture: () => {}, read: () => {}, stop: () => {} };
  const { default: ora } = await import('ora');
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
    read: (progress) => {
      line.read(progress);
      show();
    },
    stop: () => {
      spinner.stop();
    },
  };
}

/** The rate is that of the last so many milliseconds: an average since the beginning would count what was waited for long ago. */
const rateWindow = 30_000;

/** Counts, rate and estimate of a capture as one line of text. */
export class ProgressLine {
  readonly #now: () => Date;
  readonly #kinds = new Map<string, CaptureProgress>();
  readonly #requests = new Map<string, number>();
  /** How many objects there were when, in the window. */
  readonly #marks: { readonly at: number; readonly total: number }[];
  #waiting: string | undefined;

  constructor(now: () => Date) {
    this.#now = now;
    this.#marks = [{ at: now().getTime(), total: 0 }];
  }

  note(progress: CaptureProgress): void {
    const { kind, objects, done } = progress;
    const before = this.#kinds.get(kind);
    // A kind that ends without objects was not complete: what was read of it does not count.
    this.#kinds.set(kind, done && objects === 0 && before !== undefined ? { ...before, objects, done } : progress);
    const [at, total] = [this.#now().getTime(), this.#total()];
    if (at - this.#marks.at(-1)!.at >= 1000) this.#marks.push({ at, total });
    while (this.#marks.length > 1 && this.#marks[1]!.at <= at - rateWindow) this.#marks.shift();
  }

  read({ kind, requests, waiting }: ReadProgress): void {
    this.#waiting = waiting;
    this.#requests.set(kind, requests);
  }

  /** `12,000 objects read, 2,000/s; reading users 10,000 of about 200,000 (31 requests); about 95 s left; throttled until …`. */
  text(): string {
    const kinds = [...this.#kinds.values()];
    const total = this.#total();
    const [first] = this.#marks;
    const seconds = (this.#now().getTime() - first!.at) / 1000;
    const rate = seconds < 1 ? undefined : Math.max(0, total - first!.total) / seconds;
    const reading = kinds.filter(({ done }) => !done);
    const parts = [`${whole(total)} objects read${rate === undefined ? '' : `, ${whole(rate)}/s`}`];
    if (reading.length > 0) parts.push(`reading ${reading.map((kind) => this.#kindText(kind)).join(', ')}`);
    const asked = this.#requests.get(auditLog);
    if (asked !== undefined) parts.push(`reading the ${auditLog} (${requestsText(asked)})`);
    const left = reading.reduce((sum, { objects, expected = 0 }) => sum + Math.max(0, expected - objects), 0);
    // While a kind's links are read, nobody knows yet how fast its objects will come.
    const begun = reading.every(({ objects, expected = 0 }) => objects > 0 || expected === 0);
    if (begun && rate !== undefined && rate > 0 && left > 0) parts.push(`about ${duration(left / rate)} left`);
    if (this.#waiting !== undefined) parts.push(this.#waiting);
    return parts.join('; ');
  }

  #total(): number {
    let total = 0;
    for (const { objects } of this.#kinds.values()) total += objects;
    return total;
  }

  #kindText({ kind, objects, expected }: CaptureProgress): string {
    const requests = this.#requests.get(kind);
    const of = expected === undefined ? '' : ` of about ${whole(expected)}`;
    return `${kind} ${whole(objects)}${of}${requests === undefined ? '' : ` (${requestsText(requests)})`}`;
  }
}

function requestsText(requests: number): string {
  return requests === 1 ? '1 request' : `${whole(requests)} requests`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
