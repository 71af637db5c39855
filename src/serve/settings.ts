// The `serve` section of driftline.yaml in, the settings of the server out; each mistake is a Problem that names its place in the section.
import type { Configuration } from '../model/config.ts';
import { type PlanFlag, planFlagNames } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import { isGuid } from '../model/ref.ts';
import { resolveCloud } from '../tenant/index.ts';

/** The two roles of the native service (native.md 1.7). An Administrator may all that a Reader may. */
export type Role = 'reader' | 'administrator';

export interface TokenSettings {
  readonly tenantId: string;
  /** The one `aud` that is accepted. */
  readonly audience: string;
  /** The one `iss` that is accepted. */
  readonly issuer: string;
  /** Where the issuer publishes its signing keys. */
  readonly keysUrl: string;
  /** App roles (`roles`) or ids of directory roles (`wids`) that make a Reader or an Administrator. */
  readonly roles: Readonly<Record<Role, readonly string[]>>;
  /** Ids of applications that may come without a person; none by default. */
  readonly applications: readonly string[];
}

/** What a recovery may do that is asked for in the native shape, which has no words for it. */
export type NativeRecovery = Readonly<Record<Exclude<PlanFlag, 'hardDelete'>, boolean>>;

export interface ServeSettings {
  readonly host: string;
  readonly port: number;
  /** The origin that people and scripts use, where it is not the address that is listened on (a proxy). */
  readonly url?: string;
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly tokens?: TokenSettings;
  /** People sign in here, by the registration that `tokens` names. */
  readonly signIn: boolean;
  /** Hours until somebody who signed in must do so again. */
  readonly sessionHours: number;
  /** Whoever plans a recovery may not be the one who starts it. */
  readonly twoPersons: boolean;
  /** Whoever may read reports may ask the tenant's audit log who made the changes: names and addresses of people. */
  readonly actors: boolean;
  readonly recovery: NativeRecovery;
  /** Days that finished jobs are kept. */
  readonly keepDays: number;
}

type Section = Readonly<Record<string, unknown>>;

/**
 * The settings that a configuration gives. Default: loopback, any free port, no tokens. Recoveries in the native shape also delete (softly)
 * what came after the snapshot, as the native service does (native.md 3.1). Problem `usage` with the path of what is wrong.
 */
export function serveSettings(configuration: Configuration): ServeSettings {
  const file = configuration.file ?? 'driftline.yaml';
  const serve = section(file, 'serve', configuration.sections.serve, [
    'host',
    'port',
    'url',
    'tls',
    'tokens',
    'signIn',
    'sessionHours',
    'twoPersons',
    'actors',
    'recovery',
    'keepDays',
  ]);
  const recovery = section(file, 'serve.recovery', serve.recovery, Object.keys(nativeDefaults));
  const tls = section(file, 'serve.tls', serve.tls, ['certificate', 'key']);
  const flags = Object.fromEntries(
    Object.entries(nativeDefaults).map(([name, usual]) => [name, flag(file, 'serve.recovery', recovery, name, usual)]),
  );
  const url = text(file, 'serve', serve, 'url');
  return {
    host: text(file, 'serve', serve, 'host') ?? '127.0.0.1',
    port: number(file, serve, 'port', 0, 65_535) ?? 0,
    ...(url === undefined ? {} : { url: originOf(file, 'serve.url', url) }),
    ...(serve.tls === undefined
      ? {}
      : {
          tls: {
            certificate: needed(file, 'serve.tls', tls, 'certificate'),
            key: needed(file, 'serve.tls', tls, 'key'),
          },
        }),
    ...(serve.tokens === undefined ? {} : { tokens: tokenSettings(file, serve.tokens, configuration) }),
    signIn: flag(file, 'serve', serve, 'signIn', false),
    sessionHours: number(file, serve, 'sessionHours', 1, 12) ?? 1,
    twoPersons: flag(file, 'serve', serve, 'twoPersons', false),
    // Who runs a server for himself has the credentials that the log is asked with.
    actors: flag(file, 'serve', serve, 'actors', serve.tokens === undefined),
    recovery: flags as unknown as NativeRecovery,
    keepDays: number(file, serve, 'keepDays', 1, 3_650) ?? 30,
  };
}

/** As Microsoft's service does it: what came after the snapshot is deleted, into the bin and never for good. */
const nativeDefaults = Object.fromEntries(
  planFlagNames.filter((name) => name !== 'hardDelete').map((name) => [name, name === 'deleteNew']),
);

function tokenSettings(file: string, value: unknown, configuration: Configuration): TokenSettings {
  const at = 'serve.tokens';
  const tokens = section(file, at, value, ['tenantId', 'audience', 'issuer', 'keysUrl', 'roles', 'applications']);
  const tenantId = text(file, at, tokens, 'tenantId') ?? configuration.credentials.tenantId;
  if (tenantId === undefined || !isGuid(tenantId))
    throw wrong(file, `${at}.tenantId`, 'It must be the id of a tenant, in lower case; tenant.id says it too.');
  const roles = section(file, `${at}.roles`, tokens.roles, ['reader', 'administrator']);
  const authority = resolveCloud(configuration.cloud, undefined, configuration.authorityUrl).authority.origin;
  const issuer = text(file, at, tokens, 'issuer') ?? `${authority}/${tenantId}/v2.0`;
  if (!issuer.toLowerCase().includes(tenantId))
    throw wrong(file, `${at}.issuer`, 'It must be the issuer of that one tenant, and so holds its id.');
  return {
    tenantId,
    audience: needed(file, at, tokens, 'audience'),
    issuer,
    keysUrl: text(file, at, tokens, 'keysUrl') ?? `${authority}/${tenantId}/discovery/v2.0/keys`,
    roles: {
      reader: texts(file, `${at}.roles`, roles, 'reader') ?? ['Driftline.Reader'],
      administrator: texts(file, `${at}.roles`, roles, 'administrator') ?? ['Driftline.Administrator'],
    },
    applications: texts(file, at, tokens, 'applications') ?? [],
  };
}

function originOf(file: string, at: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.username !== '')
    throw wrong(file, at, 'It must be an origin such as https://driftline.example.com, without a path.');
  return url.origin;
}

function wrong(file: string, at: string, detail: string): Problem {
  return new Problem({
    kind: 'usage',
    summary: 'The configuration of the server is not valid',
    detail: `${detail} See docs/server.md for what may stand there.`,
    subject: `${file}: ${at}`,
  });
}

function section(file: string, at: string, value: unknown, known: readonly string[]): Section {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw wrong(file, at, 'It must be a mapping of names to values.');
  for (const name of Object.keys(value))
    if (!known.includes(name))
      throw wrong(file, `${at}.${name}`, `That is not known here; known are ${known.join(', ')}.`);
  return value as Section;
}

function text(file: string, at: string, from: Section, name: string): string | undefined {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value === '') throw wrong(file, `${at}.${name}`, 'It must be a text.');
  return value;
}

function needed(file: string, at: string, from: Section, name: string): string {
  const value = text(file, at, from, name);
  if (value === undefined) throw wrong(file, `${at}.${name}`, 'It is missing.');
  return value;
}

function texts(file: string, at: string, from: Section, name: string): readonly string[] | undefined {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string' && item !== ''))
    throw wrong(file, `${at}.${name}`, 'It must be a list of texts.');
  return value as string[];
}

function flag(file: string, at: string, from: Section, name: string, usual: boolean): boolean {
  const value = from[name] ?? usual;
  if (typeof value !== 'boolean') throw wrong(file, `${at}.${name}`, 'It must be true or false.');
  return value;
}

function number(file: string, from: Section, name: string, least: number, most: number): number | undefined {
  const value = from[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw wrong(file, `serve.${name}`, `It must be a whole number from ${least} to ${most}.`);
  return value;
}
