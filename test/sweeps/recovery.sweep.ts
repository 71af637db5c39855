// The whole sweeps over recovery: a kill at every writing of the journal, faults at every request, each once and for good, and pairs of faults.
import { describe, expect, it } from 'vitest';
import type { ScenarioName } from '../support/recovery-scenarios.ts';
import { faultAt, faults, faultsAt, killedAt, pairAt, sweep } from '../support/recovery-sweep.ts';

/** Every how many-th point is tried; 1 is all of them. Each sweep begins at another point. */
const stride = Number(process.env.DRIFTLINE_STRIDE ?? 1);
const pairs = Number(process.env.DRIFTLINE_PAIRS ?? 256);
const hours = { timeout: 4 * 3_600_000 };

const scenarios: readonly ScenarioName[] = ['all of a tenant', 'a few objects, with a hand in between'];

describe.each(scenarios)('a recovery of %s', (name) => {
  it.each(['before', 'after'] as const)('killed %s each writing of its journal', hours, async (when) => {
    const { runs, violations } = await sweep(1, 0, (nth) => killedAt(name, nth, when));
    expect(violations, `${runs} runs`).toEqual([]);
  });

  const modes = Object.entries(faults).flatMap(([fault, what]) =>
    [1, Number.POSITIVE_INFINITY].map((times) => ({ fault, what, times, said: times === 1 ? 'once' : 'from then on' })),
  );
  it.each(modes.map((mode, turn) => ({ ...mode, turn })))(
    'that meets $fault at each request, $said',
    hours,
    async ({ what, times, turn }) => {
      const { runs, violations } = await sweep(stride, turn, (nth) => faultAt(name, nth, what, times));
      expect(violations, `${runs} runs`).toEqual([]);
    },
  );

  it('that meets two faults', hours, async () => {
    const violations: string[] = [];
    for (let number = 0; number < pairs; number += 1)
      for (const violation of (await faultsAt(name, pairAt(number))).violations)
        violations.push(`pair ${number}: ${violation}`);
    expect(violations).toEqual([]);
  });
});
