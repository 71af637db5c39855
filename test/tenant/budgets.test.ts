// Budgets: a reader that is told how full Graph's budget is slows down before it is refused, also where only batches are told.

import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { createSandbox, generate } from '../../src/sandbox/index.ts';
import { readerOf } from '../support/reader.ts';
import { VirtualTime } from './virtual-time.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';

async function readUnder(resourceUnits: number, name: string) {
  const time = new VirtualTime();
  const sandbox = createSandbox({
    seeds: [generate({ users: 6000, applications: 800, assignments: 800 }, tenantId)],
    tenantId,
    throttling: { resourceUnits },
    clock: () => time.now(),
  });
  const reader = readerOf(sandbox, time);
  const began = time.now();
  let objects = 0;
  for await (const entities of reader.read(kinds.get(name)!)) objects += entities.length;
  return { objects, seconds: (time.now() - began) / 1000, ...reader.statistics() };
}

describe("a reader under Graph's budget", () => {
  it('is never refused where it is told in time, in pages and in batches', async () => {
    const pages = await readUnder(40, 'users');
    expect(pages).toMatchObject({ objects: 6000, throttled: 0 });
    const batches = await readUnder(600, 'servicePrincipals');
    expect(batches).toMatchObject({ objects: 801, throttled: 0 });
    // It did wait: the budget is smaller than what was read.
    expect(pages.seconds).toBeGreaterThan(4);
    expect(batches.seconds).toBeGreaterThan(4);
  });

  it('does not wait where there is room', async () => {
    expect((await readUnder(8000, 'users')).throttled).toBe(0);
  });
});
