// A first snapshot to be killed: the built program, a folder, a sandbox and a step number in; ended by SIGKILL at that step.
const [, , built, root, graphUrl, accessToken, stopAt] = process.argv;
const { openRepository } = await import(`${built}/repo/index.js`);
const { openReader } = await import(`${built}/tenant/index.js`);
const { capture } = await import(`${built}/verbs/capture.js`);
const { kinds } = await import(`${built}/kinds/index.js`);
let steps = 0;
const repository = await openRepository({
  root,
  statePath: 'state',
  kinds,
  create: true,
  identity: { name: 'Test', email: 'test@example.com' },
  onStep(step) {
    steps += 1;
    process.stdout.write(`${step}\n`);
    if (steps === Number(stopAt)) process.kill(process.pid, 'SIGKILL');
  },
});
const reader = openReader({ cloud: 'global', graphUrl, credentials: {}, accessToken, environment: {} });
const now = () => new Date('2026-11-23T08:00:00Z');
const base = await repository.tip();
const options = { repository, reader, kinds, scope: { kinds: ['users'] }, base, ref: repository.branch };
await capture({ ...options, now, version: '1.0.0', keepFrom: 20 });
await reader.close();
await repository.close();
