// How the tests are run: each file in a process of its own, journeys with time to start real processes. Tests start very many gits, and a process
// that has grown takes twenty times as long to start one: shared by all files, two workers took longer, not less.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
