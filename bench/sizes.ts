// The sizes that the benches work with, all derived from the number of users.
import type { Sizes } from '../src/sandbox/index.ts';

export interface Options {
  readonly users: number;
  /** Folder for CPU profiles of the measured commands. */
  readonly profile?: string;
}

/** 200,000 users come with 20,000 groups, 5,000 applications, and 50,000 grants and assignments. */
export function tenantSizes(users: number): Sizes {
  const share = (of200k: number) => Math.max(1, Math.round((users * of200k) / 200_000));
  return {
    users,
    groups: share(20_000),
    applications: share(5_000),
    grants: share(25_000),
    assignments: share(25_000),
  };
}
