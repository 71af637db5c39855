// The second snapshot with 0.1 % of the users changed, by differences and by reading everything, against the first; and memory at two sizes.
import { type Row, runProgram } from './measure.ts';
import { measureParts } from './parts.ts';
import { driftline, inFolder, startSandbox } from './processes.ts';
import { type Options, tenantSizes } from './sizes.ts';

/**
 * The limit of the one by differences is a twentieth of the first; of the one that reads everything, what it would take to parse, emit and hash all
 * objects, which it does for those alone that have changed.
 */
export async function secondSnapshot(options: Options): Promise<Row[]> {
  const sandbox = await startSandbox(tenantSizes(options.users));
  const changed = Math.max(1, Math.round(options.users / 1000));
  try {
    return await inFolder(async (folder) => {
      await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], folder);
      const snapshot = async (...words: string[]) => {
        const before = await sandbox.change(0);
        const cost = await driftline(['snapshot', '--repo', folder, '--format', 'json', ...words], sandbox);
        const { requests } = JSON.parse(cost.said) as { requests: number };
        const after = await sandbox.change(0);
        return { ...cost, requests, served: after.cpu - before.cpu };
      };
      const first = await snapshot('--delta');
      await sandbox.change(changed);
      const fed = await snapshot('--delta');
      await sandbox.change(changed);
      const few = await snapshot('--delta', '--untracked-max-age', '86400');
      await sandbox.change(changed);
      const whole = await snapshot();
      const parts = await inFolder((other) => measureParts(sandbox, other));
      const row = (what: string, measured: number, limit: number, unit: string, target: number) => ({
        bench: 'second',
        what,
        measured,
        limit,
        unit,
        target,
      });
      /** The CPU and the requests of a snapshot against a twentieth of the first's. */
      const against = (what: string, cost: typeof first, context: Readonly<Record<string, number>>) => [
        {
          ...row(
            `${what}: CPU against a 20th of the first`,
            cost.own + cost.programs,
            (first.own + first.programs) / 20,
            'ms',
            1,
          ),
          context: { ...context, 'this, wall': cost.wall, 'sandbox, CPU': cost.served },
        },
        row('the same, requests against a 20th of the first', cost.requests, first.requests / 20, 'requests', 1),
      ];
      return [
        ...against(`snapshot by differences with ${changed} of ${options.users} users changed`, fed, {
          'first, CPU': first.own + first.programs,
          'first, wall': first.wall,
        }),
        ...against('the same with --untracked-max-age', few, { 'of its git': few.programs }),
        {
          ...row(
            'second snapshot by reading everything: CPU against the parts (parse, emit, hash)',
            whole.own + whole.programs,
            parts.parse + parts.emit + parts.hash,
            'ms',
            1.5,
          ),
          context: { requests: whole.requests, wall: whole.wall, 'peak MB': whole.peak },
        },
      ];
    });
  } finally {
    await sandbox.close();
  }
}

/** Peak memory of our process at a fifth of the users and at all of them, and against 600 MB. */
export async function memory(options: Options): Promise<Row[]> {
  const small = Math.round(options.users / 5);
  const [less, all] = [await peakOf(small), await peakOf(options.users)];
  const row = { bench: 'memory', unit: 'MB' };
  return [
    {
      ...row,
      what: `peak memory of a first snapshot of ${options.users} users and what comes with them`,
      measured: all.peak,
      limit: 600,
      target: 1,
      context: { wall: all.wall, 'CPU of our process': all.own, 'of its git': all.programs, objects: all.objects },
    },
    {
      ...row,
      what: `peak memory at ${options.users} users against ${small}`,
      measured: all.peak,
      limit: less.peak,
      target: 1.2,
    },
  ];
}

async function peakOf(users: number) {
  const sandbox = await startSandbox(tenantSizes(users));
  try {
    return await inFolder(async (folder) => {
      await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], folder);
      const cost = await driftline(['snapshot', '--repo', folder, '--format', 'json'], sandbox);
      const { counts } = JSON.parse(cost.said) as { counts: { added: number } };
      return { ...cost, objects: counts.added };
    });
  } finally {
    await sandbox.close();
  }
}
