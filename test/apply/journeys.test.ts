// Recoveries against the sandbox: what is broken through Graph calls comes back from the commit, and a second recovery has nothing to do.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everything, type Place, plain, recoveryPlace } from '../support/recovery.ts';

let place: Place;
let before: string;

beforeEach(async () => {
  place = await recoveryPlace();
  before = (await place.snapshot()).id;
});
afterEach(() => place.close());

async function firstOf(path: string, filter: (item: Record<string, any>) => boolean = () => true) {
  const { body } = await place.graph('GET', path);
  return (body.value as Record<string, any>[]).find(filter)!;
}

describe('a recovery', () => {
  it('has nothing to do where nothing changed', async () => {
    const { plan } = await place.plan(before);
    expect(plan.steps).toEqual([]);
    expect(plan.refusals).toEqual([]);
  });

  it('takes back an attribute', async () => {
    const user = await firstOf(
      '/users?$select=id,displayName,department,onPremisesSyncEnabled&$top=50',
      (one) => !one.onPremisesSyncEnabled && one.department,
    );
    await place.graph('PATCH', `/users/${user.id}`, { department: 'Somewhere else', jobTitle: null });
    const applied = await place.recover(before);
    expect(applied.record).toMatchObject({ status: 'complete', left: [] });
    const again = await place.plan(before);
    expect(again.plan.steps).toEqual([]);
  });
});
