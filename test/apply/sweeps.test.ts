// A sample of the sweeps over recovery; test/sweeps/recovery.sweep.ts goes through all of them.
import { describe, expect, it } from 'vitest';
import { differences, hasWayIn, truthOf, Witness } from '../support/recovery-oracles.ts';
import { scenario } from '../support/recovery-scenarios.ts';
import { faultAt, faults, faultsAt, killedAt, pairAt } from '../support/recovery-sweep.ts';

const [whole, few] = ['all of a tenant', 'a few objects, with a hand in between'] as const;

describe('a recovery that is killed', () => {
  it.each([
    [whole, 1, 'before'],
    [whole, 2, 'before'],
    [whole, 9, 'after'],
    [few, 30, 'before'],
    [whole, 45, 'after'],
    // Groups were made anew, and the policies that block still name the old ones.
    [whole, 82, 'before'],
    [whole, 100, 'after'],
  ] as const)('%s: at writing %i of its journal, %s it, ends where an unkilled one ends', async (name, nth, when) => {
    expect(await killedAt(name, nth, when)).toEqual({ befell: true, violations: [] });
  });
});

describe('a recovery some of whose requests fail', () => {
  it.each([
    [whole, 9, 'a reset after it took effect', 1],
    [whole, 46, '503 after it took effect', Number.POSITIVE_INFINITY],
    [few, 56, 'a reset after it took effect', Number.POSITIVE_INFINITY],
    [whole, 118, '503 after it took effect', Number.POSITIVE_INFINITY],
    [few, 150, '403', 1],
    [whole, 240, '500', Number.POSITIVE_INFINITY],
    [few, 40, '404', 1],
    [whole, 300, '409 of concurrency', 1],
    [few, 120, '429', 1],
    [whole, 90, 'a reset before headers', 1],
  ] as const)(
    '%s: from request %i on by %s, %d times, says so, and can be mended and undone',
    async (name, nth, fault, times) => {
      expect(await faultAt(name, nth, faults[fault]!, times)).toEqual({ befell: true, violations: [] });
    },
  );

  it.each([0, 13, 44])('twice (pair %i) says so, and can be mended and undone', async (number) => {
    expect((await faultsAt(few, pairAt(number))).violations).toEqual([]);
  });
});

describe('the oracles', () => {
  it('see who has no way in, what came and went, and what is written without a line in the journal', async () => {
    const { broken, whole: before, emergencyAccounts } = await scenario(whole);
    expect(hasWayIn(broken.store, emergencyAccounts)).toBe(true);
    const { store } = before.fork();
    expect(hasWayIn(store, emergencyAccounts)).toBe(true);
    const group = [...store.list('group')].find(({ displayName }) => String(displayName).includes('emergency'))!;
    const truth = truthOf({ store });
    store.bury('group', group.id, 'directory');
    expect(hasWayIn(store, emergencyAccounts)).toBe(false);
    expect(differences(truth, truthOf({ store })).length).toBeGreaterThan(1);
    store.restore(group.id);
    expect(differences(truth, truthOf({ store }))).toEqual([]);
    const witness = new Witness(emergencyAccounts);
    await witness.before(new Request('http://127.0.0.1:9/v1.0/groups/1', { method: 'DELETE' }));
    expect(witness.violations).toEqual(['P10: DELETE /groups/1 was sent and is not in the journal']);
  });
});
