// A toy kind with one attribute of every sort, and random objects of it in canonical form: what the laws of differences are tried on.
import fc from 'fast-check';
import { canonicalEntity } from '../../src/model/canonical.ts';
import type { Entity, Link } from '../../src/model/entity.ts';
import type { Json } from '../../src/model/json.ts';
import type { Kind } from '../../src/model/kind.ts';

export const toy = {
  name: 'toys',
  type: 'toy',
  path: '/toys',
  version: 'v1.0',
  lane: 'directory',
  key: 'id',
  sharded: false,
  select: false,
  attributes: {
    displayName: { native: true },
    description: {},
    onPremisesSyncEnabled: { write: 'never' },
    tags: { native: true },
    steps: { sequence: true },
    scope: { flags: ' ' },
    roles: { key: ['id'] },
    claims: { key: ['name', 'source'] },
    nested: { native: true },
    'nested.kept': { empty: 'kept' },
    'nested.keptSet': { empty: 'kept' },
    'nested.roles': { key: ['id'] },
    'nested.flags': { flags: ',' },
    open: {},
    born: { write: 'create' },
    computed: { write: 'never' },
    contained: {},
  },
  links: {
    members: { targets: ['toys'], read: 'list', write: 'ref', native: true },
    assigned: { targets: ['toys'], read: 'list', write: 'assignment' },
  },
  contained: [{ attribute: 'contained', key: 'name', read: 'list', write: ['create', 'update', 'delete'] }],
  deletion: { mode: 'soft', bin: '/bin' },
  creation: 'post',
  permissions: { read: [], write: [] },
} as const satisfies Kind;

export const toyRef = 'toys/00000000-0000-4000-8000-000000000001' as const;

const word = fc.constantFrom('a', 'b', 'c', 'd e', 'f,g', 'x]y[z', '', '__proto__', 'constructor', 'é"\\', '1.2');
const scalar: fc.Arbitrary<Json> = fc.oneof(word, fc.boolean(), fc.integer({ min: -2, max: 2 }), fc.constant(null));
const openValue = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(word, tie('value'), { maxKeys: 3 }) as fc.Arbitrary<Json>,
  ),
})).value;

function item(members: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<Json> {
  return fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<Json>;
}

function set(value: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.oneof(fc.array(value, { maxLength: 4 }), fc.constant(null)) as fc.Arbitrary<Json>;
}

const role = item({ id: word, isEnabled: fc.boolean(), allowed: set(word), inner: openValue });
const attributes = fc.record(
  {
    displayName: word,
    description: word,
    onPremisesSyncEnabled: fc.constantFrom(true, false, null),
    tags: set(fc.oneof(word, openValue)),
    steps: set(scalar),
    scope: fc.constantFrom('a b', 'b', ' a  c', ''),
    roles: set(fc.oneof({ weight: 9, arbitrary: role }, { weight: 1, arbitrary: scalar })),
    claims: set(item({ name: word, source: word, essential: fc.boolean() })),
    nested: item({
      kept: item({ a: scalar }),
      keptSet: set(word),
      roles: set(role),
      flags: fc.constantFrom('a,b', 'b, c', 'a'),
      '@odata.type': fc.constantFrom('#x', '#y'),
      other: openValue,
    }),
    open: openValue,
    born: scalar,
    computed: scalar,
    contained: set(item({ name: word, value: word })),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Entity['attributes']>;

const link: fc.Arbitrary<Link> = fc.record(
  {
    target: fc.integer({ min: 1, max: 6 }).map((n) => `toys/00000000-0000-4000-8000-00000000000${n}` as const),
    properties: fc.record({ appRoleId: fc.constantFrom('r1', 'r2') }),
  },
  { requiredKeys: ['target'] },
);

/** Random objects of the toy kind, canonical; all of one ref. */
export const toyEntity: fc.Arbitrary<Entity> = fc
  .record(
    {
      ref: fc.constant(toyRef),
      type: fc.constantFrom('#microsoft.graph.toyA', '#microsoft.graph.toyB'),
      attributes,
      links: fc.record({ members: fc.array(link), assigned: fc.array(link) }, { requiredKeys: [] }),
    },
    { requiredKeys: ['ref', 'attributes', 'links'] },
  )
  .map((entity) => canonicalEntity(toy, entity as Entity));
