// Reading commits: differences and files by scope, objects as they were, and a name for whatever does not belong in the state.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Repository } from '../../src/model/repository.ts';
import { isRecordPath, isStatePath, pathOf, refOf } from '../../src/repo/layout.ts';
import { kinds, policies, users as usersKind } from './kinds.ts';
import { all, git, open, policy, problemOf, snapshot, temporaryFolder, user, userKey, users } from './support.ts';

function commitFile(root: string, path: string, content: string | undefined, message = 'by hand'): string {
  const file = join(root, path);
  if (content === undefined) git(root, 'rm', '-q', '--cached', path);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    git(root, 'add', '-f', path);
  }
  git(root, 'commit', '-q', '-m', message);
  return git(root, 'rev-parse', 'HEAD');
}

describe('the layout', () => {
  it('shards by the first hex digits of the key, or of its digest', () => {
    expect(pathOf(usersKind, '3f0a2c11-0000-4000-8000-00000000abcd')).toBe(
      'users/3f/0/3f0a2c11-0000-4000-8000-00000000abcd.yaml',
    );
    expect(pathOf(usersKind, 'example.com')).toMatch(/^users\/[0-9a-f]{2}\/[0-9a-f]\/example\.com\.yaml$/);
    expect(pathOf(policies, 'p1')).toBe('policies/p1.yaml');
  });

  it('leads from each ref to one path and back, and from nothing else (a law)', () => {
    const key = fc.oneof(fc.uuid(), fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/));
    fc.assert(
      fc.property(fc.constantFrom(usersKind, policies), key, fc.string(), (kind, one, other) => {
        const path = pathOf(kind, one);
        expect(refOf(kinds, path)).toBe(`${kind.name}/${one}`);
        for (const near of [`${other}${path}`, `${path}${other}`, path.replace('/', `/${other}`)]) {
          const ref = refOf(kinds, near);
          if (ref !== undefined) expect(`${pathOf(kind, ref.slice(ref.indexOf('/') + 1))}`).toBe(near);
        }
      }),
    );
    const wrong = [
      'users/3f0a2c11-0000-4000-8000-00000000abcd.yaml',
      'users/00/0/3f0a2c11-0000-4000-8000-00000000abcd.yaml',
      'policies/../users.yaml',
      'policies/.yaml',
      'policies/p.yml',
      'other/p.yaml',
      'policies',
      '',
    ];
    for (const path of wrong) expect(refOf(kinds, path), path).toBeUndefined();
  });

  it('knows the paths of records and of states', () => {
    for (const path of ['tenant.yaml', 'coverage.yaml', 'runs/2026-11-20T10.yaml'])
      expect(isRecordPath(path)).toBe(true);
    for (const path of [
      '.gitattributes',
      'a/b.yaml',
      '../x.yaml',
      'runs/../x.yaml',
      'x.yml',
      'runs/..yaml',
      '/x.yaml',
      '',
    ])
      expect(isRecordPath(path)).toBe(false);
    for (const path of ['state', 'tenants/a/state']) expect(isStatePath(path)).toBe(true);
    for (const path of ['', '.', '..', '/state', 'state/', 'a/../b', '.git', 'a/.git', '-x', 'a//b', 'a\nb', 'a.'])
      expect(isStatePath(path), path).toBe(false);
  });
});

describe('a difference', () => {
  it('is told by path, ref and blobs, in the scope asked for', async () => {
    const repository = await open(temporaryFolder());
    const one = await snapshot(repository, [...users(4), policy('p1')], {
      files: { 'tenant.yaml': { tenantId: 'a' } },
    });
    const two = await snapshot(repository, [user(0), user(1, { age: 1 }), user(2), user(7), policy('p2')], {
      files: { 'tenant.yaml': { tenantId: 'b' } },
    });
    const refs = async (...args: Parameters<typeof repository.diff>) =>
      (await all(repository.diff(...args))).map(({ ref, path }) => ref ?? path).sort();
    const whole = ['policies/p1', 'policies/p2', 'state/tenant.yaml', user(1).ref, user(3).ref, user(7).ref].sort();
    expect(await refs(one.id, two.id)).toEqual(whole);
    expect(await refs(two.id, one.id)).toEqual(whole);
    expect(await refs(one.id, one.id)).toEqual([]);
    expect(await refs(one.id, two.id, { kinds: ['policies'] })).toEqual(['policies/p1', 'policies/p2']);
    expect(await refs(one.id, two.id, { refs: [user(1).ref, user(2).ref, 'policies/p2'] })).toEqual(
      ['policies/p2', user(1).ref].sort(),
    );
    expect(await refs(one.id, two.id, { refs: Array.from({ length: 500 }, (_, n) => user(n + 1).ref) })).toEqual(
      [user(1).ref, user(3).ref, user(7).ref].sort(),
    );
    expect(await refs(one.id, two.id, { kinds: [] })).toEqual([]);
    expect(await refs(undefined, two.id)).toHaveLength(6);
    const changes = await all(repository.diff(one.id, two.id));
    expect(changes.map(({ path }) => path)).toEqual(changes.map(({ path }) => path).sort());
    const change = changes.find(({ ref }) => ref === user(1).ref)!;
    const stored = await all(repository.entities([{ ref: user(1).ref, blob: change.after!, path: change.path }]));
    expect(stored).toEqual([{ entity: user(1, { age: 1 }), blob: change.after, canonical: true }]);
    const patch = Buffer.concat(await all(repository.patch(one.id, two.id, { refs: [user(1).ref] }))).toString();
    expect(patch).toContain(`+++ b/${change.path}`);
    expect(patch).toContain('\n+age: 1\n');
    expect(patch.match(/^diff --git/gm)).toHaveLength(1);
    for (const bad of ['HEAD', '--all', `${two.id}\n`])
      await expect(all(repository.diff(undefined, bad))).rejects.toThrow(RangeError);
  });

  it('lists the files of a commit and reads many objects in order', async () => {
    const repository = await open(temporaryFolder());
    const commit = await snapshot(
      repository,
      [...users(500, (n) => ({ notes: [n, 'x'.repeat(n * 20)] })), policy('p')],
      { files: { 'coverage.yaml': {} } },
    );
    const files = await all(repository.files(commit.id));
    expect(files).toHaveLength(501);
    const read = await all(repository.entities(files));
    expect(read.map(({ entity }) => entity.ref)).toEqual(files.map(({ ref }) => ref));
    expect(read.every(({ canonical }) => canonical)).toBe(true);
    expect(await all(repository.files(commit.id, { kinds: ['policies'] }))).toMatchObject([{ ref: 'policies/p' }]);
    for await (const { entity } of repository.entities(files)) {
      expect(entity).toEqual(read[0]!.entity);
      break;
    }
    expect(await repository.file(commit.id, 'coverage.yaml')).toEqual({});
    expect(await repository.file(commit.id, 'tenant.yaml')).toBeUndefined();
    expect(
      (await problemOf(all(repository.entities([{ ref: user(1).ref, blob: '1'.repeat(40), path: 'x' }])))).detail,
    ).toContain('not in the repository');
  });

  it('holds what a large object is read in', async () => {
    const repository = await open(temporaryFolder());
    const links = Array.from({ length: 40_000 }, (_, n) => ({ target: `groups/${userKey(n)}` as const }));
    links.sort((left, right) => (left.target < right.target ? -1 : 1));
    const large = { ...user(1), links: { memberOf: links } };
    const commit = await snapshot(repository, [large, user(2)]);
    expect(await repository.entity(commit.id, large.ref)).toMatchObject({
      canonical: true,
      entity: { links: { memberOf: { length: 40_000 } } },
    });
    expect(await repository.entity(commit.id, user(2).ref)).toMatchObject({ entity: user(2) });
  });
});

describe("a person's edits", () => {
  it('are read, and a broken file is said with its place', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const base = await snapshot(repository, [policy('p1'), policy('p2')]);
    await repository.updateWorkingFolder(undefined, base.id);
    const edited = commitFile(root, 'state/policies/p1.yaml', 'id: p1\n# mine\ndisplayName: Edited\n');
    const stored = await repository.entity(edited, 'policies/p1');
    expect(stored).toMatchObject({ canonical: false, entity: policy('p1', { displayName: 'Edited' }) });
    const broken = commitFile(root, 'state/policies/p1.yaml', 'id: p1\nstate: *a\n');
    const problem = await problemOf(repository.entity(broken, 'policies/p1'));
    expect([problem.kind, problem.subject]).toEqual(['usage', 'state/policies/p1.yaml:2:8']);
    const changes = await all(repository.diff(base.id, broken));
    const files = changes.map(({ ref, after, path }) => ({ ref: ref!, blob: after!, path }));
    expect((await problemOf(all(repository.entities(files)))).subject).toBe('state/policies/p1.yaml:2:8');
    const next = await snapshot(repository, [policy('p1'), policy('p2')]);
    expect(next.tree).toBe(base.tree);
  });

  it('that do not belong in the state are refused by name, and their removal is not', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const base = await snapshot(repository, [policy('p1')]);
    await repository.updateWorkingFolder(undefined, base.id);
    const odd: readonly (readonly [path: string, make: (file: string) => void, says: RegExp])[] = [
      ['state/.gitattributes', (file) => writeFileSync(file, '* -diff\n'), /not where/],
      ['state/policies/README.md', (file) => writeFileSync(file, 'x'), /not where/],
      ['state/nothing/p1.yaml', (file) => writeFileSync(file, 'id: p1\n'), /not where/],
      [`state/users/${userKey(1)}.yaml`, (file) => writeFileSync(file, 'id: x\n'), /not where/],
      ['state/policies/link.yaml', (file) => symlinkSync('../../../.env', file), /symbolic link/],
      [
        'state/policies/run.yaml',
        (file) => {
          writeFileSync(file, 'id: run\n');
          chmodSync(file, 0o755);
        },
        /executable/,
      ],
    ];
    for (const [path, make, says] of odd) {
      const before = git(root, 'rev-parse', 'HEAD');
      mkdirSync(dirname(join(root, path)), { recursive: true });
      make(join(root, path));
      git(root, 'add', '-f', path);
      git(root, 'commit', '-q', '-m', 'odd');
      const after = git(root, 'rev-parse', 'HEAD');
      for (const attempt of [() => all(repository.diff(before, after)), () => all(repository.files(after))]) {
        const problem = await problemOf(attempt());
        expect([problem.kind, problem.subject]).toEqual(['usage', path]);
        expect(problem.detail).toMatch(says);
      }
      if (/^state\/(?:users|policies)/.test(path))
        expect((await problemOf(recapture(repository, after))).subject).toBe(path);
      git(root, 'rm', '-q', path);
      git(root, 'commit', '-q', '-m', 'removed');
      const removed = git(root, 'rev-parse', 'HEAD');
      if (says.source === 'not where') expect(await all(repository.diff(after, removed))).toMatchObject([{ path }]);
      expect(await all(repository.diff(before, removed))).toEqual([]);
    }
    git(root, 'update-index', '--add', '--cacheinfo', `160000,${base.id},state/policies/sub.yaml`);
    git(root, 'commit', '-q', '-m', 'submodule');
    expect((await problemOf(all(repository.files(git(root, 'rev-parse', 'HEAD'))))).detail).toContain('submodule');
  });

  it('that put a link in place of the state are refused', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    symlinkSync('/etc', join(root, 'state'));
    git(root, 'add', 'state');
    git(root, 'commit', '-q', '-m', 'link');
    const head = git(root, 'rev-parse', 'HEAD');
    expect((await problemOf(repository.capture({ base: head }))).subject).toBe('state');
    expect((await problemOf(all(repository.files(head)))).subject).toBe('state');
  });
});

/** Reads a commit's users again, all of them: none. */
async function recapture(repository: Repository, base: string): Promise<void> {
  const capture = await repository.capture({ base });
  try {
    await capture.kind('users').complete();
  } finally {
    await capture.abort();
  }
}
