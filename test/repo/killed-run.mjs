// A run to be killed: the built repository, a folder and a step number in; a snapshot and an update of the folder, ended by SIGKILL at that step.
import { readFileSync } from 'node:fs';

const [, , built, root, stopAt] = process.argv;
const { openRepository } = await import(`${built}/src/repo/index.js`);
const { kinds } = await import(`${built}/test/repo/kinds.js`);
let steps = 0;
const repository = await openRepository({
  root,
  statePath: 'state',
  kinds,
  identity: { name: 'Test', email: 'test@example.com' },
  onStep(step) {
    steps += 1;
    process.stdout.write(`${step}\n`);
    if (steps === Number(stopAt)) process.kill(process.pid, 'SIGKILL');
  },
});
const base = await repository.tip();
const capture = await repository.capture({ base: base?.id });
for (const [name, entities] of Object.entries(JSON.parse(readFileSync(`${built}/wanted.json`, 'utf8')))) {
  const kind = capture.kind(name);
  for (const entity of entities) await kind.put([entity]);
  await kind.complete();
}
const commit = await capture.commit({ subject: 'run', at: '2026-11-21T10:00:00Z' });
await repository.updateWorkingFolder(base?.id, commit.id);
await repository.close();
