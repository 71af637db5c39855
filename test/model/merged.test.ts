// Merging: one list in the order of all, those of the earlier list first where two are equal.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { merged } from '../../src/model/merged.ts';

it('is the stable sort of all of them', () => {
  const sorted = fc.array(fc.nat(9)).map((numbers) => numbers.sort((a, b) => a - b));
  fc.assert(
    fc.property(fc.array(sorted, { maxLength: 4 }), (lists) => {
      const named = lists.map((list, from) => list.map((number) => ({ number, from })));
      const order = (left: { number: number }, right: { number: number }) => left.number - right.number;
      expect([...merged(named, order)]).toEqual(named.flat().sort(order));
    }),
  );
});

it('takes no more of a list than it has given, and one', () => {
  let taken = 0;
  const counting = function* () {
    for (let at = 0; at < 10; at += 1) {
      taken += 1;
      yield at;
    }
  };
  const all = merged([counting()], (left, right) => left - right);
  for (let at = 0; at < 3; at += 1) expect(all.next().value).toBe(at);
  expect(taken).toBeLessThanOrEqual(4);
});
