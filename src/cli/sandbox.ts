// driftline sandbox: a Microsoft Graph that runs here, until it is stopped; its addresses and credentials as one JSON line, or as what a shell takes.
import { command } from './command.ts';

interface Arguments {
  readonly port: number;
  readonly seed?: string | undefined;
}

export const sandboxCommand = command<Arguments>({
  formats: ['env'],
  options: (yargs) =>
    yargs
      .option('port', { type: 'number', default: 0, describe: 'Port on 127.0.0.1; 0: any free one', requiresArg: true })
      .option('seed', {
        type: 'string',
        describe: 'State folder to begin with [default: the example company]',
        requiresArg: true,
      }),
  async run(argv, terminal) {
    const { createSandbox, exampleState } = await import('../sandbox/index.ts');
    const sandbox = createSandbox();
    await sandbox.loadSeed(argv.seed ?? exampleState);
    const { graphUrl, authorityUrl, env, close } = await sandbox.listen({ port: argv.port });
    const exports = () => Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`);
    await terminal.out(
      argv.format === 'env' ? exports().join('') : `${JSON.stringify({ graphUrl, authorityUrl, env })}\n`,
    );
    if (!argv.quiet) terminal.note('Serving until it is stopped (Ctrl+C).\n');
    await new Promise<void>((resolve) => {
      terminal.signal.addEventListener('abort', () => resolve(), { once: true });
      if (terminal.signal.aborted) resolve();
    });
    await close();
    return 0;
  },
});
