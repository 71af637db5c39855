// Doctor: looks at everything a snapshot depends on, and says what is missing and what to do about it.
import { auditPermission } from '../model/audit.ts';
import type { Configuration } from '../model/config.ts';
import type { Kinds } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import type { Repository } from '../model/repository.ts';
import type { TenantIdentity, TenantReader } from '../model/tenant.ts';
import { permissionsFor } from './permissions.ts';

export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do; absent where it is well. */
  readonly remedy?: string;
}

export interface DoctorOptions {
  readonly configuration: Configuration;
  readonly kinds: Kinds;
  readonly nodeVersion: string;
  readonly gitVersion: () => Promise<string>;
  readonly now: () => Date;
  readonly openReader: () => Promise<TenantReader>;
  readonly openRepository: () => Promise<Repository>;
}

/** The largest difference of clocks that sign-in still takes (assertions are good for minutes, not for more). */
const clockToleranceSeconds = 120;

/** Every check, each in its turn; a check that throws is a failed one, so that one fault does not hide the others. */
export async function* doctor(options: DoctorOptions): AsyncGenerator<Check> {
  yield nodeCheck(options.nodeVersion);
  yield await gitCheck(options.gitVersion);
  yield {
    name: 'configuration',
    status: 'ok',
    detail:
      options.configuration.file === undefined
        ? 'no driftline.yaml: the defaults hold'
        : `${options.configuration.file} is valid`,
  };
  const tenantId = yield* repositoryChecks(options);
  yield* tenantChecks(options, tenantId);
  if (options.configuration.emergencyAccounts.length === 0)
    yield {
      name: 'emergency accounts',
      status: 'warning',
      detail: 'driftline.yaml names none',
      remedy:
        'List the object ids of your emergency accounts under emergencyAccounts, so that no recovery can lock all of them out.',
    };
}

function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const good = major >= 24 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
  return good
    ? { name: 'Node.js', status: 'ok', detail: version }
    : {
        name: 'Node.js',
        status: 'failed',
        detail: `${version} is not supported`,
        remedy: 'Install Node.js 20.19, 22.12, 24 or newer.',
      };
}

async function gitCheck(gitVersion: () => Promise<string>): Promise<Check> {
  try {
    const version = await gitVersion();
    const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version)?.slice(1) ?? []).map(Number);
    if (major > 2 || (major === 2 && minor >= 36)) return { name: 'git', status: 'ok', detail: version };
    return { name: 'git', status: 'warning', detail: `${version} is old`, remedy: 'Install git 2.36 or newer.' };
  } catch (error) {
    return failed('git', error, 'Install git, and see that it is on the PATH.');
  }
}

/** Says what is found of the repository; returns the id of the tenant that its state is of. */
async function* repositoryChecks(options: DoctorOptions): AsyncGenerator<Check, string | undefined> {
  let repository: Repository;
  try {
    repository = await options.openRepository();
  } catch (error) {
    if (error instanceof Problem && error.kind === 'usage') {
      yield { name: 'repository', status: 'ok', detail: 'none yet: the first snapshot makes one' };
      return undefined;
    }
    yield failed('repository', error);
    return undefined;
  }
  try {
    const tip = await repository.tip();
    if (tip === undefined) {
      yield { name: 'repository', status: 'ok', detail: `${repository.root}, ${repository.branch} has no commit yet` };
      return undefined;
    }
    const file = await repository.file(tip.id, 'tenant.yaml');
    yield {
      name: 'repository',
      status: 'ok',
      detail: `${repository.root}, ${repository.branch} at ${tip.id.slice(0, 12)} of ${tip.at}`,
    };
    return typeof file?.tenantId === 'string' ? file.tenantId : undefined;
  } catch (error) {
    yield failed('repository', error);
    return undefined;
  } finally {
    await repository.close();
  }
}

async function* tenantChecks(options: DoctorOptions, expected: string | undefined): AsyncGenerator<Check> {
  let reader: TenantReader;
  let identity: TenantIdentity;
  try {
    reader = await options.openReader();
  } catch (error) {
    yield failed('credentials', error);
    return;
  }
  try {
    identity = await reader.identity();
  } catch (error) {
    yield failed('credentials', error);
    await reader.close();
    return;
  }
  try {
    yield { name: 'credentials', status: 'ok', detail: `signed in to ${identity.displayName} (${identity.tenantId})` };
    if (expected !== undefined && expected !== identity.tenantId)
      yield {
        name: 'tenant',
        status: 'failed',
        detail: `the repository holds tenant ${expected}`,
        remedy: 'Sign in to that tenant, or name another repository with --repo.',
      };
    yield clockCheck(reader.statistics().clockSkewSeconds);
    yield* permissionChecks(options.kinds, identity);
    yield await auditCheck(reader, identity, options.now());
    for (const kind of options.kinds.values()) {
      if (kind.absentIn?.includes(identity.cloud)) continue;
      const found = await reader.probe(kind);
      yield found === undefined
        ? { name: `read ${kind.name}`, status: 'ok', detail: 'may be read' }
        : {
            name: `read ${kind.name}`,
            status: 'failed',
            detail: found.reason,
            remedy:
              found.status === 'forbidden'
                ? `Grant ${kind.permissions.read.join(', ')} (driftline permissions --access read --kind ${kind.name}).`
                : found.status === 'unlicensed'
                  ? 'The tenant lacks the licence for it; leave the kind out under kinds in driftline.yaml, or live with the coverage note.'
                  : 'Run it again; if it stays, run it with --verbose and report what it prints.',
          };
    }
  } finally {
    await reader.close();
  }
}

/** The audit log is asked for who made a change, and nothing else needs it: that it may not be read is no fault. */
async function auditCheck(reader: TenantReader, { permissions }: TenantIdentity, now: Date): Promise<Check> {
  const name = 'audit log';
  const without = 'reports cannot say who made the changes (driftline diff --actors)';
  if (reader.audits === undefined || permissions?.includes(auditPermission) === false)
    return { name, status: 'ok', detail: `the token lacks ${auditPermission}, which is optional: ${without}` };
  try {
    const to = now.toISOString();
    for await (const _ of reader.audits({ from: to, to })) break;
    return { name, status: 'ok', detail: 'may be read' };
  } catch (error) {
    return { ...failed(name, error, `Without it ${without}. All else works.`), status: 'warning' };
  }
}

function clockCheck(skew: number | undefined): Check {
  if (skew === undefined) return { name: 'clock', status: 'warning', detail: 'Graph did not say the time' };
  return Math.abs(skew) <= clockToleranceSeconds
    ? { name: 'clock', status: 'ok', detail: `within ${Math.ceil(Math.abs(skew))} s of Graph's` }
    : {
        name: 'clock',
        status: 'failed',
        detail: `${Math.abs(Math.round(skew))} s ${skew > 0 ? 'ahead of' : 'behind'} Graph's`,
        remedy: 'Set this machine’s clock (NTP): sign-in fails, and snapshots would be dated wrongly.',
      };
}

function* permissionChecks(kinds: Kinds, identity: TenantIdentity): Generator<Check> {
  const granted = identity.permissions;
  if (granted === undefined) {
    yield {
      name: 'permissions',
      status: 'warning',
      detail: 'the token does not say its permissions; the reads below tell',
    };
    return;
  }
  const missing = permissionsFor(kinds, 'read').filter(({ permission }) => !covers(granted, permission));
  yield missing.length === 0
    ? { name: 'permissions', status: 'ok', detail: 'the token has all that reading needs' }
    : {
        name: 'permissions',
        status: 'warning',
        detail: `the token lacks ${missing.map(({ permission, neededBy }) => `${permission} (for ${neededBy.join(', ')})`).join('; ')}`,
        remedy: 'driftline permissions --access read --format az prints a script that grants them.',
      };
  const writing = granted.filter((permission) => /ReadWrite|FullControl/.test(permission));
  if (writing.length > 0)
    yield {
      name: 'least privilege',
      status: 'warning',
      detail: `this identity can also write: ${writing.join(', ')}`,
      remedy:
        'Read with one application and recover with another, so that a stolen snapshot credential changes nothing.',
    };
}

/** Does one of the granted permissions include this one? A ReadWrite permission includes its Read twin (reference 2.2). */
function covers(granted: readonly string[], permission: string): boolean {
  return granted.includes(permission) || granted.includes(permission.replace('.Read.', '.ReadWrite.'));
}

function failed(name: string, error: unknown, remedy?: string): Check {
  const detail = error instanceof Problem ? error.detail : error instanceof Error ? error.message : String(error);
  return { name, status: 'failed', detail, ...(remedy === undefined ? {} : { remedy }) };
}
