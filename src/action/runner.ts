// The runner's file contract: what a step may read (inputs, event) and write (log, annotations, outputs, summary), every text made inert for it.
import { appendFileSync, readFileSync } from 'node:fs';
import { terminalText } from '../model/escape.ts';
import { Problem } from '../model/problem.ts';
import type { Time } from '../tenant/index.ts';

/** The largest step summary that the runner uploads; a larger one is dropped whole (engineering.md 2). */
const summaryLimit = 1024 * 1024;

/** What the Action may know of the world, and reach of it. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** A text that nobody can foresee: delimits the values of outputs. */
  readonly random: () => string;
  /** Writes to the step's log, where the runner reads commands. */
  readonly write: (text: string) => void;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Another time for what is asked of Graph than the machine's, for tests. */
  readonly time?: Time;
}

export const outputNames = [
  'drift',
  'commit',
  'changed',
  'report-path',
  'plan-digest',
  'plan-path',
  'pull-request',
  'run',
  'run-path',
  'incomplete',
  'matrix',
] as const;
export type OutputName = (typeof outputNames)[number];

export type Level = 'notice' | 'warning' | 'error';

/** The step's way out. GitHub shows ten annotations of a level and step: what comes after them is a line of the log. */
export class Runner {
  readonly #world: World;
  readonly #annotated: Record<Level, number> = { notice: 0, warning: 0, error: 0 };
  readonly #outputs = new Map<OutputName, string>();
  #summaryBytes = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** What was set so far. */
  get outputs(): ReadonlyMap<OutputName, string> {
    return this.#outputs;
  }

  /** Lines for the log, each without control characters and without anything that the runner would obey. */
  log(text: string): void {
    this.#world.write(
      `${text
        .split('\n')
        .map((line) => terminalText(line))
        .join('\n')}\n`,
    );
  }

  /** An annotation: the one workflow command that is written. Title and message are escaped, so nothing ends it early. */
  annotate(level: Level, title: string, message: string): void {
    this.#annotated[level] += 1;
    if (this.#annotated[level] > 10) {
      this.log(`${level}: ${title}: ${message}`);
      return;
    }
    const property = commandText(title).replace(/:/g, '%3A').replace(/,/g, '%2C');
    this.#world.write(`::${level} title=${property}::${commandText(message)}\n`);
  }

  /** Sets an output of the step: fixed names, and values that we computed, never a text of the tenant. */
  output(name: OutputName, value: string): void {
    this.#outputs.set(name, value);
    const path = this.#world.environment.GITHUB_OUTPUT;
    if (path === undefined || path === '') return;
    const delimiter = `driftline-${this.#world.random()}`;
    if (value.includes(delimiter)) throw new RangeError('an output holds its own delimiter');
    appendFileSync(path, `${name}<<${delimiter}\n${value}\n${delimiter}\n`);
  }

  /** Adds Markdown to the step's summary; what would make it too large for the runner is cut, and said to be. */
  summary(markdown: string): void {
    const path = this.#world.environment.GITHUB_STEP_SUMMARY;
    if (path === undefined || path === '') return;
    const text = cutBytes(`${markdown}\n`, summaryLimit - this.#summaryBytes - 1);
    this.#summaryBytes += Buffer.byteLength(text);
    appendFileSync(path, text);
  }
}

const note = '\n\n_The rest does not fit here: the whole report is in the file that the output report-path names._\n';

/** The text, cut after the last whole line that leaves room to say so. Nothing at all where not even that fits. */
export function cutBytes(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  const room = limit - Buffer.byteLength(note);
  if (room <= 0) return '';
  const head = Buffer.from(text).subarray(0, room).toString('utf8');
  return `${head.slice(0, Math.max(0, head.lastIndexOf('\n')))}${note}`;
}

/** A message inside a workflow command: visible text, with what would end the command encoded as the runner decodes it. */
function commandText(text: string): string {
  return text
    .split('\n')
    .map((line) => terminalText(line, 4000))
    .join('\n')
    .replace(/%/g, '%25')
    .replace(/\r/g, '%0D')
    .replace(/\n/g, '%0A');
}

/** What set off the workflow, as the runner's event file tells it. */
export interface GitHubEvent {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The event of this run; without a file an empty one. */
export function readEvent(environment: World['environment']): GitHubEvent {
  const path = environment.GITHUB_EVENT_PATH;
  const name = environment.GITHUB_EVENT_NAME ?? '';
  if (path === undefined || path === '') return { name, payload: {} };
  try {
    const payload: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof payload === 'object' && payload !== null) return { name, payload: payload as GitHubEvent['payload'] };
    throw new TypeError('not an object');
  } catch (cause) {
    throw new Problem({
      kind: 'usage',
      summary: 'The event of this run cannot be read',
      detail: 'GITHUB_EVENT_PATH names no JSON file. It is set by the GitHub Actions runner.',
      subject: 'GITHUB_EVENT_PATH',
      cause,
    });
  }
}

/** A member of the payload by its path, undefined where there is none: `at(payload, 'pull_request', 'head', 'sha')`. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/** The same where a text is expected. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The same where a whole number is expected. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isSafeInteger(found) ? found : undefined;
}

/** The refs that GitHub keeps of the pull request of an event: merged into its base, and its own head. None for other events. */
export function pullRefs({ name, payload }: GitHubEvent): [merged?: string, head?: string] {
  const number = name === 'pull_request' ? numberAt(payload, 'pull_request', 'number') : undefined;
  return number === undefined ? [] : [`refs/pull/${number}/merge`, `refs/pull/${number}/head`];
}
