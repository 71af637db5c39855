// Refs: read one, or move one from where it was to a new commit, in one transaction that git makes wholly or not at all.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../model/problem.ts';
import { type Git, GitFailure, noObject, objectId } from './git.ts';
import { removeLeft } from './lock.ts';

/** How long a git of somebody else may hold a ref's lock before we give up. */
const patience = 5_000;

const PRIVATE = /^refs\/driftline\/[a-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** The commit that a full ref name is at; undefined where there is no such ref. */
export async function readRef(git: Git, ref: string): Promise<string | undefined> {
  const said = await git.ask(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  return said !== undefined && objectId.test(said) ? said : undefined;
}

/** Is this a ref of ours that nobody else looks at (`refs/driftline/…`)? */
export function isPrivateRef(ref: string): boolean {
  return PRIVATE.test(ref) && !ref.includes('..') && !ref.endsWith('.lock') && !ref.endsWith('.');
}

export interface RefMove {
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string;
  /** A temporary ref that goes away with the move, and the commit it is at. */
  readonly temporary?: { readonly ref: string; readonly at: string };
}

/** Moves a ref by compare-and-swap. Problem `conflict` where it is not at `from` any more, or a git of somebody else keeps it locked. */
export async function moveRef(git: Git, move: RefMove): Promise<void> {
  const began = new Date();
  const { commonDir, gitDir } = git.place;
  const locks = [join(commonDir, `${move.ref}.lock`), join(commonDir, 'packed-refs.lock'), join(gitDir, 'HEAD.lock')];
  const { temporary } = move;
  const forgotten = temporary === undefined ? '' : `delete ${temporary.ref} ${temporary.at}\n`;
  const input = `start\nupdate ${move.ref} ${move.to} ${move.from ?? noObject}\n${forgotten}prepare\ncommit\n`;
  for (const until = Date.now() + patience; ; await sleep(100)) {
    try {
      await git.run(['update-ref', '-m', 'driftline', '--stdin'], { input });
      return;
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      if (error.bySignal) await removeLeft(locks, began);
      const now = await readRef(git, move.ref);
      if (now === move.to) return;
      if (now !== move.from) throw movedAway(move.ref, error);
      const locked = locks.filter((path) => existsSync(path));
      if (!error.bySignal && !/Unable to create|unable to lock|cannot lock ref/i.test(error.said)) throw error;
      if (Date.now() > until) throw locked.length === 0 ? error : stillLocked(locked, error);
    }
  }
}

export function movedAway(ref: string, cause?: unknown): Problem {
  return new Problem({
    kind: 'conflict',
    summary: 'The branch has moved',
    detail:
      'Somebody committed to it meanwhile, so what was read is not written on top. Nothing was changed. Run it again.',
    subject: ref,
    cause,
  });
}

function stillLocked(paths: readonly string[], cause: unknown): Problem {
  return new Problem({
    kind: 'conflict',
    summary: 'A git lock file is in the way',
    detail: `Another git process has locked ${paths.join(' and ')}, or was killed and left it. Nothing was changed. If no git runs here, delete the file; then run it again.`,
    subject: paths[0]!,
    cause,
  });
}
