// The benches: names and sizes in, one report of ratios out; a ratio compares two measures of the same run, so any machine may make it.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { firstSnapshot } from './first.ts';
import { growth } from './growth.ts';
import { held, type Row, rowText, sumText } from './measure.ts';
import { planning } from './plan.ts';
import { diffTwo, thousandSnapshots } from './reading.ts';
import { recovery } from './recovery.ts';
import { memory, secondSnapshot } from './second.ts';
import type { Options } from './sizes.ts';
import { startUp } from './start.ts';

interface Bench {
  readonly run: (options: Options) => Promise<Row[]>;
  /** The users of the tenant that the target speaks of. */
  readonly full: number;
}

const benches: Readonly<Record<string, Bench>> = {
  start: { run: startUp, full: 0 },
  first: { run: firstSnapshot, full: 200_000 },
  second: { run: secondSnapshot, full: 200_000 },
  memory: { run: memory, full: 1_000_000 },
  diff: { run: diffTwo, full: 1_000_000 },
  log: { run: thousandSnapshots, full: 100_000 },
  growth: { run: growth, full: 100_000 },
  plan: { run: planning, full: 100_000 },
  recovery: { run: recovery, full: 100_000 },
};
const quick = 20_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string' },
    full: { type: 'boolean', default: false },
    format: { type: 'string', default: 'text' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => benches[name] === undefined);
if (values.help || unknown.length > 0) {
  process.stdout.write(
    `npm run bench -- [${Object.keys(benches).join('|')} ...] [--users ${quick} | --full] [--format text|json] [--profile FOLDER]\n`,
  );
  process.exitCode = values.help ? 0 : 1;
} else {
  const text = values.format === 'text';
  const machine = `Driftline ${manifest.version}, Node ${process.version}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}`;
  if (text) process.stdout.write(`${machine}\n`);
  const rows: Row[] = [];
  for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
    const { run, full } = benches[name]!;
    const users = values.users === undefined ? (values.full ? full : quick) : Number(values.users);
    if (text) process.stdout.write(`\n${name}${full === 0 ? '' : `, ${users.toLocaleString('en-US')} users`}\n\n`);
    const measured = await run({ users, ...(values.profile === undefined ? {} : { profile: values.profile }) });
    const made = users < full ? measured.map((row) => ({ ...row, smaller: true })) : measured;
    rows.push(...made);
    if (text) process.stdout.write(`${made.map(rowText).join('\n')}\n`);
  }
  process.stdout.write(
    text
      ? `\n${sumText(rows)}\n`
      : `${JSON.stringify({ machine, rows: rows.map((row) => ({ ...row, ratio: row.measured / row.limit, held: held(row) })) }, undefined, 2)}\n`,
  );
}
