// A sample of the sweeps over recovery; test/sweeps/recovery.sweep.ts goes through all of them.
import { describe, expect, it } from 'vitest';
import { faultAt, killedAt } from '../support/recovery-sweep.ts';

describe('a recovery that is killed', () => {
  it.each([
    [1, 'before'],
    [2, 'before'],
    [2, 'after'],
    [4, 'before'],
    [5, 'after'],
    [9, 'before'],
    [14, 'after'],
    [21, 'before'],
    [30, 'after'],
  ] as const)(
    'at writing %i of its journal, %s it, ends where an unkilled one ends',
    { timeout: 60_000 },
    async (nth, when) => {
      expect(await killedAt(nth, when)).toBe(true);
    },
  );
});

describe('a recovery one of whose requests fails', () => {
  it.each([
    [9, 'a lost answer', { kind: 'reset', when: 'midBody', tookEffect: true }, 1],
    [16, 'a server error after the write', { kind: 'status', status: 503, tookEffect: true }, 1],
    [23, 'a refusal', { kind: 'status', status: 403, code: 'Authorization_RequestDenied' }, 1],
    [31, 'a server error for good', { kind: 'status', status: 500 }, Number.POSITIVE_INFINITY],
    [40, 'a reset before anything happened', { kind: 'reset', when: 'beforeHeaders' }, 1],
  ] as const)(
    'at request %i by %s leaves nothing twice, and the rest to a second one',
    { timeout: 60_000 },
    async (nth, _name, fault, times) => {
      expect(await faultAt(nth, fault, times)).toBe(true);
    },
  );
});
