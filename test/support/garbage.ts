// Collecting garbage on purpose: what hangs on a weak reference only must not be what a wait depends on.
import { setImmediate as turn } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

/** Collects some times, with turns of the event loop in between, as finalizers need them. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await turn();
    collect();
  }
}
