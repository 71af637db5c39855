// The rows against Microsoft's published types and sample answers (../shared/graph, where there is one): nothing misspelt, nothing forgotten.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { attributeAt, canonicalAttributes } from '../../src/model/canonical.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../src/model/json.ts';
import type { Kind } from '../../src/model/kind.ts';
import { agreed, leftOut, untyped } from './exceptions.ts';

const oracles = resolve(import.meta.dirname, '../../../shared/graph');
const there = existsSync(join(oracles, 'schema.v1.0.json'));

interface Property {
  readonly type: string;
  readonly readOnly?: true;
  readonly computed?: true;
  readonly immutable?: true;
  readonly requiredOnCreate?: true;
}
interface Type {
  readonly base?: string;
  readonly open?: true;
  readonly properties?: Readonly<Record<string, Property>>;
  readonly navigation?: Readonly<Record<string, Property>>;
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(oracles, name), 'utf8')) as T;
}

const types = there ? read<{ types: Record<string, Type> }>('schema.v1.0.json').types : {};
const rows = [...kinds.values()].map((kind) => [kind.name, kind] as const);

/** The members of a type, of its bases and of the types derived from it: what an answer may bear where this type is declared. */
function membersOf(name: string): Map<string, Property> {
  const family = Object.keys(types).filter((other) => lineOf(other).includes(name));
  const members = new Map<string, Property>();
  for (const one of [...lineOf(name), ...family])
    for (const [member, property] of Object.entries({ ...types[one]?.navigation, ...types[one]?.properties }))
      members.set(member, property);
  return members;
}

function lineOf(name: string): string[] {
  const base = types[name]?.base;
  return base === undefined ? [name] : [name, ...lineOf(base)];
}

function propertyAt(kind: Kind, path: string): Property | undefined {
  let property: Property | undefined = { type: `microsoft.graph.${kind.type}` };
  for (const name of path.split('.')) property = property && membersOf(property.type).get(name);
  return property;
}

describe.skipIf(!there)("the rows against Microsoft's published types", () => {
  it.each(rows)('%s: every attribute path is a property of v1.0, or has another source', (_, kind) => {
    const unknown = Object.keys(kind.attributes).filter((path) => propertyAt(kind, path) === undefined);
    expect(unknown.sort()).toEqual(Object.keys(untyped[kind.name] ?? {}).sort());
  });

  it.each(rows)('%s: every property of the type is listed, or left out for a reason', (_, kind) => {
    const known = [...membersOf(`microsoft.graph.${kind.type}`).keys()].filter(
      (name) => propertyAt(kind, name)?.type !== undefined && !isNavigation(kind, name),
    );
    const forgotten = known.filter((name) => !(name in kind.attributes));
    expect(forgotten.sort()).toEqual(['id', ...Object.keys(leftOut[kind.name] ?? {})].sort());
  });

  it.each(rows)('%s: what Microsoft calls read-only is never written', (_, kind) => {
    const written = Object.entries(kind.attributes)
      .filter(([path, { write = 'always', noise }]) => {
        const property = propertyAt(kind, path);
        if (noise || path.includes('.') || property === undefined) return false;
        return property.readOnly ? write !== 'never' : property.immutable && write !== 'never' && write !== 'create';
      })
      .map(([path]) => path);
    expect(written).toEqual(Object.keys(agreed[kind.name]?.written ?? {}));
  });

  it.each(rows)('%s: what is never written though its type does not say so, has its source', (_, kind) => {
    const never = Object.entries(kind.attributes)
      .filter(([path, { write }]) => write === 'never' && !propertyAt(kind, path)?.readOnly)
      .map(([path]) => path);
    expect(never.sort()).toEqual([...(agreed[kind.name]?.never ?? [])].sort());
  });

  it.each(rows)('%s: what Microsoft demands at creation is marked', (_, kind) => {
    const demanded = [...membersOf(`microsoft.graph.${kind.type}`)]
      .filter(
        ([name, property]) => property.requiredOnCreate && types[`microsoft.graph.${kind.type}`]?.properties?.[name],
      )
      .map(([name]) => name)
      .filter((name) => name !== 'passwordProfile' || !kind.newPassword);
    for (const name of demanded) expect(attributeAt(kind, name).required, name).toBe(true);
  });
});

function isNavigation(kind: Kind, name: string): boolean {
  return lineOf(`microsoft.graph.${kind.type}`).some((type) => name in (types[type]?.navigation ?? {}));
}

interface Sample {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body?: Json;
}

/** The objects of a kind in Microsoft's published sample answers. */
function samplesOf(kind: Kind): JsonObject[] {
  const { samples } = read<{ samples: readonly Sample[] }>('samples.v1.0.json');
  const paths = kind.singleton ? [kind.path, `${kind.path}/*`] : [kind.path, `${kind.path}/*`];
  return samples
    .filter(({ method, path, status }) => method === 'GET' && status === 200 && paths.includes(path.split('?')[0]!))
    .flatMap(({ body }) => {
      const value = isObject(body) && 'value' in body ? body.value : body;
      return (isArray(value) ? value : [value]).filter(isObject);
    });
}

/** Every value that is neither null nor an annotation, with its path: what must not get lost. */
function leavesOf(kind: Kind, value: Json | undefined, path: string): string[] {
  const fact = attributeAt(kind, path);
  if (value === null || value === undefined || fact.noise) return [];
  if (isArray(value)) return value.flatMap((item) => leavesOf(kind, item, path));
  if (!isObject(value)) return [`${path}=${fact.flags ? sortedFlags(String(value)) : JSON.stringify(value)}`];
  return Object.entries(value)
    .filter(([name]) => name === '@odata.type' || !name.includes('@'))
    .filter(([name]) => fact.only === undefined || fact.only.includes(name))
    .flatMap(([name, member]) => leavesOf(kind, member, `${path}.${name}`));
}

function sortedFlags(text: string): string {
  return text
    .split(/[\s,]+/)
    .filter((flag) => flag !== '')
    .sort()
    .join(',');
}

describe.skipIf(!there)("the rows against Microsoft's sample answers", () => {
  const sampled = rows.filter(([, kind]) => there && samplesOf(kind).length > 0);

  it('finds samples for most kinds', () => {
    expect(sampled.length).toBeGreaterThan(8);
  });

  it.each(sampled)('%s: nothing that the row lists is lost', (_, kind) => {
    for (const sample of samplesOf(kind)) {
      const canonical = canonicalAttributes(kind, sample);
      for (const name of Object.keys(kind.attributes).filter((path) => !path.includes('.'))) {
        if (attributeAt(kind, name).noiseWhen && !(name in canonical)) continue;
        expect(new Set(leavesOf(kind, canonical[name], name)), name).toEqual(
          new Set(leavesOf(kind, sample[name], name)),
        );
      }
    }
  });

  it.each(sampled)('%s: nothing that the row does not list is kept', (_, kind) => {
    for (const sample of samplesOf(kind))
      for (const name of Object.keys(canonicalAttributes(kind, sample))) expect(kind.attributes).toHaveProperty([name]);
  });
});

describe.skipIf(!there)('published Conditional Access policies', () => {
  const { policies } = there
    ? read<{ policies: readonly JsonObject[] }>('conditional-access-policies.json')
    : { policies: [] };
  const kind = kinds.get('conditionalAccessPolicies')!;

  it('canonicalize without loss, and once and for all', () => {
    expect(policies.length).toBe(59);
    for (const policy of policies) {
      const once = canonicalAttributes(kind, policy);
      expect(JSON.stringify(canonicalAttributes(kind, once))).toBe(JSON.stringify(once));
      for (const name of ['conditions', 'grantControls', 'sessionControls'])
        expect(new Set(leavesOf(kind, once[name], name))).toEqual(new Set(leavesOf(kind, policy[name], name)));
    }
  });
});
