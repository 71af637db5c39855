// The rows fit together: what one names, another has, and nothing in a row contradicts itself.
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { attributeAt } from '../../src/model/canonical.ts';
import { accessClasses, holds, type Kind, nameAttributes } from '../../src/model/kind.ts';
import { inheritedFact } from '../../src/model/path.ts';
import { toRef } from '../../src/model/ref.ts';

/** Collections of Graph whose objects can be links' ends and that no row covers. */
const otherCollections = ['devices', 'contacts'];

describe.each([...kinds.values()].map((kind) => [kind.name, kind] as const))('the row of %s', (_, row) => {
  const kind: Kind = row;
  const paths = Object.entries(kind.attributes);

  it('has a name that can be a folder and the first half of a ref', () => {
    expect(toRef(kind.name, 'key')).toBe(`${kind.name}/key`);
    expect(kinds.get(kind.name)).toBe(kind);
  });

  it('points only to kinds that there are, by attributes that they have', () => {
    for (const [path, { refersTo }] of paths) {
      if (refersTo === undefined) continue;
      const target = kinds.get(refersTo.kind);
      expect(target, `${path} refers to ${refersTo.kind}`).toBeDefined();
      if (refersTo.by !== undefined && refersTo.by !== 'id')
        expect(target!.attributes, path).toHaveProperty(refersTo.by);
    }
    for (const [name, link] of Object.entries(kind.links))
      for (const target of link.targets)
        expect(kinds.has(target) || otherCollections.includes(target), `${name} targets ${target}`).toBe(true);
  });

  it('says deeper things only of attributes that it lists', () => {
    for (const [path] of paths.filter(([name]) => name.includes('.')))
      expect(kind.attributes, path).toHaveProperty([path.split('.')[0]!]);
  });

  it('lists what it is named by, keyed by and contains', () => {
    for (const name of nameAttributes(kind)) expect(kind.attributes).toHaveProperty([name]);
    if (kind.key !== 'id') for (const name of kind.key) expect(kind.attributes).toHaveProperty([name]);
    for (const contained of kind.contained ?? []) {
      expect(kind.attributes).toHaveProperty([contained.attribute]);
      expect(attributeAt(kind, contained.attribute).key).toEqual([contained.key]);
      expect(attributeAt(kind, contained.attribute).write).toBeUndefined();
    }
  });

  it('decides only by attributes that are stored', () => {
    const conditions = [
      ...(kind.readOnlyWhen ?? []),
      ...(kind.notCreatedWhen ?? []),
      ...paths.flatMap(([, fact]) => [...(fact.noiseWhen ?? []), ...(fact.accessWhen ? [fact.accessWhen] : [])]),
      ...Object.values(kind.links).flatMap((link) => [
        ...(link.computedWhen ? [link.computedWhen] : []),
        ...(link.hiddenWhen ? [link.hiddenWhen] : []),
        ...(link.accessWhen ? [link.accessWhen] : []),
      ]),
    ].flatMap((condition) => ('and' in condition && condition.and ? [condition, condition.and] : [condition]));
    for (const { attribute } of conditions) {
      expect(kind.attributes).toHaveProperty([attribute]);
      const fact = attributeAt(kind, attribute);
      expect(fact.noise ?? fact.noiseWhen ?? fact.guard, attribute).toBeUndefined();
    }
  });

  it('says nothing of an attribute that cannot be true together', () => {
    for (const [path, fact] of paths) {
      expect(fact.action !== undefined, path).toBe(fact.write === 'action');
      if (fact.noise) expect(Object.keys(fact), path).toEqual(['noise']);
      if (fact.required) expect(inheritedFact(kind, path, 'write'), path).not.toBe('never');
      if (fact.noiseWhen) expect(path, 'noiseWhen is for the top level').not.toContain('.');
      if (fact.accessWhen) expect(fact.access, path).toBeDefined();
      if (fact.access) expect(accessClasses).toContain(fact.access);
      expect(fact.sequence !== undefined && fact.key !== undefined, path).toBe(false);
    }
  });

  it('guards what the whole listing would be refused for, and names the permission', () => {
    for (const [path, { guard }] of paths) {
      if (guard === undefined) continue;
      expect(
        kind.permissions.optional?.map(({ permission }) => permission),
        path,
      ).toContain(guard);
    }
  });

  it("asks for permissions in Microsoft Graph's form, to read and to write", () => {
    const { read, write, optional = [] } = kind.permissions;
    expect(read.length).toBeGreaterThan(0);
    expect(write.length).toBeGreaterThan(0);
    for (const permission of [...read, ...write, ...optional.map((one) => one.permission)])
      expect(permission).toMatch(/^[A-Z][A-Za-z-]+(\.[A-Za-z]+)+$/);
    expect(read.some((permission) => permission.includes('ReadWrite'))).toBe(false);
  });

  it('has a bin just when a delete is soft', () => {
    expect(kind.deletion.bin !== undefined).toBe(kind.deletion.mode === 'soft');
    expect(kind.creation === 'never').toBe(kind.deletion.mode === 'never');
    if (kind.creation !== 'never' && kind.singleton) expect.fail('a singleton is never created');
  });

  it('gives Graph no secret to store', () => {
    for (const name of ['keyCredentials', 'passwordCredentials']) {
      if (!(name in kind.attributes)) continue;
      const only = attributeAt(kind, name).only ?? [];
      expect(only).toContain('keyId');
      expect(only).not.toContain('key');
      expect(only).not.toContain('secretText');
    }
    expect(kind.attributes).not.toHaveProperty('passwordProfile');
  });
});

describe('conditions', () => {
  it('hold on contained, missing and equal values, both where there are two', () => {
    const list = { mailEnabled: true, groupTypes: [] };
    const readOnly = kinds.get('groups')!.readOnlyWhen![0]!;
    expect(holds(readOnly, list)).toBe(true);
    expect(holds(readOnly, { mailEnabled: true })).toBe(true);
    expect(holds(readOnly, { ...list, groupTypes: ['Unified'] })).toBe(false);
    expect(holds(readOnly, { ...list, mailEnabled: false })).toBe(false);
    const dynamic = kinds.get('groups')!.links.members!.computedWhen!;
    expect(holds(dynamic, { groupTypes: ['DynamicMembership', 'Unified'] })).toBe(true);
    expect(holds(dynamic, { groupTypes: null })).toBe(false);
  });
});
