// driftline init: begins a tenant's repository and says what its owner does next.
import type { GitHubInit } from '../verbs/init-github.ts';
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';

interface Arguments {
  readonly github: boolean;
  readonly action?: string | undefined;
  readonly repository?: string | undefined;
  readonly owner?: readonly string[] | undefined;
}

export const initCommand = command<Arguments>({
  options: (yargs) =>
    yargs
      .option('github', {
        type: 'boolean',
        default: false,
        describe: 'Also write the workflows and CODEOWNERS, and say what to set up on GitHub',
      })
      .option('action', {
        type: 'string',
        requiresArg: true,
        describe: 'Release of the Action that the workflows use: OWNER/NAME@COMMIT',
      })
      .option('repository', {
        type: 'string',
        requiresArg: true,
        describe: 'OWNER/NAME, for the commands that are printed',
      })
      .option('owner', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'Who must review the state (repeatable): @ORGANIZATION/TEAM',
      }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { init } = await import('../verbs/init.ts');
    const { permissionsFor } = await import('../verbs/permissions.ts');
    const result = init(workplace.root);
    const onGitHub = argv.github ? await gitHubInit(workplace.root, argv) : undefined;
    const permissions = permissionsFor(workplace.kinds, 'read').map(({ permission }) => permission);
    if (argv.format === 'json') {
      await terminal.out(json({ ...result, permissions, ...(onGitHub === undefined ? {} : { github: onGitHub }) }));
      return 0;
    }
    const lines = [
      ...result.written.map((name) => `wrote ${name}`),
      ...result.kept.map((name) => `kept ${name}, which was there already`),
      ...(onGitHub?.written ?? []).map((name) => `wrote ${name}`),
      ...(onGitHub?.kept ?? []).map((name) => `kept ${name}, which was there already`),
      '',
      'Next, once per tenant (docs/setup.md says more of each step):',
      '  1. Register an application for reading: az ad app create --display-name driftline-reader',
      '     and its service principal:           az ad sp create --id <application id>',
      '  2. Grant it these application permissions, and nothing that writes:',
      ...permissions.map((permission) => `       ${permission}`),
      '     driftline permissions --access read --format az prints a script that does it.',
      ...(onGitHub === undefined ? atHome : []),
      '  For recovery, register a second application, which reads too: driftline permissions --access write.',
      '',
      ...(onGitHub === undefined ? [] : gitHubLines(onGitHub)),
    ];
    await terminal.out(lines.join('\n'));
    return 0;
  },
});

/** How it goes on where no workflow signs in. */
const atHome = [
  '  3. Let it sign in: a federated credential for GitHub Actions (no secret), a certificate, or AZURE_CLIENT_SECRET.',
  '     Set AZURE_TENANT_ID and AZURE_CLIENT_ID, or write them into driftline.yaml.',
  '  4. driftline doctor, until it has nothing to say; then driftline snapshot.',
];

async function gitHubInit(root: string, { action, repository, owner }: Arguments): Promise<GitHubInit> {
  const { initGitHub } = await import('../verbs/init-github.ts');
  return initGitHub(root, { action, repository, owners: owner });
}

function gitHubLines({ steps }: GitHubInit): string[] {
  return [
    'On GitHub (docs/setup-github.md says why, step by step):',
    ...steps.flatMap(({ title, commands }, index) => [
      `  ${index + 1}. ${title}:`,
      ...commands.map((line) => `       ${line}`),
    ]),
    '',
  ];
}
