// Recoveries where Graph is at its most awkward: replicas that lag and answer by turns, complex values that are replaced, tight quotas.
import { describe, expect, it } from 'vitest';
import type { SandboxOptions } from '../../src/sandbox/index.ts';
import { recoveryPlace } from '../support/recovery.ts';
import { breakTenant } from '../support/recovery-scenarios.ts';

const tenants: readonly (readonly [string, SandboxOptions])[] = [
  ['whose replicas lag', { replicaLagMs: 8000, replicas: 3 }],
  ['that replaces complex values', { mergeMode: 'replace' }],
  ['with small pages', { pageSize: 7 }],
];

describe('a recovery of a tenant', () => {
  it.each(tenants)('%s ends at the commit', { timeout: 120_000 }, async (_name, options) => {
    const place = await recoveryPlace(options);
    try {
      // What is there has to show on every replica before it is read.
      const settled = () => {
        for (let second = 0; second < 20; second++) place.request().now();
      };
      settled();
      const goal = (await place.snapshot()).id;
      await breakTenant(place);
      settled();
      const { record } = await place.apply(await place.plan(goal), {
        settle: { confirmations: 5, pause: 1000, patience: 120_000 },
      });
      expect(record.failures).toEqual([]);
      settled();
      const again = await place.plan(goal);
      expect([...again.plan.steps]).toEqual([]);
    } finally {
      await place.close();
    }
  });
});
