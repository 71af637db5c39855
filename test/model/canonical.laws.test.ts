// Laws of the canonical form, over every row and one that has all that a row can say: order does not count, once is enough, noise is gone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { attributeAt, canonicalAttributes, canonicalEntity } from '../../src/model/canonical.ts';
import type { Entity, Link } from '../../src/model/entity.ts';
import { equal, isArray, isObject, type Json, type JsonObject } from '../../src/model/json.ts';
import type { Attribute, Kind } from '../../src/model/kind.ts';
import { toRef } from '../../src/model/ref.ts';

const everything: Kind = {
  name: 'toys',
  type: 'toy',
  path: '/toys',
  version: 'v1.0',
  lane: 'directory',
  key: 'id',
  sharded: false,
  select: false,
  attributes: {
    displayName: {},
    kept: { empty: 'kept' },
    'kept.list': { empty: 'kept' },
    steps: { sequence: true },
    'steps.tags': {},
    words: { flags: ' ' },
    marks: { flags: ',' },
    policies: { flags: ', ' },
    parts: { key: ['id', 'rank'], only: ['id', 'rank', 'name', 'marks'] },
    'parts.marks': { flags: ',' },
    'parts.name.noise': { noise: true },
    open: {},
    sometimes: { noiseWhen: [{ attribute: 'displayName', equals: 'b' }] },
    noise: { noise: true },
  },
  links: {
    members: {
      targets: ['users'],
      read: 'list',
      write: 'ref',
      computedWhen: { attribute: 'displayName', equals: 'a' },
    },
  },
  deletion: { mode: 'hard' },
  creation: 'post',
  permissions: { read: ['Toy.Read.All'], write: ['Toy.ReadWrite.All'] },
};

const rows: readonly Kind[] = [...kinds.values(), everything];

/** Texts that meet each other often, among them what has to be split, what looks like a number and what no locale agrees on. */
const text = fc.constantFrom(
  'a',
  'b',
  'ab',
  'a b',
  ' b  a',
  'b,a',
  'a, b,a',
  '10',
  '9',
  'ä',
  'Z',
  'z',
  '',
  'ﬀ',
  '\u{1f600}',
);
const scalar = fc.oneof(text, fc.boolean(), fc.integer({ min: -2, max: 12 }), fc.constant(null));
const hostileNames = [
  '__proto__',
  'constructor',
  'x@odata.context',
  '@odata.type',
  '@odata.id',
  'hasOwnProperty',
  'zz',
];

/** Raw JSON as it might come for a row: its own names at every depth, and names that nobody asked for. */
function rawOf(kind: Kind): fc.Arbitrary<JsonObject> {
  const names = [...new Set([...Object.keys(kind.attributes).flatMap((path) => path.split('.')), ...hostileNames])];
  const named = fc.constantFrom(...names);
  const { value } = fc.letrec<{ value: Json; members: JsonObject }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      tie('members'),
    ),
    members: fc.array(fc.tuple(named, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  }));
  const top = Object.keys(kind.attributes).filter((path) => !path.includes('.'));
  return fc
    .array(fc.tuple(fc.constantFrom(...top, ...hostileNames), value), { maxLength: 12 })
    .map((entries) => Object.fromEntries(entries));
}

/** The same value with every set, every flag text and all members in another order, chosen by a number. */
function shuffled(kind: Kind, path: string, value: Json, seed: number): Json {
  const fact: Attribute = path === '' ? {} : attributeAt(kind, path);
  if (typeof value === 'string' && fact.flags) return shuffle(value.split(fact.flags), seed).join(fact.flags);
  if (isArray(value)) {
    const items = value.map((item) => shuffled(kind, path, item, seed + 1));
    return fact.sequence ? items : shuffle(items, seed);
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, member]): [string, Json] => [
    name,
    shuffled(kind, path === '' ? name : `${path}.${name}`, member, seed + 1),
  ]);
  return Object.fromEntries(shuffle(entries, seed));
}

function shuffle<Item>(items: readonly Item[], seed: number): Item[] {
  return items
    .map((item, at) => ({ item, rank: ((at + 1) * (seed | 1) * 2654435761) % 4294967291 }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ item }) => item);
}

/** The same value without nulls, empty arrays and empty objects, as far as no row keeps them. */
function withoutNothing(kind: Kind, path: string, value: Json): Json | undefined {
  const kept = path !== '' && attributeAt(kind, path).empty === 'kept';
  if (value === null) return undefined;
  if (isArray(value)) {
    const items = value.map((item) => withoutNothing(kind, path, item)).filter((item) => item !== undefined);
    return items.length === 0 && !kept ? undefined : items;
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value).flatMap(([name, member]): [string, Json][] => {
    const left = withoutNothing(kind, path === '' ? name : `${path}.${name}`, member);
    return left === undefined ? [] : [[name, left]];
  });
  return members.length === 0 && !kept && path !== '' ? undefined : Object.fromEntries(members);
}

/** Every path of a value with its place in the row. */
function* pathsOf(value: Json, path = ''): Generator<string> {
  if (isArray(value)) for (const item of value) yield* pathsOf(item, path);
  else if (isObject(value))
    for (const [name, member] of Object.entries(value)) {
      const below = path === '' ? name : `${path}.${name}`;
      yield below;
      yield* pathsOf(member, below);
    }
}

function textOf(value: unknown): string {
  return JSON.stringify(value);
}

describe.each(rows.map((kind) => [kind.name, kind] as const))('the canonical form of %s', (_, kind) => {
  const raw = rawOf(kind);

  it('is the same for any order of sets, flags and members', () => {
    fc.assert(
      fc.property(raw, fc.nat(), (value, seed) => {
        const other = shuffled(kind, '', value, seed) as JsonObject;
        expect(textOf(canonicalAttributes(kind, other))).toBe(textOf(canonicalAttributes(kind, value)));
      }),
    );
  });

  it('of a canonical object is that object', () => {
    fc.assert(
      fc.property(raw, (value) => {
        const once = canonicalAttributes(kind, value);
        expect(textOf(canonicalAttributes(kind, once))).toBe(textOf(once));
      }),
    );
  });

  it('holds no noise, no null and nothing that the row does not list', () => {
    fc.assert(
      fc.property(raw, (value) => {
        const canonical = canonicalAttributes(kind, value);
        for (const name of Object.keys(canonical)) expect(kind.attributes).toHaveProperty([name]);
        for (const path of pathsOf(canonical)) expect(attributeAt(kind, path).noise, path).toBeUndefined();
        for (const name of [...partsOf(canonical)].flatMap((part) => Object.keys(part)))
          expect(name === '@odata.type' || !name.includes('@'), name).toBe(true);
        expect(textOf(canonical)).not.toMatch(/[:[,]null/);
      }),
    );
  });

  it('takes null, absent and empty for the same, but where the row keeps them', () => {
    fc.assert(
      fc.property(raw, (value) => {
        const without = withoutNothing(kind, '', value) as JsonObject;
        expect(textOf(canonicalAttributes(kind, without))).toBe(textOf(canonicalAttributes(kind, value)));
      }),
    );
  });

  it('does not change what it is given, nor what it takes for an object', () => {
    fc.assert(
      fc.property(raw, (value) => {
        const before = textOf(value);
        const canonical = canonicalAttributes(kind, value);
        expect(textOf(value)).toBe(before);
        for (const part of partsOf(canonical)) expect(Object.getPrototypeOf(part)).toBe(Object.prototype);
      }),
    );
  });

  it('of an entity sorts its links, each once, and drops those that no row knows or the server computes', () => {
    const names = [...Object.keys(kind.links), 'unknown'];
    const links = fc.dictionary(
      fc.constantFrom(...names),
      fc.array(
        fc.record({
          target: fc.constantFrom('a', 'b', 'c').map((key) => toRef('users', key)),
          properties: fc.record({ appRoleId: fc.constantFrom('r', 's') }),
        }),
      ),
    );
    fc.assert(
      fc.property(raw, links, fc.nat(), (attributes, given, seed) => {
        const entity: Entity = { ref: toRef(kind.name, 'key'), attributes, links: given };
        const canonical = canonicalEntity(kind, entity);
        const other = canonicalEntity(kind, {
          ...entity,
          links: Object.fromEntries(Object.entries(given).map(([name, ends]) => [name, shuffle(ends, seed)])),
        });
        expect(textOf(other)).toBe(textOf(canonical));
        expect(textOf(canonicalEntity(kind, canonical))).toBe(textOf(canonical));
        expect(canonical.links).not.toHaveProperty('unknown');
        for (const [name, ends] of Object.entries(canonical.links)) {
          expect(new Set(ends.map(textOf)).size).toBe(ends.length);
          expect(new Set(ends.map(textOf))).toEqual(new Set(given[name]!.map((end: Link) => textOf(end))));
        }
        if (kind === everything && attributes.displayName === 'a') expect(canonical.links).toEqual({});
      }),
    );
  });
});

function* partsOf(value: Json): Generator<JsonObject> {
  if (isObject(value)) yield value;
  if (isArray(value) || isObject(value)) for (const part of Object.values(value)) yield* partsOf(part);
}

describe('laws that need no row', () => {
  it('keep a member named __proto__ as data', () => {
    const hostile = JSON.parse('{"open":{"__proto__":{"isAdmin":true},"a":1}}') as JsonObject;
    const { open } = canonicalAttributes(everything, hostile) as { open: JsonObject };
    expect(Object.getPrototypeOf(open)).toBe(Object.prototype);
    expect(Object.keys(open)).toEqual(['__proto__', 'a']);
    expect((open as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(equal(open, hostile.open)).toBe(true);
  });
});
