// Faults at every step of a run: what throws or dies leaves the old commit or the new one, says so, and is no burden on the next run.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Git } from '../../src/repo/git.ts';
import { findPlace } from '../../src/repo/place.ts';
import { git, identity, open, policy, snapshot, temporaryFolder, user, users } from './support.ts';

const before = [...users(4), policy('p1')];
const after = [user(0), ...[1, 2, 9].map((n) => user(n, { notes: 'x'.repeat(150_000) })), policy('p2')];

/** Every git that this process has started and that still runs. */
function killGits(): number {
  const pids = readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' '),
  );
  const gits = pids.filter(
    (pid) =>
      pid !== '' && existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('git'),
  );
  for (const pid of gits) process.kill(Number(pid), 'SIGKILL');
  return gits.length;
}

const canKill = existsSync(`/proc/self/task/${process.pid}/children`);
const faults: readonly (readonly [string, () => void, boolean])[] = [
  [
    'an error is thrown',
    () => {
      throw new Error('a fault');
    },
    true,
  ],
  ['git is killed', () => void killGits(), canKill],
];

describe.each(faults)('when %s', (_what, fault, possible) => {
  it.skipIf(!possible)('at any step, the branch is old or new and the next run succeeds', async () => {
    for (let at = 1, reached = true; reached; at += 1) {
      reached = false;
      const root = temporaryFolder();
      const first = await snapshot(await open(root), before);
      let steps = 0;
      const repository = await open(root, {
        onStep(step) {
          steps += 1;
          if (steps !== at) return;
          reached = true;
          expect(step).not.toBe('');
          fault();
        },
      });
      const outcome = await snapshot(repository, after).then(
        (commit) => commit.id,
        (error: unknown) => {
          expect(error).toBeInstanceOf(Error);
          return undefined;
        },
      );
      const tip = git(root, 'rev-parse', 'main');
      if (outcome !== undefined) expect(tip).toBe(outcome);
      else if (tip !== first.id) expect(git(root, 'rev-parse', 'main~1')).toBe(first.id);
      expect(git(root, 'fsck', '--strict', '--no-dangling')).toBe('');
      const next = await snapshot(await open(root), after);
      expect(git(root, 'ls-tree', '-r', '--name-only', next.id).split('\n')).toHaveLength(after.length);
      expect(git(root, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
      expect(readdirSync(join(root, '.git')).filter((name) => name.startsWith('fast_import_crash'))).toEqual([]);
      expect(readdirSync(join(root, '.git/driftline')).filter((name) => name.endsWith('.lock'))).toEqual([]);
    }
  });
});

const keygen = (() => {
  try {
    execFileSync('ssh-keygen', ['-?'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
})();

describe.skipIf(!keygen)('a signed snapshot', () => {
  it('bears the signature of the key, over the same tree, message and parents', async () => {
    const root = temporaryFolder();
    const key = join(root, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'snapshots', '-f', key]);
    const signers = join(root, 'signers');
    writeFileSync(signers, `${identity.email} ${readFileSync(`${key}.pub`, 'utf8')}`);
    const repository = await open(join(root, 'work'), { signingKey: key });
    const plain = await open(join(root, 'plain'));
    for (const count of [1, 2]) {
      const commit = await snapshot(repository, users(count));
      const twin = await snapshot(plain, users(count));
      expect({ ...commit, id: '', parents: commit.parents.length }).toEqual({
        ...twin,
        id: '',
        parents: twin.parents.length,
      });
      git(
        repository.root,
        '-c',
        'gpg.format=ssh',
        '-c',
        `gpg.ssh.allowedSignersFile=${signers}`,
        'verify-commit',
        commit.id,
      );
      expect((await repository.tip())!.id).toBe(commit.id);
    }
    expect(git(repository.root, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });
});

it('says what git said, where git ends while it is written to', async () => {
  const root = temporaryFolder();
  execFileSync('git', ['init', '--quiet', root]);
  const process = new Git(findPlace(root)!, { identity }).start(['hash-object', '--no-such-option']);
  // More than fits into a pipe: it waits until git has gone.
  await expect(process.write('x'.repeat(2 ** 24))).rejects.toThrow('unknown option');
});
