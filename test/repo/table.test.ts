// The table of a kind's objects: it behaves as a map would, whatever the keys, at any size.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ObjectTable, type State, states } from '../../src/repo/table.ts';
import { userKey } from './support.ts';

const idOf = (content: string) => createHash('sha1').update(content).digest();
/** Keys that are near to each other in every way: packed GUIDs, texts of their length, of 16 characters, of the longest length. */
const key = fc.oneof(
  fc.nat(40).map((n) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`),
  fc.nat(40).map((n) => `00000000-0000-4000-8000_${n.toString(16).padStart(12, '0')}`),
  fc.nat(40).map((n) => `0000000000000000${n}`.slice(-16)),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,5}$/),
  fc.constantFrom('a'.repeat(200), 'a'.repeat(199), 'A'.repeat(200)),
);
const content = fc.constantFrom('x', 'y', 'z');
const asItIs = Symbol('put as the table has it');

describe('the table of objects', () => {
  it('says of each what became of it, as a map would (a law)', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, content), { selector: ([one]) => one, maxLength: 100 }),
        fc.array(fc.tuple(key, fc.oneof(content, fc.constantFrom(undefined, asItIs))), { maxLength: 100 }),
        fc.option(fc.array(key, { maxLength: 100 }), { nil: undefined }),
        (base, puts, among) => {
          const table = new ObjectTable();
          const model = new Map<string, { state: State; content: string }>();
          for (const [one, value] of base) {
            table.enter(one, idOf(value));
            model.set(one, { state: states.untouched, content: value });
          }
          for (const [one, value] of puts) {
            const known = model.get(one);
            expect(table.has(one)).toBe(known !== undefined);
            expect(table.idText(one)).toBe(known && idOf(known.content).toString('hex'));
            if (value === asItIs) {
              if (known === undefined) {
                expect(() => table.retain(one)).toThrow(RangeError);
                continue;
              }
              const untouched = known.state === states.untouched;
              expect(table.retain(one)?.toString('hex')).toBe(untouched ? table.idText(one) : undefined);
              if (untouched) model.set(one, { ...known, state: states.same });
              continue;
            }
            if (value === undefined) {
              // Only what was added can be taken back.
              const added = known?.state === states.added ? known : undefined;
              expect(table.withdraw(one)?.toString('hex')).toBe(added && idOf(added.content).toString('hex'));
              if (added !== undefined) model.delete(one);
              continue;
            }
            const outcome = table.put(one, idOf(value));
            const expected =
              known === undefined
                ? 'added'
                : known.state !== states.untouched
                  ? known.content === value
                    ? 'repeated'
                    : 'contradicted'
                  : known.content === value
                    ? 'same'
                    : 'changed';
            expect(outcome).toBe(expected);
            if (outcome === 'added' || outcome === 'changed' || outcome === 'same')
              model.set(one, { state: states[outcome], content: value });
          }
          const gone = [...model].filter(
            ([one, { state }]) => state === states.untouched && among?.includes(one) !== false,
          );
          expect(table.removeUntouched(among)).toBe(gone.length);
          for (const [one, { content: value }] of gone) model.set(one, { state: states.removed, content: value });
          table.seal();
          const left = [...model].filter(([, { state }]) => state >= states.changed);
          expect(Object.fromEntries([...table.entries()].map((entry) => [entry.key, [entry.state, entry.id]]))).toEqual(
            Object.fromEntries(
              left.map(([one, { state, content: value }]) => [one, [state, idOf(value).toString('hex')]]),
            ),
          );
          expect(table.size).toBe(left.length);
          const groups = [...table.grouped((one) => one.length)];
          expect(groups.map((entry) => entry.key.length)).toEqual(
            left.map(([one]) => one.length).sort((one, other) => one - other),
          );
          expect(new Set(groups.map((entry) => entry.key))).toEqual(new Set(left.map(([one]) => one)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('holds more than its first pieces', () => {
    const table = new ObjectTable();
    const keys = Array.from({ length: 60_000 }, (_, n) =>
      n % 3 === 0 ? `${userKey(n)}_${userKey(n + 1)}` : userKey(n),
    );
    for (const one of keys) table.enter(one, idOf(one));
    keys.forEach((one, n) => {
      expect(table.put(one, n % 2 === 0 ? idOf(one) : idOf('other'))).toBe(n % 2 === 0 ? 'same' : 'changed');
    });
    table.seal();
    expect([...table.entries()].map((entry) => entry.key)).toEqual(keys.filter((_, n) => n % 2 === 1));
  });
});
