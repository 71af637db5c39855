// Rooms: memory that answers are read into and that is used again, because fresh memory for every page costs more than filling it.

const smallest = 2 ** 17;
/** Rooms of more bytes are not kept: an answer of that size is an exception. */
const mostKept = 2 ** 22;

/** The bytes of one answer, while it comes and until it is parsed. */
export class Room {
  readonly #free: Buffer[];
  #buffer: Buffer;
  #length = 0;

  constructor(free: Buffer[]) {
    this.#free = free;
    this.#buffer = free.pop() ?? Buffer.allocUnsafeSlow(smallest);
  }

  get length(): number {
    return this.#length;
  }

  /** What was added. It is only good until the room is given back. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.byteLength;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  /** Nobody reads the bytes any more: another answer may have their place. A room that is never given back is garbage as anything else. */
  give(): void {
    if (this.#buffer.length > 0 && this.#buffer.length <= mostKept) this.#free.push(this.#buffer);
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }
}

/** Rooms for the answers of one tenant, as many as were ever in use at the same time. */
export class Rooms {
  readonly #free: Buffer[] = [];

  take(): Room {
    return new Room(this.#free);
  }
}
