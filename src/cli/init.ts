// driftline init: begins a tenant's repository and says what its owner does next.
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';

export const initCommand = command({
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { init } = await import('../verbs/init.ts');
    const { permissionsFor } = await import('../verbs/permissions.ts');
    const result = init(workplace.root);
    const permissions = permissionsFor(workplace.kinds, 'read').map(({ permission }) => permission);
    if (argv.format === 'json') {
      await terminal.out(json({ ...result, permissions }));
      return 0;
    }
    const lines = [
      ...result.written.map((name) => `wrote ${name}`),
      ...result.kept.map((name) => `kept ${name}, which was there already`),
      '',
      'Next, once per tenant (docs/setup.md has each step with screens and commands):',
      '  1. Register an application for reading: az ad app create --display-name driftline-reader',
      '     and its service principal:           az ad sp create --id <application id>',
      '  2. Grant it these application permissions, and nothing that writes:',
      ...permissions.map((permission) => `       ${permission}`),
      '     driftline permissions --access read --format az prints a script that does it.',
      '  3. Let it sign in: a federated credential for GitHub Actions (no secret), a certificate, or AZURE_CLIENT_SECRET.',
      '     Set AZURE_TENANT_ID and AZURE_CLIENT_ID, or write them into driftline.yaml.',
      '  4. driftline doctor, until it has nothing to say; then driftline snapshot.',
      '  For recovery, register a second application: driftline permissions --access write.',
      '',
    ];
    await terminal.out(lines.join('\n'));
    return 0;
  },
});
