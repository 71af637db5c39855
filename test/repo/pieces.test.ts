// Pieces: what a capture keeps of a kind on the way is what another goes on with, in any number of attempts; nobody else sees it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entity } from '../../src/model/entity.ts';
import { keyOf } from '../../src/model/ref.ts';
import type { Capture, KindCapture, Repository } from '../../src/model/repository.ts';
import { maintainRepository } from '../../src/repo/index.ts';
import { all, git, open, snapshot, temporaryFolder, user, userKey, users } from './support.ts';

const ref = 'refs/driftline/first/users';
const at = '2026-11-20T10:00:00Z';
const token = 'https://graph.example/v1.0/users?$skiptoken=a b';

const begin = (repository: Repository) => repository.capture({ base: undefined, ref, parent: false, kinds: ['users'] });

/** What is kept, put into the kind; its objects. */
async function goOn(repository: Repository, capture: Capture, note: unknown): Promise<Entity[]> {
  const kept = await capture.kept('users');
  expect(kept?.note).toEqual(note);
  return kept === undefined ? [] : (await all(repository.entities(kept.files))).map(({ entity }) => entity);
}

async function commit(capture: Capture, kind: KindCapture) {
  await kind.complete();
  return (await capture.commit({ subject: 'users', at }))!;
}

/** Most of what these tests put waits in the file. */
const few = { objectsInMemory: 2 };

describe('a kind that is kept piece by piece', () => {
  it('is, whenever its attempts end, the kind that one attempt gives (a law)', async () => {
    const repository = await open(temporaryFolder(), few);
    await fc.assert(
      fc.asyncProperty(
        // Of each attempt: how many objects are put before each time that it keeps them, and how many more before it ends.
        fc.array(fc.tuple(fc.array(fc.nat(4), { maxLength: 3 }), fc.nat(3)), { minLength: 1, maxLength: 4 }),
        async (attempts) => {
          await repository.forget(ref);
          let kept = 0;
          let noted: unknown;
          for (const [puts, lost] of attempts) {
            const capture = await begin(repository);
            const kind = capture.kind('users');
            expect((await goOn(repository, capture, noted)).sort(byRef)).toEqual(users(kept).sort(byRef));
            expect(kind.count).toBe(kept);
            for (const more of puts) {
              await kind.put(users(kept + more).slice(kept));
              kept += more;
              noted = { place: token, kept };
              await capture.keep('users', { place: token, kept }, at);
            }
            await kind.put(users(kept + lost).slice(kept));
            await capture.abort();
          }
          const last = await begin(repository);
          const kind = last.kind('users');
          await goOn(repository, last, noted);
          await kind.put(users(kept + 2).slice(kept));
          const made = await commit(last, kind);
          const whole = await snapshotOf(repository, users(kept + 2));
          expect(made.tree).toBe(whole.tree);
          expect(kind.digest()).toBe(whole.digest);
        },
      ),
      { numRuns: 25 },
    );
    expect(git(repository.root, 'fsck', '--strict', '--no-dangling')).toBe('');
  }, 120_000);

  it('knows what it was given, and takes single objects anew or away', async () => {
    const repository = await open(temporaryFolder(), few);
    const first = await begin(repository);
    await first.kind('users').put(users(6));
    await first.keep('users', { place: 1 }, at);
    await first.abort();
    // Maintenance in between takes nothing away.
    await maintainRepository(repository.root, { full: true });
    git(repository.root, 'gc', '--prune=now', '--quiet');
    const capture = await begin(repository);
    const kind = capture.kind('users');
    await goOn(repository, capture, { place: 1 });
    await kind.put([user(6), user(7)]);
    expect([5, 6, 8].map((n) => kind.hasKept(userKey(n)))).toEqual([true, false, false]);
    const blobs = await kind.blobs();
    expect([5, 6, 8].map((n) => blobs(userKey(n)) !== undefined)).toEqual([true, true, false]);
    // Kept and gone, kept and changed, put and changed, put and gone, neither, and new.
    const renewed = [user(1, { age: 9 }), user(6, { age: 9 }), user(8)];
    await kind.replace([0, 1, 6, 7, 20, 8].map(userKey), renewed);
    expect(blobs(userKey(0))).toBeUndefined();
    const goal = [...renewed, ...users(6).slice(2)];
    expect(kind.count).toBe(goal.length);
    const whole = await snapshotOf(repository, goal);
    expect(kind.digest()).toBe(whole.digest);
    expect((await commit(capture, kind)).tree).toBe(whole.tree);
    expect(capture.counts()).toEqual({ added: goal.length, changed: 0, removed: 0 });
  });

  it('forgets what was kept of a kind that is begun again', async () => {
    const repository = await open(temporaryFolder(), few);
    const first = await begin(repository);
    await first.kind('users').put(users(3));
    await first.keep('users', { place: 1 }, at);
    await first.abort();
    const second = await begin(repository);
    const given = second.kind('users');
    await goOn(repository, second, { place: 1 });
    await given.discard();
    const kind = second.kind('users');
    expect(kind.hasKept(userKey(0))).toBe(false);
    await kind.put([user(9)]);
    await second.keep('users', { place: 2 }, at);
    await second.abort();
    const third = await begin(repository);
    third.kind('users');
    expect(await goOn(repository, third, { place: 2 })).toEqual([user(9)]);
    await third.abort();
  });

  it("is nobody else's: no record, no branch, and a note that only it gives back", async () => {
    const repository = await open(temporaryFolder(), few);
    const capture = await begin(repository);
    capture.kind('users');
    expect(await capture.kept('users')).toBeUndefined();
    await expect(capture.keep('groups', {}, at)).rejects.toThrow(/piece by piece/);
    await capture.keep('users', { place: token }, at);
    await capture.abort();
    const kept = await repository.resolve(ref, new Date());
    expect(kept.snapshot).toBeUndefined();
    expect(JSON.stringify(kept)).not.toContain('skiptoken');
    expect(git(repository.root, 'for-each-ref', '--format=%(refname)')).toBe(ref);
    // The branch, and a capture with a base, keep nothing: what they hold is seen.
    const base = await snapshot(repository, users(1));
    const other = await repository.capture({ base: base.id });
    other.kind('users');
    await expect(other.keep('users', {}, at)).rejects.toThrow(/piece by piece/);
    await other.abort();
  });
});

const byRef = (one: Entity, other: Entity) => (one.ref < other.ref ? -1 : 1);

/** The tree and digest that these users have in one capture. */
async function snapshotOf(repository: Repository, entities: readonly Entity[]) {
  const capture = await repository.capture({ base: undefined, ref: 'refs/driftline/whole', parent: false });
  const kind = capture.kind('users');
  await kind.put(entities);
  const blobs = await kind.blobs();
  expect(entities.every((entity) => blobs(keyOf(entity.ref)) !== undefined)).toBe(true);
  const digest = kind.digest();
  const { tree } = await commit(capture, kind);
  return { tree, digest };
}
