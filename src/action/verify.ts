// Modes verify and tenants: what is asked of the repository alone, with no tenant and no credentials.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownText } from '../model/escape.ts';
import { exitStatus } from '../model/problem.ts';
import { listTenants, tenantMatrix, tenantsFolder } from '../verbs/tenants.ts';
import { verify } from '../verbs/verify.ts';
import { topConfiguration, wrong } from './inputs.ts';
import { notify } from './notify.ts';
import type { Site } from './site.ts';

/** Looks for damage and tampering; 1 where something is found. */
export async function runVerify(site: Site): Promise<number> {
  const { runner, inputs, workplace, world } = site;
  const repository = await site.openRepository();
  const inspection = await workplace.openInspection();
  try {
    const { findings, commits, snapshots, files } = await verify({
      repository,
      inspection,
      now: world.now(),
      anchor: inputs.anchor,
      signers: await signersFile(site),
    });
    for (const { subject, detail } of findings) runner.annotate('error', `Verify: ${subject}`, detail);
    const looked = `${commits} commits, ${snapshots} of them snapshots, with ${files} files`;
    runner.log(findings.length === 0 ? `Sound: ${looked}` : `${findings.length} found in ${looked}`);
    const rows = findings
      .slice(0, 1000)
      .map(({ subject, detail }) => `- ${markdownText(subject, 200)}: ${markdownText(detail, 1000)}`);
    runner.summary(
      [`## ${findings.length === 0 ? 'Sound' : `${findings.length} found`}`, '', `${looked}.`, '', ...rows, ''].join(
        '\n',
      ),
    );
    if (findings.length === 0) return exitStatus.done.status;
    await notify(site, 'failure', `Verification found ${findings.length} things that cannot be believed.`);
    return exitStatus.failed.status;
  } finally {
    await inspection.close();
    await repository.close();
  }
}

/** The keys' file, from the branch into a file of our own for ssh-keygen. */
async function signersFile({ inputs, clone, tip, folder }: Site): Promise<string | undefined> {
  if (inputs.signers === undefined) return undefined;
  const text = tip === undefined ? undefined : await clone.text(tip, inputs.signers);
  if (text === undefined) throw wrong('signers', 'names a file that is not on the baseline branch');
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'allowed-signers');
  await writeFile(path, text);
  return path;
}

/** Lists the tenants of the baseline branch as a job matrix: all of them, or the one whose driftline.yaml the input names. */
export async function runTenants({ clone, tip, runner, inputs }: Site): Promise<number> {
  const configurations = new Map<string, string>();
  for (const name of tip === undefined ? [] : await clone.names(tip, tenantsFolder)) {
    const path = `${tenantsFolder}/${name}/driftline.yaml`;
    const text = await clone.text(tip!, path);
    const wanted = inputs.config === topConfiguration || inputs.config === path;
    if (text !== undefined && wanted) configurations.set(name, text);
  }
  const { jobs, problems } = listTenants(configurations);
  for (const { subject = '', detail } of problems) runner.annotate('warning', subject, detail);
  runner.output('matrix', tenantMatrix(jobs));
  runner.log(`${jobs.length} tenants: ${jobs.map(({ name }) => name).join(', ')}`);
  return exitStatus.done.status;
}
