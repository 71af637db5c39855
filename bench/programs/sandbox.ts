// A sandbox in a process of its own: sizes as JSON in, its address as one JSON line out; each line that comes in changes or deletes so many users.
import { createInterface } from 'node:readline';
import { createSandbox, generate, type Sizes } from '../../src/sandbox/index.ts';

const sizes = JSON.parse(process.argv[2] ?? '{}') as Sizes;
const tenantId = '11111111-2222-4333-8444-555555555555';
const sandbox = createSandbox({ seeds: [generate(sizes, tenantId)], tenantId, throttling: false });
const { graphUrl, env, close } = await sandbox.listen();
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ graphUrl, env });

let edition = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { change = 0, remove = 0 } = JSON.parse(line) as { change?: number; remove?: number };
  edition += 1;
  const step = Math.max(1, Math.floor((sizes.users ?? 1) / Math.max(1, change)));
  const gone = sandbox.store.page('user', 0, remove).objects.map(({ id }) => id);
  for (const id of gone) sandbox.store.bury('user', id, 'directory');
  for (let at = 0; at < change; at += 1) {
    const { objects } = sandbox.store.page('user', at * step, 1);
    const [user] = objects;
    if (user !== undefined) sandbox.store.put('user', { ...user, jobTitle: `Edition ${edition}` }, ['jobTitle']);
  }
  const { user, system } = process.cpuUsage();
  say({ requests: sandbox.requests.length, cpu: (user + system) / 1000, edition });
}
await close();
