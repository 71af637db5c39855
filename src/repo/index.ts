// The Git repository: a folder in, the port of model/repository.ts out; and the YAML of its files.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commit } from '../model/commit.ts';
import type { JsonObject } from '../model/json.ts';
import type { Kinds } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import type { Ref } from '../model/ref.ts';
import type { Capture, FileChange, Repository, StoredEntity } from '../model/repository.ts';
import type { Scope } from '../model/scope.ts';
import type { Scratch } from '../model/scratch.ts';
import { Objects } from './blobs.ts';
import { beginCapture, type CaptureOptions } from './capture.ts';
import { Git, type Identity, initialize, promisorOf } from './git.ts';
import { assertId, commitById, logFrom, resolveRevision } from './history.ts';
import { Inspection } from './inspect.ts';
import { isRecordPath, isStatePath, pathOfRef } from './layout.ts';
import { acquire } from './lock.ts';
import { scratchIn } from './nameless.ts';
import { findPlace, type Place } from './place.ts';
import { pushBranch } from './push.ts';
import { diffFiles, listFiles, patchBetween, readEntities } from './read.ts';
import { isPrivateRef, readRef } from './refs.ts';
import { entryAt, refAt, type Store } from './store.ts';
import { updateWorkingFolder } from './working.ts';
import { readObject, readYaml } from './yaml.ts';

export { gitVersion } from './git.ts';
export type { Finding, Inspection } from './inspect.ts';
export { type Maintenance, maintainRepository } from './maintain.ts';
export { type Clone, openClone, type RemoteRefs } from './remote.ts';
export { type ReadEntity, readYaml } from './yaml.ts';
export { emitObject, emitYaml } from './yaml-emit.ts';

export interface RepositoryOptions {
  /** A folder in the repository, or a bare repository. */
  readonly root: string;
  /** Path of the state folder from the repository's top. */
  readonly statePath: string;
  /** Short name of the branch that snapshots go to; default: the one that is checked out. */
  readonly branch?: string;
  readonly kinds: Kinds;
  /** Make a repository where there is none. */
  readonly create?: boolean;
  /** Author and committer of snapshots. */
  readonly identity: Identity;
  /** Path of a key to sign commits with: an SSH private key, or an armored OpenPGP secret key. */
  readonly signingKey?: string;
  /** Told before each step that leaves something behind. */
  readonly onStep?: (step: string) => void;
  /** How many objects of a kind that is new are held in memory; those before them wait in a file of the private folder. Default: 32,768. */
  readonly objectsInMemory?: number;
}

/** Opens a repository. Problem `usage` where there is none (and none was to be made), or one that Driftline cannot use. */
export async function openRepository(options: RepositoryOptions): Promise<Repository> {
  return new GitRepository(await openStore(options));
}

/** Opens a repository to look for damage. Problems as {@link openRepository}. */
export async function openInspection(options: RepositoryOptions): Promise<Inspection> {
  return new Inspection(await openStore(options));
}

async function openStore(options: RepositoryOptions): Promise<Store> {
  refuseOptions(options);
  const place = await findOrCreate(options);
  const asking = new Git(place, { identity: options.identity });
  await refuseFormat(asking, place);
  const promisor = await promisorOf(asking);
  const git = promisor === undefined ? asking : new Git(place, { identity: options.identity, promisor });
  const branch = await branchOf(git, options.branch);
  return {
    git,
    objects: new Objects(git),
    kinds: options.kinds,
    statePath: options.statePath,
    branch,
    identity: options.identity,
    ...(options.signingKey !== undefined && { signingKey: options.signingKey }),
    objectsInMemory: options.objectsInMemory ?? 32_768,
    onStep: options.onStep ?? (() => undefined),
  };
}

/** Names that a file gives a meaning of its own cannot be a row's. */
function refuseOptions({ statePath, kinds }: RepositoryOptions): void {
  if (!isStatePath(statePath)) {
    throw new Problem({
      kind: 'usage',
      summary: 'Not a path for the state',
      detail: 'Give a relative path below the top of the repository, such as `state` or `tenants/a/state`.',
      subject: statePath,
    });
  }
  for (const kind of kinds.values()) {
    const taken = ['id', 'links', '@odata.type'].find((name) => Object.hasOwn(kind.attributes, name));
    if (taken !== undefined)
      throw new RangeError(`the kind ${kind.name} lists an attribute \`${taken}\`, which a file has anyway`);
  }
}

async function findOrCreate({ root, create, branch }: RepositoryOptions): Promise<Place> {
  const found = findPlace(root);
  if (found !== undefined) return found;
  if (create) {
    if (!existsSync(root)) await mkdir(root, { recursive: true });
    await initialize(root, branch ?? 'main');
    const made = findPlace(root);
    if (made !== undefined) return made;
  }
  throw new Problem({
    kind: 'usage',
    summary: 'There is no Git repository',
    detail:
      'Neither the folder nor one above it is a Git repository. Give another folder with --repo, or take a snapshot, which makes one.',
    subject: root,
  });
}

async function refuseFormat(git: Git, place: Place): Promise<void> {
  const format = await git.ask(['rev-parse', '--show-object-format']);
  if (format === 'sha1') return;
  throw new Problem({
    kind: 'usage',
    summary: 'The Git repository cannot be used',
    detail:
      format === undefined
        ? `Git itself does not read it: ${await git.run(['rev-parse', '--git-dir']).then(() => 'it gave no reason.', String)}`
        : `It has ${format} object ids, and Driftline works with sha1 ones. Make a repository with \`git init --object-format=sha1\`.`,
    subject: place.workTree ?? place.gitDir,
  });
}

/** The branch that snapshots go to: the one that was asked for, the one that is checked out, or the usual one. */
async function branchOf(git: Git, asked: string | undefined): Promise<string> {
  if (asked !== undefined) {
    const branch = `refs/heads/${asked.replace(/^refs\/heads\//, '')}`;
    if (asked.startsWith('-') || (await git.ask(['check-ref-format', branch])) === undefined) {
      throw new Problem({
        kind: 'usage',
        summary: 'Not the name of a branch',
        detail: 'Git does not take it for one. Choose another.',
        subject: asked,
      });
    }
    return branch;
  }
  const head = await git.ask(['symbolic-ref', '--quiet', 'HEAD']);
  if (head?.startsWith('refs/heads/')) return head;
  for (const usual of ['refs/heads/main', 'refs/heads/master'])
    if ((await readRef(git, usual)) !== undefined) return usual;
  return 'refs/heads/main';
}

class GitRepository implements Repository {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get root(): string {
    const { place } = this.#store.git;
    return place.workTree ?? place.gitDir;
  }

  get branch(): string {
    return this.#store.branch;
  }

  get statePath(): string {
    return this.#store.statePath;
  }

  async resolve(revision: string, now: Date): Promise<Commit> {
    const { git, branch } = this.#store;
    return resolveRevision({ git, branch, tip: () => readRef(git, branch) }, revision, now);
  }

  async tip(): Promise<Commit | undefined> {
    const id = await readRef(this.#store.git, this.branch);
    return id === undefined ? undefined : commitById(this.#store.git, id);
  }

  async *log(
    options: { readonly from?: string; readonly limit?: number; readonly refs?: readonly Ref[] } = {},
  ): AsyncGenerator<Commit, void, undefined> {
    const { git, kinds } = this.#store;
    const from = options.from ?? (await readRef(git, this.branch));
    if (from === undefined) return;
    const paths = options.refs?.map((ref) => `${this.statePath}/${pathOfRef(kinds, ref)}`);
    yield* logFrom(git, from, {
      ...(options.limit !== undefined && { limit: options.limit }),
      ...(paths !== undefined && { paths }),
    });
  }

  async capture(options: CaptureOptions): Promise<Capture> {
    if (options.ref !== undefined && options.ref !== this.branch && !isPrivateRef(options.ref)) {
      throw new RangeError(`neither the branch nor a private ref: ${options.ref}`);
    }
    return beginCapture(this.#store, options);
  }

  diff(from: string | undefined, to: string, scope?: Scope): AsyncIterable<FileChange> {
    return diffFiles(this.#store, from, to, scope);
  }

  patch(from: string | undefined, to: string, scope?: Scope): AsyncIterable<Uint8Array> {
    return patchBetween(this.#store, from, to, scope);
  }

  async entity(commit: string, ref: Ref): Promise<StoredEntity | undefined> {
    const { kinds } = this.#store;
    const path = `${this.statePath}/${pathOfRef(kinds, ref)}`;
    const entry = await entryAt(this.#store, assertId(commit), path);
    if (entry === undefined) return undefined;
    refAt(this.#store, path, entry.mode);
    for await (const stored of this.entities([{ ref, blob: entry.id, path }])) return stored;
    return undefined;
  }

  entities(...[files]: Parameters<Repository['entities']>): AsyncIterable<StoredEntity> {
    return readEntities(this.#store, files, (bytes, { ref, path }) =>
      readYaml(bytes, { kind: this.#store.kinds.get(ref.slice(0, ref.indexOf('/')))!, ref, path }),
    );
  }

  files(commit: string, scope?: Scope): ReturnType<Repository['files']> {
    return listFiles(this.#store, commit, scope);
  }

  async file(commit: string, path: string): Promise<JsonObject | undefined> {
    if (!isRecordPath(path)) throw new RangeError(`not the path of a record: ${path}`);
    const whole = `${this.statePath}/${path}`;
    const entry = await entryAt(this.#store, assertId(commit), whole);
    if (entry === undefined) return undefined;
    refAt(this.#store, whole, entry.mode);
    const blob = await this.#store.objects.read(entry.id);
    return blob && readObject(blob.content, whole);
  }

  updateWorkingFolder(from: string | undefined, to: string): Promise<{ readonly leftAlone: readonly string[] }> {
    return updateWorkingFolder(this.#store, from === undefined ? undefined : assertId(from), assertId(to));
  }

  push(remote: string): Promise<void> {
    return pushBranch(this.#store, remote);
  }

  get privateFolder(): string {
    return join(this.#store.git.place.commonDir, 'driftline');
  }

  scratch(): Scratch {
    return scratchIn(this.privateFolder);
  }

  lock(name: string): Promise<{ release(): Promise<void> }> {
    return acquire(this.privateFolder, name);
  }

  async forget(...refs: readonly string[]): Promise<void> {
    const { git } = this.#store;
    const other = refs.find((ref) => !isPrivateRef(ref));
    if (other !== undefined) throw new RangeError(`not a private ref: ${other}`);
    if (refs.length === 0) return;
    // Git gives also what lies below a name.
    const found = (await git.run(['for-each-ref', '--format=%(refname)', ...refs])).toString('utf8').split('\n');
    const input = refs.filter((ref) => found.includes(ref)).map((ref) => `delete ${ref}\n`);
    if (input.length > 0) await git.run(['update-ref', '--no-deref', '--stdin'], { input: input.join('') });
  }

  async close(): Promise<void> {
    await this.#store.objects.close();
  }
}
