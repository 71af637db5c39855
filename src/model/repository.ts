// What the verbs may ask of the Git repository; repo/ does it, tests may stand in for it.
import type { Commit, Counts, SnapshotRecord } from './commit.ts';
import type { Entity } from './entity.ts';
import type { JsonObject } from './json.ts';
import type { Ref } from './ref.ts';
import type { Scope } from './scope.ts';
import type { Scratch } from './scratch.ts';

/** One file of the state that differs between two commits, by blob id; `ref` is absent for files that hold no object (`coverage.yaml`). */
export interface FileChange {
  readonly path: string;
  readonly ref?: Ref;
  readonly before?: string;
  readonly after?: string;
}

/** A file of the state as an object. */
export interface StoredEntity {
  readonly entity: Entity;
  readonly blob: string;
  /** The bytes are those that Driftline would write; false for a hand-edited file. */
  readonly canonical: boolean;
}

/**
 * A commit in the making. Nothing is visible to anybody until {@link Capture.commit} has moved the ref, and it moves whole or not at all.
 * Kinds are written one after another or interleaved; each ends by `complete` (what was not put is removed) or `discard` (its last files stay).
 */
export interface Capture {
  /** Begin a kind; with `only`, just these objects are replaced or removed, and all others of the kind stay. */
  kind(name: string, only?: ReadonlySet<Ref>): KindCapture;
  /**
   * Takes all files of a kind from a commit that an earlier capture made of this kind alone, without reading them; only where the base
   * has none of it. Ends the kind, as {@link KindCapture.complete} does.
   */
  adopt(name: string, from: string): Promise<Counts>;
  /**
   * What an earlier capture on this private ref has kept of the kind, which was just begun; undefined where there is nothing. Taking all of
   * the files puts their objects.
   */
  kept(name: string): Promise<KeptPieces | undefined>;
  /**
   * Keeps what was put so far of the only kind of a capture on a private ref, and a note that only {@link kept} gives back, so that another
   * capture may go on from there; the body of the last commit may be such a note too. The cost follows what was put since the last time.
   */
  keep(name: string, note: JsonObject, at: string): Promise<void>;
  /** Write a file that holds no object: `tenant.yaml`, `coverage.yaml`, a run's record. The value is written as canonical YAML. */
  file(path: string, value: JsonObject): Promise<void>;
  /** Files added, changed and removed so far by completed kinds. */
  counts(): Counts;
  /** Makes the commit and moves the ref from the base to it. `undefined` where the tree is the base's and `skipUnchanged` was asked for. Problem `conflict` where the ref has moved. */
  commit(message: CommitMessage, options?: { readonly skipUnchanged?: boolean }): Promise<Commit | undefined>;
  /** Drops everything. Safe to call after commit. */
  abort(): Promise<void>;
}

export interface KindCapture {
  /** Takes entities in any order; resolves when there is room for more (back-pressure). An object put twice with other content is a Problem, here or at the end. */
  put(entities: readonly Entity[]): Promise<void>;
  /** Puts objects as the base has them. */
  retain(keys: Iterable<string>): Promise<void>;
  /** Puts an object as a capture has put it before, whose blob this is: it is neither read nor made again. */
  copy(ref: Ref, blob: string): Promise<void>;
  /** Gives the blob id of an object's file by its key: as it was put, else as the base has it; undefined where there is none. */
  blobs(): Promise<(key: string) => string | undefined>;
  /** Was an object with this key kept by an earlier attempt? */
  hasKept(key: string): boolean;
  /** Puts objects anew, whatever was put of them before; keys that none of them has are gone. Only of a kind of which the base has nothing. */
  replace(keys: Iterable<string>, entities: readonly Entity[]): Promise<void>;
  /** Objects put so far, and how many the base has of the kind; the latter may have to be counted. */
  readonly count: number;
  baseCount(): Promise<number>;
  /** A digest over what was put, whatever its order: two reads of the same objects agree on it. */
  digest(): string;
  complete(): Promise<Counts>;
  discard(): Promise<void>;
}

/** Objects that an earlier capture has kept, and what was noted with them. */
export interface KeptPieces {
  readonly note: JsonObject;
  readonly files: AsyncIterable<{ readonly ref: Ref; readonly blob: string; readonly path: string }>;
}

export interface CommitMessage {
  readonly subject: string;
  readonly body?: string;
  readonly record?: SnapshotRecord;
  /** ISO 8601 UTC; author and committer time. */
  readonly at: string;
}

export interface Repository {
  /** Absolute path of the working folder, or of the bare repository. */
  readonly root: string;
  /** The branch that snapshots go to, as `refs/heads/…`. */
  readonly branch: string;
  /** Path of the state folder inside the repository (`state`, `tenants/a/state`). */
  readonly statePath: string;
  /** The commit that a text names: id, branch, tag, `@2026-11-20`, `@yesterday`, `HEAD~2`. Problem `usage` where it names none, saying which are near. */
  resolve(revision: string, now: Date): Promise<Commit>;
  /** The tip of the branch, undefined before the first commit. */
  tip(): Promise<Commit | undefined>;
  /** Newest first; `refs`: only commits that changed one of these objects; `from`: where to start (default: the branch). */
  log(options?: {
    readonly from?: string;
    readonly limit?: number;
    readonly refs?: readonly Ref[];
  }): AsyncIterable<Commit>;
  /** Begin a commit on `ref` (default: the branch) on top of `base`. `parent: false` makes a commit without parents (a private one). */
  capture(options: {
    readonly base: string | undefined;
    readonly ref?: string;
    readonly parent?: boolean;
    /** The kinds that will be written (default: all): the base's files of these alone are looked at. */
    readonly kinds?: readonly string[];
  }): Promise<Capture>;
  /** The files of the state that differ between two commits (undefined: the empty tree), in path order; cost follows what differs. */
  diff(from: string | undefined, to: string, scope?: Scope): AsyncIterable<FileChange>;
  /** The raw git patch between two commits, limited to the state folder and scope. */
  patch(from: string | undefined, to: string, scope?: Scope): AsyncIterable<Uint8Array>;
  /** One object as it was in a commit. */
  entity(commit: string, ref: Ref): Promise<StoredEntity | undefined>;
  /** Objects by blob id, streamed in the order asked; a broken file is a Problem `usage` with file, line, column. */
  entities(
    files:
      | AsyncIterable<{ readonly ref: Ref; readonly blob: string; readonly path: string }>
      | Iterable<{ readonly ref: Ref; readonly blob: string; readonly path: string }>,
  ): AsyncIterable<StoredEntity>;
  /** The refs in a commit with their blob ids, in path order. */
  files(
    commit: string,
    scope?: Scope,
  ): AsyncIterable<{ readonly ref: Ref; readonly blob: string; readonly path: string }>;
  /** The value of a file that holds no object (`tenant.yaml`, `coverage.yaml`), undefined where there is none. */
  file(commit: string, path: string): Promise<JsonObject | undefined>;
  /** Brings the checked-out state folder, where the branch is checked out, to the commit; files with uncommitted work are left and returned. */
  updateWorkingFolder(from: string | undefined, to: string): Promise<{ readonly leftAlone: readonly string[] }>;
  /** Pushes the branch (fast-forward only); success is the remote's ref read again. Problem `conflict` where the remote has moved. */
  push(remote: string): Promise<void>;
  /** Folder below the git directory, outside of history, for what is Driftline's own: the journals of runs. */
  readonly privateFolder: string;
  /** Room on the disk beside it, as long as somebody holds it or what reads from it. */
  scratch(): Scratch;
  /** Takes the lock of a name among all processes on the repository. Problem `conflict` where a live one has it. */
  lock(name: string): Promise<{ release(): Promise<void> }>;
  /** Deletes private refs of ours (`refs/driftline/…`), those that are there. */
  forget(...refs: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
