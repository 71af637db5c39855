// Tenants: the configurations of a repository with several tenants into the matrix by which GitHub's runners share the work.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfiguration } from '../config.ts';
import { Problem } from '../model/problem.ts';

/** The folder whose folders are the tenants, each with a driftline.yaml of its own. */
export const tenantsFolder = 'tenants';

/** Is this a repository with several tenants? */
export function hasTenants(root: string): boolean {
  const folder = join(root, tenantsFolder);
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** GitHub starts at most this many jobs from one matrix (docs.github.com, "Running variations of jobs in a workflow"). */
const mostJobs = 256;

/** One job of the matrix. */
export interface TenantJob {
  /** Name of the tenant's folder. */
  readonly name: string;
  /** Path of its configuration from the repository's top. */
  readonly config: string;
  readonly tenantId?: string;
  readonly clientId?: string;
}

export interface Tenants {
  readonly jobs: readonly TenantJob[];
  /** What is wrong with a configuration. Its tenant is in the matrix all the same: its own job fails, and hides no other. */
  readonly problems: readonly Problem[];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * The jobs for the tenants whose configurations are given by folder name, in the order of their names. Problem `usage` where there are
 * none, or more than one matrix holds.
 */
export function listTenants(configurations: ReadonlyMap<string, string>): Tenants {
  const jobs: TenantJob[] = [];
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [name, text] of [...configurations].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const config = `${tenantsFolder}/${name}/driftline.yaml`;
    if (!NAME.test(name)) {
      problems.push(
        wrong(config, 'The name of its folder is not made of letters, digits, dots, hyphens and low lines. Rename it.'),
      );
      continue;
    }
    try {
      const { credentials } = parseConfiguration(text, config, `${tenantsFolder}/${name}`);
      const { tenantId, clientId } = credentials;
      const twin = tenantId === undefined ? undefined : seen.get(tenantId);
      if (twin !== undefined) problems.push(wrong(config, `It names the same tenant as ${twin}. Keep one of them.`));
      if (tenantId !== undefined) seen.set(tenantId, config);
      jobs.push({
        name,
        config,
        ...(tenantId === undefined ? {} : { tenantId }),
        ...(clientId === undefined ? {} : { clientId }),
      });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problems.push(error);
      jobs.push({ name, config });
    }
  }
  if (jobs.length === 0)
    throw (
      problems[0] ??
      wrong(
        `${tenantsFolder}/*/driftline.yaml`,
        'There is no tenant. Make a folder for each, with a driftline.yaml in it.',
      )
    );
  if (jobs.length > mostJobs)
    throw wrong(
      tenantsFolder,
      `There are ${jobs.length} tenants, and one matrix of GitHub holds ${mostJobs} jobs. Share them out over several repositories.`,
    );
  return { jobs, problems };
}

/** The matrix as a workflow takes it by fromJSON, in one line. */
export function tenantMatrix(jobs: readonly TenantJob[]): string {
  return JSON.stringify({ include: jobs });
}

function wrong(subject: string, detail: string): Problem {
  return new Problem({ kind: 'usage', summary: 'The tenants cannot be listed', detail, subject });
}
