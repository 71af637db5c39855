// The difference of the last two commits, walked to its end several times in one process: a repository in; the quickest time and the peak memory out.
import { kinds } from '../../src/kinds/index.ts';
import { openRepository } from '../../src/repo/index.ts';
import { diff } from '../../src/verbs/diff.ts';
import { cpuUsed } from '../measure.ts';

const repository = await openRepository({
  root: process.argv[2]!,
  statePath: 'state',
  kinds,
  identity: { name: 'Bench', email: 'bench@example.com' },
});
const walls: number[] = [];
let changes = 0;
for (let run = 0; run < 8; run += 1) {
  const start = performance.now();
  const difference = await diff({
    repository,
    kinds,
    configuration: { ignore: [] },
    from: 'HEAD~1',
    to: 'HEAD',
    scope: {},
    now: () => new Date(),
    version: 'bench',
  });
  changes = 0;
  for await (const change of difference.changes) changes += change === undefined ? 0 : 1;
  await difference.close();
  walls.push(performance.now() - start);
}
await repository.close();
const peak = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `${JSON.stringify({ first: walls[0], quickest: Math.min(...walls), changes, peak, ...cpuUsed() })}\n`,
);
