// A part of the sweep over reading that every test run can pay for; `npm run test:sweep` makes all of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faults, openSweep, type Sweep } from '../support/snapshot-sweep.ts';

let sweep: Sweep;

beforeAll(async () => {
  sweep = await openSweep();
});

afterAll(() => sweep.close());

describe('a snapshot whose requests fail', () => {
  it('is whole or not there, for its requests and a fault that walks through all of them', async () => {
    const names = Object.keys(faults);
    // The long run takes all of them, the daily one a part.
    const step = process.env.DRIFTLINE_WHOLE === undefined ? 2 : 1;
    let fired = 0;
    for (let nth = 1; nth <= sweep.requests; nth += step) {
      for (const [turn, times] of [1, Number.POSITIVE_INFINITY].entries()) {
        const name = names[(nth * 2 + turn) % names.length]!;
        if (await sweep.run(nth, faults[name]!, times)) fired += 1;
      }
    }
    expect(fired).toBeGreaterThan(sweep.requests / step);
  }, 120_000);
});
