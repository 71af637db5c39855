// Piles: what is walked is what was put in, in its order, however much of it there is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMemory, type Scratch } from '../../src/model/scratch.ts';
import { Pile } from '../../src/plan/pile.ts';
import { scratchIn } from '../../src/repo/nameless.ts';
import { temporaryFolder } from '../repo/support.ts';

function pileOf<Item>(items: readonly Item[], scratch: Scratch): Pile<Item> {
  const pile = new Pile<Item>(scratch);
  for (const item of items) pile.push(item);
  return pile;
}

describe.each([
  ['in memory', () => inMemory],
  ['on the disk', () => scratchIn(temporaryFolder())],
])('a pile %s', (_, room) => {
  it('gives back every JSON value, each time that it is walked, in every number', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.jsonValue(), texts), { maxLength: 40 }), fc.nat(4000), (values, times) => {
        const all = Array.from(
          { length: Math.min(values.length * times, 60_000) },
          (_, at) => values[at % values.length],
        );
        const pile = pileOf(all, room());
        expect(pile.length).toBe(all.length);
        // As JSON: it has no -0.
        expect(JSON.stringify(pile)).toBe(JSON.stringify(all));
        expect(JSON.stringify([...pile])).toBe(JSON.stringify(all));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps what was put in, whatever becomes of it there or of what was given out', () => {
    const item = { text: 'a' };
    const pile = pileOf([item], room());
    item.text = 'b';
    const [given] = pile;
    given!.text = 'c';
    expect([...pile]).toEqual([{ text: 'a' }]);
  });

  it('is left in the middle, and walked twice at the same time', () => {
    const pile = pileOf(
      Array.from({ length: 20_000 }, (_, at) => `number ${at}`),
      room(),
    );
    const [one, other] = [pile[Symbol.iterator](), pile[Symbol.iterator]()];
    for (let at = 0; at < 20_000; at += 1) {
      expect(one.next().value).toBe(`number ${at}`);
      if (at % 2 === 0) expect(other.next().value).toBe(`number ${at / 2}`);
    }
    const [first] = pile;
    expect(first).toBe('number 0');
  });
});
