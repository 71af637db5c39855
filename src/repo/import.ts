// The stream to `git fast-import`: texts in, blobs in one new pack out; the commit comes last, and without its `done` nothing is visible.
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git, GitProcess } from './git.ts';

/** Sent to git in pieces of about this size. */
const pieceLength = 2 ** 18;
const headerRoom = 64;
/** What fast-import reads before a text, and the word in place of git's own `blob`. */
const command = 'blob\n';
const data = Buffer.from('data');

/** One fast-import, started by the first blob that is kept. Without delta chains (`--depth=0`) files are read nine times as fast (engineering 3.2). */
export class Importer {
  readonly #git: Git;
  readonly #onStep: (step: string) => void;
  #process: GitProcess | undefined;
  #piece = Buffer.allocUnsafe(pieceLength);
  #used = 0;
  #staged = 0;
  readonly #id = Buffer.alloc(20);
  /** Pieces that were full before they could be sent. */
  #full: Buffer[] = [];
  #ended = false;
  /** What git said that nobody has taken yet. */
  #said = '';

  constructor(git: Git, onStep: (step: string) => void) {
    this.#git = git;
    this.#onStep = onStep;
  }

  /** The id that a text has as a blob, in bytes that hold until the next one is staged. It is not sent unless {@link keep} follows. */
  stage(text: string): Buffer {
    const length = Buffer.byteLength(text);
    if (this.#used + length + headerRoom > this.#piece.length) this.#makeRoom(length + headerRoom);
    const piece = this.#piece;
    const line = this.#used + command.length;
    // What git hashes differs from what fast-import reads in five bytes: hashed first, then written over, the text is copied once.
    const start = this.#used + piece.write(`${command}blob ${length}\0`, this.#used, 'latin1');
    const end = start + piece.write(text, start, 'utf8');
    // As a text: a buffer for each object would cost more than hashing it does.
    this.#id.write(hash('sha1', piece.subarray(line, end), 'binary'), 'binary');
    for (let at = 0; at < data.length; at += 1) piece[line + at] = data[at]!;
    piece[start - 1] = 0x0a;
    piece[end] = 0x0a;
    this.#staged = end + 1;
    return this.#id;
  }

  /** The text staged last shall be sent. */
  keep(): void {
    this.#used = this.#staged;
  }

  /** Sends what was kept, if it is worth it (or `all` of it); resolves when git has room for more. */
  async flush(all = false): Promise<void> {
    if (this.#full.length > 0 || (this.#used > 0 && (all || this.#used >= pieceLength / 2))) await this.#send();
  }

  /** Sends commands. */
  async command(text: string): Promise<void> {
    await this.flush(true);
    await this.#running().write(text);
  }

  /** Waits until git has on the disk, for all to see, what was kept so far. */
  async checkpoint(): Promise<void> {
    if (this.#process === undefined && this.#used === 0 && this.#full.length === 0) return;
    await this.command('checkpoint\nprogress written\n');
    const { stdout, done } = this.#running();
    const early = done.then(() => Promise.reject(new Error('git fast-import ended too early')));
    while (!this.#said.includes('\n')) await Promise.race([once(stdout, 'data'), early]);
    this.#said = '';
  }

  /** Says that this was all, waits for git to have it on the disk, and gives the id of the commit that has mark 1. */
  async finish(): Promise<string> {
    const process = this.#running();
    this.#onStep('import: done');
    await process.write('get-mark :1\ndone\n');
    process.end();
    this.#onStep('import: ended');
    await process.done;
    this.#process = undefined;
    return this.#said.trim();
  }

  /** Ends git, if it runs, and removes the report that it leaves of its end. */
  async abort(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    this.#ended = true;
    if (process === undefined) return;
    process.kill();
    await process.done.catch(() => undefined);
    await rm(join(this.#git.place.gitDir, `fast_import_crash_${process.pid}`), { force: true });
  }

  #running(): GitProcess {
    if (this.#ended) throw new Error('the capture has ended');
    if (this.#process === undefined) {
      this.#onStep('import: start');
      const process = this.#git.start(['fast-import', '--quiet', '--done', '--depth=0', '--date-format=raw']);
      process.stdout.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString('latin1');
      });
      this.#process = process;
    }
    return this.#process;
  }

  async #send(): Promise<void> {
    this.#onStep('import: blobs');
    const pieces = this.#full;
    this.#full = [];
    if (this.#used > 0) {
      pieces.push(this.#piece.subarray(0, this.#used));
      this.#piece = Buffer.allocUnsafe(pieceLength);
      this.#used = 0;
    }
    for (const piece of pieces) await this.#running().write(piece);
  }

  #makeRoom(needed: number): void {
    if (this.#used > 0) this.#full.push(this.#piece.subarray(0, this.#used));
    if (this.#used > 0 || needed > this.#piece.length) this.#piece = Buffer.allocUnsafe(Math.max(pieceLength, needed));
    this.#used = 0;
  }
}
