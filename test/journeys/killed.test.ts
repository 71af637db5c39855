// The program killed while it applies a plan, and what --resume makes of it; test/sweeps/killed.sweep.ts tries more moments.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type KilledApply, openKilledApply } from '../support/killed-apply.ts';

let apply: KilledApply;

beforeAll(async () => {
  apply = await openKilledApply();
}, 120_000);
afterAll(() => apply.close());

describe('driftline apply', () => {
  it.each([101, 102, 103, 104])(
    'killed at random moment %i is resumed, and nothing is made twice',
    { timeout: 60_000 },
    (number) => apply.run(number),
  );
});
