// driftline tenants: the tenants of a repository that has several, as a table, or with --format json as the job matrix of a workflow.
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { command } from './command.ts';
import { problemText } from './problem.ts';
import { tableText } from './table.ts';

export const tenantsCommand = command({
  async run(argv, terminal) {
    const { listTenants, tenantMatrix, tenantsFolder } = await import('../verbs/tenants.ts');
    const folder = join(resolve(terminal.cwd, argv.repo), tenantsFolder);
    const { jobs, problems } = listTenants(await configurationsIn(folder));
    for (const problem of problems) terminal.note(problemText(problem, terminal, argv.verbose));
    if (argv.format === 'json') await terminal.out(`${tenantMatrix(jobs)}\n`);
    else
      await terminal.out(
        await tableText(
          terminal,
          ['Tenant', 'Configuration', 'Tenant id', 'Application'],
          jobs.map(({ name, config, tenantId, clientId }) => [name, config, tenantId ?? '', clientId ?? '']),
        ),
      );
    return 0;
  },
});

async function configurationsIn(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const text = await readFile(join(folder, entry.name, 'driftline.yaml'), 'utf8').catch(() => undefined);
    if (text !== undefined) found.set(entry.name, text);
  }
  return found;
}
