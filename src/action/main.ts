// The Action's own program: the process's environment, signals and log around one step; it is bundled into bundle/action.js.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { action } from '../action.ts';
import { keepHeapSmall } from '../heap.ts';

keepHeapSmall();

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interruption.abort(new Error(`stopped by ${signal}`)));

process.exitCode = await action({
  environment: process.env,
  cwd: process.cwd(),
  now: () => new Date(),
  signal: interruption.signal,
  random: randomUUID,
  write: (text) => {
    process.stdout.write(text);
  },
  wait: (milliseconds) => wait(milliseconds, undefined, { signal: interruption.signal }),
});
