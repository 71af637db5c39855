// A remote repository over HTTPS: its address and a header that opens it in, a bare clone in a folder of ours out, fetched and pushed with care.
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../model/problem.ts';
import type { CommitMessage } from '../model/repository.ts';
import { Git, GitFailure, type Identity, initialize, noObject, objectId } from './git.ts';
import { messageText } from './message.ts';
import { signCommit } from './sign.ts';

export interface CloneOptions {
  /** A folder of our own, which need not be there. */
  readonly folder: string;
  readonly url: string;
  /** The Authorization header for the remote's origin; it is kept in the clone's configuration, readable by its owner alone. */
  readonly authorization?: string;
  readonly identity: Identity;
  /** Path of the key that signs commits which are made here. */
  readonly signingKey?: string | undefined;
}

export interface FetchOptions {
  /** Without the commits before the tips. */
  readonly shallow?: boolean;
  /** Without the files: git fetches those that are read. */
  readonly withoutFiles?: boolean;
}

/** The refs of a remote by name, and the branch that its HEAD names, if it names one. */
export interface RemoteRefs {
  readonly refs: ReadonlyMap<string, string>;
  readonly head?: string;
}

/** One ref to move on the remote, by compare-and-swap: it must be at `from` (undefined: not be there). `to` undefined deletes it. */
export interface Push {
  readonly ref: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The new commit need not descend from the old one: only for refs of which nobody else is the owner. */
  readonly rewrite?: boolean;
}

/** Makes an empty bare clone. Nothing is fetched yet. */
export async function openClone(options: CloneOptions): Promise<Clone> {
  const url = new URL(options.url);
  const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (
    url.username !== '' ||
    url.password !== '' ||
    (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))
  )
    throw new Problem({
      kind: 'usage',
      summary: 'The address of the remote repository is not valid',
      detail: 'It must be https, without credentials in it.',
      subject: url.origin,
    });
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  await initialize(options.folder, 'main');
  const gitDir = join(options.folder, '.git');
  const section =
    options.authorization === undefined
      ? ''
      : `[http "${url.origin}/"]\n\textraHeader = Authorization: ${options.authorization}\n`;
  await appendFile(
    join(gitDir, 'config'),
    `[core]\n\tbare = true\n[remote "origin"]\n\turl = ${url.href}\n[http]\n\tfollowRedirects = false\n${section}`,
    { mode: 0o600 },
  );
  const git = new Git({ gitDir, commonDir: gitDir }, { identity: options.identity, promisor: 'origin' });
  return new Clone(git, options, url);
}

/** A bare clone of a remote repository, and what is asked of both. */
export class Clone {
  readonly #git: Git;
  readonly #folder: string;
  readonly #signingKey: string | undefined;
  readonly #url: URL;

  constructor(git: Git, { folder, signingKey }: CloneOptions, url: URL) {
    this.#git = git;
    this.#folder = folder;
    this.#signingKey = signingKey;
    this.#url = url;
  }

  /** The bare repository's own folder: `openRepository` takes it. */
  get root(): string {
    return this.#git.place.gitDir;
  }

  /** The refs of the remote as they are now, by name, and the branch that its HEAD names. */
  async remoteRefs(): Promise<RemoteRefs> {
    const text = await this.#speak(['ls-remote', '--symref', 'origin']);
    const refs = new Map<string, string>();
    let head: string | undefined;
    for (const line of text.split('\n')) {
      const [left = '', name = ''] = line.split('\t');
      if (name === 'HEAD' && left.startsWith('ref: ')) head = left.slice('ref: '.length);
      else if (objectId.test(left) && name !== '') refs.set(name, left);
    }
    return { refs, ...(head === undefined ? {} : { head }) };
  }

  /** Makes HEAD name this branch, so that what asks for the branch finds it. */
  async setBranch(branch: string): Promise<void> {
    await this.#git.run(['symbolic-ref', 'HEAD', branch]);
  }

  /** Fetches refs that the remote has (as just asked for, unless it is said what they are) under the same names here; gives those it has. */
  async fetch(
    refs: readonly string[],
    options: FetchOptions = {},
    known?: RemoteRefs,
  ): Promise<ReadonlyMap<string, string>> {
    const remote = (known ?? (await this.remoteRefs())).refs;
    const found = refs.filter((ref) => remote.has(ref));
    const depth = options.shallow === true ? ['--depth=1'] : [];
    const filter = options.withoutFiles === true ? ['--filter=blob:none'] : [];
    if (found.length > 0)
      await this.#speak([
        ...['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--force'],
        ...[...depth, ...filter, 'origin', ...found.map((ref) => `${ref}:${ref}`)],
      ]);
    const here = await Promise.all(found.map(async (ref) => [ref, await this.commitOf(ref)] as const));
    return new Map(here.flatMap(([ref, id]) => (id === undefined ? [] : [[ref, id]])));
  }

  /**
   * Moves refs of the remote, all or none, each by compare-and-swap. Success is the remote's refs read again. Problems: `conflict`
   * where one has moved meanwhile, `refused` where a rule of the remote forbids it.
   */
  async push(pushes: readonly Push[]): Promise<void> {
    // Never with a `+`: it would go over the lease. The lease itself lets a branch be rewritten that is where it was.
    const specs = pushes.map(({ ref, to }) => `${to ?? ''}:${ref}`);
    const leases = pushes.map(({ ref, from }) => `--force-with-lease=${ref}:${from ?? ''}`);
    const several = pushes.length > 1 ? ['--atomic'] : [];
    await this.#refuseRewriting(pushes);
    let failure: unknown;
    try {
      await this.#speak([
        'push',
        '--quiet',
        '--no-verify',
        '--no-follow-tags',
        ...several,
        ...leases,
        'origin',
        ...specs,
      ]);
    } catch (error) {
      failure = error;
    }
    // An answer that got lost may have been a success, and a success that was said need not have lasted.
    const { refs } = await this.remoteRefs().catch((error: unknown) => {
      throw failure ?? error;
    });
    if (pushes.every(({ ref, to }) => refs.get(ref) === to)) return;
    throw pushProblem(pushes, refs, failure);
  }

  /** What may not be rewritten is looked at before, since the lease would let it through. */
  async #refuseRewriting(pushes: readonly Push[]): Promise<void> {
    for (const { ref, from, to, rewrite } of pushes)
      if (from !== undefined && to !== undefined && rewrite !== true && !(await this.isAncestor(from, to)))
        throw conflict(ref, 'the new commit does not stand on the one that the remote has');
  }

  /** The commit that a ref or a full id names here, undefined where there is none. */
  async commitOf(name: string): Promise<string | undefined> {
    if (!objectId.test(name) && !name.startsWith('refs/')) return undefined;
    const id = await this.#git.ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]);
    return id === undefined || id === noObject ? undefined : id;
  }

  /** The id of a commit's whole tree. */
  async treeOf(commit: string): Promise<string | undefined> {
    return this.#git.ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{tree}`]);
  }

  /** The id of the tree or file at a path in a commit, undefined where there is none. */
  async idAt(commit: string, path: string): Promise<string | undefined> {
    return this.#git.ask(['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}:${path}`]);
  }

  /** The text of a file in a commit, undefined where there is no such file. */
  async text(commit: string, path: string): Promise<string | undefined> {
    const id = await this.idAt(commit, path);
    if (id === undefined) return undefined;
    return (await this.#git.run(['cat-file', 'blob', id])).toString('utf8');
  }

  /** The names in a folder of a commit; none where there is no such folder. */
  async names(commit: string, folder: string): Promise<string[]> {
    const names: string[] = [];
    if ((await this.idAt(commit, folder)) === undefined) return names;
    for await (const name of this.#git.fields(['ls-tree', '-z', '--name-only', `${commit}:${folder}`]))
      names.push(name);
    return names;
  }

  /** The paths that differ between two commits, the whole repository over. */
  async changedPaths(from: string, to: string): Promise<string[]> {
    const paths: string[] = [];
    for await (const path of this.#git.fields(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to]))
      paths.push(path);
    return paths;
  }

  async isAncestor(ancestor: string, descendant: string): Promise<boolean> {
    if (!objectId.test(ancestor) || !objectId.test(descendant)) return false;
    return (await this.#git.ask(['merge-base', '--is-ancestor', ancestor, descendant])) !== undefined;
  }

  /** The commit in which two histories part, undefined where they have none in common. */
  async mergeBase(left: string, right: string): Promise<string | undefined> {
    return objectId.test(left) && objectId.test(right) ? this.#git.ask(['merge-base', left, right]) : undefined;
  }

  /** The commits between two, oldest first: those that the newer one adds. */
  async commitsBetween(from: string | undefined, to: string): Promise<string[]> {
    const range = from === undefined ? [to] : [to, `^${from}`];
    const text = (await this.#git.run(['rev-list', '--reverse', '--first-parent', ...range])).toString('utf8');
    return text.split('\n').filter((id) => objectId.test(id));
  }

  /** The commits that a commit says it stands on, though a shallow clone has not got them; and who made it. */
  async madeBy(commit: string): Promise<{ readonly parents: readonly string[]; readonly author: string }> {
    const raw = (await this.#git.run(['cat-file', 'commit', commit])).toString('utf8');
    const lines = raw.slice(0, raw.indexOf('\n\n')).split('\n');
    const parents = lines.filter((line) => line.startsWith('parent ')).map((line) => line.slice('parent '.length));
    return { parents, author: /^author (.*) \d+ [-+]\d+$/m.exec(raw)?.[1] ?? '' };
  }

  /**
   * Our commits after `base` made again on a newer tip: these paths as ours have them, everything else as the tip has it, with the same
   * messages and times. Undefined where the tip changed these paths too: then they must be made anew.
   */
  async rebase(
    commit: string,
    base: string | undefined,
    onto: string,
    paths: readonly string[],
  ): Promise<string | undefined> {
    for (const path of paths) {
      const was = base === undefined ? undefined : await this.idAt(base, path);
      if (was !== (await this.idAt(onto, path))) return undefined;
    }
    let at = onto;
    for (const one of await this.commitsBetween(base, commit)) at = await this.graft(one, at, paths);
    return at;
  }

  /** A commit with these paths of another one, on top of a tip that keeps everything else; with its author, time and message, or another message. */
  async graft(commit: string, onto: string, paths: readonly string[], message?: CommitMessage): Promise<string> {
    const raw = (await this.#git.run(['cat-file', 'commit', commit])).toString('utf8');
    const cut = raw.indexOf('\n\n');
    const people = raw
      .slice(0, cut)
      .split('\n')
      .filter((line) => /^(author|committer) /.test(line));
    // It stands on a commit that may be younger: histories go forward in time.
    const onTop = instantOf((await this.#git.run(['cat-file', 'commit', onto])).toString('utf8'));
    const dated = people.map((line) => (line.startsWith('author ') ? line : notBefore(line, onTop)));
    const text = Buffer.from(message === undefined ? raw.slice(cut + 2) : messageText(message));
    const changes = await Promise.all(
      paths.map(async (path) => {
        const entry = (await this.#git.run(['ls-tree', commit, '--', path])).toString('utf8');
        const [mode, , id] = entry.split(/[ \t]/);
        return entry === '' ? `D ${quoted(path)}` : `M ${mode} ${id} ${quoted(path)}`;
      }),
    );
    const ref = `refs/driftline/graft/${commit}`;
    const input = Buffer.concat([
      Buffer.from([`commit ${ref}`, ...dated, `data ${text.length}`, ''].join('\n')),
      text,
      Buffer.from(['', `from ${onto}`, ...changes, '', 'done', ''].join('\n')),
    ]);
    await this.#git.run(['fast-import', '--quiet', '--done', '--force', '--date-format=raw'], { input });
    const made = await this.commitOf(ref);
    if (made === undefined) throw new Error('fast-import made no commit');
    await this.#git.run(['update-ref', '-d', ref]);
    return this.#signingKey === undefined ? made : (await signCommit(this.#git, made, this.#signingKey)).id;
  }

  /** Makes a ref here name a commit, whatever it named before. */
  async point(ref: string, to: string): Promise<void> {
    await this.#git.run(['update-ref', ref, to]);
  }

  /** Writes a commit and what it needs beyond another one into a file, for a clone elsewhere. */
  async bundle(file: string, ref: string, without: readonly string[]): Promise<void> {
    await this.#git.run(['bundle', 'create', '--quiet', file, ref, ...without.map((id) => `^${id}`)]);
  }

  /** Takes the objects of such a file in. Problem `refused` where what it stands on is not here, or it is no bundle. */
  async unbundle(file: string): Promise<void> {
    try {
      await this.#git.run(['bundle', 'unbundle', file]);
    } catch (error) {
      if (!(error instanceof GitFailure)) throw error;
      throw new Problem({
        kind: 'refused',
        summary: 'The bundle does not fit the repository',
        detail: `${error.said}. It comes with the plan, and holds the tenant as it was when the plan was made. Plan again.`,
        subject: file,
        cause: error,
      });
    }
  }

  /** Deletes the clone, and the header with it. */
  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #speak(args: readonly string[]): Promise<string> {
    try {
      return (await this.#git.run(args)).toString('utf8');
    } catch (error) {
      throw error instanceof GitFailure ? transportProblem(error, this.#url) : error;
    }
  }
}

/** Seconds since 1970 of a commit, by its committer. */
function instantOf(raw: string): number {
  return Number(/^committer .* (\d+) [-+]\d+$/m.exec(raw)?.[1] ?? 0);
}

/** The committer's line with its own time, or the later one that is given. */
function notBefore(line: string, seconds: number): string {
  return line.replace(
    /(\d+) ([-+]\d+)$/,
    (_, own: string, zone: string) => `${Math.max(Number(own), seconds)} ${zone}`,
  );
}

/** A path as fast-import takes it, whatever stands in it. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`;
}

/** A failure on the way, said so that the person knows which side it is on. */
function transportProblem(error: GitFailure, url: URL): Problem {
  // GitHub says of a repository that a token may not see that it is not there.
  const unknown = /Authentication failed|could not read Username|returned error: 40[14]|repository .* not found/i;
  if (unknown.test(error.said) || /returned error: 403|Permission .* denied|not granted/i.test(error.said))
    return new Problem({
      kind: 'authentication',
      summary: 'The remote repository does not let this token do it',
      detail: unknown.test(error.said)
        ? `It does not know the token: that has run out, was withdrawn, or is not for this repository (${error.said}).`
        : `${error.said}. A job that pushes needs the permission contents: write, one that reads contents: read.`,
      subject: url.origin + url.pathname,
      cause: error,
    });
  return error;
}

function pushProblem(pushes: readonly Push[], refs: ReadonlyMap<string, string>, failure: unknown): unknown {
  const moved = pushes.find(({ ref, from }) => refs.get(ref) !== from);
  if (moved !== undefined) return conflict(moved.ref, 'it has moved meanwhile');
  const said = failure instanceof GitFailure ? failure.said : '';
  if (/GH006|GH013|protected branch|rule violations|hook declined|denied by/i.test(said))
    return new Problem({
      kind: 'refused',
      summary: 'A rule of the remote repository forbids the push',
      detail: `${said}. Let the Action's identity pass the branch's rule, or send snapshots to a branch of their own (branch in driftline.yaml) and let drift arrive by pull request.`,
      subject: pushes.map(({ ref }) => ref).join(', '),
      cause: failure,
    });
  return failure ?? conflict(pushes[0]?.ref ?? '', 'the remote took the push, and shows another commit now');
}

function conflict(ref: string, why: string): Problem {
  return new Problem({
    kind: 'conflict',
    summary: 'The remote branch has moved',
    detail: `Nothing was pushed: ${why}. Somebody else was faster; run it again.`,
    subject: ref,
  });
}
