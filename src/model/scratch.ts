// Scratch: room for bytes that somebody may want back, but not soon.

/** Reads bytes back, as often as it is called: all of them, or those from one to before another. Nobody writes into what it gives. */
export type Kept = (from?: number, to?: number) => Buffer;

/** Takes bytes, which may be written over afterwards. */
export type Scratch = (bytes: Buffer) => Kept;

/** Room in memory. */
export const inMemory: Scratch = (bytes) => {
  const copy = Buffer.from(bytes);
  return (from, to) => copy.subarray(from, to);
};
