// Push: fast-forward only, judged by the remote's ref; nothing is overwritten, and no credential is said.

import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { withoutCredentials } from '../../src/repo/push.ts';
import { git, open, problemOf, snapshot, temporaryFolder, user, users } from './support.ts';

function bareIn(root: string): string {
  git(root, 'init', '-q', '--bare', '-b', 'main', 'remote.git');
  return join(root, 'remote.git');
}

describe('a push', () => {
  it('brings the remote to the branch, by name or path, once', async () => {
    const root = temporaryFolder();
    const remote = bareIn(root);
    const repository = await open(join(root, 'work'));
    expect((await problemOf(repository.push('origin'))).summary).toBe('There is nothing to push');
    const first = await snapshot(repository, users(2));
    await repository.push(remote);
    expect(git(remote, 'rev-parse', 'main')).toBe(first.id);
    git(repository.root, 'remote', 'add', 'origin', remote);
    const second = await snapshot(repository, users(3));
    await repository.push('origin');
    await repository.push('origin');
    expect(git(remote, 'rev-parse', 'main')).toBe(second.id);
    expect(git(remote, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  it('never overwrites what is there', async () => {
    const root = temporaryFolder();
    const remote = bareIn(root);
    const [one, two] = [await open(join(root, 'one')), await open(join(root, 'two'))];
    const first = await snapshot(one, [user(1)]);
    await one.push(remote);
    await snapshot(two, [user(2)]);
    const problem = await problemOf(two.push(remote));
    expect([problem.kind, problem.subject]).toEqual(['conflict', remote]);
    expect(problem.detail).toContain(first.id);
    expect(git(remote, 'rev-parse', 'main')).toBe(first.id);
  });

  it('says what the remote said where it refuses', async () => {
    const root = temporaryFolder();
    const remote = bareIn(root);
    const repository = await open(join(root, 'work'));
    await snapshot(repository, [user(1)]);
    mkdirSync(join(remote, 'hooks'), { recursive: true });
    writeFileSync(join(remote, 'hooks/pre-receive'), '#!/bin/sh\necho protected by a rule >&2\nexit 1\n');
    chmodSync(join(remote, 'hooks/pre-receive'), 0o755);
    const problem = await problemOf(repository.push(remote));
    expect(problem.kind).toBe('failed');
    expect(problem.detail).toContain('protected by a rule');
  });

  it('believes the remote and not the answer: a push whose answer is lost has been made', async () => {
    const root = temporaryFolder();
    const remote = bareIn(root);
    const repository = await open(join(root, 'work'));
    const commit = await snapshot(repository, [user(1)]);
    mkdirSync(join(remote, 'hooks'), { recursive: true });
    writeFileSync(join(remote, 'hooks/post-update'), '#!/bin/sh\nkill -9 $PPID\n');
    chmodSync(join(remote, 'hooks/post-update'), 0o755);
    await repository.push(remote);
    expect(git(remote, 'rev-parse', 'main')).toBe(commit.id);
  });

  it('runs no hook here, asks nothing, and takes no option or command for a remote', async () => {
    const root = temporaryFolder();
    const repository = await open(join(root, 'work'));
    await snapshot(repository, [user(1)]);
    const canary = join(root, 'canary');
    mkdirSync(join(root, 'work/.git/hooks'), { recursive: true });
    writeFileSync(join(root, 'work/.git/hooks/pre-push'), `#!/bin/sh\ntouch ${canary}\n`);
    chmodSync(join(root, 'work/.git/hooks/pre-push'), 0o755);
    for (const remote of ['--upload-pack=touch x', `ext::touch ${canary}`, '-x', '', 'a b', 'fd::17', 'ftp://x/y']) {
      expect((await problemOf(repository.push(remote))).kind, remote).toBe('usage');
    }
    await repository.push(bareIn(root));
    expect(existsSync(canary)).toBe(false);
    git(join(root, 'work'), 'remote', 'add', 'evil', `ext::touch ${canary}`);
    expect((await problemOf(repository.push('evil'))).kind).toBe('failed');
    expect(existsSync(canary)).toBe(false);
  });

  it('says no credential', async () => {
    const root = temporaryFolder();
    const repository = await open(join(root, 'work'));
    await snapshot(repository, [user(1)]);
    const server = createServer((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const problem = await problemOf(repository.push(`http://ann:s3cret-canary@127.0.0.1:${port}/x.git`));
    expect(problem.kind).toBe('failed');
    expect(JSON.stringify([problem.message, problem.detail, problem.subject])).not.toMatch(/canary|ann:/);
    expect(withoutCredentials('see https://u:p@h/x and ssh://t@h?sig=abc&x=1')).toBe(
      'see https://***@h/x and ssh://***@h?sig=***&x=1',
    );
  });
});
