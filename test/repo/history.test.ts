// History: commits are listed and named as people name them; a snapshot's record goes into trailers and comes back.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SnapshotRecord } from '../../src/model/commit.ts';
import { coverageStatuses } from '../../src/model/coverage.ts';
import { messageText, recordOf } from '../../src/repo/message.ts';
import { all, git, open, policy, problemOf, snapshot, temporaryFolder, user, users } from './support.ts';

const record: SnapshotRecord = {
  tenantId: '3f0a2c11-0000-4000-8000-00000000abcd',
  startedAt: '2026-11-20T09:59:00.000Z',
  finishedAt: '2026-11-20T10:00:00.000Z',
  version: '0.1.0',
  coverage: {
    users: { status: 'complete', count: 2 },
    policies: { status: 'forbidden', reason: 'Policy.Read.All is missing', count: 0 },
  },
  counts: { added: 2, changed: 1, removed: 0 },
  notes: { reason: 'by hand' },
};

const line = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}$/);
const instant = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
  .map((date) => date.toISOString());
const anyRecord: fc.Arbitrary<SnapshotRecord> = fc.record({
  tenantId: fc.uuid(),
  startedAt: instant,
  finishedAt: instant,
  version: fc.stringMatching(/^\d\.\d{1,3}\.\d(?:-[a-z]{1,5})?$/),
  coverage: fc
    .uniqueArray(
      fc.tuple(
        fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,20}$/),
        fc.constantFrom(...coverageStatuses),
        fc.nat(),
        fc.option(line, { nil: undefined }),
      ),
      { selector: ([kind]) => kind, maxLength: 5 },
    )
    .map((rows) =>
      Object.fromEntries(
        rows.map(([kind, status, count, reason]) => [kind, { status, ...(reason !== undefined && { reason }), count }]),
      ),
    ),
  counts: fc.record({ added: fc.nat(), changed: fc.nat(), removed: fc.nat() }),
  notes: fc
    .uniqueArray(fc.tuple(name, line), { selector: ([key]) => key, minLength: 1, maxLength: 4 })
    .map((rows) => Object.fromEntries(rows)),
});
const at = '2026-11-20T10:00:00Z';

describe('the record of a snapshot', () => {
  it('comes back from its trailers, whatever is in it', () => {
    fc.assert(
      fc.property(
        anyRecord,
        fc.string(),
        fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
        (original, subject, body) => {
          const text = messageText({ subject, ...(body !== undefined && { body }), record: original, at });
          expect(recordOf(text)).toEqual(original);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(['20', '1680', '2000', '200a', '3000'])('keeps the space U+%s at both ends of a text', (code) => {
    const space = String.fromCharCode(Number.parseInt(code, 16));
    const spaced = { ...record, notes: { reason: `${space}by hand${space}` } };
    expect(recordOf(messageText({ subject: 'Snapshot', record: spaced, at }))).toEqual(spaced);
  });

  it('is what git itself takes for trailers', () => {
    fc.assert(
      fc.property(anyRecord, fc.string({ unit: 'grapheme', maxLength: 80 }), (original, body) => {
        const text = messageText({ subject: 'Snapshot', body, record: original, at });
        const trailers = execFileSync('git', ['interpret-trailers', '--parse'], { input: text, encoding: 'utf8' })
          .trimEnd()
          .split('\n');
        expect(trailers).toHaveLength(5 + Object.keys(original.coverage).length + Object.keys(original.notes!).length);
        expect(trailers.every((trailer) => trailer.startsWith('Driftline-'))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('is not seen where the last paragraph is not wholly ours', () => {
    const text = messageText({ subject: 'Snapshot', record, at });
    expect(recordOf(text)).toEqual(record);
    expect(recordOf(`${text}Signed-off-by: Ann <a@b.c>\n`)).toEqual(record);
    for (const broken of [
      text.replace('Driftline-Tenant', 'Driftline-Tenants'),
      text.replace('Driftline-Version: 0.1.0\n', ''),
      text.replace('Driftline-Version: 0.1.0', 'Driftline-Version: 0.1.0\nDriftline-Version: 0.1.1'),
      text.replace('added=2', 'added=x'),
      text.replace('complete', 'whole'),
      text.replace('T09:59', ' at nine'),
      text.replace('Driftline-Counts', 'and\nDriftline-Counts'),
      `${text}\n\nand one more paragraph`,
      text.split('\n\n')[1]!,
      'Snapshot\n',
      '',
    ]) {
      expect(recordOf(broken), broken).toBeUndefined();
    }
  });

  it('stands in the commit', async () => {
    const repository = await open(temporaryFolder());
    const commit = await snapshot(repository, [user(1)], { record, subject: 'Snapshot\n\nDriftline-Tenant: forged' });
    expect(commit.snapshot).toEqual(record);
    expect(commit.subject).toBe('Snapshot Driftline-Tenant: forged');
  });
});

describe('the log', () => {
  it('lists commits newest first, from where it is told, as many as it is told, and by object', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    expect(await all(repository.log())).toEqual([]);
    const one = await snapshot(repository, [user(1), policy('p')], { subject: 'one' });
    const two = await snapshot(repository, [user(1, { age: 2 }), policy('p')], { subject: 'two' });
    await repository.updateWorkingFolder(undefined, two.id);
    git(root, 'commit', '-q', '--allow-empty', '-m', 'by hand\n\nwith a body\n\nand-no: trailers of ours');
    const three = await snapshot(repository, [user(1, { age: 2 })], { subject: 'three' });
    const subjects = async (options: Parameters<typeof repository.log>[0]) =>
      (await all(repository.log(options))).map(({ subject }) => subject);
    expect(await subjects({})).toEqual(['three', 'by hand', 'two', 'one']);
    expect(await subjects({ limit: 2 })).toEqual(['three', 'by hand']);
    expect(await subjects({ from: two.id })).toEqual(['two', 'one']);
    expect(await subjects({ refs: [user(1).ref] })).toEqual(['two', 'one']);
    expect(await subjects({ refs: ['policies/p'] })).toEqual(['three', 'one']);
    expect(await subjects({ refs: ['policies/none'] })).toEqual([]);
    expect((await all(repository.log({ from: three.id, limit: 4 })))[1]).toMatchObject({
      author: 'Ann <ann@example.com>',
    });
    await expect(all(repository.log({ from: 'HEAD' }))).rejects.toThrow(RangeError);
    expect(one.parents).toEqual([]);
  });

  it('may be left in the middle', async () => {
    const repository = await open(temporaryFolder());
    for (const n of [1, 2, 3]) await snapshot(repository, [user(n)], { subject: `${n}` });
    for await (const commit of repository.log()) {
      expect(commit.subject).toBe('3');
      break;
    }
    await snapshot(repository, [user(4)]);
  });
});

describe('naming a commit', () => {
  it('takes ids, branches, tags, git words and moments', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const days = [];
    for (const day of [18, 19, 20])
      days.push(await snapshot(repository, users(day), { at: `2026-11-${day}T10:00:00Z` }));
    const [one, two, three] = days as [(typeof days)[0], (typeof days)[0], (typeof days)[0]];
    git(root, 'tag', 'v1', one!.id);
    git(root, 'tag', '-a', '-m', 'x', 'annotated', two!.id);
    const now = new Date('2026-11-20T23:00:00Z');
    const name = async (revision: string) => (await repository.resolve(revision, now)).id;
    for (const revision of [
      'main',
      'HEAD',
      '@',
      'refs/heads/main',
      three!.id,
      three!.id.slice(0, 12),
      '@2026-11-20',
      '@today',
      '@2026-11-20T10:00Z',
      '@2027-01-01',
    ]) {
      expect(await name(revision), revision).toBe(three!.id);
    }
    for (const revision of [
      'main~1',
      'HEAD^',
      'annotated',
      '@yesterday',
      '@2026-11-19',
      '@2026-11-20T09:59:59Z',
      '@2026-11-19T10:00:00.5Z',
    ]) {
      expect(await name(revision), revision).toBe(two!.id);
    }
    expect(await name('v1')).toBe(one!.id);
  });

  it('says what is near where it finds none', async () => {
    const root = temporaryFolder();
    const empty = await open(root);
    const now = new Date('2026-11-20T23:00:00Z');
    expect((await problemOf(empty.resolve('@yesterday', now))).detail).toContain('no commits yet');
    const commit = await snapshot(empty, [user(1)]);
    git(root, 'branch', 'baseline');
    const long = await problemOf(empty.resolve('baselin', now));
    expect([long.kind, long.subject]).toEqual(['usage', 'baselin']);
    expect(long.detail).toContain('baseline');
    expect(long.detail).toContain(commit.id.slice(0, 10));
    for (const revision of [
      '',
      '--all',
      '-1',
      'main..main',
      'no such',
      'x\ny',
      '@2026-02-30',
      '@2026-11-01',
      '@2026-11-20T25:00Z',
      '0'.repeat(40),
      'main:state',
      '--output=x',
      `${commit.tree}`,
      '@{999}',
    ]) {
      expect((await problemOf(empty.resolve(revision, now))).kind, revision).toBe('usage');
    }
  });
});
