// Scratch: room for bytes that somebody may want back, but not soon.

/** Takes bytes, which may be written over afterwards; what it gives reads them back, as often as it is called. */
export type Scratch = (bytes: Buffer) => () => Buffer;

/** Room in memory. */
export const inMemory: Scratch = (bytes) => {
  const copy = Buffer.from(bytes);
  return () => copy;
};
