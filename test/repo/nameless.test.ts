// Files without a name: what was added is read, nothing is left in the folder, and room that nobody can ask for any more is given back.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, vi } from 'vitest';
import { NamelessFile, scratchIn } from '../../src/repo/nameless.ts';
import { temporaryFolder } from './support.ts';

it('reads what was added, of every length and in any order, while nothing of it stands in the folder', () => {
  const folder = temporaryFolder();
  const file = new NamelessFile(join(folder, 'file'));
  const pieces = [0, 1, 70_000, 3].map((length) => randomBytes(length));
  const places = pieces.map((piece) => file.add(piece));
  expect(places).toEqual([0, 0, 1, 70_001]);
  expect(file.length).toBe(70_004);
  expect(readdirSync(folder)).toEqual([]);
  for (const at of [3, 0, 2, 1, 2]) {
    const room = Buffer.alloc(pieces[at]!.length);
    file.read(places[at]!, room);
    expect(room.equals(pieces[at]!)).toBe(true);
  }
  expect(() => file.read(70_000, Buffer.alloc(5))).toThrow('shorter than what was written');
  file.close();
  file.close();
});

it('takes no file for its own that was there before', () => {
  const folder = temporaryFolder();
  const [one, other] = [new NamelessFile(join(folder, 'file')), new NamelessFile(join(folder, 'file'))];
  one.add(Buffer.from('one'));
  other.add(Buffer.from('other'));
  const room = Buffer.alloc(3);
  one.read(0, room);
  expect(String(room)).toBe('one');
});

it('gives a room of its own to everybody, and keeps what was put whatever becomes of the bytes', () => {
  const folder = join(temporaryFolder(), 'not', 'there', 'yet');
  const [one, other] = [scratchIn(folder), scratchIn(folder)];
  const bytes = Buffer.from('first');
  const [first, second, third] = [one(bytes), one(Buffer.from('second')), other(Buffer.from('third'))];
  bytes.fill(0);
  expect([second, first, third, first].map((read) => String(read()))).toEqual(['second', 'first', 'third', 'first']);
  first().fill(0);
  expect(String(first())).toBe('first');
  expect(readdirSync(folder)).toEqual([]);
});

it.skipIf(!existsSync('/proc/self/fd'))(
  'gives the room back when nobody can ask for it any more, and not before',
  async () => {
    const folder = temporaryFolder();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const open = () =>
      readdirSync('/proc/self/fd').filter((name) => {
        try {
          return readlinkSync(join('/proc/self/fd', name)).startsWith(join(folder, 'scratch.'));
        } catch {
          return false;
        }
      }).length;
    let read: (() => Buffer) | undefined = scratchIn(folder)(Buffer.from('kept'));
    scratchIn(folder)(Buffer.from('left'));
    await vi.waitFor(() => {
      collect();
      expect(open()).toBe(1);
    });
    expect(String(read())).toBe('kept');
    read = undefined;
    await vi.waitFor(() => {
      collect();
      expect(open()).toBe(0);
    });
  },
);
