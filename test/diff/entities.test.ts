// What a difference says of one object, by example.
import { describe, expect, it } from 'vitest';
import { diffEntities } from '../../src/diff/index.ts';
import type { Entity } from '../../src/model/entity.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { toy, toyRef } from './toy.ts';

function entity(attributes: JsonObject, links: Entity['links'] = {}, type?: string): Entity {
  return { ref: toyRef, attributes, links, ...(type === undefined ? {} : { type }) };
}

function paths(before: JsonObject, after: JsonObject) {
  return diffEntities(toy, entity(before), entity(after))?.attributes;
}

describe('diffEntities', () => {
  it('walks objects member by member', () => {
    expect(paths({ nested: { a: 1, b: { c: 'x', d: 2 } } }, { nested: { a: 1, b: { c: 'y' } } })).toEqual([
      { path: 'nested.b.c', before: 'x', after: 'y' },
      { path: 'nested.b.d', before: 2 },
    ]);
  });

  it('says of an object that came every path in it', () => {
    expect(paths({}, { nested: { a: 1, b: { c: 'x' } } })).toEqual([
      { path: 'nested.a', after: 1 },
      { path: 'nested.b.c', after: 'x' },
    ]);
  });

  it('says of a set what was added and removed, whatever the order', () => {
    expect(paths({ tags: ['a', 'b'] }, { tags: ['b', 'c'] })).toEqual([
      { path: 'tags', before: ['a', 'b'], after: ['b', 'c'], added: ['c'], removed: ['a'] },
    ]);
    expect(paths({ tags: ['a', 'b'] }, { tags: ['b', 'a'] })).toBeUndefined();
    expect(paths({ tags: ['a'] }, {})).toEqual([{ path: 'tags', before: ['a'], added: [], removed: ['a'] }]);
  });

  it('matches the items of a keyed set by their key', () => {
    const roles = (...items: JsonObject[]) => ({ roles: items });
    expect(
      paths(
        roles({ id: 'r1', isEnabled: true }, { id: 'r2', isEnabled: true }),
        roles({ id: 'r1', isEnabled: false }, { id: 'r3', isEnabled: true }),
      ),
    ).toEqual([
      { path: 'roles[r1].isEnabled', before: true, after: false },
      { path: 'roles[r2]', before: { id: 'r2', isEnabled: true } },
      { path: 'roles[r3]', after: { id: 'r3', isEnabled: true } },
    ]);
    expect(
      paths({ claims: [{ name: 'a', source: 'u' }] }, { claims: [{ name: 'a' }] })?.map(({ path }) => path),
    ).toEqual(['claims[a,]', 'claims[a,u]']);
  });

  it('matches contained objects by the member that addresses them', () => {
    expect(paths({ contained: [{ name: 'ci', subject: 'x' }] }, { contained: [{ name: 'ci', subject: 'y' }] })).toEqual(
      [{ path: 'contained[ci].subject', before: 'x', after: 'y' }],
    );
  });

  it('takes two items of one key for items without a key', () => {
    const [one, two, three] = [1, 2, 3].map((value) => ({ id: 'r', value }));
    expect(paths({ roles: [one!, two!] }, { roles: [one!, three!] })).toEqual([
      { path: 'roles', before: [one, two], after: [one, three], added: [three], removed: [two] },
    ]);
  });

  it('takes a sequence as a whole and flags as a set', () => {
    expect(paths({ steps: ['a', 'b'] }, { steps: ['b', 'a'] })).toEqual([
      { path: 'steps', before: ['a', 'b'], after: ['b', 'a'] },
    ]);
    expect(paths({ scope: 'openid profile' }, { scope: 'openid User.Read' })).toEqual([
      {
        path: 'scope',
        before: 'openid profile',
        after: 'openid User.Read',
        added: ['User.Read'],
        removed: ['profile'],
      },
    ]);
  });

  it('quotes a member whose name would read as something else', () => {
    expect(
      paths({ open: { 'a.b': 1, 'c[d]': 1 } }, { open: { 'a.b': 2, 'c[d]': 2 } })?.map(({ path }) => path),
    ).toEqual(['open["a.b"]', 'open["c\\u005bd\\u005d"]']);
  });

  it('says a changed derived type as an attribute', () => {
    const change = diffEntities(toy, entity({}, {}, '#microsoft.graph.toyA'), entity({}, {}, '#microsoft.graph.toyB'));
    expect(change?.attributes).toEqual([
      { path: '@odata.type', before: '#microsoft.graph.toyA', after: '#microsoft.graph.toyB' },
    ]);
  });

  it('tells links apart by target and properties', () => {
    const [one, two] = ['toys/1', 'toys/2'] as const;
    const change = diffEntities(
      toy,
      entity({}, { members: [{ target: one }], assigned: [{ target: one, properties: { appRoleId: 'a' } }] }),
      entity({}, { members: [{ target: two }], assigned: [{ target: one, properties: { appRoleId: 'b' } }] }),
    );
    expect(change?.links).toEqual([
      { link: 'assigned', operation: 'add', target: one, properties: { appRoleId: 'b' } },
      { link: 'assigned', operation: 'remove', target: one, properties: { appRoleId: 'a' } },
      { link: 'members', operation: 'add', target: two },
      { link: 'members', operation: 'remove', target: one },
    ]);
  });

  it('compares two memberships of 50,000 that share nobody in linear time', () => {
    const members = (from: number) =>
      Array.from({ length: 50_000 }, (_, at) => ({ target: `toys/${from + at}` as const }));
    const change = diffEntities(toy, entity({}, { members: members(0) }), entity({}, { members: members(50_000) }));
    expect(change?.links.length).toBe(100_000);
  });

  it('names the object as it is now, and as it was where it was renamed', () => {
    expect(diffEntities(toy, entity({ displayName: 'Old' }), entity({ displayName: 'New' }))).toMatchObject({
      operation: 'update',
      displayName: 'New',
      formerName: 'Old',
      synced: false,
    });
    expect(diffEntities(toy, entity({ displayName: 'Gone', onPremisesSyncEnabled: true }), undefined)).toMatchObject({
      operation: 'delete',
      displayName: 'Gone',
      synced: true,
    });
    expect(diffEntities(toy, undefined, entity({}))).toMatchObject({ operation: 'create', attributes: [], links: [] });
  });
});
