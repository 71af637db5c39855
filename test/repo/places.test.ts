// Places: whatever sort of repository a folder is in, it is used rightly or refused with a reason; and a hostile one runs nothing.
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRepository } from '../../src/repo/index.ts';
import { maintainRepository } from '../../src/repo/maintain.ts';
import { kinds } from './kinds.ts';
import { all, git, identity, open, policy, problemOf, snapshot, temporaryFolder, user, users } from './support.ts';

describe('opening a repository', () => {
  it('makes one only where it is told to', async () => {
    const folder = join(temporaryFolder(), 'new', 'place');
    const options = { root: folder, statePath: 'state', kinds, identity };
    expect((await problemOf(openRepository(options))).summary).toBe('There is no Git repository');
    const repository = await open(folder);
    expect([repository.root, repository.branch, repository.statePath]).toEqual([folder, 'refs/heads/main', 'state']);
    expect(await repository.tip()).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['.git']);
    await snapshot(repository, users(2));
  });

  it('finds the top from a folder inside, and refuses paths that lead out', async () => {
    const root = temporaryFolder();
    git(root, 'init', '-q', '-b', 'main');
    mkdirSync(join(root, 'a/b'), { recursive: true });
    const repository = await open(join(root, 'a/b'), { statePath: 'a/b/state' });
    expect(repository.root).toBe(root);
    await snapshot(repository, [policy('p1')]);
    expect(git(root, 'ls-tree', '-r', '--name-only', 'main')).toBe('a/b/state/policies/p1.yaml');
    for (const statePath of ['../state', '/state', '.git/state', ''])
      expect((await problemOf(open(root, { statePath }))).kind).toBe('usage');
    for (const branch of ['-x', 'a..b', 'a b', 'x.lock'])
      expect((await problemOf(open(root, { branch }))).kind, branch).toBe('usage');
  });

  it('works in bare repositories, linked worktrees, submodules, detached and unborn heads, and shallow clones', async () => {
    const root = temporaryFolder();
    git(root, 'init', '-q', '--bare', '-b', 'trunk', 'bare.git');
    const bare = await open(join(root, 'bare.git'));
    const first = await snapshot(bare, users(3));
    const second = await snapshot(bare, users(4));
    expect(await bare.updateWorkingFolder(first.id, second.id)).toEqual({ leftAlone: [] });
    expect(bare.branch).toBe('refs/heads/trunk');

    git(root, 'clone', '-q', 'bare.git', 'clone');
    const clone = join(root, 'clone');
    git(clone, 'worktree', 'add', '-q', '-b', 'side', '../linked');
    const linked = await open(join(root, 'linked'));
    expect([linked.root, linked.branch]).toEqual([join(root, 'linked'), 'refs/heads/side']);
    const third = await snapshot(linked, users(5));
    await linked.updateWorkingFolder(second.id, third.id);
    expect(git(join(root, 'linked'), 'status', '--porcelain')).toBe('');
    expect(git(clone, 'status', '--porcelain')).toBe('');

    git(clone, 'checkout', '-q', '--detach', 'trunk');
    const detached = await open(clone, { branch: 'trunk' });
    const fourth = await snapshot(detached, users(6));
    expect(await detached.updateWorkingFolder(second.id, fourth.id)).toEqual({ leftAlone: [] });
    expect(git(clone, 'rev-parse', 'HEAD')).toBe(second.id);
    expect((await detached.resolve('HEAD', new Date())).id).toBe(second.id);
    expect((await open(clone)).branch).toBe('refs/heads/main');

    git(root, '-c', 'protocol.file.allow=always', 'clone', '-q', '--depth=1', `file://${root}/bare.git`, 'shallow');
    const shallow = await open(join(root, 'shallow'));
    await snapshot(shallow, users(7));
    expect(await all(shallow.log())).toHaveLength(2);

    git(root, 'init', '-q', '-b', 'main', 'parent');
    git(
      join(root, 'parent'),
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'add',
      `file://${root}/bare.git`,
      'sub',
    );
    const sub = await open(join(root, 'parent/sub'));
    expect(sub.root).toBe(join(root, 'parent/sub'));
    const before = (await sub.tip())!;
    const after = await snapshot(sub, users(9));
    await sub.updateWorkingFolder(before.id, after.id);
    expect(git(join(root, 'parent/sub'), 'status', '--porcelain')).toBe('');
  });

  it('reads old blobs of a clone that has none', async () => {
    const root = temporaryFolder();
    git(root, 'init', '-q', '--bare', '-b', 'main', 'bare.git');
    git(join(root, 'bare.git'), 'config', 'uploadpack.allowFilter', 'true');
    const origin = await open(join(root, 'bare.git'));
    const first = await snapshot(origin, users(3));
    git(
      root,
      '-c',
      'protocol.file.allow=always',
      'clone',
      '-q',
      '--bare',
      '--filter=blob:none',
      `file://${root}/bare.git`,
      'blobless.git',
    );
    const repository = await open(join(root, 'blobless.git'));
    const second = await snapshot(repository, [user(0), user(1, { age: 1 })]);
    const changes = await all(repository.diff(first.id, second.id));
    expect(changes).toHaveLength(2);
    expect((await repository.entity(first.id, user(1).ref))!.entity).toEqual(user(1));
  });

  it('refuses sha256 repositories and broken ones with a reason', async () => {
    const root = temporaryFolder();
    git(root, 'init', '-q', '--object-format=sha256', 'other');
    expect((await problemOf(open(join(root, 'other')))).detail).toContain('sha256');
    git(root, 'init', '-q', 'newer');
    git(join(root, 'newer'), 'config', 'core.repositoryFormatVersion', '99');
    expect((await problemOf(open(join(root, 'newer')))).detail).toMatch(/does not read it.*99/);
  });

  it('refuses rows whose attributes a file has anyway', async () => {
    const row = { ...kinds.get('policies')!, attributes: { links: {} } };
    await expect(open(temporaryFolder(), { kinds: new Map([['policies', row]]) })).rejects.toThrow(RangeError);
  });
});

describe('maintenance', () => {
  it('joins packs and keeps the history readable', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    for (const n of [1, 2, 3, 4])
      await snapshot(
        repository,
        users(150, (m) => ({ age: m * n })),
      );
    const { before, after } = await maintainRepository(root);
    expect(after.packs).toBeLessThan(before.packs);
    expect(existsSync(join(root, '.git/objects/info/commit-graph'))).toBe(true);
    expect(await all(repository.log({ refs: [user(3).ref] }))).toHaveLength(4);
    await snapshot(repository, users(1));
    expect(git(root, 'fsck', '--strict')).not.toMatch(/error|missing/);
    expect((await problemOf(maintainRepository(temporaryFolder()))).kind).toBe('usage');
  });
});

describe('a hostile repository', () => {
  it('runs nothing of its own in a snapshot, difference, log or update of the folder', async () => {
    const root = temporaryFolder();
    const canary = join(root, 'canary');
    const program = join(root, 'program.sh');
    const work = join(root, 'work');
    const seed = await open(work);
    const first = await snapshot(seed, [policy('p1'), user(1)]);
    await seed.updateWorkingFolder(undefined, first.id);
    writeFileSync(program, `#!/bin/sh\necho "$0 $@" >> ${canary}\n`);
    chmodSync(program, 0o755);
    for (const hook of [
      'reference-transaction',
      'pre-commit',
      'post-commit',
      'post-checkout',
      'post-index-change',
      'pre-push',
      'fsmonitor-watchman',
      'pre-auto-gc',
      'post-rewrite',
      'prepare-commit-msg',
    ]) {
      for (const folder of ['.git/hooks', 'hooks']) {
        mkdirSync(join(work, folder), { recursive: true });
        writeFileSync(join(work, folder, hook), `#!/bin/sh\necho hook ${hook} >> ${canary}\n`);
        chmodSync(join(work, folder, hook), 0o755);
      }
    }
    const poison: Record<string, string> = {
      'core.fsmonitor': program,
      'core.hooksPath': 'hooks',
      'core.pager': program,
      'core.editor': program,
      'core.sshCommand': program,
      'core.askPass': program,
      'core.gitProxy': program,
      'core.alternateRefsCommand': program,
      'diff.external': program,
      'diff.evil.command': program,
      'diff.evil.textconv': program,
      'filter.evil.clean': program,
      'filter.evil.smudge': program,
      'filter.evil.process': program,
      'filter.evil.required': 'true',
      'merge.evil.driver': program,
      'gpg.program': program,
      'gpg.ssh.program': program,
      'log.showSignature': 'true',
      'credential.helper': `!${program}`,
      'pager.log': program,
      'pager.diff-tree': program,
      'interactive.diffFilter': program,
      'trailer.x.command': program,
      'url.file:///nowhere/.insteadOf': 'https://',
      'include.path': '/dev/null',
      'alias.log': `!${program}`,
      'alias.cat-file': `!${program}`,
      'remote.origin.url': `ext::${program}`,
      'remote.origin.promisor': 'true',
      'remote.origin.uploadpack': program,
      'extensions.partialClone': 'origin',
      'core.worktree': '/',
      'uploadpack.packObjectsHook': program,
      'notes.displayRef': '*',
      'diff.orderFile': '/nowhere',
      'diff.ignoreSubmodules': 'all',
      'commit.gpgSign': 'true',
    };
    git(work, 'config', 'core.repositoryFormatVersion', '1');
    for (const [name, value] of Object.entries(poison)) git(work, 'config', name, value);
    for (const file of ['.gitattributes', '.git/info/attributes']) {
      mkdirSync(join(work, '.git/info'), { recursive: true });
      writeFileSync(join(work, file), '* filter=evil diff=evil merge=evil text eol=crlf ident\n');
    }
    const repository = await open(work);
    expect(repository.root).toBe(work);
    const second = await snapshot(repository, [policy('p1', { state: 'new' }), policy('p2')]);
    await repository.updateWorkingFolder(first.id, second.id);
    const changes = await all(repository.diff(first.id, second.id));
    expect(changes).toHaveLength(3);
    await all(repository.entities(await all(repository.files(second.id))));
    const patch = Buffer.concat(await all(repository.patch(first.id, second.id))).toString();
    expect(patch).toContain('+state: new');
    expect(await all(repository.log())).toHaveLength(2);
    expect(await all(repository.log({ refs: ['policies/p1'] }))).toHaveLength(2);
    await repository.resolve('HEAD~1', new Date());
    await problemOf(repository.resolve('nothing', new Date()));
    await problemOf(all(repository.entities([{ ref: 'policies/p1', blob: '1'.repeat(40), path: 'x' }])));
    const live = await repository.capture({ base: second.id, ref: 'refs/driftline/live/1' });
    await live.commit({ subject: 'live', at: '2026-11-20T10:00:00Z' });
    await repository.forget('refs/driftline/live/1');
    await maintainRepository(work);
    expect(existsSync(canary)).toBe(false);
  });

  it('changes nothing by replace refs, grafts or notes', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const first = await snapshot(repository, [policy('p1')]);
    const second = await snapshot(repository, [policy('p1', { state: 'new' })]);
    git(root, 'replace', second.id, first.id);
    mkdirSync(join(root, '.git/info'), { recursive: true });
    writeFileSync(join(root, '.git/info/grafts'), `${second.id}\n`);
    expect(await repository.tip()).toEqual(second);
    expect((await all(repository.log())).map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(await all(repository.diff(first.id, second.id))).toHaveLength(1);
  });
});
