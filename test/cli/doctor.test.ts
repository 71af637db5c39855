// Doctor and permissions: what a person is told that is missing, and that what is optional is never called a fault.
import { afterEach, describe, expect, it } from 'vitest';
import { createSandbox, type SandboxOptions } from '../../src/sandbox/index.ts';
import type { Check } from '../../src/verbs/doctor.ts';
import type { Permission } from '../../src/verbs/permissions.ts';
import { companySeed } from '../support/company-seeded.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function checks(options: SandboxOptions, ...words: string[]) {
  const sandbox = createSandbox({ seeds: [companySeed()], throttling: false, ...options });
  const { env, close } = await sandbox.listen();
  ends.push(close);
  const repo = temporaryFolder('doctor');
  const ran = await driftline(['doctor', '--repo', repo, '--format', 'json', ...words], { env });
  const found = JSON.parse(ran.out) as Check[];
  return { status: ran.status, of: (name: string) => found.find((check) => check.name === name), found, env };
}

const reading = ['User.Read.All', 'Group.Read.All', 'Organization.Read.All'];

describe('driftline doctor', () => {
  it('finds nothing wrong where all may be read', async () => {
    const { status, found, of } = await checks({});
    expect(status).toBe(0);
    expect(found.filter((check) => check.status === 'failed')).toEqual([]);
    expect(of('audit log')).toEqual({ name: 'audit log', status: 'ok', detail: 'may be read' });
  });

  it('says what the lack of a permission costs: a kind is a fault, the audit log is not', async () => {
    const { status, of } = await checks({ permissions: reading }, '--kind', 'users', '--kind', 'applications');
    expect(status).toBe(1);
    expect(of('read users')?.status).toBe('ok');
    expect(of('read applications')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('Application.Read.All'),
    });
    expect(of('audit log')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/lacks AuditLog.Read.All.*--actors/),
    });
    expect((await checks({ permissions: reading }, '--kind', 'users')).status).toBe(0);
  });

  it('warns where the audit log was granted and still cannot be read', async () => {
    const { status, of } = await checks(
      { permissions: [...reading, 'AuditLog.Read.All'], unlicensed: ['directoryAudit'] },
      '--kind',
      'users',
    );
    expect(status).toBe(0);
    expect(of('audit log')).toMatchObject({ status: 'warning', detail: expect.stringContaining('P1 or P2') });
  });
});

describe('driftline permissions', () => {
  const permissions = async (...words: string[]) =>
    JSON.parse((await driftline(['permissions', '--format', 'json', ...words], {})).out) as Permission[];

  it('names what a kind needs; what is optional only where it is asked for', async () => {
    const needed = await permissions('--kind', 'users', '--access', 'read');
    expect(needed.map(({ permission }) => permission)).toEqual(['User.Read.All']);
    const all = await permissions('--kind', 'users', '--access', 'read', '--optional');
    expect(all.map(({ permission }) => permission)).toEqual([
      'AuditLog.Read.All',
      'CustomSecAttributeAssignment.Read.All',
      'User-LifeCycleInfo.Read.All',
      'User.Read.All',
    ]);
    expect((await driftline(['permissions', '--optional', '--format', 'az'], {})).out).toContain('AuditLog.Read.All');
    const writing = await permissions('--kind', 'users', '--access', 'write', '--optional');
    expect(writing.map(({ permission }) => permission)).not.toContain('AuditLog.Read.All');
  });
});
