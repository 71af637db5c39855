// A repository that is kept in memory: for runs by the thousand, where starting git would take nearly all of the time. Files are Driftline's own
// YAML, written and read as in git; what git itself does is swept over in test/repo.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Commit, Counts } from '../../src/model/commit.ts';
import type { Entity } from '../../src/model/entity.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Kinds } from '../../src/model/kind.ts';
import { Problem } from '../../src/model/problem.ts';
import { kindOf, type Ref } from '../../src/model/ref.ts';
import type {
  Capture,
  CommitMessage,
  FileChange,
  KindCapture,
  Repository,
  StoredEntity,
} from '../../src/model/repository.ts';
import { inScope, type Scope } from '../../src/model/scope.ts';
import { inMemory } from '../../src/model/scratch.ts';
import { emitObject, emitYaml, readYaml } from '../../src/repo/index.ts';
import { pathOfRef, refOf } from '../../src/repo/layout.ts';
import { readObject } from '../../src/repo/yaml.ts';

/** A commit and its files: path inside the state folder to blob id. */
interface Stored {
  readonly commit: Commit;
  readonly files: ReadonlyMap<string, string>;
}

type CaptureOptions = Parameters<Repository['capture']>[0];

const digest = (text: string) => createHash('sha1').update(text).digest('hex');

/** What all copies of a repository share, since none of it ever changes: contents by their digests, read at most once. */
class Blobs {
  readonly #texts = new Map<string, string>();
  readonly #entities = new Map<string, StoredEntity>();
  readonly #records = new Map<string, JsonObject>();

  put(text: string): string {
    const id = digest(text);
    this.#texts.set(id, text);
    return id;
  }

  entity(kinds: Kinds, blob: string, ref: Ref, path: string): StoredEntity {
    const known = this.#entities.get(`${blob} ${ref}`);
    if (known !== undefined) return known;
    const read = readYaml(Buffer.from(this.#texts.get(blob)!), { kind: kinds.get(kindOf(ref))!, ref, path });
    const stored = { entity: read.entity, blob, canonical: read.canonical };
    this.#entities.set(`${blob} ${ref}`, stored);
    return stored;
  }

  record(blob: string, path: string): JsonObject {
    const known = this.#records.get(blob) ?? readObject(Buffer.from(this.#texts.get(blob)!), path);
    this.#records.set(blob, known);
    return known;
  }
}

export class MemoryRepository implements Repository {
  readonly root: string;
  readonly branch = 'refs/heads/main';
  readonly statePath = 'state';
  readonly privateFolder: string;
  readonly #kinds: Kinds;
  readonly #blobs: Blobs;
  readonly #commits: Map<string, Stored>;
  readonly #refs: Map<string, string>;
  readonly #locks = new Set<string>();

  /** `root`: a folder for the journals of runs, the only thing that is on the disk. `from`: another repository whose commits this one has too. */
  constructor(root: string, kinds: Kinds, from?: MemoryRepository) {
    this.root = root;
    this.privateFolder = join(root, 'driftline');
    mkdirSync(this.privateFolder, { recursive: true });
    this.#kinds = kinds;
    this.#blobs = from === undefined ? new Blobs() : from.#blobs;
    this.#commits = new Map(from === undefined ? [] : from.#commits);
    this.#refs = new Map(from === undefined ? [] : from.#refs);
  }

  async resolve(revision: string): Promise<Commit> {
    const id = revision === 'HEAD' ? this.#refs.get(this.branch) : (this.#refs.get(revision) ?? revision);
    const found = this.#commits.get(id ?? '');
    if (found === undefined)
      throw new Problem({ kind: 'usage', summary: 'No such commit', detail: 'It is not here.', subject: revision });
    return found.commit;
  }

  async tip(): Promise<Commit | undefined> {
    return this.#commits.get(this.#refs.get(this.branch) ?? '')?.commit;
  }

  async *log({ from, limit = Number.POSITIVE_INFINITY, refs }: Parameters<Repository['log']>[0] = {}) {
    let id = from ?? this.#refs.get(this.branch);
    for (let left = limit; id !== undefined && left > 0; ) {
      const { commit } = this.#commits.get(id)!;
      const [parent] = commit.parents;
      const paths = refs?.map((ref) => pathOfRef(this.#kinds, ref));
      if (paths?.every((path) => this.#files(id).get(path) === this.#files(parent).get(path)) !== true) {
        yield commit;
        left -= 1;
      }
      id = parent;
    }
  }

  async capture(options: CaptureOptions): Promise<Capture> {
    const ref = options.ref ?? this.branch;
    if (ref === this.branch && this.#refs.get(ref) !== options.base) throw moved(ref);
    return new MemoryCapture({
      kinds: this.#kinds,
      blobs: this.#blobs,
      base: options.base === undefined ? undefined : this.#commits.get(options.base)!,
      parent: options.parent ?? true,
      keep: (stored) => {
        if (ref === this.branch && this.#refs.get(ref) !== options.base) throw moved(ref);
        this.#commits.set(stored.commit.id, stored);
        this.#refs.set(ref, stored.commit.id);
      },
    });
  }

  async *diff(from: string | undefined, to: string, scope?: Scope): AsyncGenerator<FileChange> {
    const [before, after] = [this.#files(from), this.#files(to)];
    for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
      const [left, right] = [before.get(path), after.get(path)];
      const ref = refOf(this.#kinds, path);
      if (left === right || !takes(scope, ref)) continue;
      yield {
        path: `${this.statePath}/${path}`,
        ...(ref && { ref }),
        ...(left && { before: left }),
        ...(right && { after: right }),
      };
    }
  }

  // biome-ignore lint/correctness/useYield: recoveries make no patches
  async *patch(): AsyncGenerator<Uint8Array> {
    throw new Error('a repository in memory makes no patches');
  }

  async entity(commit: string, ref: Ref): Promise<StoredEntity | undefined> {
    const path = pathOfRef(this.#kinds, ref);
    const blob = this.#files(commit).get(path);
    return blob === undefined ? undefined : this.#blobs.entity(this.#kinds, blob, ref, path);
  }

  async *entities(files: Parameters<Repository['entities']>[0]): AsyncGenerator<StoredEntity> {
    for await (const { ref, blob, path } of files) yield this.#blobs.entity(this.#kinds, blob, ref, path);
  }

  async *files(commit: string, scope?: Scope) {
    for (const [path, blob] of [...this.#files(commit)].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const ref = refOf(this.#kinds, path);
      if (ref !== undefined && takes(scope, ref)) yield { ref, blob, path: `${this.statePath}/${path}` };
    }
  }

  async file(commit: string, path: string): Promise<JsonObject | undefined> {
    const blob = this.#files(commit).get(path);
    return blob === undefined ? undefined : this.#blobs.record(blob, path);
  }

  async updateWorkingFolder() {
    return { leftAlone: [] };
  }

  async push(): Promise<void> {
    throw new Error('a repository in memory has no remote');
  }

  scratch() {
    return inMemory;
  }

  async lock(name: string) {
    if (this.#locks.has(name))
      throw new Problem({ kind: 'conflict', summary: 'Another run of Driftline is at work', detail: 'In this test.' });
    this.#locks.add(name);
    return { release: async () => void this.#locks.delete(name) };
  }

  async forget(...refs: readonly string[]): Promise<void> {
    for (const ref of refs) this.#refs.delete(ref);
  }

  async close(): Promise<void> {}

  #files(commit: string | undefined): ReadonlyMap<string, string> {
    return commit === undefined ? new Map() : this.#commits.get(commit)!.files;
  }
}

function takes(scope: Scope | undefined, ref: Ref | undefined): boolean {
  if (scope === undefined || (scope.kinds === undefined && scope.refs === undefined)) return true;
  return ref !== undefined && inScope(scope, ref);
}

function moved(ref: string): Problem {
  return new Problem({ kind: 'conflict', summary: 'The branch has moved', detail: 'In this test.', subject: ref });
}

interface Parts {
  readonly kinds: Kinds;
  readonly blobs: Blobs;
  readonly base: Stored | undefined;
  readonly parent: boolean;
  readonly keep: (stored: Stored) => void;
}

class MemoryCapture implements Capture {
  readonly #parts: Parts;
  readonly #files: Map<string, string>;
  readonly #counts = { added: 0, changed: 0, removed: 0 };

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#files = new Map(parts.base?.files);
  }

  kind(name: string, only?: ReadonlySet<Ref>): KindCapture {
    const { kinds, blobs, base } = this.#parts;
    const kind = kinds.get(name)!;
    const before = new Map([...(base?.files ?? [])].filter(([path]) => path.startsWith(`${name}/`)));
    const put = new Map<string, string>();
    const pathOf = (key: string) => pathOfRef(kinds, `${name}/${key}` as Ref);
    return {
      baseCount: async () => before.size,
      get count() {
        return put.size;
      },
      async put(entities: readonly Entity[]) {
        for (const entity of entities) {
          if (kindOf(entity.ref) !== name || only?.has(entity.ref) === false)
            throw new RangeError(`not asked for: ${entity.ref}`);
          const path = pathOfRef(kinds, entity.ref);
          const blob = blobs.put(emitYaml(kind, entity));
          if (put.has(path) && put.get(path) !== blob)
            throw new Problem({
              kind: 'incomplete',
              summary: 'An object was read twice and differed',
              detail: 'In this test.',
            });
          put.set(path, blob);
        }
      },
      async retain(keys) {
        for (const path of [...keys].map(pathOf)) put.set(path, before.get(path)!);
      },
      async copy(ref, blob) {
        if (kindOf(ref) !== name || only?.has(ref) === false) throw new RangeError(`not asked for: ${ref}`);
        put.set(pathOfRef(kinds, ref), blob);
      },
      blobs: async () => (key) => put.get(pathOf(key)) ?? before.get(pathOf(key)),
      hasKept: () => false,
      async replace() {
        throw new Error('only a kind that is kept piece by piece is put anew');
      },
      digest: () => digest([...put].map(String).sort().join('\n')),
      complete: async () => this.#complete(before, put, only),
      discard: async () => undefined,
    };
  }

  #complete(before: ReadonlyMap<string, string>, put: ReadonlyMap<string, string>, only?: ReadonlySet<Ref>): Counts {
    const counts = { added: 0, changed: 0, removed: 0 };
    for (const [path, blob] of put) {
      const old = before.get(path);
      if (old === undefined) counts.added += 1;
      else if (old !== blob) counts.changed += 1;
      this.#files.set(path, blob);
    }
    for (const path of before.keys()) {
      if (put.has(path) || only?.has(refOf(this.#parts.kinds, path)!) === false) continue;
      counts.removed += 1;
      this.#files.delete(path);
    }
    for (const name of ['added', 'changed', 'removed'] as const) this.#counts[name] += counts[name];
    return counts;
  }

  async adopt(): Promise<Counts> {
    throw new Error('only a first snapshot of a large tenant adopts kinds');
  }

  async kept(): Promise<undefined> {
    throw new Error('only a first snapshot of a large tenant is kept piece by piece');
  }

  async keep(): Promise<void> {
    throw new Error('only a first snapshot of a large tenant is kept piece by piece');
  }

  async file(path: string, value: JsonObject): Promise<void> {
    this.#files.set(path, this.#parts.blobs.put(emitObject(value)));
  }

  counts(): Counts {
    return { ...this.#counts };
  }

  async commit(message: CommitMessage, { skipUnchanged = false } = {}): Promise<Commit | undefined> {
    const { base, parent, keep } = this.#parts;
    const tree = digest([...this.#files].map(String).sort().join('\n'));
    if (skipUnchanged && tree === base?.commit.tree) return undefined;
    const parents = parent && base !== undefined ? [base.commit.id] : [];
    const commit: Commit = {
      id: digest(JSON.stringify([tree, parents, message])),
      tree,
      parents,
      at: message.at,
      author: 'Driftline',
      subject: message.subject,
      ...(message.record && { snapshot: message.record }),
    };
    keep({ commit, files: this.#files });
    return commit;
  }

  async abort(): Promise<void> {}
}
