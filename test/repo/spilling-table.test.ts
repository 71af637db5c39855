// The table that spills: it behaves as a map would, however few objects it holds in memory, and leaves no file behind.
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpillingTable } from '../../src/repo/spilling-table.ts';
import { temporaryFolder, userKey } from './support.ts';

const idOf = (content: string) => createHash('sha1').update(content).digest();
const hex = (id: Buffer | undefined) => id?.toString('hex');

const key = fc.oneof(
  fc.nat(6).map(userKey),
  fc.nat(3).map((n) => `${userKey(n)}_${userKey(n + 1)}`),
  fc.stringMatching(/^[a-d]{1,2}$/),
);
const content = fc.constantFrom('x', 'y', 'z');
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ put: key, content }) },
  { weight: 1, arbitrary: fc.record({ again: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ withdraw: key }) },
  { weight: 1, arbitrary: fc.constant('fresh' as const) },
);
const groups = { one: () => 0, many: (one: string) => one.charCodeAt(0) * 30 + one.length };

describe('the table that spills', () => {
  it('says what was put and not withdrawn, and what was put once too often (a law)', () => {
    const folder = temporaryFolder();
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(...Object.values(groups)),
        (steps, most, groupOf) => {
          const table = new SpillingTable({ path: join(folder, 'objects'), most, groupOf });
          const model = new Map<string, string>();
          let repeated: string[] = [];
          let given = 0;
          let since = new Map<string, string>();
          for (const each of steps) {
            table.makeRoom();
            if (each === 'fresh') {
              const from = given;
              given = table.spill();
              const fresh = [...table.since(from)];
              expect(new Map(fresh.map((entry) => [entry.key, entry.id]))).toEqual(since);
              since = new Map();
            } else if ('withdraw' in each) {
              const id = hex(table.withdraw(each.withdraw));
              expect(id).toBe(model.get(each.withdraw));
              // Of all that was withdrawn no copy counts.
              repeated = repeated.filter((one) => one !== each.withdraw);
              model.delete(each.withdraw);
              since.delete(each.withdraw);
            } else {
              const known = 'again' in each ? [...model.keys()][each.again % Math.max(model.size, 1)] : undefined;
              const one = 'put' in each ? each.put : known;
              if (one === undefined) continue;
              const id = model.get(one) ?? hex(idOf('put' in each ? each.content : ''))!;
              const outcome = table.put(one, Buffer.from(id, 'hex'));
              expect(outcome === 'added' || model.has(one)).toBe(true);
              if (outcome === 'added') since.set(one, id);
              if (outcome === 'added' && model.has(one)) repeated.push(one);
              model.set(one, id);
            }
            for (const one of [userKey(3), 'a']) {
              expect([hex(table.idOf(one)), table.idText(one)]).toEqual([model.get(one), model.get(one)]);
              if (model.has(one)) expect(table.retain(one)).toBeUndefined();
              else expect(() => table.retain(one)).toThrow(RangeError);
            }
          }
          const settled = table.settle();
          expect(settled.contradicted).toBeUndefined();
          expect(settled.repeated.map(hex).sort()).toEqual(repeated.map((one) => model.get(one)).sort());
          const entries = [...table.grouped()];
          expect(entries).toHaveLength(model.size);
          expect(new Map(entries.map((entry) => [entry.key, entry.id]))).toEqual(model);
          // Those of a group are together.
          const changes = entries.filter(
            ({ key: one }, at) => at === 0 || groupOf(one) !== groupOf(entries[at - 1]!.key),
          );
          expect(new Set(changes.map((entry) => groupOf(entry.key))).size).toBe(changes.length);
          expect(readdirSync(folder)).toEqual([]);
          table.close();
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([1, 2, 1000])('finds what was put with two contents, with %s in memory', (most) => {
    const table = new SpillingTable({ path: join(temporaryFolder(), 'objects'), most, groupOf: groups.many });
    const outcomes = ['a', 'b', 'c', 'b'].map((one, at) => {
      table.makeRoom();
      return table.put(one, idOf(`${at}`));
    });
    expect([outcomes.at(-1), table.settle().contradicted]).toEqual(
      most === 1000 ? ['contradicted', undefined] : ['added', 'b'],
    );
    table.close();
  });
});
