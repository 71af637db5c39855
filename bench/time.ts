// Virtual time for benches: a clock that jumps to the next timer when nothing else happens, so that Graph's quotas can be waited out in no time.
import { setImmediate as turn } from 'node:timers/promises';
import type { Time } from '../src/tenant/index.ts';

/** Turns of the event loop without a timer firing after which nothing else is taken to be going on. */
const quietTurns = 10;

export function virtualTime(start: number): Time {
  const timers = new Set<{ readonly at: number; readonly fire: () => void }>();
  let now = start;
  let running = false;
  const run = async () => {
    running = true;
    for (;;) {
      for (let quiet = 0; quiet < quietTurns; quiet += 1) await turn();
      let next: { readonly at: number; readonly fire: () => void } | undefined;
      for (const timer of timers) if (next === undefined || timer.at < next.at) next = timer;
      if (next === undefined) break;
      timers.delete(next);
      now = Math.max(now, next.at);
      next.fire();
    }
    running = false;
  };
  const add = (milliseconds: number, fire: () => void) => {
    const timer = { at: now + Math.max(0, milliseconds), fire };
    timers.add(timer);
    if (!running) void run();
    return timer;
  };
  return {
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const timer = add(milliseconds, resolve);
        signal?.addEventListener('abort', () => {
          if (timers.delete(timer)) reject(signal.reason);
        });
      }),
    timeout: (milliseconds) => {
      const controller = new AbortController();
      const timer = add(milliseconds, () => controller.abort(new Error('timeout')));
      return { signal: controller.signal, clear: () => void timers.delete(timer) };
    },
  };
}
