// Turns: so many at a time; whoever comes later waits until one of them leaves.

export class Turns {
  readonly #most: number;
  readonly #queue: (() => void)[] = [];
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Waits for a turn, telling of it, and gives what ends it. Throws the signal's reason where it is aborted before. */
  async take(signal: AbortSignal, onWait: () => void): Promise<() => void> {
    while (this.#taken >= this.#most) {
      onWait();
      await new Promise<void>((resolve) => {
        this.#queue.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      signal.throwIfAborted();
    }
    this.#taken += 1;
    return () => {
      this.#taken -= 1;
      for (const wake of this.#queue.splice(0)) wake();
    };
  }
}
