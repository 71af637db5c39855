// Start-up: the quick questions of the command line against a bare Node that does nothing.
import { fileURLToPath } from 'node:url';
import { measureProgram, type Row } from './measure.ts';

const runs = 15;

export async function startUp(): Promise<Row[]> {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const bare = await measureProgram(runs, process.execPath, ['-e', '0']);
  // A command parses its options and loads itself: no target, but worth watching.
  const command = await measureProgram(runs, process.execPath, [main, 'log', '--help']);
  const rows: Row[] = [];
  for (const word of ['--version', '--help']) {
    const { wall, cpu } = await measureProgram(runs, process.execPath, [main, word]);
    rows.push({
      bench: 'start',
      what: `driftline ${word} against node -e 0 (median of ${runs})`,
      measured: wall,
      limit: bare.wall,
      unit: 'ms',
      target: 2,
      context: { CPU: cpu, 'CPU of bare Node': bare.cpu, 'driftline log --help': command.wall },
    });
  }
  return rows;
}
