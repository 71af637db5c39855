// driftline serve: the recovery API and the portal over one repository and one tenant, until it is stopped.
import { version } from '../version.ts';
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';
import { problemText } from './problem.ts';

interface Arguments {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly 'allow-recover': boolean;
  readonly token: boolean;
}

export const serveCommand = command<Arguments>({
  options: (yargs) =>
    yargs
      .option('port', { type: 'number', requiresArg: true, describe: 'Port [default: any free one]' })
      .option('host', {
        type: 'string',
        requiresArg: true,
        describe:
          'Address to listen on; another than loopback needs serve.tokens in driftline.yaml [default: 127.0.0.1]',
      })
      .option('allow-recover', {
        type: 'boolean',
        default: false,
        describe: 'On this machine: let sessions plan, start, cancel and undo recoveries; each is confirmed by hand',
      })
      .option('token', {
        type: 'boolean',
        default: false,
        describe: 'On this machine: also print a bearer token for scripts, good until the server ends',
      }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { startServer } = await import('../serve/index.ts');
    const { time } = terminal;
    let first = true;
    const server = await startServer({
      workplace,
      version,
      now: terminal.now,
      ...(time === undefined ? {} : { sleep: (milliseconds, signal) => time.sleep(milliseconds, signal) }),
      host: argv.host,
      port: argv.port,
      allowRecover: argv['allow-recover'],
      localToken: argv.token,
      signInSecret: terminal.environment.DRIFTLINE_SIGN_IN_SECRET || undefined,
      onLink: (link) => {
        if (!first) terminal.note(`The link was used. For another browser: ${link}\n`);
        first = false;
      },
      onError: (error) => terminal.note(problemText(error, terminal, argv.verbose)),
    });
    const { origin, token } = server;
    const link = server.link();
    if (argv.format === 'json') await terminal.out(json({ origin, link: link ?? null, token: token ?? null }));
    else {
      await terminal.out(link === undefined ? `Serving at ${origin}\n` : `Open ${link}\n`);
      if (token !== undefined) await terminal.out(`Token for scripts: ${token}\n`);
    }
    const hint = `The link opens one session${argv['allow-recover'] ? ', which may recover' : '; recovering needs --allow-recover'}. `;
    if (!argv.quiet) terminal.note(`${link === undefined ? '' : hint}Serving until it is stopped (Ctrl+C).\n`);
    await new Promise<void>((resolve) => {
      terminal.signal.addEventListener('abort', () => resolve(), { once: true });
      if (terminal.signal.aborted) resolve();
    });
    await server.close();
    return 0;
  },
});
