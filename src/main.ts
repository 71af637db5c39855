#!/usr/bin/env node
// The one place that exits: the process's own words, signals and status around one command.
if (process.argv[2] === '--version' && process.argv.length === 3) {
  // Scripts ask for the version often; it needs none of the rest.
  const { version } = await import('./version.ts');
  process.stdout.write(`${version}\n`);
} else {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // Asked twice, it ends at once: every write is journaled and every commit is whole, so nothing is torn.
      if (interruption.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
      interruption.abort(new Error(`stopped by ${signal}`));
    });
  // A reader that has heard enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const { keepHeapSmall } = await import('./heap.ts');
  keepHeapSmall();
  const { run } = await import('./cli/index.ts');
  const { processTerminal } = await import('./cli/terminal.ts');
  process.exitCode = await run(process.argv.slice(2), processTerminal(interruption.signal));
}

export {};
