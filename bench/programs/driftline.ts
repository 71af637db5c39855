// One driftline command in a process of its own: its words in; its output, then one JSON line with status, CPU and peak memory out.
import { run } from '../../src/cli/index.ts';
import { processTerminal } from '../../src/cli/terminal.ts';
import { keepHeapSmall } from '../../src/heap.ts';
import { cpuUsed } from '../measure.ts';

keepHeapSmall();
let said = '';
const terminal = processTerminal(new AbortController().signal);
const started = performance.now();
const status = await run(process.argv.slice(2), {
  ...terminal,
  interactive: false,
  out: async (text) => {
    said += text.length < 100_000 && said.length < 100_000 ? text : '';
  },
});
const { own, programs } = cpuUsed();
process.stdout.write(
  `${JSON.stringify({ status, said, wall: performance.now() - started, own, programs, peak: process.resourceUsage().maxRSS / 1024 })}\n`,
);
