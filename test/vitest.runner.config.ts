// The example workflows in a real runner, for machines that have act (github.com/nektos/act) on their PATH.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/**/*.runner.ts'], testTimeout: 600_000, hookTimeout: 600_000 },
});
