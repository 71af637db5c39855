// Virtual time: a clock that jumps to the next timer whenever nothing else happens, so that waits of hours take no time.
import { setImmediate as turn } from 'node:timers/promises';
import type { Time } from '../../src/tenant/index.ts';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Turns of the event loop without a timer firing after which nothing else is taken to be going on. */
const quietTurns = 15;

export class VirtualTime implements Time {
  readonly start = Date.UTC(2026, 10, 23, 12);
  /** Every wait that was asked for, in milliseconds. */
  readonly waits: number[] = [];
  readonly #timers = new Set<Timer>();
  #now = this.start;
  #running = false;

  now(): number {
    return this.#now;
  }

  get elapsed(): number {
    return this.#now - this.start;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    this.waits.push(milliseconds);
    return new Promise((resolve, reject) => {
      const timer = this.#add(milliseconds, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      const stop = () => {
        this.#timers.delete(timer);
        reject(signal?.reason);
      };
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop);
    });
  }

  timeout(milliseconds: number) {
    const controller = new AbortController();
    const timer = this.#add(milliseconds, () => controller.abort(new Error('timeout')));
    return { signal: controller.signal, clear: () => void this.#timers.delete(timer) };
  }

  #add(milliseconds: number, fire: () => void): Timer {
    const timer = { at: this.#now + milliseconds, fire };
    this.#timers.add(timer);
    if (!this.#running) void this.#run();
    return timer;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (;;) {
      for (let quiet = 0; quiet < quietTurns; quiet += 1) await turn();
      const next = [...this.#timers].sort((left, right) => left.at - right.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#running = false;
  }
}
