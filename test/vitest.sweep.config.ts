// The long tests, which CI runs and a person seldom: every fault at every request.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/**/*.sweep.ts',
      'test/journeys/faults.test.ts',
      'test/verbs/first-killed.test.ts',
      'test/repo/kill.test.ts',
    ],
    env: { DRIFTLINE_WHOLE: 'true' },
    isolate: false,
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
});
