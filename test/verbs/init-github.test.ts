// Init for GitHub: the workflows that the tests run are the ones that are written, pinned as asked, and nothing of anybody's is overwritten.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { driftline, temporaryFolder } from '../support/driftline.ts';
import { workflowFolder } from '../support/workflow.ts';

const read = (repo: string, path: string) => readFileSync(join(repo, path), 'utf8');
const commit = 'a'.repeat(40);

describe('driftline init --github', () => {
  it('writes the example workflows as they are, and CODEOWNERS to fill in', async () => {
    const repo = temporaryFolder();
    const { status, out } = await driftline(['init', '--github', '--repo', repo]);
    expect(status).toBe(0);
    for (const name of ['drift', 'snapshot', 'plan', 'recover', 'revert', 'verify'])
      expect(read(repo, `.github/workflows/driftline-${name}.yml`)).toBe(
        readFileSync(new URL(`${name}.yml`, workflowFolder), 'utf8'),
      );
    expect(read(repo, '.github/CODEOWNERS')).toContain('# /state/ @ORGANIZATION/TEAM');
    expect(out).toContain('environments/tenant-read');
    expect(out).toContain('wrote .github/workflows/driftline-drift.yml');
  });

  it('pins the release, names the repository in the commands, and the owners', async () => {
    const repo = temporaryFolder();
    const words = [
      '--action',
      `acme/driftline@${commit}`,
      '--repository',
      'acme/tenant',
      '--owner',
      '@acme/identity',
      '--owner',
      '@alex',
    ];
    const { out } = await driftline(['init', '--github', '--repo', repo, ...words]);
    expect(read(repo, '.github/workflows/driftline-drift.yml')).toContain(
      `uses: acme/driftline@${commit} # the commit`,
    );
    expect(read(repo, '.github/CODEOWNERS')).toContain('/state/ @acme/identity @alex');
    expect(out).toContain('repos/acme/tenant/environments/recovery');
    expect(out).not.toMatch(/OWNER\/|in place of the zeros/);
  });

  it('writes those for several tenants where there are several, and keeps what is there', async () => {
    const repo = temporaryFolder();
    mkdirSync(join(repo, 'tenants/a'), { recursive: true });
    mkdirSync(join(repo, '.github'));
    writeFileSync(join(repo, '.github/CODEOWNERS'), '* @mine\n');
    const { out } = await driftline(['init', '--github', '--repo', repo, '--format', 'json']);
    const { github } = JSON.parse(out);
    expect(github.written).toEqual([
      '.github/workflows/driftline-tenants.yml',
      '.github/workflows/driftline-tenant.yml',
      '.github/workflows/driftline-tenants-plan.yml',
      '.github/workflows/driftline-tenants-recover.yml',
      '.github/workflows/driftline-tenant-recover.yml',
      '.github/workflows/driftline-tenants-verify.yml',
    ]);
    expect(existsSync(join(repo, 'driftline.yaml')), 'each tenant has its own').toBe(false);
    expect(read(repo, '.gitattributes')).toContain('tenants/*/state/** -text');
    expect(github.kept).toEqual(['.github/CODEOWNERS']);
    expect(read(repo, '.github/CODEOWNERS')).toBe('* @mine\n');
  });

  it.each([
    ['--action', 'acme/driftline@v1'],
    ['--repository', 'acme/tenant; rm -rf'],
    ['--owner', 'alex'],
  ])('refuses %s %s, and writes nothing of it', async (option, value) => {
    const repo = temporaryFolder();
    const { status, notes } = await driftline(['init', '--github', '--repo', repo, option, value]);
    expect(status).toBe(7);
    expect(notes).toContain(option);
  });
});
