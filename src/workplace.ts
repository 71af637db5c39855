// The workplace: one configuration opens the kinds, the repository and the tenant; every face and command starts here.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { type ConfigurationOverrides, defaultConfiguration, parseConfiguration, withOverrides } from './config.ts';
import { kinds as allKinds } from './kinds/index.ts';
import type { Configuration } from './model/config.ts';
import type { Kinds } from './model/kind.ts';
import { Problem } from './model/problem.ts';
import type { Repository } from './model/repository.ts';
import type { ReadProgress, TenantReader, TenantWriter } from './model/tenant.ts';
import type { Inspection } from './repo/index.ts';
import type { Throttle, Time } from './tenant/index.ts';

export interface WorkplaceOptions extends Omit<ConfigurationOverrides, 'kinds'> {
  /** Folder of the repository, absolute or relative to `cwd`. */
  readonly repo: string;
  /** Path of the configuration; default `driftline.yaml` in the repository's folder, which need not be there. */
  readonly config?: string | undefined;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The configuration, where it was read already: from a commit and not from a folder. */
  readonly configuration?: Configuration | undefined;
  /** The table of kinds; tests hand in others. */
  readonly kinds?: Kinds;
  /** Stops what is under way when it aborts. */
  readonly signal?: AbortSignal;
  /** Told what a person must do to sign in with a device code. */
  readonly prompt?: (text: string) => void;
  /** Another time than the machine's, for tests. */
  readonly time?: Time;
}

export interface Workplace {
  readonly configuration: Configuration;
  /** The kinds that the configuration chooses, in reading order. */
  readonly kinds: Kinds;
  /** Absolute path of the repository's folder. */
  readonly root: string;
  /** Opens the repository; `create` makes one where there is none. */
  openRepository(options?: { readonly create?: boolean }): Promise<Repository>;
  /** Opens the repository to look for damage. */
  openInspection(): Promise<Inspection>;
  openReader(onProgress?: (progress: ReadProgress) => void): Promise<TenantReader>;
  /** The one door to writing; only apply opens it. */
  openWriter(): Promise<TenantWriter>;
}

/** Who snapshots are by. */
export const identity = { name: 'Driftline', email: 'driftline@users.noreply.github.com' };

/** Opens the workplace. Problem `usage` for a configuration or a choice of kinds that is not valid. */
export function openWorkplace(options: WorkplaceOptions): Workplace {
  const root = resolve(options.cwd, options.repo);
  const { environment } = options;
  const configuration = withOverrides(options.configuration ?? readConfiguration(options, root), {
    cloud: options.cloud ?? environment.DRIFTLINE_CLOUD,
    graphUrl: options.graphUrl ?? environment.DRIFTLINE_GRAPH_URL,
    authorityUrl: options.authorityUrl ?? environment.DRIFTLINE_AUTHORITY_URL,
  });
  const table = options.kinds ?? allKinds;
  // Reader and writer of one workplace share Graph's limits.
  let throttle: Throttle | undefined;
  const connection = () => ({
    cloud: configuration.cloud,
    graphUrl: configuration.graphUrl,
    authorityUrl: configuration.authorityUrl,
    credentials: configuration.credentials,
    accessToken: environment.DRIFTLINE_ACCESS_TOKEN,
    environment,
    signal: options.signal,
    prompt: options.prompt,
    time: options.time,
  });
  const signingKey = environment.DRIFTLINE_SIGNING_KEY ?? '';
  const repository = {
    root,
    statePath: configuration.statePath,
    ...(configuration.branch === undefined ? {} : { branch: configuration.branch }),
    kinds: table,
    identity,
    ...(signingKey === '' ? {} : { signingKey: resolve(options.cwd, signingKey) }),
  };
  return {
    configuration,
    kinds: chosenKinds(table, configuration),
    root,
    async openRepository({ create = false } = {}) {
      const { openRepository } = await import('./repo/index.ts');
      return openRepository({ ...repository, create });
    },
    async openInspection() {
      const { openInspection } = await import('./repo/index.ts');
      return openInspection(repository);
    },
    async openReader(onProgress) {
      const { openReader, openThrottle } = await import('./tenant/index.ts');
      throttle ??= openThrottle(undefined, options.time);
      return openReader({ ...connection(), throttle, ...(onProgress === undefined ? {} : { onProgress }) });
    },
    async openWriter() {
      const { openThrottle, openWriter } = await import('./tenant/index.ts');
      throttle ??= openThrottle(undefined, options.time);
      return openWriter({ ...connection(), throttle });
    },
  };
}

function readConfiguration(options: WorkplaceOptions, root: string): Configuration {
  const file = resolve(options.config === undefined ? root : options.cwd, options.config ?? 'driftline.yaml');
  if (!existsSync(file)) {
    if (options.config === undefined) return defaultConfiguration;
    throw new Problem({
      kind: 'usage',
      summary: 'The configuration file is not there',
      detail: 'Write one with driftline init, or leave --config out to go on without.',
      subject: options.config,
    });
  }
  const folder = relative(root, dirname(file));
  const inside = folder !== '' && !folder.startsWith('..') && !isAbsolute(folder);
  const shown = relative(options.cwd, file);
  return {
    ...parseConfiguration(readFileSync(file, 'utf8'), shown.startsWith('..') ? file : shown, inside ? folder : ''),
    file,
  };
}

/** The rows that the configuration names, in the table's order; all of them where it names none. */
function chosenKinds(table: Kinds, { kinds }: Pick<Configuration, 'kinds'>): Kinds {
  if (kinds === undefined) return table;
  for (const name of kinds) requireKind(table, name, 'kinds in driftline.yaml');
  return new Map([...table].filter(([name]) => kinds.includes(name)));
}

/** Problem `usage`, with the names there are, for a kind that is none of them. */
export function requireKind(table: Kinds, name: string, subject: string): void {
  if (table.has(name)) return;
  const near = [...table.keys()].filter((known) => known.toLowerCase().startsWith(name.toLowerCase().slice(0, 3)));
  throw new Problem({
    kind: 'usage',
    summary: 'Unknown kind',
    detail: `There is no kind ${JSON.stringify(name)}${near.length > 0 ? `; did you mean ${near.join(' or ')}` : ''}. The kinds are ${[...table.keys()].join(', ')}.`,
    subject,
  });
}
