// Requests, counted: a full read makes as many as docs/performance.md says, whatever the sizes, and so many less than one for each object.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { createSandbox, generate, type Sizes } from '../../src/sandbox/index.ts';
import { hurriedTime } from '../support/driftline.ts';
import { readerOf } from '../support/reader.ts';

const tenantId = '11111111-2222-4333-8444-555555555555';
const names = ['users', 'groups', 'applications', 'servicePrincipals', 'oauth2PermissionGrants'];

const pages = (count: number, size: number) => Math.max(1, Math.ceil(count / size));
/** Batches of 20 for each page of a hundred. */
const batches = (count: number) => Math.floor(count / 100) * 5 + Math.ceil((count % 100) / 20);

/**
 * The formula. Pages of 999; of 100 where a link comes expanded with the listing; delta pages as the server cuts them, here at 200 objects or
 * 400 links; batches of 20 for what has no bulk form.
 */
function formula(counts: Record<string, number>, links: { readonly members: number }) {
  const { users = 0, guests = 0, groups = 0, applications = 0, servicePrincipals = 0, grants = 0 } = counts;
  return {
    // Behind the last guest there may be users still, and then an empty page.
    users: pages(users, 200) + Math.floor(guests / 100) + 1 + pages(users, 999),
    groups: pages(groups, 200) + Math.ceil(links.members / 400) + pages(groups, 999),
    applications: 2 * pages(applications, 100),
    servicePrincipals: pages(servicePrincipals, 100) + batches(servicePrincipals),
    oauth2PermissionGrants: pages(grants, 999),
  };
}

async function counted(sizes: Sizes) {
  const sandbox = createSandbox({ seeds: [generate(sizes, tenantId)], tenantId, throttling: false });
  const time = hurriedTime();
  const made: Record<string, number> = {};
  const reader = readerOf(sandbox, time);
  const objects: Record<string, number> = {};
  for (const name of names) {
    const before = reader.statistics().requests;
    objects[name] = 0;
    for await (const entities of reader.read(kinds.get(name)!)) objects[name] += entities.length;
    made[name] = reader.statistics().requests - before;
  }
  await reader.close();
  const { store } = sandbox;
  const counts = {
    users: store.count('user'),
    guests: [...store.list('user')].filter(({ userType }) => userType === 'Guest').length,
    groups: store.count('group'),
    applications: store.count('application'),
    servicePrincipals: store.count('servicePrincipal'),
    grants: store.count('oAuth2PermissionGrant'),
  };
  const { guests: _guests, ...each } = counts;
  expect(Object.values(objects).sort()).toEqual(Object.values(each).sort());
  const total = Object.values(each).reduce((sum, count) => sum + count, 0);
  return {
    made,
    total,
    limit: formula(counts, { members: (sizes.groups ?? 0) * ((sizes.membersPerGroup ?? 10) + 1) }),
  };
}

describe('the requests of a full read', () => {
  it('are those of the formula', async () => {
    const size = fc.record({
      users: fc.integer({ min: 1, max: 1500 }),
      groups: fc.integer({ min: 1, max: 1200 }),
      membersPerGroup: fc.integer({ min: 0, max: 30 }),
      applications: fc.integer({ min: 50, max: 230 }),
      grants: fc.integer({ min: 0, max: 2100 }),
      assignments: fc.integer({ min: 0, max: 600 }),
    });
    await fc.assert(
      fc.asyncProperty(size, async (sizes) => {
        const { made, limit } = await counted(sizes);
        for (const name of names)
          expect(made[name], `${name} of ${JSON.stringify(sizes)}`).toBeLessThanOrEqual(
            limit[name as keyof typeof limit],
          );
        // What is not cut by links is exact.
        for (const name of ['applications', 'servicePrincipals', 'oauth2PermissionGrants'] as const)
          expect(made[name], name).toBe(limit[name]);
      }),
      { numRuns: 6 },
    );
  }, 120_000);

  it('are about those that docs/performance.md tells tenants of three sizes', () => {
    const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8');
    const figure = (text: string) => Number(text.replaceAll(',', ''));
    const rows = [...page.matchAll(/^\| (10+,000|1,000,000) \| ([\d,]+) \| ([\d,]+) \|$/gm)];
    expect(rows).toHaveLength(3);
    for (const [, size, ours, each] of rows) {
      const users = figure(size!);
      const [groups, applications, grants] = [users / 10, users / 40, users / 8];
      const counts = { users, guests: users / 10, groups, applications, servicePrincipals: applications, grants };
      const made = Object.values(formula(counts, { members: groups * 11 })).reduce((sum, one) => sum + one, 0);
      expect(Math.abs(figure(ours!) / made - 1), size).toBeLessThan(0.05);
      expect(figure(each!), size).toBe(2 * (users + groups + 2 * applications));
    }
  });

  it('are a small part of what asking for each object takes', async () => {
    const { made, total } = await counted({
      users: 2000,
      groups: 200,
      applications: 50,
      grants: 250,
      assignments: 250,
    });
    const requests = Object.values(made).reduce((sum, count) => sum + count, 0);
    // Exporters that ask for each object, its manager, members and owners make two requests and more for each.
    expect(requests * 20).toBeLessThan(total);
  });
});
