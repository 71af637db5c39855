// A seed in, the same numbers and GUIDs in every run out.
import { createHash } from 'node:crypto';

export interface Dice {
  /** Other dice that will throw what these will throw. */
  copy(): Dice;
  /** A number in [0, 1). */
  number(): number;
  /** A version 4 GUID. */
  guid(): string;
  /** A copy in another order. */
  shuffle<Item>(items: readonly Item[]): Item[];
}

/** Dice whose throws follow from the seed alone (sfc32, seeded by a digest). */
export function dice(seed: string): Dice {
  const digest = createHash('sha256').update(seed).digest();
  return diceAt([digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), 1]);
}

function diceAt(state: readonly [number, number, number, number]): Dice {
  let [a, b, c, count] = state;
  const word = (): number => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  const hex = () => word().toString(16).padStart(8, '0');
  return {
    copy: () => diceAt([a, b, c, count]),
    number: () => word() / 2 ** 32,
    guid: () => {
      const [one, two, three, four] = [hex(), hex(), hex(), hex()];
      const variant = '89ab'[Number.parseInt(three.charAt(0), 16) & 3];
      return `${one}-${two.slice(0, 4)}-4${two.slice(5, 8)}-${variant}${three.slice(1, 4)}-${three.slice(4)}${four}`;
    },
    shuffle: (items) => {
      const copy = [...items];
      for (let index = copy.length - 1; index > 0; index--) {
        const other = word() % (index + 1);
        [copy[index], copy[other]] = [copy[other] as never, copy[index] as never];
      }
      return copy;
    },
  };
}

/** A GUID that follows from a text: the same text, the same GUID (RFC 9562 version 8). */
export function guidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
