// A time limit on what is asked of others, which also ends when the run does.

/**
 * Asks with a signal that aborts after so many milliseconds, or with the signal given. The limit is held by a timer of its own:
 * Node 20 collects an `AbortSignal.timeout` that only an `AbortSignal.any` refers to, and then nothing ever aborts.
 */
export async function within<T>(
  milliseconds: number,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new DOMException(`No answer came within ${milliseconds / 1000} seconds.`, 'TimeoutError')),
    milliseconds,
  );
  try {
    return await ask(AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}
