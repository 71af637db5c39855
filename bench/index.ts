// The benches: names and sizes in, one report of ratios out; a ratio compares two measures of the same run, so any machine may make it.
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { firstSnapshot } from './first.ts';
import { growth } from './growth.ts';
import { type Row, rowText } from './measure.ts';
import { diffTwo, thousandSnapshots } from './reading.ts';
import { recovery } from './recovery.ts';
import { memory, secondSnapshot } from './second.ts';
import type { Options } from './sizes.ts';
import { startUp } from './start.ts';

const benches: Readonly<Record<string, (options: Options) => Promise<Row[]>>> = {
  first: firstSnapshot,
  second: secondSnapshot,
  memory,
  diff: diffTwo,
  log: thousandSnapshots,
  growth,
  recovery,
  start: startUp,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string', default: '20000' },
    format: { type: 'string', default: 'text' },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((name) => benches[name] === undefined);
if (values.help || unknown.length > 0) {
  process.stdout.write(
    `npm run bench -- [${Object.keys(benches).join('|')} ...] [--users 20000] [--format text|json] [--profile FOLDER]\n`,
  );
  process.exitCode = values.help ? 0 : 1;
} else {
  const options = { users: Number(values.users), ...(values.profile === undefined ? {} : { profile: values.profile }) };
  const rows: Row[] = [];
  for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
    process.stderr.write(`${name} …\n`);
    const made = await benches[name]!(options);
    rows.push(...made);
    if (values.format === 'text') for (const row of made) process.stdout.write(`${rowText(row)}\n`);
  }
  if (values.format === 'json')
    process.stdout.write(
      `${JSON.stringify({ version: manifest.version, node: process.version, users: options.users, rows: rows.map((row) => ({ ...row, ratio: row.measured / row.limit })) }, undefined, 2)}\n`,
    );
}
