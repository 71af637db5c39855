// driftline.yaml: the text of the file, and the environment over it, into a Configuration; every mistake is said with its line and column.
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import {
  type Configuration,
  type Credentials,
  cloudNames,
  credentialMethods,
  type IgnoreRule,
} from './model/config.ts';
import { type AccessClass, accessClasses } from './model/kind.ts';
import { Problem } from './model/problem.ts';
import { isGuid, parseRef } from './model/ref.ts';

/** What the command line and the environment say over the file. */
export interface ConfigurationOverrides {
  readonly cloud?: string | undefined;
  readonly graphUrl?: string | undefined;
  readonly authorityUrl?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
}

const topLevel = [
  ...['tenant', 'credentials', 'branch', 'state', 'remote', 'kinds', 'ignore', 'protect', 'emergencyAccounts'],
  ...['thresholds', 'allowAccess', 'serve', 'notify'],
];

/** The configuration where there is no file: the global cloud, the branch that is checked out, the folder `state`. */
export const defaultConfiguration: Configuration = {
  cloud: 'global',
  credentials: {},
  statePath: 'state',
  ignore: [],
  protect: [],
  emergencyAccounts: [],
  thresholds: { share: 0.3, minimum: 10 },
  allowAccess: [],
  sections: {},
};

/**
 * Reads the text of a driftline.yaml. `file` is its path as the messages say it; `folder` the path of its folder inside the repository,
 * '' at the top, to which `state` is relative. Throws Problem `usage` with file:line:column.
 */
export function parseConfiguration(text: string, file: string, folder = ''): Configuration {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true });
  const reader = new Reader(file, lines);
  const broken = document.errors[0];
  if (broken !== undefined) reader.fail(broken.pos[0], broken.message.split('\n')[0] ?? 'not YAML');
  if (document.contents === null) return { ...defaultConfiguration, file, statePath: join(folder, 'state') };
  const map = reader.map(document.contents as Node, 'the file');
  reader.known(map, topLevel);
  const tenant = reader.section(map, 'tenant', ['id', 'cloud', 'graphUrl', 'authorityUrl']);
  const tenantId = reader.text(tenant, 'id');
  const thresholds = reader.section(map, 'thresholds', ['share', 'minimum']);
  return {
    file,
    cloud: reader.choice(tenant, 'cloud', cloudNames) ?? defaultConfiguration.cloud,
    ...optional('graphUrl', reader.text(tenant, 'graphUrl')),
    ...optional('authorityUrl', reader.text(tenant, 'authorityUrl')),
    credentials: credentialsIn(reader, map, tenantId),
    ...optional('branch', reader.text(map, 'branch')),
    statePath: join(folder, reader.text(map, 'state') ?? 'state'),
    ...optional('remote', reader.text(map, 'remote')),
    ...optional('kinds', reader.texts(map, 'kinds')),
    ignore: ignoreRulesIn(reader, map),
    protect:
      reader.texts(map, 'protect', (value) => (parseRef(value) === undefined ? 'a ref, kind/id' : undefined)) ?? [],
    emergencyAccounts:
      reader.texts(map, 'emergencyAccounts', (value) =>
        isGuid(value) ? undefined : 'the object id of a user, in lower case',
      ) ?? [],
    thresholds: {
      share: reader.number(thresholds, 'share', 0, 1) ?? defaultConfiguration.thresholds.share,
      minimum: reader.number(thresholds, 'minimum', 0, 1_000_000) ?? defaultConfiguration.thresholds.minimum,
    },
    allowAccess: (reader.texts(map, 'allowAccess', (value) =>
      (accessClasses as readonly string[]).includes(value) ? undefined : `one of ${accessClasses.join(', ')}`,
    ) ?? []) as AccessClass[],
    sections: { serve: plain(map, 'serve'), notify: plain(map, 'notify') },
  };
}

/** The configuration with what the command line and the environment say instead. */
export function withOverrides(configuration: Configuration, overrides: ConfigurationOverrides): Configuration {
  const { cloud } = overrides;
  if (cloud !== undefined && !(cloudNames as readonly string[]).includes(cloud))
    throw new Problem({
      kind: 'usage',
      summary: 'Unknown cloud',
      detail: `There is no cloud ${JSON.stringify(cloud)}; the clouds are ${cloudNames.join(', ')}.`,
      subject: '--cloud',
    });
  return {
    ...configuration,
    ...optional('cloud', cloud),
    ...optional('graphUrl', overrides.graphUrl),
    ...optional('authorityUrl', overrides.authorityUrl),
    ...optional('kinds', overrides.kinds),
  };
}

function credentialsIn(reader: Reader, map: YAMLMap, tenantId: string | undefined): Credentials {
  const section = reader.section(map, 'credentials', ['clientId', 'method', 'certificatePath']);
  return {
    ...optional('tenantId', tenantId),
    ...optional('clientId', reader.text(section, 'clientId')),
    ...optional('method', reader.choice(section, 'method', credentialMethods)),
    ...optional('certificatePath', reader.text(section, 'certificatePath')),
  };
}

function ignoreRulesIn(reader: Reader, map: YAMLMap): IgnoreRule[] {
  return reader.items(map, 'ignore').map((item) => {
    const rule = reader.map(item, 'each ignore rule');
    reader.known(rule, ['kind', 'ref', 'attribute', 'reason', 'until']);
    const at = reader.place(item.range?.[0] ?? 0);
    const reason = reader.text(rule, 'reason');
    if (reason === undefined) reader.fail(item.range?.[0] ?? 0, 'an ignore rule needs a reason');
    const ref = reader.text(rule, 'ref');
    if (ref !== undefined && parseRef(ref) === undefined)
      reader.fail(item.range?.[0] ?? 0, `${JSON.stringify(ref)} is not a ref; write kind/id`);
    const kind = reader.text(rule, 'kind');
    const attribute = reader.text(rule, 'attribute');
    if (ref === undefined && kind === undefined && attribute === undefined)
      reader.fail(
        item.range?.[0] ?? 0,
        'an ignore rule needs a kind, a ref or an attribute; this one would ignore everything',
      );
    const until = reader.text(rule, 'until');
    if (until !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(until))
      reader.fail(item.range?.[0] ?? 0, `until is a day such as 2026-12-31, not ${JSON.stringify(until)}`);
    return {
      ...optional('kind', kind),
      ...optional('ref', ref),
      ...optional('attribute', attribute),
      ...optional('until', until),
      reason,
      at,
    };
  });
}

function plain(map: YAMLMap, name: string): unknown {
  const node = map.get(name, true) as Node | undefined;
  return isMap(node) || isSeq(node) || isScalar(node) ? node.toJSON() : undefined;
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]?: Value });
}

function join(folder: string, path: string): string {
  const clean = path.replace(/\/+$/, '');
  return folder === '' ? clean : `${folder}/${clean}`;
}

/** Takes values out of the document and says where a wrong one stands. */
class Reader {
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  place(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#file}:${line}:${col}`;
  }

  fail(offset: number, detail: string): never {
    throw new Problem({
      kind: 'usage',
      summary: 'The configuration is not valid',
      detail: `${detail}. See docs/configuration.md for what may stand there.`,
      subject: this.place(offset),
    });
  }

  map(node: Node, what: string): YAMLMap {
    return isMap(node) ? node : this.fail(node.range?.[0] ?? 0, `${what} must be a mapping of names to values`);
  }

  known(map: YAMLMap, names: readonly string[]): void {
    for (const { key } of map.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (!names.includes(name))
        this.fail(
          (key as Node).range?.[0] ?? 0,
          `${JSON.stringify(name)} is not known here; known are ${names.join(', ')}`,
        );
    }
  }

  section(map: YAMLMap, name: string, names: readonly string[]): YAMLMap | undefined {
    const node = map.get(name, true) as Node | undefined;
    if (node === undefined || (isScalar(node) && node.value === null)) return undefined;
    const section = this.map(node, name);
    this.known(section, names);
    return section;
  }

  #scalar(map: YAMLMap | undefined, name: string): { value: unknown; offset: number } | undefined {
    const node = map?.get(name, true) as Node | undefined;
    if (node === undefined || (isScalar(node) && node.value === null)) return undefined;
    if (!isScalar(node)) return this.fail(node.range?.[0] ?? 0, `${name} must be a single value`);
    return { value: node.value, offset: node.range?.[0] ?? 0 };
  }

  text(map: YAMLMap | undefined, name: string): string | undefined {
    const found = this.#scalar(map, name);
    if (found === undefined) return undefined;
    if (typeof found.value !== 'string') this.fail(found.offset, `${name} must be a text; put it in quotes`);
    return found.value as string;
  }

  choice<Value extends string>(map: YAMLMap | undefined, name: string, values: readonly Value[]): Value | undefined {
    const found = this.#scalar(map, name);
    if (found === undefined) return undefined;
    if (!values.includes(found.value as Value)) this.fail(found.offset, `${name} must be one of ${values.join(', ')}`);
    return found.value as Value;
  }

  number(map: YAMLMap | undefined, name: string, least: number, most: number): number | undefined {
    const found = this.#scalar(map, name);
    if (found === undefined) return undefined;
    if (typeof found.value !== 'number' || found.value < least || found.value > most)
      this.fail(found.offset, `${name} must be a number from ${least} to ${most}`);
    return found.value as number;
  }

  items(map: YAMLMap, name: string): Node[] {
    const node = map.get(name, true) as Node | undefined;
    if (node === undefined || (isScalar(node) && node.value === null)) return [];
    return isSeq(node) ? (node.items as Node[]) : this.fail(node.range?.[0] ?? 0, `${name} must be a list`);
  }

  /** A list of texts; `wrong` says what each should be where it is not. Undefined where the list is not there. */
  texts(map: YAMLMap, name: string, wrong?: (value: string) => string | undefined): string[] | undefined {
    if (!map.has(name)) return undefined;
    return this.items(map, name).map((item) => {
      const value = isScalar(item) ? item.value : undefined;
      if (typeof value !== 'string') return this.fail(item.range?.[0] ?? 0, `each of ${name} must be a text`);
      const should = wrong?.(value);
      if (should !== undefined)
        this.fail(item.range?.[0] ?? 0, `${JSON.stringify(value)} in ${name} must be ${should}`);
      return value;
    });
  }
}
