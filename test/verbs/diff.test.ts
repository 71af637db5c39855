// The diff verb over commits in memory: what is not read is not gone (law 5), only what differs is read, and the sum is the sum.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Commit } from '../../src/model/commit.ts';
import { type Coverage, type CoverageStatus, coverageStatuses } from '../../src/model/coverage.ts';
import type { Entity } from '../../src/model/entity.ts';
import { canonicalText, type Json, type JsonObject } from '../../src/model/json.ts';
import type { Kind } from '../../src/model/kind.ts';
import { kindOf, type Ref } from '../../src/model/ref.ts';
import type { ReportChange } from '../../src/model/report.ts';
import type { Repository } from '../../src/model/repository.ts';
import { diff } from '../../src/verbs/diff.ts';
import { toy } from '../diff/toy.ts';

const kinds = new Map<string, Kind>(['apples', 'pears'].map((name) => [name, { ...toy, name }]));

interface Content {
  readonly entities: ReadonlyMap<Ref, Entity>;
  readonly coverage: Coverage;
  readonly snapshot?: boolean;
}

/** Commits in memory, the first the oldest; it answers what a diff between two commits asks, and nothing else. */
function memory(contents: readonly Content[]) {
  const read: string[] = [];
  const commits = contents.map(
    ({ coverage }, at): Commit => ({
      id: `commit${at}`,
      tree: '',
      parents: at === 0 ? [] : [`commit${at - 1}`],
      at: `2026-11-${10 + at}T06:00:00Z`,
      author: '',
      subject: '',
      snapshot: {
        tenantId: '',
        startedAt: '',
        finishedAt: '',
        version: '',
        coverage,
        counts: { added: 0, changed: 0, removed: 0 },
      },
    }),
  );
  const at = (id: string | undefined) => contents[Number(id?.slice('commit'.length))]!;
  const blob = (commit: string, ref: Ref) => {
    const entity = at(commit).entities.get(ref);
    return entity && `${commit} ${ref} ${canonicalText(entity as unknown as Json)}`;
  };
  const content = (id: string) => id.split(' ').slice(2).join(' ');
  const repository: Partial<Repository> = {
    branch: 'refs/heads/main',
    resolve: async (revision) => commits.find(({ id }) => id === revision)!,
    file: async (commit, path) =>
      path === 'coverage.yaml' ? (at(commit).coverage as unknown as JsonObject) : undefined,
    entity: async () => undefined,
    async *log({ from = '' } = {}) {
      yield* commits.slice(0, commits.findIndex(({ id }) => id === from) + 1).reverse();
    },
    async *diff(from, to) {
      for (const ref of [...new Set([...at(from).entities.keys(), ...at(to).entities.keys()])].sort()) {
        const [before, after] = [blob(from!, ref), blob(to, ref)];
        if (before !== undefined && after !== undefined && content(before) === content(after)) continue;
        yield { path: ref, ref, ...(before && { before }), ...(after && { after }) };
      }
    },
    async *entities(files) {
      for await (const file of files) {
        read.push(file.blob);
        yield { entity: at(file.blob.split(' ')[0]).entities.get(file.ref)!, blob: file.blob, canonical: true };
      }
    },
  };
  return { repository: repository as Repository, read };
}

async function compare(contents: readonly Content[], from: number, to: number) {
  const { repository, read } = memory(contents);
  const report = await diff({
    repository,
    kinds,
    configuration: { ignore: [] },
    from: `commit${from}`,
    to: `commit${to}`,
    scope: {},
    now: () => new Date('2026-11-23T12:00:00Z'),
    version: 'test',
  });
  const changes: ReportChange[] = [];
  for await (const change of report.changes) changes.push(change);
  await report.close();
  return { changes, summary: report.summary(), header: report.header, read };
}

const entities = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...kinds.keys()), fc.integer({ min: 1, max: 8 }), fc.constantFrom('a', 'b')), {
    selector: ([kind, number]) => `${kind}${number}`,
    maxLength: 12,
  })
  .map(
    (found) =>
      new Map<Ref, Entity>(
        found.map(([kind, number, displayName]) => {
          const ref: Ref = `${kind}/${number}`;
          return [ref, { ref, attributes: { displayName }, links: {} }];
        }),
      ),
  );
const statuses = fc.record(
  Object.fromEntries([...kinds.keys()].map((name) => [name, fc.constantFrom(...coverageStatuses)])),
) as fc.Arbitrary<Record<string, CoverageStatus>>;
const content: fc.Arbitrary<Content> = fc.record({
  entities,
  coverage: statuses.map((found) =>
    Object.fromEntries(Object.entries(found).map(([kind, status]) => [kind, { status, count: 0 }])),
  ),
});

/** What may be believed of a kind at a commit: read there, or, where it was not asked for, when it was read last. */
function believed(contents: readonly Content[], at: number, kind: string): boolean {
  for (let back = at; back >= 0; back -= 1) {
    const status = contents[back]?.coverage[kind]?.status;
    if (status !== 'skipped') return status === 'complete';
  }
  return false;
}

describe('a difference between two commits', () => {
  it('deletes nothing of a kind that was not read completely, and would delete nothing either (law 5)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 2, maxLength: 4 }), async (contents) => {
        const [from, to] = [0, contents.length - 1];
        const { changes, summary } = await compare(contents, from, to);
        const gone = [...contents[from]!.entities.keys()].filter((ref) => !contents[to]!.entities.has(ref));
        const expected = gone.filter((ref) => believed(contents, to, kindOf(ref)));
        expect(changes.filter(({ operation }) => operation === 'delete').map(({ ref }) => ref)).toEqual(
          expected.sort(),
        );
        expect(summary.withheld ?? 0).toBe(gone.length - expected.length);
        for (const { kind, operation, recoveryAction, because } of changes)
          if (operation === 'create' && !believed(contents, from, kind))
            expect([recoveryAction, because]).toEqual(['none', expect.stringContaining('not read completely')]);
      }),
      { numRuns: 500 },
    );
  });

  it('is empty for a commit and itself, and reads no object (law 1)', async () => {
    await fc.assert(
      fc.asyncProperty(content, async (one) => {
        const { changes, summary, read } = await compare([one], 0, 0);
        expect([changes, summary.objects, read]).toEqual([[], 0, []]);
      }),
      { numRuns: 100 },
    );
  });

  it('reads what differs and nothing else, and sums it up', async () => {
    await fc.assert(
      fc.asyncProperty(content, content, async (before, after) => {
        const { changes, summary, read, header } = await compare([before, after], 0, 1);
        const same = [...before.entities].filter(
          ([ref, entity]) =>
            canonicalText(entity as unknown as Json) ===
            canonicalText((after.entities.get(ref) ?? null) as unknown as Json),
        );
        expect(read.length).toBe(before.entities.size + after.entities.size - 2 * same.length);
        expect(summary.objects).toBe(changes.length);
        expect(summary.attributes).toBe(changes.reduce((sum, { attributes }) => sum + attributes.length, 0));
        expect(header.coverage.map(({ kind }) => kind)).toEqual([...kinds.keys()]);
      }),
      { numRuns: 200 },
    );
  });
});
