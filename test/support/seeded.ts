// How many runs a law has, and the seed of all laws: npm test makes the same drifts each time, and CONTRIBUTING.md says how to make others.

export function seeded(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns, seed: Number(process.env.DRIFTLINE_SEED ?? 20_261_125) };
}
