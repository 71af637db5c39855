// The whole sweeps over recovery: a kill at every writing of the journal, and faults at every request, each once and for good.
import { expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/index.ts';
import { faultAt, killedAt } from '../support/recovery-sweep.ts';

/** Every how many-th point is tried; 1 is all of them. */
const stride = Number(process.env.DRIFTLINE_STRIDE ?? 1);

it.each(['before', 'after'] as const)('a kill %s each writing of the journal', { timeout: 3_600_000 }, async (when) => {
  let nth = 1;
  for (; await killedAt(nth, when); nth += stride);
  expect(nth).toBeGreaterThan(20);
});

const faults: Readonly<Record<string, Fault>> = {
  '403': { kind: 'status', status: 403, code: 'Authorization_RequestDenied' },
  '404': { kind: 'status', status: 404, code: 'Request_ResourceNotFound' },
  '409 concurrency': { kind: 'status', status: 409, code: 'Directory_ConcurrencyViolation' },
  '429': { kind: 'status', status: 429 },
  '500': { kind: 'status', status: 500 },
  '503 after it took effect': { kind: 'status', status: 503, tookEffect: true },
  'a reset before headers': { kind: 'reset', when: 'beforeHeaders' },
  'a reset after it took effect': { kind: 'reset', when: 'midBody', tookEffect: true },
};

for (const [name, fault] of Object.entries(faults))
  for (const times of [1, Number.POSITIVE_INFINITY])
    it(`${name} at each request, ${times === 1 ? 'once' : 'from then on'}`, { timeout: 3_600_000 }, async () => {
      let nth = 1;
      for (; await faultAt(nth, fault, times); nth += stride);
      expect(nth).toBeGreaterThan(30);
    });
