// Capture: entities in, kind by kind, one commit out; only what differs from the base is sent to git, and the ref moves whole or not at all.
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commit, Counts } from '../model/commit.ts';
import type { JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { Problem } from '../model/problem.ts';
import { keyOf, type Ref } from '../model/ref.ts';
import type { Capture, CommitMessage, KeptPieces, KindCapture } from '../model/repository.ts';
import { type BaseKind, lookAtBase, lookUp, readIndex } from './base.ts';
import { CapturedKind, groupsOf } from './captured-kind.ts';
import { emptyTree, noObject } from './git.ts';
import { assertId, commitById } from './history.ts';
import { Importer } from './import.ts';
import { isRecordPath, pathOf } from './layout.ts';
import { acquire, type Lock, liveHolders, removeLeft } from './lock.ts';
import { messageText } from './message.ts';
import { filesOf, readPieces, writePiece } from './pieces.ts';
import { movedAway, moveRef, readRef } from './refs.ts';
import { signCommit } from './sign.ts';
import { SpillingTable } from './spilling-table.ts';
import { entryAt, fileMode, refAt, type Store } from './store.ts';
import { type ObjectTable, states } from './table.ts';
import { rememberMove } from './working.ts';
import { emitObject } from './yaml-emit.ts';

const temporary = 'refs/driftline/tmp';

export interface CaptureOptions {
  readonly base: string | undefined;
  readonly ref?: string;
  readonly parent?: boolean;
  /** The kinds that will be written; the base's index is read for these alone. Default: all. */
  readonly kinds?: readonly string[];
}

/** Takes the lock of the ref, clears what a killed run has left, reads the base's index, and gives a capture to fill. Problem `conflict` where the ref is not at its base or locked. */
export async function beginCapture(store: Store, options: CaptureOptions): Promise<Capture> {
  const { git, branch } = store;
  const ref = options.ref ?? branch;
  const { commonDir, gitDir } = git.place;
  const locks = join(commonDir, 'driftline');
  store.onStep('lock');
  const lock = await acquire(locks, lockName(ref));
  try {
    if (lock.deadSince !== undefined) {
      await removeLeft(
        [join(commonDir, `${ref}.lock`), join(commonDir, 'packed-refs.lock'), join(gitDir, 'HEAD.lock')],
        lock.deadSince,
      );
    }
    await forgetDead(store, await liveHolders(locks));
    const current = await readRef(git, ref);
    if (ref === branch && current !== options.base) throw movedAway(ref);
    const base = options.base === undefined ? undefined : await commitById(git, assertId(options.base));
    await assertFolder(store, base);
    const found = await lookAtBase(store, base, options.kinds ?? [...store.kinds.keys()]);
    return new GitCapture({ store, lock, ref, expected: current, base, parent: options.parent ?? true, found });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function lockName(ref: string): string {
  return createHash('sha1').update(ref).digest('hex').slice(0, 16);
}

/** Deletes the temporary refs whose makers are dead, and the locks of those that were being made. */
async function forgetDead({ git }: Store, live: ReadonlySet<string>): Promise<void> {
  const folder = join(git.place.commonDir, temporary);
  for (const name of await readdir(folder).catch(() => []))
    if (name.endsWith('.lock') && !live.has(name.slice(0, -'.lock'.length)))
      await rm(join(folder, name), { force: true });
  for await (const line of git.fields(['for-each-ref', '--format=%(refname)%00', `${temporary}/`])) {
    const ref = line.trim();
    if (ref !== '' && !live.has(ref.slice(temporary.length + 1)))
      await git.run(['update-ref', '--no-deref', '-d', ref]);
  }
}

/** Problem `usage` where the base has something else than a folder in the state's place: it would be replaced without a word. */
async function assertFolder(store: Store, base: Commit | undefined): Promise<void> {
  const entry = base === undefined ? undefined : await entryAt(store, base.id, store.statePath);
  if (entry !== undefined && entry.mode !== '40000') refAt(store, store.statePath, entry.mode);
}

interface Parts {
  readonly store: Store;
  readonly lock: Lock;
  readonly ref: string;
  /** Where the ref was when the capture began. */
  readonly expected: string | undefined;
  readonly base: Commit | undefined;
  readonly parent: boolean;
  readonly found: Map<string, BaseKind>;
}

class GitCapture implements Capture {
  readonly #parts: Parts;
  readonly #importer: Importer;
  readonly #kinds = new Map<string, CapturedKind>();
  readonly #files = new Map<string, { readonly id: string; readonly changed: boolean }>();
  /** Kinds that are taken as another commit has them: their trees, and their files for the check. */
  readonly #adopted = new Map<string, { readonly tree: string | undefined; readonly count: number }>();
  readonly #adoptedFiles = new ChangeSum();
  /** Where the ref is. */
  #at: string | undefined;
  /** The trees of what is kept there. */
  #pieces: readonly string[] = [];
  #ended = false;
  /** A commit was begun, so that the temporary ref may be there. */
  #began = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#at = parts.expected;
    this.#importer = new Importer(parts.store.git, parts.store.onStep);
  }

  kind(name: string, only?: ReadonlySet<Ref>): KindCapture {
    const { store, found } = this.#parts;
    const kind = store.kinds.get(name);
    const before = found.get(name);
    if (kind === undefined || before === undefined) throw new RangeError(`not a kind of this capture: ${name}`);
    const begun = this.#kinds.get(name);
    if (this.#adopted.has(name) || (begun !== undefined && begun.state !== 'discarded'))
      throw new RangeError(`the kind was begun already: ${name}`);
    const { empty, count } = before;
    // A table is filled but once.
    found.set(name, { empty, count });
    const table = empty && only === undefined ? this.#spilling(kind) : this.#table(kind, before, only);
    const captured = new CapturedKind({ kind, importer: this.#importer, table, baseCount: count, only });
    this.#kinds.set(name, captured);
    this.#pieces = [];
    return captured;
  }

  /** The base's objects; what is wrong with them is said to who asks for them. */
  #table(kind: Kind, before: BaseKind, only: ReadonlySet<Ref> | undefined): Promise<ObjectTable> {
    const { store, base } = this.#parts;
    const index = async () => (await readIndex(store, base, [kind.name])).get(kind.name)!;
    const read = Promise.resolve(before.table ?? (only === undefined ? index() : lookUp(store, base, kind, only)));
    read.catch(() => undefined);
    return read;
  }

  #spilling(kind: Kind): SpillingTable {
    const { lock, store } = this.#parts;
    const { git, objectsInMemory } = store;
    const path = join(git.place.commonDir, 'driftline', `objects.${lock.id}.${kind.name}`);
    return new SpillingTable({ path, most: objectsInMemory, groupOf: groupsOf(kind) });
  }

  async adopt(name: string, from: string): Promise<Counts> {
    const { store, found } = this.#parts;
    if (found.get(name)?.empty !== true || this.#kinds.has(name) || this.#adopted.has(name))
      throw new RangeError(`a kind that cannot be adopted: ${name}`);
    const path = `${store.statePath}/${name}`;
    const entry = await entryAt(store, assertId(from), path);
    let count = 0;
    for await (const field of store.git.fields(['ls-tree', '-r', '-z', '--full-tree', from, '--', path])) {
      const file = field.slice(field.indexOf('\t') + 1);
      refAt(store, file, field.slice(0, 6));
      this.#adoptedFiles.add(file, field.slice(12, 52));
      count += 1;
    }
    this.#adopted.set(name, { tree: entry?.id, count });
    return { added: count, changed: 0, removed: 0 };
  }

  async kept(name: string): Promise<KeptPieces | undefined> {
    const { store } = this.#parts;
    const kind = this.#added(name);
    const found = this.#at === undefined ? undefined : await readPieces(store, this.#at);
    if (found === undefined) return undefined;
    const take = async function* (this: GitCapture) {
      for await (const { id, ...file } of filesOf(store, store.kinds.get(name)!, this.#at!)) {
        kind.enter(keyOf(file.ref), id);
        yield file;
      }
      // They are kept already.
      kind.fresh();
      this.#pieces = found.trees;
    };
    return { note: found.note, files: take.call(this) };
  }

  async keep(name: string, note: JsonObject, at: string): Promise<void> {
    const { store, ref } = this.#parts;
    const kind = this.#added(name);
    await this.#importer.checkpoint();
    store.onStep('keep: write');
    const { commit, pieces } = await writePiece(store, { pieces: this.#pieces, objects: kind.fresh(), note, at });
    store.onStep('keep: move');
    await moveRef(store.git, { ref, from: this.#at, to: commit });
    store.onStep('keep: moved');
    this.#at = commit;
    this.#pieces = pieces;
  }

  async file(path: string, value: JsonObject): Promise<void> {
    const { store, base } = this.#parts;
    if (!isRecordPath(path)) throw new RangeError(`not the path of a record: ${path}`);
    const whole = `${store.statePath}/${path}`;
    const before = base === undefined ? undefined : await entryAt(store, base.id, whole);
    const id = this.#importer.stage(emitObject(value)).toString('hex');
    const changed = before?.id !== id || before.mode !== fileMode;
    if (changed) this.#importer.keep();
    this.#files.set(whole, { id, changed });
    await this.#importer.flush();
  }

  counts(): Counts {
    const counts = { added: 0, changed: 0, removed: 0 };
    for (const kind of this.#kinds.values()) {
      counts.added += kind.counts.added;
      counts.changed += kind.counts.changed;
      counts.removed += kind.counts.removed;
    }
    for (const { count } of this.#adopted.values()) counts.added += count;
    return counts;
  }

  async commit(
    message: CommitMessage,
    options: { readonly skipUnchanged?: boolean } = {},
  ): Promise<Commit | undefined> {
    const { store, ref, base } = this.#parts;
    if (this.#ended) throw new Error('the capture has ended');
    const open = [...this.#kinds].find(([, kind]) => kind.state === 'open');
    if (open !== undefined) throw new Error(`neither completed nor discarded: ${open[0]}`);
    const { added, changed, removed } = this.counts();
    const unchanged = added + changed + removed === 0 && ![...this.#files.values()].some((file) => file.changed);
    if (options.skipUnchanged && unchanged && base !== undefined) return this.abort().then(() => undefined);
    try {
      const made = await this.#make(message);
      const commit = await this.#signed(await commitById(store.git, made.id));
      await this.#check(commit, made.changes);
      if (ref === store.branch) await rememberMove(store, base?.id, commit.id);
      store.onStep('ref: move');
      await moveRef(store.git, {
        ref,
        from: this.#at,
        to: commit.id,
        temporary: { ref: this.#temporary, at: made.id },
      });
      store.onStep('ref: moved');
      return commit;
    } finally {
      await this.abort();
    }
  }

  async abort(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    for (const kind of this.#kinds.values()) kind.close();
    await this.#importer.abort();
    const left = this.#began ? await readRef(this.#parts.store.git, this.#temporary) : undefined;
    if (left !== undefined) await this.#parts.store.git.run(['update-ref', '--no-deref', '-d', this.#temporary]);
    await this.#parts.lock.release();
  }

  get #temporary(): string {
    return `${temporary}/${this.#parts.lock.id}`;
  }

  /** A kind that is being read on a private ref, so that all of it is new there. */
  #added(name: string): CapturedKind {
    const { base, ref, store } = this.#parts;
    const kind = this.#kinds.get(name);
    if (kind?.state !== 'open' || base !== undefined || ref === store.branch || this.#kinds.size > 1)
      throw new RangeError(`a kind that cannot be kept piece by piece: ${name}`);
    return kind;
  }

  /** Sends the commit to a temporary ref; gives its id and the sum of what was sent. */
  async #make(message: CommitMessage): Promise<{ readonly id: string; readonly changes: ChangeSum }> {
    const { store, base, parent } = this.#parts;
    const seconds = Math.floor(Date.parse(message.at) / 1000);
    if (!Number.isSafeInteger(seconds)) throw new RangeError(`not an instant: ${message.at}`);
    const text = Buffer.from(messageText(message), 'utf8');
    const who = `${plainName(store.identity.name)} <${plainName(store.identity.email)}> ${seconds} +0000`;
    store.onStep('import: commit');
    this.#began = true;
    await this.#importer.command(
      [
        `commit ${this.#temporary}\nmark :1\nauthor ${who}\ncommitter ${who}\ndata ${text.length}\n${text.toString('utf8')}\n`,
        base === undefined ? '' : parent ? `from ${base.id}\n` : `M 040000 ${base.tree} ""\n`,
      ].join(''),
    );
    const changes = this.#adoptedFiles;
    let commands = '';
    for (const [name, { tree }] of this.#adopted)
      if (tree !== undefined) commands += `M 040000 ${tree} ${store.statePath}/${name}\n`;
    for (const [path, id] of this.#changes()) {
      changes.add(path, id);
      commands += id === undefined ? `D ${path}\n` : `M ${fileMode} ${id} ${path}\n`;
      if (commands.length < 2 ** 16) continue;
      await this.#importer.command(commands);
      commands = '';
    }
    await this.#importer.command(`${commands}\n`);
    return { id: await this.#importer.finish(), changes };
  }

  /** The paths that change, with their new blob, or without one where they are removed. */
  *#changes(): Generator<readonly [path: string, id: string | undefined]> {
    const { kinds, statePath } = this.#parts.store;
    for (const [name, captured] of this.#kinds) {
      const kind = kinds.get(name)!;
      for (const { key, state, id } of captured.changes()) {
        yield [`${statePath}/${pathOf(kind, key)}`, state === states.removed ? undefined : id];
      }
    }
    for (const [path, { id, changed }] of this.#files) if (changed) yield [path, id];
  }

  /** The commit with our signature instead, where a key is given: fast-import cannot sign. */
  async #signed(commit: Commit): Promise<Commit> {
    const { git, signingKey } = this.#parts.store;
    return signingKey === undefined ? commit : signCommit(git, commit.id, signingKey);
  }

  /** Looks at the commit as it is on the disk: it must differ from the base by what was sent, and by nothing else. */
  async #check(commit: Commit, changes: ChangeSum): Promise<void> {
    const { store, base } = this.#parts;
    const found = new ChangeSum();
    const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', base?.tree ?? emptyTree, commit.tree];
    // As texts, which let the garbage collector run: buffers alone would pile up unseen.
    let rest = '';
    for await (const chunk of store.git.stream(args)) {
      const text = rest + chunk.toString('latin1');
      let at = 0;
      for (;;) {
        // `:<mode> <mode> <id> <id> <status>` NUL path NUL
        const end = text.indexOf('\0', at + 99);
        if (end === -1) break;
        if (text[at + 97] !== 'D' && !text.startsWith(fileMode, at + 8)) throw wrongTree(text.slice(at + 99, end));
        found.addPart(text, at + 56, at + 99, end);
        at = end + 1;
      }
      rest = text.slice(at);
    }
    if (!found.equals(changes)) throw wrongTree(commit.id);
  }
}

function wrongTree(subject: string): Problem {
  return new Problem({
    kind: 'failed',
    summary: 'Git wrote something else than it was told',
    detail:
      'The commit was read back and does not hold what was captured, so the branch was not moved to it. Run `git fsck`, and check the disk and the version of git.',
    subject,
  });
}

const idLength = noObject.length;

/**
 * A sum over changes that does not depend on their order. It is there for accidents (a disk, a memory, a git that does something else), so 64 bits
 * of a plain mixing are enough; a digest of each would cost as much as hashing all files does.
 */
class ChangeSum {
  readonly #words = new Uint32Array(2);
  #count = 0;

  add(path: string, id = noObject): void {
    this.addPart(id + path, 0, idLength, idLength + path.length);
  }

  /** Adds the change whose blob id (zeros where it is removed) and path stand there: slices of them would cost as much as the sum. */
  addPart(text: string, id: number, path: number, end: number): void {
    let [first, second] = [0x811c9dc5, 0x9e3779b9];
    for (let at = id; at < end; at = at === id + idLength - 1 ? path : at + 1) {
      const code = text.charCodeAt(at);
      first = Math.imul(first ^ code, 0x01000193);
      second = Math.imul(second + code, 0x85ebca6b) ^ (second >>> 13);
    }
    this.#words[0]! += first ^ (first >>> 15);
    this.#words[1]! += second ^ (second >>> 16);
    this.#count += 1;
  }

  equals(other: ChangeSum): boolean {
    return this.#count === other.#count && this.#words.every((word, at) => word === other.#words[at]);
  }
}

/** A name as it may stand in a commit's header. */
function plainName(text: string): string {
  return text.replace(/[<>\x00-\x1f]/g, '').trim();
}
