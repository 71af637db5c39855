// The program killed at forty moments of an apply; a handful of them are in test/journeys/killed.test.ts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KilledApply, openKilledApply } from '../support/killed-apply.ts';

const moments = Number(process.env.DRIFTLINE_KILLS ?? 40);
let apply: KilledApply;

beforeAll(async () => {
  apply = await openKilledApply();
}, 120_000);
afterAll(() => apply.close());

it('is resumed, and nothing is made twice', { timeout: 3_600_000 }, async () => {
  for (let number = 0; number < moments; number += 1)
    await expect(apply.run(number), `kill ${number}`).resolves.toBeUndefined();
});
