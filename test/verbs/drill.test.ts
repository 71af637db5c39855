// The drill: a tenth of every kind of the example company is broken in a sandbox, and what should come back does.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drill } from '../../src/verbs/drill.ts';
import { objects } from '../support/drift.ts';
import { everything, type Place, recoveryPlace } from '../support/recovery.ts';

let place: Place;
let commit: string;
beforeAll(async () => {
  place = await recoveryPlace();
  commit = (await place.snapshot()).id;
});
afterAll(() => place.close());

const request = () => {
  const { repository, kinds, configuration, now, version } = place.request();
  return { repository, kinds, configuration, now, version, goal: commit, seed: 3 };
};

describe('a drill', () => {
  it.each([1, 2, 3])('of seed %i brings back all that can come back, and touches no tenant', async (seed) => {
    const writes = place.writes().length;
    const result = await drill({ ...request(), seed });
    expect(result.notLoaded).toEqual([]);
    for (const { kind, broken, lost } of result.kinds) {
      expect(broken, kind).toBeGreaterThan(0);
      expect(lost, kind).toEqual([]);
    }
    expect(place.writes().length).toBe(writes);
  });

  it('against the living tenant rehearses what a recovery of it would do', async () => {
    const [group, other] = (await objects(place, 'groups')).filter(({ groupTypes }) => groupTypes.length === 0);
    await place.graph('DELETE', `/groups/${group!.id}`);
    await place.graph('PATCH', `/groups/${other!.id}`, { description: 'drift' });
    const live = await place.snapshot();
    const result = await drill({ ...request(), live, options: everything });
    const steps = [...result.plan.steps].map(({ action, ref }) => `${action} ${ref}`);
    expect(steps).toContain(`restore groups/${group!.id}`);
    expect(steps).toContain(`update groups/${other!.id}`);
    expect(result.kinds.flatMap(({ lost }) => lost)).toEqual([]);
  });
});
