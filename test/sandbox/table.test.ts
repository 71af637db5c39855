// A generated collection that is written over: whatever is asked for, by id, position or property, it is one and the same collection.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Source, Table } from '../../src/sandbox/table.ts';
import type { GraphObject } from '../../src/sandbox/types.ts';

const size = 6;
const source: Source = {
  type: 'user',
  count: size,
  at: (index) => ({ id: `g${index}`, userPrincipalName: `person${index}`, edition: 'generated' }),
  idAt: (index) => `g${index}`,
  indexOf: (id) => (/^g[0-5]$/.test(id) ? Number(id.slice(1)) : undefined),
  find: (property, value) => {
    const index = Number(/^person(\d)$/.exec(value)?.[1] ?? size);
    return property !== 'userPrincipalName' ? undefined : index < size ? [index] : [];
  },
};

const ids = [...Array.from({ length: size }, (_, index) => `g${index}`), 'own1', 'own2'];
const names = ids.map((_, index) => `person${index}`);
const write = fc.oneof(
  fc.record({ put: fc.constantFrom(...ids), name: fc.constantFrom(...names) }),
  fc.record({ remove: fc.constantFrom(...ids) }),
);

describe('a table over a generated collection', () => {
  it('agrees with a plain map of its objects, however they were written', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 20 }), fc.boolean(), (writes, copied) => {
        let table = new Table(source);
        const truth = new Map<string, GraphObject>(
          Array.from({ length: size }, (_, index) => source.at(index)).map((object) => [object.id, object]),
        );
        for (const [edition, each] of writes.entries()) {
          if ('put' in each) {
            const object = { id: each.put, userPrincipalName: each.name, edition };
            table.put(object);
            truth.set(each.put, object);
          } else {
            table.remove(each.remove);
            truth.delete(each.remove);
          }
          // What is written to the first one afterwards is none of the copy's.
          if (copied && edition === 5) {
            const first = table;
            table = first.copy();
            for (const id of ids) first.remove(id);
          }
        }
        const byId = (objects: Iterable<GraphObject>) =>
          [...objects].sort((one, other) => (one.id < other.id ? -1 : 1));
        const all = byId(truth.values());
        expect(byId(table.list())).toEqual(all);
        expect(table.count()).toBe(truth.size);
        const positions = Array.from({ length: table.length }, (_, position) => position);
        for (const position of positions) expect(table.at(position)).toEqual(truth.get(table.idAt(position) ?? ''));
        expect(byId(positions.map((position) => table.at(position)).filter((object) => object !== undefined))).toEqual(
          all,
        );
        expect([table.at(table.length), table.idAt(table.length)]).toEqual([undefined, undefined]);
        for (const id of ids) expect([table.get(id), table.has(id)]).toEqual([truth.get(id), truth.has(id)]);
        for (const name of names)
          expect(byId(table.find('userPrincipalName', name))).toEqual(
            all.filter(({ userPrincipalName }) => userPrincipalName === name),
          );
      }),
    );
  });
});
