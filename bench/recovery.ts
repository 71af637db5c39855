// A recovery of many changes under Graph's quota of writes, in virtual time: how much longer it takes than the quota makes anybody wait.
import { randomBytes } from 'node:crypto';
import { kinds } from '../src/kinds/index.ts';
import { planOptions } from '../src/model/plan.ts';
import { openRepository } from '../src/repo/index.ts';
import { createSandbox, generate } from '../src/sandbox/index.ts';
import { openReader, openWriter, stepRequests, type TenantOptions } from '../src/tenant/index.ts';
import { applyPlan } from '../src/verbs/apply.ts';
import { capture } from '../src/verbs/capture.ts';
import { planRecovery } from '../src/verbs/plan.ts';
import { type Row, runProgram } from './measure.ts';
import { inFolder } from './processes.ts';
import type { Options } from './sizes.ts';
import { virtualTime } from './time.ts';

/** 3,000 writes in 150 seconds for one application in one tenant (reference 1.7). */
const quota = { writes: 3000, seconds: 150 };
/** Milliseconds that a request takes there and back, as Graph's do. */
const latency = 250;
const tenantId = '11111111-2222-4333-8444-555555555555';

/** One change each of so many users: the quota allows 20 a second, but for the 3,000 that it allows at once in the beginning. */
export async function recovery({ users }: Options): Promise<Row[]> {
  return inFolder(async (folder) => {
    const time = virtualTime(Date.UTC(2026, 10, 23, 12));
    const now = () => new Date(time.now());
    const sandbox = createSandbox({
      seeds: [generate({ users }, tenantId)],
      tenantId,
      clock: time.now,
      throttling: { writes: quota.writes, resourceUnits: 8000 },
    });
    await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], folder);
    const repository = await openRepository({
      root: folder,
      statePath: 'state',
      kinds,
      identity: { name: 'Bench', email: 'bench@example.com' },
    });
    const connection: TenantOptions = {
      cloud: 'global',
      graphUrl: 'http://127.0.0.1:9',
      credentials: {},
      accessToken: sandbox.token(),
      environment: {},
      time,
      fetch: async (input, init) => {
        await time.sleep(latency);
        return sandbox.handler(new Request(input as string, init));
      },
    };
    const reader = openReader(connection);
    const writer = openWriter(connection);
    const common = {
      repository,
      reader,
      kinds,
      configuration: { ignore: [], protect: [], emergencyAccounts: [], thresholds: { share: 1, minimum: 0 } },
      now,
      version: 'bench',
    };
    const goal = await capture({ ...common, scope: {}, base: undefined, ref: repository.branch });
    for (const user of [...sandbox.store.list('user')])
      sandbox.store.put('user', { ...user, jobTitle: 'Somebody else' }, ['jobTitle']);
    const scope = { kinds: ['users'] };
    const { plan } = await planRecovery({
      ...common,
      goal: goal.commit!.id,
      scope,
      options: planOptions({ allowMassChange: true, withoutEmergencyAccount: true }),
    });
    const planned = process.resourceUsage().maxRSS / 1024;
    const requests = stepRequests({
      cloud: 'global',
      graphUrl: 'http://127.0.0.1:9',
      randomBytes: (length) => randomBytes(length),
    });
    const began = { virtual: time.now(), real: performance.now(), requests: sandbox.requests.length };
    let last = began.virtual;
    const { record } = await applyPlan(plan, {
      ...common,
      writer,
      requests,
      settle: { confirmations: 3, pause: 2000, patience: 720_000 },
      sleep: (milliseconds) => time.sleep(milliseconds),
      onStep: () => {
        last = time.now();
      },
    });
    await reader.close();
    await writer.close();
    await repository.close();
    const allowed = plan.steps.length * (quota.seconds / quota.writes);
    const outer = sandbox.requests.slice(began.requests).filter(({ inBatch }) => !inBatch).length;
    return [
      {
        bench: 'recovery',
        what: `steps of a recovery of ${plan.steps.length} changes under the quota of writes, in virtual time`,
        measured: (last - began.virtual) / 1000,
        limit: allowed,
        unit: 's',
        target: 1.2,
        context: {
          done: record.counts.done,
          writes: record.writes,
          'HTTP requests': outer,
          'with looking again at the end, s': (time.now() - began.virtual) / 1000,
          'really, s': (performance.now() - began.real) / 1000,
          'peak MB after planning, sandbox included': planned,
          'and after applying': process.resourceUsage().maxRSS / 1024,
        },
      },
    ];
  });
}
