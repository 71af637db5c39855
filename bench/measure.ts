// Measures of one run: wall and CPU time of work in this process and of other programs, and ratios between them.
import { spawn } from 'node:child_process';

export interface Measure {
  /** Milliseconds on the wall. */
  readonly wall: number;
  /** Milliseconds of CPU, user and system together. */
  readonly cpu: number;
}

/** Runs work in this process, so many times, and gives the median by wall time. */
export async function measure(runs: number, work: () => Promise<unknown> | unknown): Promise<Measure> {
  const measures: Measure[] = [];
  for (let run = 0; run < runs; run += 1) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    await work();
    const wall = performance.now() - start;
    const used = process.cpuUsage(cpu);
    measures.push({ wall, cpu: (used.user + used.system) / 1000 });
  }
  return median(measures);
}

/** Runs another program with its output thrown away, so many times, and gives the median by wall time. */
export async function measureProgram(runs: number, program: string, words: readonly string[]): Promise<Measure> {
  const measures: Measure[] = [];
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    await new Promise<void>((resolve, reject) => {
      const child = spawn(program, [...words], { stdio: ['ignore', 'ignore', 'inherit'] });
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))));
    });
    const wall = performance.now() - start;
    measures.push({ wall, cpu: wall });
  }
  return median(measures);
}

function median(measures: readonly Measure[]): Measure {
  return [...measures].sort((left, right) => left.wall - right.wall)[Math.floor(measures.length / 2)]!;
}

export interface Row {
  readonly what: string;
  /** What was measured, and the limit that it is held against; milliseconds, or another unit that is named. */
  readonly measured: number;
  readonly limit: number;
  readonly unit: string;
  /** The ratio that we want to stay under. */
  readonly target: number;
}

/** One line a row: the ratio is what counts, the rest is context. */
export function rowText({ what, measured, limit, unit, target }: Row): string {
  const ratio = measured / limit;
  const verdict = ratio <= target ? 'within' : 'OVER';
  return `${what}: ${ratio.toFixed(2)} times the limit (target ${target}, ${verdict}); ${measured.toFixed(1)} against ${limit.toFixed(1)} ${unit}`;
}
