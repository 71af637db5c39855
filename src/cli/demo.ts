// driftline demo: the main job on the embedded tenant; a snapshot, a bad night, the next snapshot, what changed, and the policies put back.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';
import { styled, type Terminal } from './terminal.ts';

interface Arguments {
  readonly folder?: string | undefined;
}

export const demoCommand = command<Arguments>({
  options: (yargs) =>
    yargs.option('folder', {
      type: 'string',
      describe: 'Folder for the Git repository [default: a new temporary one]',
      requiresArg: true,
    }),
  async run(argv, terminal) {
    const { createSandbox, exampleState, badNight } = await import('../sandbox/index.ts');
    const { run } = await import('./index.ts');
    const folder = argv.folder ?? (await mkdtemp(join(tmpdir(), 'driftline-demo-')));
    const sandbox = createSandbox();
    await sandbox.loadSeed(exampleState);
    const { graphUrl, env, close } = await sandbox.listen();
    const inside: Terminal = { ...terminal, environment: { ...terminal.environment, ...env } };
    const step = async (words: readonly string[]): Promise<void> => {
      await terminal.out(
        `\n${styled(terminal, 'bold', `$ driftline ${words.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' ')}`)}\n`,
      );
      const status = await run([...words, '--repo', folder], inside);
      if (status !== 0) throw new Error(`driftline ${words.join(' ')} ended with status ${status}`);
    };
    try {
      await terminal.out(`A tenant is served at ${graphUrl}; its history goes to ${folder}\n`);
      await step(['snapshot']);
      await terminal.out(`\n${styled(terminal, 'bold', 'A bad night, by Graph calls:')}\n`);
      // The session is an administrator's: the audit log will name him.
      const stolen = [...sandbox.store.list('user')].find(({ jobTitle }) => jobTitle === 'Identity Engineer')!;
      const session = { ...env, DRIFTLINE_ACCESS_TOKEN: sandbox.userToken(stolen.id) };
      for await (const deed of badNight(session)) await terminal.out(`  ${deed}\n`);
      await step(['snapshot']);
      await step(['log']);
      await step(['diff', 'HEAD~1', 'HEAD', '--details', '--actors']);
      // A recovery of Conditional Access wants to know who must never be locked out.
      const emergency = [...sandbox.store.list('user')].filter(({ displayName }) =>
        /emergency/i.test(String(displayName)),
      );
      await writeFile(
        join(folder, 'driftline.yaml'),
        `emergencyAccounts:\n${emergency.map(({ id }) => `  - ${id}\n`).join('')}`,
      );
      await step([
        'recover',
        'HEAD~1',
        '--kind',
        'conditionalAccessPolicies',
        '--yes',
        '--reason',
        'weakened at night',
      ]);
      await terminal.out(`\nLook around: git -C ${folder} log --stat; git -C ${folder} show\n`);
      return 0;
    } finally {
      await close();
    }
  },
});
