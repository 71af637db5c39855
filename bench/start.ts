// Start-up: the quick questions of the command line against a bare Node that does nothing.
import { fileURLToPath } from 'node:url';
import { type Measure, measureProgram, type Row } from './measure.ts';

const runs = 15;

/** In turn, not one after the other: what else the machine does falls on all of them alike. */
export async function startUp(): Promise<Row[]> {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const programs = { bare: ['-e', '0'], '--version': [main, '--version'], '--help': [main, '--help'] };
  const measures: Record<keyof typeof programs, Measure[]> = { bare: [], '--version': [], '--help': [] };
  for (let run = 0; run < runs; run += 1)
    for (const name of Object.keys(programs) as (keyof typeof programs)[])
      measures[name].push(await measureProgram(1, process.execPath, programs[name]));
  const median = (name: keyof typeof programs, unit: 'wall' | 'cpu') =>
    measures[name].map((one) => one[unit]).sort((left, right) => left - right)[Math.floor(runs / 2)]!;
  // A command parses its options and loads itself: no target, but worth watching.
  const command = await measureProgram(runs, process.execPath, [main, 'log', '--help']);
  return (['--version', '--help'] as const).map((word) => ({
    bench: 'start',
    what: `driftline ${word} against node -e 0 (median of ${runs})`,
    measured: median(word, 'wall'),
    limit: median('bare', 'wall'),
    unit: 'ms',
    target: 2,
    context: {
      CPU: median(word, 'cpu'),
      'CPU of bare Node': median('bare', 'cpu'),
      'CPU of driftline log --help': command.cpu,
    },
  }));
}
