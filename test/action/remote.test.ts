// A clone of a remote over HTTP: fetched as little as is needed, pushed by compare-and-swap, and the token nowhere to be seen.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clone, openClone } from '../../src/repo/index.ts';
import { temporaryFolder } from '../support/driftline.ts';
import { type GitHubServer, startGitHub } from '../support/github-server.ts';

let server: GitHubServer;
let clones: Clone[];

beforeEach(async () => {
  server = await startGitHub();
  clones = [];
});

afterEach(async () => {
  for (const clone of clones) await clone.remove();
  await server.stop();
});

async function clone(token = server.token): Promise<Clone> {
  const made = await openClone({
    folder: join(temporaryFolder('driftline-clone'), 'repository'),
    url: `${server.serverUrl}/${server.repository}.git`,
    authorization: `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
    identity: { name: 'Driftline', email: 'driftline@example.com' },
  });
  clones.push(made);
  return made;
}

const main = 'refs/heads/main';

describe('a clone', () => {
  it('of an empty repository knows the branch that comes first', async () => {
    const one = await clone();
    expect((await one.fetch([main])).size).toBe(0);
    expect((await one.remoteRefs()).refs.size).toBe(0);
  });

  it('reads files, folders, histories and differences', async () => {
    const first = server.edit('main', {
      'driftline.yaml': 'kinds: [users]\n',
      'tenants/a/driftline.yaml': 'x\n',
      'tenants/b/driftline.yaml': 'x\n',
    });
    const second = server.edit('main', { 'README.md': 'words\n', 'tenants/b/driftline.yaml': undefined });
    const one = await clone();
    expect((await one.fetch([main, 'refs/heads/none'])).get(main)).toBe(second);
    expect((await one.remoteRefs()).head).toBe(main);
    expect(await one.text(second, 'driftline.yaml')).toBe('kinds: [users]\n');
    expect(await one.text(second, 'none.yaml')).toBeUndefined();
    expect(await one.names(first, 'tenants')).toEqual(['a', 'b']);
    expect(await one.names(first, 'none')).toEqual([]);
    expect(await one.changedPaths(first, second)).toEqual(['README.md', 'tenants/b/driftline.yaml']);
    expect(await one.isAncestor(first, second)).toBe(true);
    expect(await one.isAncestor(second, first)).toBe(false);
    expect(await one.mergeBase(first, second)).toBe(first);
    expect(await one.commitOf('--upload-pack=x')).toBeUndefined();
  });

  it('without history and files fetches the files that are read', async () => {
    server.edit('main', { 'a.yaml': 'one\n' });
    const tip = server.edit('main', { 'b.yaml': 'two\n' });
    const one = await clone();
    await one.fetch([main], { shallow: true, withoutFiles: true });
    expect(await one.text(tip, 'a.yaml')).toBe('one\n');
    expect(existsSync(join(one.root, 'shallow'))).toBe(true);
  });

  it('is refused with a wrong token, or told which permission is missing', async () => {
    const refused = (detail: string) => ({ kind: 'authentication', detail: expect.stringContaining(detail) });
    const stranger = await clone('ghs_wrong');
    await expect(stranger.fetch([main])).rejects.toMatchObject(refused('does not know the token'));
    server.fault = () => ({ status: 404, message: 'Repository not found.' });
    await expect(stranger.fetch([main])).rejects.toMatchObject(refused('does not know the token'));
    server.fault = undefined;
    server.permissions = {};
    await expect((await clone()).fetch([main])).rejects.toMatchObject(refused('contents: write'));
  });

  it('takes no address that would send the token in the clear', async () => {
    for (const url of [
      'http://example.com/a/b.git',
      'https://user:word@example.com/a/b.git',
      'file:///tmp/x',
      'ext::sh',
    ])
      await expect(
        openClone({ folder: join(temporaryFolder(), 'x'), url, identity: { name: 'a', email: 'b' } }),
      ).rejects.toMatchObject({ kind: 'usage' });
  });

  it('keeps the token in a file for its owner alone, and removes it', async () => {
    server.edit('main', { a: 'b\n' });
    const one = await clone();
    const folder = join(one.root, '..');
    expect(readdirSync(folder)).toEqual(['.git']);
    await one.remove();
    expect(existsSync(folder)).toBe(false);
  });
});

describe('a push', () => {
  it('moves a branch that is where it was, and no other', async () => {
    const tip = server.edit('main', { a: '1\n' });
    const one = await clone();
    await one.fetch([main]);
    const next = server.edit('elsewhere', { a: '2\n' });
    await one.fetch(['refs/heads/elsewhere']);
    await one.push([{ ref: main, from: tip, to: next }]);
    expect(server.git('rev-parse', 'main')).toBe(next);
    await expect(one.push([{ ref: main, from: tip, to: next }])).resolves.toBeUndefined();
    await expect(one.push([{ ref: 'refs/heads/elsewhere', from: tip, to: tip, rewrite: true }])).rejects.toMatchObject({
      kind: 'conflict',
    });
  });

  it('never rewrites what it was not told to', async () => {
    server.edit('main', { a: '1\n' });
    const tip = server.edit('main', { a: '2\n' });
    const one = await clone();
    await one.fetch([main]);
    const older = server.git('rev-parse', 'main^');
    await expect(one.push([{ ref: main, from: tip, to: older }])).rejects.toMatchObject({ kind: 'conflict' });
    expect(server.git('rev-parse', 'main')).toBe(tip);
    await one.push([{ ref: main, from: tip, to: older, rewrite: true }]);
    expect(server.git('rev-parse', 'main')).toBe(older);
  });

  it('that was raced says so, and one whose answer was lost is found to have come through', async () => {
    const tip = server.edit('main', { a: '1\n' });
    const mine = server.edit('mine', { a: '2\n' });
    const one = await clone();
    await one.fetch([main, 'refs/heads/mine']);
    server.beforePush = () => void server.edit('main', { b: 'faster\n' });
    await expect(one.push([{ ref: main, from: tip, to: mine }])).rejects.toMatchObject({ kind: 'conflict' });
    const now = server.git('rev-parse', 'main');
    server.fault = (method, path) =>
      method === 'GIT' && path.endsWith('/git-receive-pack') ? 'drop after' : undefined;
    await one.push([{ ref: main, from: now, to: mine, rewrite: true }]);
    expect(server.git('rev-parse', 'main')).toBe(mine);
  });

  it('deletes a branch that is where it was', async () => {
    server.edit('main', { a: '1\n' });
    const mine = server.edit('mine', { a: '2\n' });
    const one = await clone();
    await one.push([{ ref: 'refs/heads/mine', from: mine, to: undefined }]);
    expect(server.git('for-each-ref', 'refs/heads/mine')).toBe('');
  });

  it('that a rule of the branch forbids says so, and what to do', async () => {
    const tip = server.edit('main', { a: '1\n' });
    const mine = server.edit('mine', { a: '2\n' });
    const hook = join(server.gitDir, 'hooks/pre-receive');
    mkdirSync(dirname(hook), { recursive: true });
    writeFileSync(hook, '#!/bin/sh\necho "GH006: Protected branch update failed for refs/heads/main." >&2\nexit 1\n', {
      mode: 0o755,
    });
    const one = await clone();
    await one.fetch([main, 'refs/heads/mine']);
    await expect(one.push([{ ref: main, from: tip, to: mine }])).rejects.toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('branch in driftline.yaml'),
    });
    expect(server.git('rev-parse', 'main')).toBe(tip);
  });
});

describe('a commit made again on a newer tip', () => {
  it('brings its own state, and leaves what others did elsewhere', async () => {
    server.edit('main', { 'state/a.yaml': '1\n', 'README.md': 'old\n' });
    server.edit(
      'mine',
      { 'state/a.yaml': '2\n', 'state/b.yaml': 'new\n' },
      '1 changed, 1 added, 0 removed\n\nDriftline-Tenant: x',
    );
    const onto = server.edit('main', { 'README.md': 'new\n' });
    const one = await clone();
    const mine = (await one.fetch([main, 'refs/heads/mine'])).get('refs/heads/mine')!;
    const made = (await one.rebase(mine, server.git('rev-parse', 'mine^'), onto, ['state']))!;
    expect(await one.text(made, 'README.md')).toBe('new\n');
    expect(await one.text(made, 'state/a.yaml')).toBe('2\n');
    expect(await one.changedPaths(onto, made)).toEqual(['state/a.yaml', 'state/b.yaml']);
    await one.push([{ ref: main, from: onto, to: made }]);
    expect(server.git('log', '-1', '--format=%an|%B', 'main')).toContain('Driftline-Tenant: x');
    expect(server.git('log', '-1', '--format=%at', made)).toBe(server.git('log', '-1', '--format=%at', mine));
    const committed = (commit: string) => Number(server.git('log', '-1', '--format=%ct', commit));
    expect(committed(made)).toBe(Math.max(committed(mine), committed(onto)));
  });

  it('is not made where somebody else changed the state', async () => {
    server.edit('main', { 'state/a.yaml': '1\n' });
    server.edit('mine', { 'state/a.yaml': '2\n' });
    const onto = server.edit('main', { 'state/c.yaml': '3\n' });
    const one = await clone();
    const mine = (await one.fetch([main, 'refs/heads/mine'])).get('refs/heads/mine')!;
    expect(await one.rebase(mine, server.git('rev-parse', 'mine^'), onto, ['state'])).toBeUndefined();
  });
});
