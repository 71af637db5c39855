// Capture: what is put becomes one commit that differs from its base by just that, or nothing at all.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entity } from '../../src/model/entity.ts';
import { emitYaml } from '../../src/repo/index.ts';
import { pathOfRef } from '../../src/repo/layout.ts';
import { kinds } from './kinds.ts';
import { all, git, open, policy, problemOf, snapshot, temporaryFolder, user, userKey, users } from './support.ts';

/** The state of a commit as git has it: path to content. */
function contents(root: string, commit: string): Record<string, string> {
  const paths = git(root, 'ls-tree', '-r', '--name-only', commit).split('\n').filter(Boolean);
  return Object.fromEntries(paths.map((path) => [path, `${git(root, 'show', `${commit}:${path}`)}\n`]));
}

const expected = (entities: readonly Entity[]) =>
  Object.fromEntries(
    entities.map((entity) => [
      `state/${pathOfRef(kinds, entity.ref)}`,
      emitYaml(kinds.get(entity.ref.split('/')[0]!)!, entity),
    ]),
  );

describe('a capture', () => {
  it('makes the first commit of a new repository, with just the files of what was put', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const entities = [...users(5), policy('p1')];
    const commit = await snapshot(repository, entities, {
      files: { 'tenant.yaml': { tenantId: 't', formatVersion: 1 } },
    });
    expect(contents(root, commit.id)).toEqual({
      ...expected(entities),
      'state/tenant.yaml': 'formatVersion: 1\ntenantId: t\n',
    });
    expect(await repository.tip()).toEqual(commit);
    expect(commit).toMatchObject({
      parents: [],
      at: '2026-11-20T10:00:00Z',
      subject: 'Snapshot',
      author: 'Test <test@example.com>',
    });
    expect(git(root, 'fsck', '--strict')).toBe('');
    expect(git(root, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    expect(git(root, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main');
  });

  it('makes the model come true, whatever was there before (a law)', async () => {
    const repository = await open(temporaryFolder());
    const some = fc.uniqueArray(fc.tuple(fc.nat(30), fc.nat(2)), { selector: ([n]) => n, maxLength: 12 });
    let before: Record<string, string> = {};
    await fc.assert(
      fc.asyncProperty(some, some, async (people, rules) => {
        const entities = [
          ...people.map(([n, age]) => user(n, { age })),
          ...rules.map(([n, state]) => policy(`p${n}`, { state: `s${state}` })),
        ];
        const commit = await snapshot(repository, entities);
        const files = await all(repository.files(commit.id));
        const stored = await all(repository.entities(files));
        const after = Object.fromEntries(stored.map(({ entity }) => [entity.ref, JSON.stringify(entity)]));
        expect(after).toEqual(Object.fromEntries(entities.map((entity) => [entity.ref, JSON.stringify(entity)])));
        expect(stored.every(({ canonical }) => canonical)).toBe(true);
        const parent = commit.parents[0];
        const changed = (await all(repository.diff(parent, commit.id))).map(({ ref }) => ref).sort();
        const differ = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
          (ref) => before[ref] !== after[ref],
        );
        expect(changed).toEqual(differ.sort());
        before = after;
      }),
      { numRuns: 40 },
    );
  });

  it('counts what was added, changed and removed, and leaves what was not completed', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const base = await snapshot(repository, [user(1), user(2), user(3), policy('p1'), policy('p2')]);
    const capture = await repository.capture({ base: base.id });
    const people = capture.kind('users');
    const rules = capture.kind('policies');
    const counted = [people, rules, capture.kind('organization')].map((kind) => kind.baseCount());
    expect(await Promise.all(counted)).toEqual([3, 2, 0]);
    await people.put([user(1), user(4)]);
    await rules.put([policy('p9')]);
    await people.put([user(2, { age: 9 })]);
    expect(people.count).toBe(3);
    expect(await people.complete()).toEqual({ added: 1, changed: 1, removed: 1 });
    await rules.discard();
    expect(capture.counts()).toEqual({ added: 1, changed: 1, removed: 1 });
    await expect(capture.commit({ subject: 'x', at: '2026-11-20T10:00:00Z' })).rejects.toThrow(
      'neither completed nor discarded: organization',
    );
    await capture.kind('policies').discard();
    await capture.abort();

    const again = await repository.capture({ base: base.id });
    await again.kind('users').discard();
    const second = again.kind('users');
    expect(await second.baseCount()).toBe(3);
    await second.put([user(1), user(4), user(2, { age: 9 })]);
    expect(second.digest()).toBe(people.digest());
    await second.complete();
    const commit = (await again.commit({ subject: 'x', at: '2026-11-20T10:00:00Z' }))!;
    expect(contents(root, commit.id)).toEqual(
      expected([user(1), user(2, { age: 9 }), user(4), policy('p1'), policy('p2')]),
    );
    expect(commit.parents).toEqual([base.id]);
  });

  it('agrees on the digest of the same objects in any order, and on no other', async () => {
    const repository = await open(temporaryFolder());
    const capture = await repository.capture({ base: undefined });
    const digestOf = async (entities: readonly Entity[]) => {
      const kind = capture.kind('users');
      for (const entity of entities) await kind.put([entity]);
      await kind.discard();
      return kind.digest();
    };
    const original = await digestOf([user(1), user(2), user(3)]);
    expect(await digestOf([user(3), user(1), user(2), user(1)])).toBe(original);
    expect(await digestOf([user(1), user(2)])).not.toBe(original);
    expect(await digestOf([user(1), user(2), user(4)])).not.toBe(original);
    expect(await digestOf([user(1), user(2), user(3, { age: 1 })])).not.toBe(original);
    await capture.abort();
  });

  it('replaces single objects and leaves the others of their kind', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const base = await snapshot(repository, users(5));
    const capture = await repository.capture({ base: base.id, kinds: ['users'] });
    const kind = capture.kind('users', new Set([user(1).ref, user(2).ref, user(8).ref]));
    await expect(kind.put([user(4)])).rejects.toThrow('not asked for');
    await kind.put([user(2, { age: 3 })]);
    expect(await kind.complete()).toEqual({ added: 0, changed: 1, removed: 1 });
    const commit = (await capture.commit({ subject: 'x', at: '2026-11-20T10:00:00Z' }))!;
    expect(contents(root, commit.id)).toEqual(expected([user(0), user(2, { age: 3 }), user(3), user(4)]));
  });

  it('copies single objects from another commit, and leaves the others of their kind', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const base = await snapshot(repository, users(5));
    const other = await repository.capture({ base: base.id, ref: 'refs/driftline/live/1' });
    const live = other.kind('users');
    await live.put([user(0), user(1), user(2, { age: 3 }), user(3, { age: 4 }), user(9)]);
    await live.complete();
    const from = (await other.commit({ subject: 'live', at: '2026-11-20T10:00:00Z' }))!;
    const blobs = new Map<string, string>();
    for await (const { ref, blob } of repository.files(from.id)) blobs.set(ref, blob);

    const capture = await repository.capture({ base: base.id, kinds: ['users', 'policies'] });
    const kind = capture.kind('users', new Set([user(1).ref, user(2).ref, user(4).ref, user(9).ref]));
    const blobOf = (n: number) => blobs.get(user(n).ref)!;
    for (const n of [9, 2, 1, 2]) await kind.copy(user(n).ref, blobOf(n));
    await expect(kind.copy(user(3).ref, blobOf(3))).rejects.toThrow('not asked for');
    await expect(capture.kind('policies').copy(user(1).ref, blobOf(1))).rejects.toThrow('not of the kind policies');
    const problem = await problemOf(kind.copy(user(2).ref, blobOf(1)));
    expect([problem.kind, problem.subject]).toEqual(['incomplete', user(2).ref]);
    expect(kind.count).toBe(3);
    expect(await kind.complete()).toEqual({ added: 1, changed: 1, removed: 1 });
    await expect(kind.copy(user(1).ref, blobOf(1))).rejects.toThrow('the kind was completed');
    await capture.abort();

    const again = await repository.capture({ base: base.id, kinds: ['users'] });
    const kept = again.kind('users', new Set([user(2).ref, user(4).ref, user(9).ref]));
    for (const n of [2, 9]) await kept.copy(user(n).ref, blobOf(n));
    await kept.complete();
    const commit = (await again.commit({ subject: 'x', at: '2026-11-20T11:00:00Z' }))!;
    expect(contents(root, commit.id)).toEqual(expected([user(0), user(1), user(2, { age: 3 }), user(3), user(9)]));
  });

  it('looks of a kind with single objects at these alone, and refuses those that are no plain file', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const base = await snapshot(repository, users(300));
    const [linked, other] = [user(1).ref, user(2).ref].map((ref) => `state/${pathOfRef(kinds, ref)}`);
    const blob = git(root, 'rev-parse', `${base.id}:${linked}`);
    git(root, 'read-tree', base.id);
    git(root, 'update-index', '--cacheinfo', `120000,${blob},${linked}`);
    git(root, 'commit', '-q', '-m', 'by hand');
    const tip = (await repository.tip())!;

    const whole = await repository.capture({ base: tip.id, kinds: ['users'] });
    expect(await problemOf(whole.kind('users').put([user(2)]))).toMatchObject({ kind: 'usage', subject: linked });
    await whole.abort();

    const capture = await repository.capture({ base: tip.id, kinds: ['users'] });
    const touching = capture.kind('users', new Set([user(1).ref]));
    expect(await problemOf(touching.complete())).toMatchObject({ kind: 'usage', subject: linked });
    await touching.discard();
    const kind = capture.kind('users', new Set([user(2).ref, user(3).ref, user(300).ref]));
    expect(await kind.baseCount()).toBe(300);
    await kind.put([user(2, { age: 3 }), user(300)]);
    expect(await kind.complete()).toEqual({ added: 1, changed: 1, removed: 1 });
    const commit = (await capture.commit({ subject: 'x', at: '2026-11-20T10:00:00Z' }))!;
    expect(git(root, 'diff-tree', '-r', '--name-status', tip.id, commit.id).split('\n').sort()).toEqual([
      `A\tstate/${pathOfRef(kinds, user(300).ref)}`,
      `D\tstate/${pathOfRef(kinds, user(3).ref)}`,
      `M\t${other}`,
    ]);
  });

  it('refuses an object that is put twice with other content', async () => {
    const repository = await open(temporaryFolder());
    const capture = await repository.capture({ base: undefined });
    const kind = capture.kind('users');
    await kind.put([user(1), user(1)]);
    expect(kind.count).toBe(1);
    const problem = await problemOf(kind.put([user(1, { age: 2 })]));
    expect([problem.kind, problem.subject]).toEqual(['incomplete', user(1).ref]);
    await capture.abort();
  });

  it('makes a commit of an unchanged tree, or none where that is asked for', async () => {
    const repository = await open(temporaryFolder());
    const first = await snapshot(repository, users(3));
    const second = await snapshot(repository, users(3), { at: '2026-11-21T10:00:00Z' });
    expect([second.tree, second.parents]).toEqual([first.tree, [first.id]]);
    const capture = await repository.capture({ base: second.id });
    const kind = capture.kind('users');
    await kind.put(users(3));
    await kind.complete();
    expect(await capture.commit({ subject: 'x', at: '2026-11-22T10:00:00Z' }, { skipUnchanged: true })).toBeUndefined();
    expect((await repository.tip())!.id).toBe(second.id);
    await snapshot(repository, users(3));
  });

  it('sends only the blobs that differ', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    await snapshot(
      repository,
      users(3000, (n) => ({ age: n })),
    );
    const steps: string[] = [];
    const watched = await open(root, { onStep: (step) => steps.push(step) });
    const count = () =>
      Number(
        git(root, 'count-objects', '-v')
          .match(/(?:count|in-pack): (\d+)/g)!
          .map((part) => part.split(' ')[1])
          .reduce((sum, part) => Number(sum) + Number(part), 0),
      );
    const before = count();
    const commit = await snapshot(
      watched,
      users(3000, (n) => ({ age: n % 100 === 7 ? -1 : n })),
    );
    expect(await all(watched.diff(commit.parents[0], commit.id))).toHaveLength(30);
    // 30 blobs; their trees: at most two folders each, then users, state and the top; one commit.
    expect(count() - before).toBeLessThanOrEqual(30 * 3 + 4);
  });

  it('writes private commits with and without parents, and forgets them', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const base = await snapshot(repository, [user(1), policy('p1')]);
    for (const parent of [true, false]) {
      const capture = await repository.capture({ base: base.id, ref: 'refs/driftline/live/1', parent });
      const kind = capture.kind('users');
      await kind.put([user(2)]);
      await kind.complete();
      const commit = (await capture.commit({ subject: 'live', at: '2026-11-20T10:00:00Z' }))!;
      expect(commit.parents).toEqual(parent ? [base.id] : []);
      expect(contents(root, commit.id)).toEqual(expected([user(2), policy('p1')]));
      expect(git(root, 'rev-parse', 'refs/driftline/live/1')).toBe(commit.id);
    }
    expect((await repository.tip())!.id).toBe(base.id);
    await repository.forget('refs/driftline/live/1');
    expect(git(root, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    await expect(repository.forget('refs/heads/main')).rejects.toThrow(RangeError);
    for (const ref of ['refs/heads/other', 'refs/driftline/../heads/main', 'refs/driftline/x.lock', '--all']) {
      await expect(repository.capture({ base: base.id, ref })).rejects.toThrow(RangeError);
    }
  });

  it('never touches what is outside the state folder', async () => {
    const root = temporaryFolder();
    git(root, 'init', '-q', '-b', 'trunk');
    git(root, 'commit', '-q', '--allow-empty', '-m', 'first');
    const repository = await open(root, { statePath: 'tenants/a/state' });
    expect(repository.branch).toBe('refs/heads/trunk');
    git(root, 'config', 'core.bare', 'false');
    writeFileSync(join(root, 'README.md'), 'mine');
    git(root, 'add', 'README.md');
    git(root, 'commit', '-q', '-m', 'second');
    const first = await snapshot(repository, users(3));
    const second = await snapshot(repository, []);
    expect(git(root, 'ls-tree', '-r', '--name-only', second.id)).toBe('README.md');
    expect(git(root, 'ls-tree', '-r', '--name-only', first.id).split('\n')).toHaveLength(4);
  });

  it('says so when the branch has moved or another capture is under way', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const other = await open(root);
    const base = await snapshot(repository, users(2));
    const capture = await repository.capture({ base: base.id });
    expect((await problemOf(other.capture({ base: base.id }))).kind).toBe('conflict');
    const privately = await other.capture({ base: base.id, ref: 'refs/driftline/live/2' });
    await privately.abort();
    const kind = capture.kind('users');
    await kind.put(users(3));
    await kind.complete();
    git(root, 'commit', '-q', '--allow-empty', '-m', 'by hand');
    const problem = await problemOf(capture.commit({ subject: 'x', at: '2026-11-20T10:00:00Z' }));
    expect([problem.kind, problem.subject]).toEqual(['conflict', 'refs/heads/main']);
    expect(git(root, 'log', '-1', '--format=%s')).toBe('by hand');
    expect((await problemOf(repository.capture({ base: base.id }))).kind).toBe('conflict');
    expect(git(root, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    expect(existsSync(join(root, '.git/refs/heads/main.lock'))).toBe(false);
    await snapshot(repository, users(3));
  });

  it('lets one of many win', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    await snapshot(repository, users(2));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, async (_, n) =>
        snapshot(
          await open(root),
          users(2 + n, () => ({ age: n })),
          { subject: `run ${n}` },
        ),
      ),
    );
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason.kind);
    expect(failed.every((kind) => kind === 'conflict')).toBe(true);
    expect(failed.length).toBeLessThan(8);
    expect(git(root, 'rev-list', '--count', 'main')).toBe(String(1 + 8 - failed.length));
    expect(git(root, 'fsck', '--strict')).not.toMatch(/error|missing/);
  });

  it('drops everything on abort, also after a failure of git', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const base = await snapshot(repository, users(2));
    const capture = await repository.capture({ base: base.id });
    const kind = capture.kind('users');
    await kind.put(users(3000, (n) => ({ age: -n })));
    await capture.abort();
    await capture.abort();
    await expect(
      kind
        .put([user(9999)])
        .then(() => kind.complete())
        .then(() => capture.commit({ subject: 'x', at: '2026-11-20T10:00:00Z' })),
    ).rejects.toThrow('ended');
    expect((await repository.tip())!.id).toBe(base.id);
    expect(git(root, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
    await snapshot(repository, [user(1, { age: 4 })]);
    expect(await repository.entity((await repository.tip())!.id, user(1).ref)).toMatchObject({
      canonical: true,
      entity: user(1, { age: 4 }),
    });
    expect(await repository.entity((await repository.tip())!.id, user(2).ref)).toBeUndefined();
  });

  it('takes keys of every sort', async () => {
    const repository = await open(temporaryFolder());
    const keys = [
      'zz.example.com',
      'a',
      'ab',
      'abc',
      userKey(3),
      `${userKey(3)}_${userKey(4)}_all`,
      'A'.repeat(200),
      '0'.repeat(36),
      '0123456789abcdef',
    ];
    const entities = keys.map((key, n): Entity => ({ ref: `users/${key}`, attributes: { age: n }, links: {} }));
    const commit = await snapshot(repository, entities);
    const again = await snapshot(repository, [...entities].reverse());
    expect(again.tree).toBe(commit.tree);
    const last = await snapshot(repository, entities.slice(1));
    expect(await all(repository.diff(again.id, last.id))).toMatchObject([
      { ref: entities[0]!.ref, path: expect.stringContaining('zz.example.com.yaml') },
    ]);
  });
});
