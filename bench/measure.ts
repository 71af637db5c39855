// Measures of one run: CPU, wall time and memory of this process and of programs it starts, and rows that hold them against a limit.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measure {
  /** Milliseconds on the wall, and of the quickest run. */
  readonly wall: number;
  readonly quickest: number;
  /** Milliseconds of CPU, user and system together. */
  readonly cpu: number;
}

/** One target: what was measured, and the limit of the same run that it is held against; only the ratio is compared with other runs. */
export interface Row {
  readonly bench: string;
  readonly what: string;
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
  /** The ratio that we want to stay under. */
  readonly target: number;
  /** The target speaks of a larger tenant. */
  readonly smaller?: boolean;
  /** Figures that explain the row. */
  readonly context?: Readonly<Record<string, number | string>>;
}

/** Milliseconds of CPU that this process and the programs it started and saw end have used; programs only on Linux. */
export function cpuUsed(): { readonly own: number; readonly programs: number } {
  const { user, system } = process.cpuUsage();
  return { own: (user + system) / 1000, programs: programsCpu() };
}

/** `cutime` and `cstime` of /proc/self/stat, in hundredths of a second. */
function programsCpu(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return 0;
  }
}

/** Runs work in this process, so many times, and gives the median by wall time; CPU with that of the programs it started. */
export async function measure(runs: number, work: () => Promise<unknown> | unknown): Promise<Measure> {
  const measures: { wall: number; cpu: number }[] = [];
  for (let run = 0; run < runs; run += 1) {
    const before = cpuUsed();
    const start = performance.now();
    await work();
    const wall = performance.now() - start;
    const after = cpuUsed();
    measures.push({ wall, cpu: after.own - before.own + after.programs - before.programs });
  }
  const sorted = measures.sort((left, right) => left.wall - right.wall);
  return { ...sorted[Math.floor(sorted.length / 2)]!, quickest: sorted[0]!.wall };
}

/** Runs another program with its output thrown away, so many times, and gives the median by wall time. */
export function measureProgram(
  runs: number,
  program: string,
  words: readonly string[],
  cwd: string = process.cwd(),
): Promise<Measure> {
  return measure(runs, () => runProgram(program, words, cwd));
}

/** Runs another program to its end. Throws where it ends badly. */
export function runProgram(program: string, words: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))));
  });
}

/** Did a row keep to its target? */
export function held({ measured, limit, target }: Row): boolean {
  return measured / limit <= target;
}

/** What a row came to; in small letters where its target speaks of a larger tenant, in which fixed costs count for less. */
function outcomeOf(row: Row): string {
  if (held(row)) return 'held';
  return row.smaller === true ? 'over' : 'OVER';
}

/** A row as three lines: what it is and whether it held; the ratio, which is what counts; the figures that explain it. */
export function rowText(row: Row): string {
  const { what, measured, limit, unit, target, context = {} } = row;
  const figures = Object.entries(context).map(([name, value]) => `${name} ${shown(value)}`);
  return [
    `${outcomeOf(row)}  ${what}`,
    `      ratio ${(measured / limit).toFixed(2)}, target at most ${target}: ${shown(measured)} ${unit} against ${shown(limit)} ${unit}`,
    ...(figures.length === 0 ? [] : [`      ${figures.join(' · ')}`]),
  ].join('\n');
}

/** What all rows say, in a line; and in another one what the small letters mean. */
export function sumText(rows: readonly Row[]): string {
  const over = rows.filter((row) => !held(row));
  const names = [...new Set(over.map(({ bench }) => bench))].join(', ');
  const small = over.some(({ smaller }) => smaller === true);
  return [
    `${rows.length - over.length} of ${rows.length} targets held${over.length === 0 ? '' : `; over: ${names}`}`,
    ...(small
      ? ['In small letters: the target speaks of a larger tenant (--full), in which fixed costs count for less.']
      : []),
  ].join('\n');
}

function shown(value: number | string): string {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  return Math.abs(value) < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en-US');
}
