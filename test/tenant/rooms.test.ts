// Rooms: each holds what was added to it and nothing of another one's, however they are taken, filled and given back; and their memory is used again.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Room, Rooms } from '../../src/tenant/rooms.ts';

const step = fc.oneof(
  { weight: 2, arbitrary: fc.constant('take' as const) },
  { weight: 6, arbitrary: fc.record({ to: fc.nat(), length: fc.oneof(fc.nat(9), fc.nat(300_000)) }) },
  { weight: 2, arbitrary: fc.record({ give: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ twice: fc.nat() }) },
);

describe('rooms', () => {
  it('keep what was added apart, in its order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const rooms = new Rooms();
        const open: { room: Room; all: Buffer }[] = [];
        for (const one of steps) {
          if (one === 'take') open.push({ room: rooms.take(), all: Buffer.alloc(0) });
          else if (open.length > 0 && 'to' in one) {
            const entry = open[one.to % open.length]!;
            const chunk = randomBytes(one.length);
            entry.room.add(chunk);
            entry.all = Buffer.concat([entry.all, chunk]);
          } else if (open.length > 0 && !('to' in one)) {
            const [entry] = open.splice(('give' in one ? one.give : one.twice) % open.length, 1);
            const { room } = entry!;
            room.give();
            if ('twice' in one) room.give();
          }
          for (const { room, all } of open) {
            expect(room.length).toBe(all.length);
            expect(room.bytes.equals(all)).toBe(true);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('use their memory again, but for that of an answer larger than others', () => {
    const rooms = new Rooms();
    const memoryOf = (length: number) => {
      const room = rooms.take();
      room.add(Buffer.alloc(length));
      const memory = room.bytes.buffer;
      room.give();
      return memory;
    };
    const first = memoryOf(1_000_000);
    expect(memoryOf(10)).toBe(first);
    const large = memoryOf(2 ** 22 + 1);
    expect(memoryOf(10)).not.toBe(large);
  });
});
