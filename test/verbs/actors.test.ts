// Who made the changes: a log of any length, asked by time or by object, gives each changed object its newest entries, and nothing else.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import type { AuditEntry, AuditQuestion } from '../../src/model/audit.ts';
import type { Commit } from '../../src/model/commit.ts';
import type { CoverageStatus } from '../../src/model/coverage.ts';
import { NotComplete } from '../../src/model/coverage.ts';
import { Problem } from '../../src/model/problem.ts';
import { type Ref, toRef } from '../../src/model/ref.ts';
import type { Repository } from '../../src/model/repository.ts';
import type { TenantReader } from '../../src/model/tenant.ts';
import { type ActorsRequest, findActors, readSince } from '../../src/verbs/actors.ts';

const id = (number: number) => `aaaaaaaa-0000-4000-8000-${String(number).padStart(12, '0')}`;
const user = (number: number) => toRef('users', id(number));
const group = (number: number) => toRef('groups', id(number));
const time = (minute: number) => new Date(Date.UTC(2026, 10, 20, 0, minute)).toISOString();

function entry(number: number, about: readonly string[], more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: `entry ${number}`,
    activityDateTime: time(number),
    activityDisplayName: 'Update user',
    initiatedBy: { user: { userPrincipalName: 'ravi@heron.example' } },
    result: 'success',
    about,
    ...more,
  };
}

/** A tenant with this log, in pages of so many entries; `links`: entries that only the member is a target of. */
function tenant(
  log: readonly AuditEntry[],
  pageSize = 1000,
  targets: (entry: AuditEntry) => readonly string[] = (e) => e.about,
) {
  const questions: AuditQuestion[] = [];
  let pages = 0;
  const reader: Partial<TenantReader> = {
    identity: async () => ({ tenantId: 'tenant', displayName: '', cloud: 'global' }),
    async *audits(question) {
      questions.push(question);
      const { from, to, id: named, activity } = question;
      const found = log
        .filter(
          (each) =>
            each.activityDateTime >= from &&
            each.activityDateTime <= to &&
            (named === undefined || targets(each).includes(named)) &&
            (activity === undefined || each.activityDisplayName.startsWith(activity)),
        )
        .toSorted((one, other) => (one.activityDateTime < other.activityDateTime ? 1 : -1));
      for (let at = 0; at === 0 || at < found.length; at += pageSize) {
        pages += 1;
        yield found.slice(at, at + pageSize);
      }
    },
  };
  return { reader: async () => reader as TenantReader, questions, pages: () => pages };
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

function request(refs: readonly Ref[], more: Partial<ActorsRequest> = {}): ActorsRequest {
  return {
    kinds,
    refs: each(refs),
    linked: async () => [],
    refsOf: (ref) => [ref],
    reader: undefined,
    tenantId: 'tenant',
    from: time(0),
    to: time(10_000),
    now: new Date(Date.UTC(2026, 10, 27)),
    runs: () => each([]),
    ...more,
  };
}

const activitiesOf = (found: { readonly actors: readonly { activityDateTime: string }[] } | undefined) =>
  found?.actors.map(({ activityDateTime }) => activityDateTime);

describe('findActors', () => {
  it('gives every object its newest entries and the number of the others, however the log is asked (law)', async () => {
    const logs = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 2 }), {
      maxLength: 60,
      size: 'max',
    });
    let [asked, read] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        async (abouts, changed, pageSize) => {
          const log = abouts.map((numbers, at) => entry(at, numbers.map(id)));
          const { reader, questions } = tenant(log, pageSize);
          const actors = await findActors(request(changed.map(user), { reader }));
          expect(actors?.header.status).toBe('complete');
          for (const number of changed) {
            const own = log.filter(({ about }) => about.includes(id(number))).toReversed();
            const found = actors?.of(user(number));
            expect(activitiesOf(found)).toEqual(own.slice(0, 5).map(({ activityDateTime }) => activityDateTime));
            expect(found?.more).toBe(Math.max(0, own.length - 5));
          }
          if (questions.length > 1) asked += 1;
          else read += 1;
        },
      ),
    );
    expect(Math.min(asked, read), 'both ways were gone').toBeGreaterThan(5);
  });

  it('reads by time as far as single questions would go, and then asks those', async () => {
    const log = Array.from({ length: 100 }, (_, at) => entry(at, [id(at % 50)]));
    const { reader, questions, pages } = tenant(log, 10);
    await findActors(request([user(1), user(2)], { reader }));
    expect(questions.map((question) => question.id)).toEqual([undefined, id(1), id(2)]);
    expect(pages()).toBe(3 + 2);
    const short = tenant(log);
    await findActors(request([user(1), user(2)], { reader: short.reader }));
    expect(short.questions).toEqual([{ from: time(0), to: time(10_000) }]);
  });

  it('stops where the log is endless, and says how far it came', async () => {
    const log = Array.from({ length: 400 }, (_, at) => entry(at, [id(at)]));
    const { reader } = tenant(log, 1);
    const refs = Array.from({ length: 30 }, (_, at) => user(at));
    const actors = await findActors(request([...refs, user(399)], { reader }));
    expect(actors?.header).toMatchObject({
      status: 'partial',
      reason: 'Only its newest entries were read, back to 2026-11-20 01:40 UTC.',
    });
    expect(actors?.of(user(399))?.actors).toHaveLength(1);
    expect(actors?.of(user(1))).toEqual({ actors: [], more: 0 });
  });

  it('finds by its member the entry of a link that does not name the group as a target', async () => {
    const log = [
      entry(1, [id(7), id(1)], { activityDisplayName: 'Add member to group' }),
      ...Array.from({ length: 30 }, (_, at) => entry(2 + at, [id(50)])),
    ];
    const { reader, questions } = tenant(log, 1, ({ about }) => about.slice(0, 1));
    const actors = await findActors(request([group(1)], { reader, linked: async () => [id(7)] }));
    expect(questions.map((question) => question.id)).toEqual([undefined, id(1), id(7)]);
    expect(activitiesOf(actors?.of(group(1)))).toEqual([time(1)]);
  });

  it.each<[string, Ref, Partial<AuditEntry>, readonly string[], boolean]>([
    [
      'a policy that is one of its kind, by its activity',
      toRef('authorizationPolicy', 'authorizationPolicy'),
      { activityDisplayName: 'Update authorization policy' },
      ['tenant'],
      true,
    ],
    [
      'another activity',
      toRef('authorizationPolicy', 'authorizationPolicy'),
      { activityDisplayName: 'Update policy' },
      ['authorizationpolicy'],
      false,
    ],
    [
      'a policy of methods, however it was changed',
      toRef('authenticationMethodsPolicy', 'authenticationMethodsPolicy'),
      { activityDisplayName: 'Authentication Methods Policy Reset' },
      [],
      true,
    ],
    [
      'a grant, by client and resource',
      toRef('oauth2PermissionGrants', `${id(1)}_${id(2)}_all`),
      { activityDisplayName: 'Add delegated permission grant' },
      [id(2), id(1)],
      true,
    ],
    [
      'a grant of another resource',
      toRef('oauth2PermissionGrants', `${id(1)}_${id(2)}_all`),
      { activityDisplayName: 'Add delegated permission grant' },
      [id(3), id(1)],
      false,
    ],
    [
      'an app role between the two',
      toRef('oauth2PermissionGrants', `${id(1)}_${id(2)}_all`),
      { activityDisplayName: 'Add app role assignment to service principal' },
      [id(2), id(1)],
      false,
    ],
    ['an authentication context', toRef('authenticationContextClassReferences', 'c1'), {}, ['c1'], true],
  ])('knows %s', async (_, ref, more, about, is) => {
    // The same by time and, since the log has more pages than there are questions, by question.
    for (const rest of [[], Array.from({ length: 9 }, (_, at) => entry(2 + at, ['somebody']))]) {
      const { reader } = tenant([entry(1, about, more), ...rest], 2);
      const actors = await findActors(request([ref], { reader }));
      expect(actors?.of(ref)?.actors).toHaveLength(is ? 1 : 0);
    }
  });

  it('counts an entry once that comes twice, or names two of the objects', async () => {
    const twice = entry(1, [id(1), id(2)]);
    const { reader } = tenant([twice, twice]);
    const actors = await findActors(request([user(1), user(2)], { reader }));
    for (const number of [1, 2]) expect(actors?.of(user(number))).toMatchObject({ actors: [{}], more: 0 });
  });

  it('joins what is known under the ids that one object has had', async () => {
    const { reader } = tenant([entry(1, [id(1)]), entry(2, [id(2)])]);
    const refsOf = (ref: Ref) => (ref === user(2) ? [ref, user(1)] : [ref]);
    const actors = await findActors(request([user(1), user(2)], { reader, refsOf }));
    expect(activitiesOf(actors?.of(user(2)))).toEqual([time(2), time(1)]);
  });

  it('says a recovery where it wrote to the object at that time', async () => {
    const { reader } = tenant([entry(5, [id(1)]), entry(5.5, [id(2)]), entry(9, [id(1)], { id: 'later' })]);
    const since: string[] = [];
    const runs = (at: string) => {
      since.push(at);
      return each([{ id: 'run', startedAt: time(4), finishedAt: time(6), objects: [user(1)] }]);
    };
    const actors = await findActors(request([user(1), user(2)], { reader, runs }));
    expect(actors?.of(user(1))?.actors.map(({ run }) => run)).toEqual([undefined, 'run']);
    expect(actors?.of(user(2))?.actors.map(({ run }) => run)).toEqual([undefined]);
    expect(since).toEqual([time(5)]);
  });

  it('asks nothing where nothing differs, and nothing that the log cannot have any more', async () => {
    const { reader, questions } = tenant([]);
    expect(await findActors(request([], { reader }))).toBeUndefined();
    const late = await findActors(request([user(1)], { reader, to: time(1), now: new Date(Date.UTC(2026, 11, 21)) }));
    expect(late?.header).toMatchObject({ status: 'skipped', reason: expect.stringContaining('30 days') });
    expect(late?.of(user(1))).toBeUndefined();
    expect(questions).toEqual([]);
  });

  it('says what is gone already, and what may not be there yet', async () => {
    const { reader, questions } = tenant([]);
    const old = await findActors(request([user(1)], { reader, now: new Date(Date.UTC(2026, 11, 23)) }));
    expect(old?.header).toMatchObject({
      status: 'partial',
      reason: expect.stringContaining('before 2026-11-23 00:00 UTC is gone'),
    });
    expect(questions[0]?.from).toBe('2026-11-23T00:00:00.000Z');
    const fresh = await findActors(request([user(1)], { reader, now: new Date(time(10_014)) }));
    expect(fresh?.header).toMatchObject({
      status: 'partial',
      reason: expect.stringContaining('after 2026-11-26 22:39 UTC may not be in it yet'),
    });
    const settled = await findActors(request([user(1)], { reader, now: new Date(time(10_015)) }));
    expect(settled?.header).toEqual({ status: 'complete', from: time(0), to: time(10_000) });
  });

  it('says that it has a week only, where nothing in it is older', async () => {
    const now = new Date(Date.UTC(2026, 10, 29));
    const log = Array.from({ length: 30 }, (_, at) => entry(3_000 + at, [id(50)]));
    const free = tenant(log, 10);
    const found = await findActors(request([user(1)], { reader: free.reader, now }));
    expect(found?.header).toMatchObject({
      status: 'partial',
      reason: expect.stringContaining('before 2026-11-22 00:00 UTC'),
    });
    expect(free.questions.at(-1)).toEqual({ from: '2026-10-30T00:00:00.000Z', to: '2026-11-22T00:00:00.000Z' });
    // One entry about anybody is enough, whether it came with what was read or is looked for.
    for (const pageSize of [10, 1000]) {
      const { reader } = tenant([entry(1, [id(51)]), ...log], pageSize);
      expect((await findActors(request([user(1)], { reader, now })))?.header.status).toBe('complete');
    }
  });

  it.each<[string, Partial<ActorsRequest>, CoverageStatus, RegExp]>([
    [
      'without the permission',
      failing(new NotComplete('forbidden', 'audit log', 'It lacks X.')),
      'forbidden',
      /lacks X/,
    ],
    ['without a licence', failing(new NotComplete('unlicensed', 'audit log', 'No P1.')), 'unlicensed', /No P1/],
    [
      'where nobody can sign in',
      failing(new Problem({ kind: 'authentication', summary: '', detail: 'No secret.' })),
      'failed',
      /No secret/,
    ],
    [
      'without a network',
      failing(new Problem({ kind: 'failed', summary: '', detail: 'No answer.' })),
      'failed',
      /No answer/,
    ],
    ['without a tenant', { reader: undefined }, 'skipped', /no tenant/],
    [
      'with a token for another tenant',
      { ...failing(new Error('not asked')), tenantId: 'another' },
      'skipped',
      /tenant/,
    ],
  ])('is no Problem %s: it says why', async (_, more, status, reason) => {
    const actors = await findActors(request([user(1)], more));
    expect(actors?.header.status).toBe(status);
    expect(actors?.header.reason).toMatch(reason);
    expect(actors?.of(user(1))).toBeUndefined();
  });

  it.each(['interrupted', 'usage'] as const)('does not swallow a Problem of the kind %s', async (kind) => {
    const failure = failing(new Problem({ kind, summary: 'Stopped', detail: '' }));
    await expect(findActors(request([user(1)], failure))).rejects.toThrow('Stopped');
  });
});

function failing(error: Error): Partial<ActorsRequest> {
  const reader: Partial<TenantReader> = {
    identity: async () => ({ tenantId: 'tenant', displayName: '', cloud: 'global' }),
    // biome-ignore lint/correctness/useYield: it fails before it would.
    async *audits() {
      throw error;
    },
  };
  return { reader: async () => reader as TenantReader };
}

describe('readSince', () => {
  const commit = (
    at: number,
    coverage?: Readonly<Record<string, CoverageStatus>>,
    notes?: Record<string, string>,
  ): Commit => ({
    id: `${at}`,
    tree: '',
    parents: [],
    at: time(at),
    author: '',
    subject: '',
    ...(coverage && {
      snapshot: {
        tenantId: '',
        startedAt: time(at - 5),
        finishedAt: time(at),
        version: '',
        coverage: Object.fromEntries(Object.entries(coverage).map(([kind, status]) => [kind, { status, count: 0 }])),
        counts: { added: 0, changed: 0, removed: 0 },
        ...(notes && { notes }),
      },
    }),
  });
  const since = (commits: readonly Commit[], asked: readonly string[]) => {
    const repository: Partial<Repository> = { log: () => each(commits) };
    return readSince(repository as Repository, commits[0]!, asked);
  };

  it('is the start of the snapshot', async () => {
    expect(await since([commit(60, { users: 'complete' }), commit(30, { users: 'complete' })], ['users'])).toBe(
      time(55),
    );
  });

  it('goes back to where a kind was read, and to the snapshot under what a person merged', async () => {
    const commits = [
      commit(90),
      commit(60, { users: 'complete', groups: 'forbidden' }),
      commit(30, { groups: 'complete' }),
    ];
    expect(await since(commits, ['users'])).toBe(time(55));
    expect(await since(commits, ['users', 'groups'])).toBe(time(25));
    expect(await since(commits, ['users', 'organization'])).toBe(time(55));
  });

  it('is not known where there is no snapshot to say so, and then the log is asked for all that it keeps', async () => {
    expect(await since([commit(90), commit(60, { users: 'failed' })], ['users'])).toBeUndefined();
    const { reader, questions } = tenant([entry(1, [id(1)])]);
    const actors = await findActors(request([user(1)], { reader, from: undefined }));
    expect(questions[0]?.from).toBe('2026-10-28T00:00:00.000Z');
    expect(actors?.header.from).toBe('2026-10-28T00:00:00.000Z');
    expect(actors?.of(user(1))?.actors).toHaveLength(1);
  });

  it('is that of an earlier attempt where the snapshot went on from one', async () => {
    const notes = { Continued: `users since ${time(10)}, groups since ${time(20)}` };
    expect(await since([commit(60, { users: 'complete' }, notes)], ['users'])).toBe(time(10));
  });
});
