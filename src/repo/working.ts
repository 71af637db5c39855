// The checked-out state folder: brought to a commit file by file with its index, so that `git status` stays clean; uncommitted work is left alone.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../model/problem.ts';
import { emptyTree, type GitProcess, objectId } from './git.ts';
import { acquire, removeLeft } from './lock.ts';
import { fileMode, type Store } from './store.ts';

/** How long a git of the user's may hold the index. */
const patience = 5_000;
/** More moves than these that nobody has followed are kept as the first and the last. */
const mostMoves = 16;

/**
 * Notes, before the branch moves, that the folder has yet to follow, so that a run that is killed in between is made good by the next one.
 * The note is the chain of commits that the folder's files may be at.
 */
export async function rememberMove(store: Store, from: string | undefined, to: string): Promise<void> {
  if (!(await isCheckedOut(store))) return;
  const chain = await readChain(store);
  const start = from ?? emptyTree;
  if (chain.length === 0 || chain.at(-1) !== start) chain.push(start);
  chain.push(to);
  await writeChain(store, chain.length > mostMoves ? [chain[0]!, ...chain.slice(-2)] : chain);
}

/**
 * Brings the state folder to the branch's new commit where the branch is checked out: files and index entries that are as some commit of the
 * chain has them are replaced, all else is left and returned. Problem `conflict` where a git of the user's holds the index.
 */
export async function updateWorkingFolder(
  store: Store,
  from: string | undefined,
  to: string,
): Promise<{ leftAlone: string[] }> {
  if (!(await isCheckedOut(store)) || (await tipOf(store)) !== to) return { leftAlone: [] };
  const { gitDir } = store.git.place;
  const lock = await acquire(join(gitDir, 'driftline'), 'working-folder');
  try {
    const index = join(gitDir, 'index');
    if (lock.deadSince !== undefined) await removeLeft([`${index}.lock`], lock.deadSince);
    // Without an index nothing is checked out (`clone --no-checkout`), unless this is the first commit there is.
    if (from !== undefined && !existsSync(index)) return { leftAlone: [] };
    await waitForIndex(`${index}.lock`);
    const noted = await readChain(store);
    const chain = noted.at(-1) === to ? noted : [from ?? emptyTree, to];
    const leftAlone = await new Update(store, chain).run();
    await rm(chainFile(store), { force: true });
    return { leftAlone };
  } finally {
    await lock.release();
  }
}

async function isCheckedOut({ git, branch }: Store): Promise<boolean> {
  return git.place.workTree !== undefined && (await git.ask(['symbolic-ref', '--quiet', 'HEAD'])) === branch;
}

async function tipOf({ git, branch }: Store): Promise<string | undefined> {
  return git.ask(['rev-parse', '--verify', '--quiet', branch]);
}

function chainFile(store: Store): string {
  return join(store.git.place.gitDir, 'driftline', 'working-folder');
}

async function readChain(store: Store): Promise<string[]> {
  const ids = (await readFile(chainFile(store), 'utf8').catch(() => '')).split('\n').filter((id) => id !== '');
  return ids.length > 1 && ids.every((id) => objectId.test(id)) ? ids : [];
}

async function writeChain(store: Store, chain: readonly string[]): Promise<void> {
  const file = chainFile(store);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${chain.join('\n')}\n`);
  await rename(`${file}.new`, file);
}

async function waitForIndex(lock: string): Promise<void> {
  for (const until = Date.now() + patience; existsSync(lock); await sleep(100)) {
    if (Date.now() > until) {
      throw new Problem({
        kind: 'conflict',
        summary: 'The working folder could not be brought up to date',
        detail:
          'The commit is made, but another git process works on the index, or was killed and left its lock. If no git runs here, delete the file; the next snapshot brings the folder up to date.',
        subject: lock,
      });
    }
  }
}

/** One path that some commit of the chain changed: the blobs that our own files may have there, and the one that it shall have. */
interface Wanted {
  readonly path: string;
  /** `undefined` among them: the file may be absent. */
  readonly ours: ReadonlySet<string | undefined>;
  readonly target: string | undefined;
}

interface Indexed {
  readonly path: string;
  readonly blob: string | undefined;
  readonly sparse: boolean;
}

class Update {
  readonly #store: Store;
  readonly #chain: readonly string[];
  readonly #top: string;
  /** Folders that were looked at: true, if they are no links, so that what is written below them lands below them. */
  readonly #folders = new Map<string, boolean>();
  readonly #leftAlone: string[] = [];

  constructor(store: Store, chain: readonly string[]) {
    this.#store = store;
    this.#chain = chain;
    this.#top = store.git.place.workTree!;
  }

  async run(): Promise<string[]> {
    const { git } = this.#store;
    const index = git.start(['update-index', '-z', '--index-info'], { index: true });
    index.stdout.resume();
    const sparse: string[] = [];
    try {
      for await (const [wanted, indexed] of this.#joined()) {
        this.#store.onStep('working folder: file');
        if (await this.#follow(wanted, indexed, index)) {
          if (indexed?.sparse) sparse.push(wanted.path);
        } else this.#leftAlone.push(wanted.path);
      }
    } finally {
      index.end();
    }
    await index.done;
    if (sparse.length > 0) {
      await git.run(['update-index', '--skip-worktree', '-z', '--stdin'], {
        index: true,
        input: `${sparse.join('\0')}\0`,
      });
    }
    return this.#leftAlone;
  }

  /** Brings one path to its target, in the index and in the folder; false where the file, or what is staged of it, is somebody's work. */
  async #follow(wanted: Wanted, indexed: Indexed | undefined, index: GitProcess): Promise<boolean> {
    const { path, ours, target } = wanted;
    const blob = indexed?.blob;
    const isOurs = (found: string | undefined): boolean => found === target || ours.has(found);
    if (indexed !== undefined && !isOurs(blob)) return false;
    if (indexed === undefined && !isOurs(undefined)) return false;
    const followed = indexed?.sparse === true || (await this.#followFile(wanted, isOurs));
    // The index follows even where the file is somebody's work: left behind, their next commit would take the tenant's change back unseen.
    if (blob !== target) {
      await index.write(target === undefined ? `0 ${'0'.repeat(40)}\t${path}\0` : `${fileMode} ${target}\t${path}\0`);
    }
    return followed;
  }

  async #followFile({ path, target }: Wanted, isOurs: (found: string | undefined) => boolean): Promise<boolean> {
    if (!(await this.#isSafe(dirname(path)))) return false;
    const file = join(this.#top, path);
    const found = await lstat(file).catch(() => undefined);
    if (found !== undefined && !found.isFile()) return false;
    const content = found === undefined ? undefined : await readFile(file);
    if (!isOurs(content && blobId(content)) && !isOurs(content && blobId(withoutReturns(content)))) return false;
    if (target === undefined) {
      await rm(file, { force: true });
      await this.#prune(dirname(path));
    } else if (content === undefined || blobId(content) !== target) {
      await this.#write(path, target);
    }
    return true;
  }

  async #write(path: string, target: string): Promise<void> {
    const object = await this.#store.objects.read(target);
    if (object === undefined) throw new Error(`no such object: ${target}`);
    const file = join(this.#top, path);
    await mkdir(dirname(file), { recursive: true });
    // Written in the git directory and moved, so that a killed run leaves neither half a file nor a stray one in the folder.
    const aside = join(this.#store.git.place.gitDir, 'driftline', 'working-folder.file');
    await writeFile(aside, object.content);
    await rename(aside, file).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EXDEV') throw error;
      await writeFile(file, object.content);
      await rm(aside, { force: true });
    });
  }

  /** Is every folder on the way a folder, or not there yet? A link would lead out of the repository. */
  async #isSafe(folder: string): Promise<boolean> {
    if (folder === '.') return true;
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const found = await lstat(join(this.#top, folder)).catch(() => undefined);
    const safe = (found === undefined || found.isDirectory()) && (await this.#isSafe(dirname(folder)));
    this.#folders.set(folder, safe);
    return safe;
  }

  /** Removes folders of the state that have become empty. */
  async #prune(folder: string): Promise<void> {
    const { statePath } = this.#store;
    for (let at = folder; at !== statePath && at.startsWith(`${statePath}/`); at = dirname(at)) {
      if ((await readdir(join(this.#top, at)).catch(() => ['?'])).length > 0) return;
      await rmdir(join(this.#top, at)).catch(() => undefined);
    }
  }

  /** Each path that is wanted with its entry in the index; both come sorted by path, so neither is held in memory. */
  async *#joined(): AsyncGenerator<readonly [Wanted, Indexed | undefined]> {
    const indexed = this.#indexed();
    let next = await indexed.next();
    for await (const wanted of this.#wanted()) {
      while (!next.done && comparePaths(next.value.path, wanted.path) < 0) next = await indexed.next();
      yield [wanted, !next.done && next.value.path === wanted.path ? next.value : undefined];
    }
    await indexed.return(undefined);
  }

  async *#indexed(): AsyncGenerator<Indexed, void, undefined> {
    const { git, statePath } = this.#store;
    for await (const row of git.fields(['ls-files', '-s', '-t', '-z', '--', statePath], { index: true })) {
      // `H 100644 <blob> 0` TAB path; a stage other than 0 is an unmerged path, whose blob is nobody's.
      const tab = row.indexOf('\t');
      const [tag, mode, blob, stage] = row.slice(0, tab).split(' ');
      const plain = mode === fileMode && stage === '0';
      yield { path: row.slice(tab + 1), blob: plain ? blob : 'unmerged', sparse: tag === 'S' };
    }
  }

  async *#wanted(): AsyncGenerator<Wanted, void, undefined> {
    if (this.#chain.length === 2) return yield* this.#step(this.#chain[0]!, this.#chain[1]!);
    const merged = new Map<string, Omit<Wanted, 'path'>>();
    for (const [at, from] of this.#chain.slice(0, -1).entries()) {
      for await (const { path, ours, target } of this.#step(from, this.#chain[at + 1]!)) {
        const known = merged.get(path);
        merged.set(path, {
          ours: known === undefined ? new Set(ours) : new Set([...known.ours, known.target, ...ours]),
          target,
        });
      }
    }
    for (const path of [...merged.keys()].sort(comparePaths)) yield { path, ...merged.get(path)! };
  }

  async *#step(from: string, to: string): AsyncGenerator<Wanted, void, undefined> {
    let raw = '';
    const { git, statePath } = this.#store;
    for await (const field of git.fields([
      'diff-tree',
      '-r',
      '-z',
      '--raw',
      '--no-renames',
      from,
      to,
      '--',
      statePath,
    ])) {
      if (raw === '') raw = field;
      else {
        const [, , before, after, status] = raw.split(' ');
        yield {
          path: field,
          ours: new Set([status === 'A' ? undefined : before]),
          target: status === 'D' ? undefined : after,
        };
        raw = '';
      }
    }
  }
}

function blobId(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.byteLength}\0`).update(content).digest('hex');
}

/** The content as git would store it where it checks files out with CR LF. */
function withoutReturns(content: Buffer): Buffer {
  return content.includes('\r\n')
    ? Buffer.from(content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    : content;
}

/** Git's order of paths: by bytes. Paths of the state are ASCII; what is not sorts the same in UTF-8 up to the surrogates. */
function comparePaths(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
