// A file without a name: room on the disk that is gone with the process, however that ends.
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from '../model/scratch.ts';

/** Bytes that are only added and read. It is opened with the first of them; its name is taken away then. All of it is synchronous. */
export class NamelessFile {
  readonly #path: string;
  #file: number | undefined;
  #length = 0;

  /** @param path Where it may lie until it is open; nothing may be there. */
  constructor(path: string) {
    this.#path = path;
  }

  /** How many bytes were added. */
  get length(): number {
    return this.#length;
  }

  /** Adds bytes; gives the place where they begin. */
  add(bytes: Uint8Array): number {
    const file = this.#open();
    const place = this.#length;
    for (let written = 0; written < bytes.length; )
      written += writeSync(file, bytes, written, bytes.length - written, place + written);
    this.#length += bytes.length;
    return place;
  }

  /** Fills the room with the bytes from a place on. */
  read(place: number, room: Uint8Array): void {
    const file = this.#open();
    for (let read = 0; read < room.length; ) {
      const more = readSync(file, room, read, room.length - read, place + read);
      if (more === 0) throw new Error('a file of our own is shorter than what was written to it');
      read += more;
    }
  }

  /** Gives the room back to the machine. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #open(): number {
    if (this.#file !== undefined) return this.#file;
    this.#file = openSync(this.#path, 'wx+', 0o600);
    rmSync(this.#path, { force: true });
    return this.#file;
  }
}

/** What was put there belongs to a plan, which goes wherever plans go: the room is given back when nobody can ask for it any more. */
const abandoned = new FinalizationRegistry<NamelessFile>((file) => file.close());

/** Room on the disk, in a file of this folder, for as long as somebody holds it or what reads from it. */
export function scratchIn(folder: string): Scratch {
  mkdirSync(folder, { recursive: true });
  const file = new NamelessFile(join(folder, `scratch.${randomUUID()}`));
  const held = { file };
  abandoned.register(held, file);
  return (bytes) => {
    const [place, length] = [held.file.add(bytes), bytes.length];
    return (from = 0, to = length) => {
      const room = Buffer.allocUnsafe(to - from);
      held.file.read(place + from, room);
      return room;
    };
  };
}
