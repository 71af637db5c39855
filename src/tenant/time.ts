// Time as tenant/ needs it (now, sleep, a timeout), so that tests can hand in another one.
import { setTimeout as after } from 'node:timers/promises';

export interface Time {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason when that aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** A signal that aborts after so many milliseconds unless it is cleared before. */
  timeout(milliseconds: number): { readonly signal: AbortSignal; clear(): void };
}

export const realTime: Time = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    signal?.throwIfAborted();
    await after(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
  timeout(milliseconds) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new Error(`no answer after ${milliseconds} ms`)), milliseconds);
    return { signal: controller.signal, clear: () => clearTimeout(timer) };
  },
};

/** An instant as people read it: `2026-11-23 12:00:05 UTC`. */
export function instantText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
