// Objects by name: one long-lived `git cat-file --batch`, asked many times; trees and blobs out, in the order they were asked for.
import { Problem } from '../model/problem.ts';
import type { Git, GitProcess } from './git.ts';

/** No file of ours comes near it; reading more into memory would only help somebody who wants us to run out of it. */
const largest = 256 * 2 ** 20;

export interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly content: Buffer;
}

export interface TreeEntry {
  readonly mode: string;
  readonly id: string;
}

interface Waiting {
  readonly name: string;
  readonly resolve: (object: GitObject | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads objects of one repository; the process is started by the first question and ends with {@link close}. */
export class Objects {
  readonly #git: Git;
  #process: GitProcess | undefined;
  #waiting: Waiting[] = [];
  #unasked = '';
  #chunks: Buffer[] = [];
  #length = 0;
  /** So much must have come before looking again. */
  #needed = 0;

  constructor(git: Git) {
    this.#git = git;
  }

  /** The object that an id, or `id:path`, names; undefined where there is none. The name must not be a user's text. */
  read(name: string): Promise<GitObject | undefined> {
    if (this.#process === undefined) this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, resolve, reject });
      if (this.#unasked === '') setImmediate(() => this.#ask());
      this.#unasked += `${name}\n`;
    });
  }

  /** Asks together what was asked for in one turn: a write for each name would cost more than the answer. */
  #ask(): void {
    const names = this.#unasked;
    this.#unasked = '';
    // A git that has ended says so to all who wait; those who asked since have another.
    if (names !== '') this.#process?.write(names).catch(() => undefined);
  }

  /** Entries of a tree by name, undefined where there is no such tree. */
  async tree(name: string): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
    const object = await this.read(name);
    return object?.type === 'tree' ? treeEntries(object.content) : undefined;
  }

  async close(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    process?.end();
    await process?.done.catch(() => undefined);
  }

  #start(): void {
    const process = this.#git.start(['cat-file', '--batch']);
    this.#process = process;
    process.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#answer();
    });
    const fail = (error: unknown) => {
      if (this.#process === process) this.#process = undefined;
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#unasked = '';
      this.#chunks = [];
      this.#length = 0;
      this.#needed = 0;
      for (const { reject } of waiting) reject(error);
    };
    process.done.then(() => fail(new Error('git cat-file ended')), fail);
  }

  /** Answers what has wholly come. */
  #answer(): void {
    while (this.#waiting.length > 0 && this.#length > 0) {
      const buffer = this.#joined();
      const line = buffer.indexOf(0x0a);
      if (line === -1) return;
      const header = buffer.toString('latin1', 0, line).split(' ');
      const size = Number(header[2]);
      if (header.length !== 3 || !Number.isSafeInteger(size)) {
        this.#take(line + 1);
        this.#waiting.shift()!.resolve(undefined);
        continue;
      }
      if (size > largest) {
        this.#refuse(size);
        return;
      }
      const end = line + 1 + size;
      if (this.#length < end + 1) {
        this.#needed = end + 1;
        return;
      }
      const content = buffer.subarray(line + 1, end);
      this.#take(end + 1);
      this.#waiting.shift()!.resolve({ id: header[0]!, type: header[1]!, content });
    }
  }

  /** Joining at each chunk of a large object would copy it over and over: wait until enough has come. */
  #joined(): Buffer {
    if (this.#length < this.#needed) return Buffer.alloc(0);
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#length)];
    return this.#chunks[0]!;
  }

  #take(length: number): void {
    this.#needed = 0;
    this.#chunks = [this.#chunks[0]!.subarray(length)];
    this.#length -= length;
  }

  #refuse(size: number): void {
    const { name, reject } = this.#waiting.shift()!;
    reject(
      new Problem({
        kind: 'usage',
        summary: 'A state file is not valid',
        detail: `It is ${size} bytes long; no file of Driftline is longer than ${largest}. Restore it from an earlier commit.`,
        subject: name,
      }),
    );
    this.#process?.kill();
  }
}

/** The entries of a tree object's bytes: `mode name NUL id`, again and again. */
function treeEntries(content: Buffer): Map<string, TreeEntry> {
  const entries = new Map<string, TreeEntry>();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const end = content.indexOf(0, space);
    // git does not check what it unpacks against the object's id: a damaged tree ends anywhere.
    if (space === -1 || end === -1 || end + 21 > content.length)
      throw new Problem({
        kind: 'failed',
        summary: 'The repository is damaged',
        detail: 'One of its trees is not as git writes them. Run driftline verify, and restore it from another clone.',
      });
    const id = content.toString('hex', end + 1, end + 21);
    entries.set(content.toString('utf8', space + 1, end), { mode: content.toString('latin1', at, space), id });
    at = end + 21;
  }
  return entries;
}
