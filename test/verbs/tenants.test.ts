// The matrix of a repository with several tenants: each is in it, and one broken configuration hides no other.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listTenants, tenantMatrix } from '../../src/verbs/tenants.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';

const contoso =
  'tenant:\n  id: 11111111-1111-4111-8111-111111111111\ncredentials:\n  clientId: 22222222-2222-4222-8222-222222222222\n';

describe('the tenants of a repository', () => {
  it('are a matrix in the order of their names', () => {
    const { jobs, problems } = listTenants(
      new Map([
        ['fabrikam', ''],
        ['contoso', contoso],
      ]),
    );
    expect(problems).toEqual([]);
    expect(JSON.parse(tenantMatrix(jobs))).toEqual({
      include: [
        {
          name: 'contoso',
          config: 'tenants/contoso/driftline.yaml',
          tenantId: '11111111-1111-4111-8111-111111111111',
          clientId: '22222222-2222-4222-8222-222222222222',
        },
        { name: 'fabrikam', config: 'tenants/fabrikam/driftline.yaml' },
      ],
    });
    expect(tenantMatrix(jobs)).not.toContain('\n');
  });

  it('are in it even with a broken configuration, which is said', () => {
    const { jobs, problems } = listTenants(
      new Map([
        ['a', 'kindz: []'],
        ['b', contoso],
        ['c', contoso],
      ]),
    );
    expect(jobs.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(problems.map(({ subject }) => subject)).toEqual([
      'tenants/a/driftline.yaml:1:1',
      'tenants/c/driftline.yaml',
    ]);
  });

  it('leave out a folder whose name a workflow could take for something else', () => {
    const { jobs, problems } = listTenants(
      new Map([
        ['$(id)', contoso],
        ['b', ''],
      ]),
    );
    expect(jobs.map(({ name }) => name)).toEqual(['b']);
    expect(problems).toHaveLength(1);
  });

  it('must be some, and not more than a matrix holds', () => {
    expect(() => listTenants(new Map())).toThrow(expect.objectContaining({ kind: 'usage' }));
    const many = new Map(Array.from({ length: 257 }, (_, index) => [`t${index}`, '']));
    expect(() => listTenants(many)).toThrow(expect.objectContaining({ detail: expect.stringContaining('256') }));
  });
});

describe('driftline tenants', () => {
  it('prints the table, and as JSON the matrix in one line', async () => {
    const repo = temporaryFolder();
    mkdirSync(join(repo, 'tenants/contoso'), { recursive: true });
    mkdirSync(join(repo, 'tenants/empty'));
    writeFileSync(join(repo, 'tenants/contoso/driftline.yaml'), contoso);
    const table = await driftline(['tenants', '--repo', repo]);
    expect(table).toMatchObject({ status: 0, notes: '' });
    expect(table.out).toContain('tenants/contoso/driftline.yaml');
    const matrix = await driftline(['tenants', '--repo', repo, '--format', 'json']);
    expect(JSON.parse(matrix.out).include).toHaveLength(1);
    expect((await driftline(['tenants', '--repo', temporaryFolder()])).status).toBe(7);
  });
});
