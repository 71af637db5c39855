// The laws of differences, on random objects: nothing differs from itself, and a change says all that differs and no more.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChange, diffEntities } from '../../src/diff/index.ts';
import { canonicalText, type Json } from '../../src/model/json.ts';
import { toy, toyEntity } from './toy.ts';

const text = (value: unknown) => (value === undefined ? undefined : canonicalText(value as Json));
const sameOrGone = fc.oneof({ weight: 8, arbitrary: toyEntity }, { weight: 1, arbitrary: fc.constant(undefined) });

describe('the difference of two objects', () => {
  it('is empty for one object (law 1), and for no object', () => {
    fc.assert(
      fc.property(toyEntity, (entity) => {
        expect(diffEntities(toy, entity, structuredClone(entity))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
    expect(diffEntities(toy, undefined, undefined)).toBeUndefined();
  });

  it('is empty just when the two are equal', () => {
    fc.assert(
      fc.property(toyEntity, toyEntity, (before, after) => {
        expect(diffEntities(toy, before, after) === undefined).toBe(text(before) === text(after));
      }),
      { numRuns: 2000 },
    );
  });

  it('applied to the state before gives the state after', () => {
    fc.assert(
      fc.property(sameOrGone, sameOrGone, (before, after) => {
        const change = diffEntities(toy, before, after);
        if (change === undefined) expect(text(before)).toBe(text(after));
        else expect(text(applyChange(toy, before, change))).toBe(text(after));
      }),
      { numRuns: 5000 },
    );
  });

  it('says each path once, and in the same way in both directions', () => {
    fc.assert(
      fc.property(toyEntity, toyEntity, (before, after) => {
        const there = diffEntities(toy, before, after);
        const back = diffEntities(toy, after, before);
        const paths = there?.attributes.map(({ path }) => path) ?? [];
        expect(new Set(paths).size).toBe(paths.length);
        expect(back?.attributes.map(({ path, before, after }) => [path, after, before])).toEqual(
          there?.attributes.map(({ path, before, after }) => [path, before, after]),
        );
        expect(back?.links.map(({ target }) => target).sort()).toEqual(there?.links.map(({ target }) => target).sort());
      }),
      { numRuns: 500 },
    );
  });
});
