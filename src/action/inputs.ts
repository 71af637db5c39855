// Inputs of the Action: the runner's INPUT_ variables into typed values; a mistake is a Problem that names the input.
import { type AccessClass, accessClasses } from '../model/kind.ts';
import { flagWords, type PlanFlag, planFlagNames } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import type { World } from './runner.ts';

export const modes = ['snapshot', 'drift', 'plan', 'apply', 'revert', 'verify', 'tenants'] as const;
export type Mode = (typeof modes)[number];

const notifyFormats = ['generic', 'teams', 'slack'] as const;
const notifyEvents = ['drift', 'refusal', 'failure', 'coverage'] as const;
export type NotifyEvent = (typeof notifyEvents)[number];

export const inputNames = [
  ...['command', 'config', 'branch', 'tenant-id', 'client-id', 'token', 'kinds', 'ids', 'commit', 'reason'],
  ...['plan', 'digest', 'goal-branches', 'environment', 'allow-unprotected', 'allow-access'],
  ...planFlagNames.map(flagWords),
  ...['not-after', 'max-age', 'resume'],
  ...['fail-on-drift', 'per-kind', 'actors', 'skip-unchanged', 'allow-public'],
  ...['signing-key', 'signers', 'anchor', 'notify-webhook', 'notify-format', 'notify-on'],
];

/** The configuration of a repository with one tenant. */
export const topConfiguration = 'driftline.yaml';

export interface Inputs extends Readonly<Record<PlanFlag, boolean>> {
  readonly command: Mode;
  /** Path of driftline.yaml inside the repository. */
  readonly config: string;
  readonly branch?: string;
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly token?: string;
  readonly kinds?: readonly string[];
  readonly ids?: readonly string[];
  readonly commit?: string;
  readonly reason?: string;
  /** Path of the reviewed plan, for apply. */
  readonly plan?: string;
  /** Digest of the reviewed plan, for apply. */
  readonly digest?: string;
  /** Branches beside the baseline whose commits may be the goal of apply. */
  readonly goalBranches: readonly string[];
  /** The protected environment that the job runs in. */
  readonly environment?: string;
  readonly allowUnprotected: boolean;
  readonly allowAccess: readonly AccessClass[];
  /** A time, as a person writes it. */
  readonly notAfter?: string;
  /** Seconds that a plan stays good for. */
  readonly maxAge?: number;
  /** Folder of a run that was stopped, for apply. */
  readonly resume?: string;
  readonly failOnDrift: boolean;
  readonly perKind: boolean;
  /** Whether drift says who made it. */
  readonly actors: boolean;
  readonly skipUnchanged: boolean;
  readonly allowPublic: boolean;
  readonly signingKey?: string;
  /** Path of the file with the keys that snapshots must be signed by, for verify. */
  readonly signers?: string;
  /** A commit that the branch must contain, for verify. */
  readonly anchor?: string;
  readonly notify?: {
    readonly url: string;
    readonly format: (typeof notifyFormats)[number];
    readonly on: readonly NotifyEvent[];
  };
}

/** Reads the inputs as the runner hands them to a step. Problem `usage` for one that is missing or not valid. */
export function readInputs(environment: World['environment']): Inputs {
  const text = (name: string): string | undefined => {
    // The runner writes a name in capitals and leaves its hyphens.
    const value = environment[`INPUT_${name.toUpperCase()}`]?.trim();
    return value === undefined || value === '' ? undefined : value;
  };
  const choice = <Value extends string>(name: string, values: readonly Value[]): Value | undefined => {
    const value = text(name);
    if (value === undefined || values.includes(value as Value)) return value as Value | undefined;
    throw wrong(name, `is ${JSON.stringify(value)}; it must be one of ${values.join(', ')}`);
  };
  const flag = (name: string): boolean => choice(name, ['true', 'false']) === 'true';
  const list = (name: string): string[] | undefined =>
    text(name)
      ?.split(/[\n,]/)
      .map((item) => item.trim())
      .filter((item) => item !== '');
  const listOf = <Value extends string>(name: string, values: readonly Value[]): Value[] | undefined => {
    const items = list(name);
    const strange = items?.find((item) => !values.includes(item as Value));
    if (strange !== undefined) throw wrong(name, `has ${JSON.stringify(strange)}; known are ${values.join(', ')}`);
    return items as Value[] | undefined;
  };
  const command = choice('command', modes);
  if (command === undefined) throw wrong('command', `is missing; it is one of ${modes.join(', ')}`);
  const url = text('notify-webhook');
  const allowed = listOf('allow-access', [...accessClasses, 'all' as const]) ?? [];
  return {
    command,
    config: insidePath('config', text('config') ?? topConfiguration),
    ...given('branch', text('branch')),
    ...given('tenantId', text('tenant-id')),
    ...given('clientId', text('client-id')),
    ...given('token', text('token')),
    ...given('kinds', list('kinds')),
    ...given('ids', list('ids')),
    ...given('commit', text('commit')),
    ...given('reason', text('reason')),
    ...given('plan', text('plan')),
    ...given('digest', text('digest')?.toLowerCase()),
    goalBranches: (list('goal-branches') ?? []).map((name) => `refs/heads/${name.replace(/^refs\/heads\//, '')}`),
    ...given('environment', text('environment')),
    allowUnprotected: flag('allow-unprotected'),
    allowAccess: allowed.includes('all') ? [...accessClasses] : (allowed as AccessClass[]),
    ...(Object.fromEntries(planFlagNames.map((name) => [name, flag(flagWords(name))])) as Record<PlanFlag, boolean>),
    ...given('notAfter', text('not-after')),
    ...given('maxAge', seconds(text('max-age'))),
    ...given('resume', text('resume')),
    failOnDrift: flag('fail-on-drift'),
    perKind: flag('per-kind'),
    actors: flag('actors'),
    skipUnchanged: flag('skip-unchanged'),
    allowPublic: flag('allow-public'),
    ...given('signingKey', text('signing-key')),
    ...given('signers', text('signers')),
    ...given('anchor', text('anchor')),
    ...given(
      'notify',
      url === undefined
        ? undefined
        : {
            url,
            format: choice('notify-format', notifyFormats) ?? ('generic' as const),
            on: listOf('notify-on', notifyEvents) ?? [...notifyEvents],
          },
    ),
  };
}

/** A path inside the repository: relative, without steps upwards, so that no input reaches another file of the machine. */
function insidePath(name: string, path: string): string {
  const clean = path.replace(/^\.\//, '');
  if (clean.startsWith('/') || clean.includes('\\') || clean.split('/').some((part) => part === '..' || part === ''))
    throw wrong(name, `is ${JSON.stringify(path)}; it must be a path inside the repository`);
  return clean;
}

function seconds(value: string | undefined): number | undefined {
  if (value === undefined || /^[1-9]\d{0,7}$/.test(value)) return value === undefined ? undefined : Number(value);
  throw wrong('max-age', `is ${JSON.stringify(value)}; it must be a number of seconds`);
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]?: Value });
}

/** Problem `usage` about one input. */
export function wrong(name: string, detail: string): Problem {
  return new Problem({
    kind: 'usage',
    summary: 'An input of the Action is not valid',
    detail: `The input ${name} ${detail}. See docs/action.md.`,
    subject: name,
  });
}
