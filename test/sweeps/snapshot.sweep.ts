// All of the sweep over reading: each request of a snapshot, each fault, once and for good.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faults, openSweep, type Sweep } from '../support/snapshot-sweep.ts';

let sweep: Sweep;

beforeAll(async () => {
  sweep = await openSweep('memory');
});

afterAll(() => sweep.close());

describe.each(Object.keys(faults))('a snapshot that meets %s', (name) => {
  it.each([
    ['once', 1],
    ['from then on', Number.POSITIVE_INFINITY],
  ])('%s, at each request, is whole or not there', async (_, times) => {
    let nth = 1;
    // The sweep ends only with a run that meets no fault.
    while (await sweep.run(nth, faults[name]!, times)) nth += 1;
    expect(nth).toBeGreaterThan(sweep.requestsFor(faults[name]!) / 2);
  });
});
