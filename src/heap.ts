// The heap: how much garbage may lie in it before all of it is looked through; said once, by each program.
import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow to twice what was in use before V8 looks for garbage in all of it; by itself it lets a small heap grow to four times. What is
 * in use here stays small, so that most of what a large tenant takes is garbage that waits: a million users take a quarter less, and no more CPU
 * (docs/performance.md). A version of V8 without that flag goes on as it would.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=100');
}
