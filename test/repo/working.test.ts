// The working folder: it follows the branch, `git status` stays clean, and nobody's work is touched.
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entity } from '../../src/model/entity.ts';
import type { Repository } from '../../src/model/repository.ts';
import { pathOfRef } from '../../src/repo/layout.ts';
import { kinds } from './kinds.ts';
import { git, open, policy, problemOf, snapshot, temporaryFolder, user, users } from './support.ts';

async function follow(repository: Repository, entities: readonly Entity[]): Promise<readonly string[]> {
  const before = await repository.tip();
  const after = await snapshot(repository, entities);
  return (await repository.updateWorkingFolder(before?.id, after.id)).leftAlone;
}

const status = (root: string) => git(root, 'status', '--porcelain', '--untracked-files=all');
const pathOf = (entity: Entity) => `state/${pathOfRef(kinds, entity.ref)}`;

describe('the working folder', () => {
  it('follows snapshots from the first one on, and leaves no empty folder', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    expect(await follow(repository, [...users(20), policy('p1')])).toEqual([]);
    expect(status(root)).toBe('');
    expect(readFileSync(join(root, pathOf(policy('p1'))), 'utf8')).toBe('id: p1\ndisplayName: p1\n');
    expect(await follow(repository, [user(1, { age: 3 }), user(50)])).toEqual([]);
    expect(status(root)).toBe('');
    expect(existsSync(join(root, 'state/policies'))).toBe(false);
    expect(existsSync(join(root, dirname(pathOf(user(2)))))).toBe(false);
    expect(await follow(repository, [])).toEqual([]);
    expect(status(root)).toBe('');
  });

  it('leaves what a person is working on, and says so', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    const rules = ['edited', 'staged', 'deleted', 'removed', 'added', 'free', 'same'];
    await follow(
      repository,
      rules
        .slice(0, 4)
        .concat('free', 'same')
        .map((key) => policy(key)),
    );
    const file = (key: string) => join(root, `state/policies/${key}.yaml`);
    writeFileSync(join(root, 'notes.txt'), 'mine');
    writeFileSync(join(root, 'state', 'scratch.txt'), 'mine too');
    writeFileSync(file('edited'), 'id: edited\ndisplayName: Mine\n');
    writeFileSync(file('staged'), 'id: staged\ndisplayName: Mine\n');
    git(root, 'add', file('staged'));
    writeFileSync(file('staged'), 'id: staged\ndisplayName: staged\n');
    rmSync(file('deleted'));
    git(root, 'rm', '-q', file('removed'));
    writeFileSync(file('added'), 'id: added\ndisplayName: Mine\n');
    writeFileSync(file('same'), 'id: same\ndisplayName: same\nstate: new\n');
    const left = await follow(
      repository,
      rules.map((key) => policy(key, { state: 'new' })),
    );
    expect([...left].sort()).toEqual(
      ['added', 'deleted', 'edited', 'removed', 'staged'].map((key) => `state/policies/${key}.yaml`),
    );
    expect(readFileSync(file('edited'), 'utf8')).toContain('Mine');
    expect(readFileSync(file('added'), 'utf8')).toContain('Mine');
    expect(git(root, 'show', ':state/policies/staged.yaml')).toContain('Mine');
    expect([existsSync(file('deleted')), existsSync(file('removed'))]).toEqual([false, false]);
    expect(readFileSync(file('free'), 'utf8')).toContain('state: new');
    expect(readFileSync(join(root, 'notes.txt'), 'utf8') + readFileSync(join(root, 'state/scratch.txt'), 'utf8')).toBe(
      'minemine too',
    );
    expect(status(root)).not.toMatch(/free|same/);
    git(root, 'fsck', '--strict');
  });

  it('loses nobody a byte (a law)', async () => {
    const edit = fc.constantFrom('none', 'edit', 'stage', 'delete', 'untrack');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(edit, fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 6 }),
        async (plan) => {
          const root = temporaryFolder();
          const repository = await open(root);
          await follow(
            repository,
            plan
              .filter(([, before]) => before)
              .map((_, n) => policy(`p${n}`))
              .concat(policy('always')),
          );
          const mine = new Map<string, string>();
          for (const [n, [what]] of plan.entries()) {
            const path = join(root, `state/policies/p${n}.yaml`);
            if (what === 'edit' || what === 'stage') {
              mkdirSync(dirname(path), { recursive: true });
              writeFileSync(path, `mine ${n}\n`);
              mine.set(path, `mine ${n}\n`);
              if (what === 'stage') git(root, 'add', path);
            } else if (what === 'delete') rmSync(path, { force: true });
            else if (what === 'untrack' && existsSync(path)) git(root, 'rm', '-q', '--cached', path);
          }
          await follow(
            repository,
            plan
              .flatMap(([, , after], n) => (after ? [policy(`p${n}`, { state: 'new' })] : []))
              .concat(policy('always')),
          );
          for (const [path, content] of mine) expect(readFileSync(path, 'utf8')).toBe(content);
          expect(git(root, 'diff', '--name-only', 'HEAD', '--', 'state/policies/always.yaml')).toBe('');
        },
      ),
      { numRuns: 12 },
    );
  });

  it('writes through no link', async () => {
    const root = temporaryFolder();
    const outside = temporaryFolder();
    const repository = await open(root);
    await follow(repository, [policy('p1')]);
    rmSync(join(root, 'state/policies'), { recursive: true });
    symlinkSync(outside, join(root, 'state/policies'));
    writeFileSync(join(outside, 'p1.yaml'), 'id: p1\ndisplayName: p1\n');
    expect(await follow(repository, [policy('p1', { state: 'new' }), policy('p2')])).toEqual([
      'state/policies/p1.yaml',
      'state/policies/p2.yaml',
    ]);
    expect(readFileSync(join(outside, 'p1.yaml'), 'utf8')).toBe('id: p1\ndisplayName: p1\n');
    expect(existsSync(join(outside, 'p2.yaml'))).toBe(false);
    expect(lstatSync(join(root, 'state/policies')).isSymbolicLink()).toBe(true);
  });

  it('follows files that git checked out with CR LF', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    await follow(repository, [policy('p1')]);
    git(root, 'config', 'core.autocrlf', 'true');
    writeFileSync(join(root, 'state/policies/p1.yaml'), 'id: p1\r\ndisplayName: p1\r\n');
    expect(await follow(repository, [policy('p1', { state: 'new' })])).toEqual([]);
    expect(status(root)).toBe('');
  });

  it('is left alone where the branch is not checked out, or nothing is', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    await follow(repository, [policy('p1')]);
    git(root, 'checkout', '-q', '-b', 'feature');
    const on = await open(root, { branch: 'main' });
    expect(await follow(on, [policy('p2')])).toEqual([]);
    expect(existsSync(join(root, 'state/policies/p2.yaml'))).toBe(false);
    expect(status(root)).toBe('');
    const clone = temporaryFolder();
    git(clone, 'clone', '-q', '--no-checkout', root, '.');
    const cloned = await open(clone);
    expect(cloned.branch).toBe('refs/heads/feature');
    expect(await follow(cloned, [policy('p3')])).toEqual([]);
    expect(existsSync(join(clone, 'state'))).toBe(false);
  });

  it('keeps to what is checked out of a sparse one', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    await follow(repository, [policy('p1'), user(1)]);
    expect(status(root)).toBe('');
    git(root, 'sparse-checkout', 'set', '--no-cone', '/state/policies/');
    expect(await follow(repository, [policy('p1', { state: 'new' }), user(1, { age: 2 })])).toEqual([]);
    expect(existsSync(join(root, 'state/users'))).toBe(false);
    expect(status(root)).toBe('');
    git(root, 'sparse-checkout', 'disable');
    expect(status(root)).toBe('');
    expect(readFileSync(join(root, pathOf(user(1))), 'utf8')).toContain('age: 2');
  });

  it('is made good by the next run, where one was killed after the branch had moved', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    await follow(repository, [policy('p1'), policy('p2')]);
    await snapshot(repository, [policy('p1', { state: 'a' }), policy('p2')]);
    await snapshot(repository, [policy('p1', { state: 'b' }), policy('p2'), policy('p3')]);
    expect(status(root)).not.toBe('');
    expect(
      await follow(repository, [policy('p1', { state: 'b' }), policy('p2', { state: 'c' }), policy('p3')]),
    ).toEqual([]);
    expect(status(root)).toBe('');
  });

  it('does not undo what a person committed in between', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    await follow(repository, [policy('p1'), policy('p2')]);
    await snapshot(repository, [policy('p1', { state: 'a' }), policy('p2')]);
    git(root, 'reset', '-q', '--hard');
    git(root, 'revert', '--no-edit', 'HEAD');
    expect(await follow(repository, [policy('p1'), policy('p2', { state: 'x' })])).toEqual([]);
    expect(status(root)).toBe('');
    expect(readFileSync(join(root, 'state/policies/p1.yaml'), 'utf8')).not.toContain('state: a');
  });

  it('waits for the index, and says so where it does not come free', async () => {
    const root = temporaryFolder();
    const repository = await open(root);
    await follow(repository, [policy('p1')]);
    writeFileSync(join(root, '.git/index.lock'), '');
    const problem = await problemOf(follow(repository, [policy('p1', { state: 'new' })]));
    expect([problem.kind, problem.subject]).toEqual(['conflict', join(root, '.git/index.lock')]);
    rmSync(join(root, '.git/index.lock'));
    expect(await follow(repository, [policy('p1', { state: 'newer' })])).toEqual([]);
    expect(status(root)).toBe('');
  });
});
