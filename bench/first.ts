// The first snapshot of a tenant that another process serves, against the sum of the parts that it cannot avoid.
import type { Sizes } from '../src/sandbox/index.ts';
import { type Row, runProgram } from './measure.ts';
import { measureParts } from './parts.ts';
import { driftline, inFolder, startSandbox } from './processes.ts';
import { type Options, tenantSizes } from './sizes.ts';

/** For each object its own page's share is nothing; two lists of links each are what such an exporter asks for at the least. */
function perObject({ users = 0, groups = 0, applications = 0 }: Sizes): number {
  return 2 * (users + groups + 2 * applications);
}

/** The target is for our process; with the git that it feeds, which is most of the limit, it says how near the whole is to what git takes anyway. */
export async function firstSnapshot(options: Options): Promise<Row[]> {
  const sizes = tenantSizes(options.users);
  const sandbox = await startSandbox(sizes);
  try {
    const flags = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
    const cost = await inFolder(async (folder) => {
      await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], folder);
      return driftline(['snapshot', '--repo', folder, '--format', 'json'], { ...sandbox, flags });
    });
    const served = await sandbox.change(0);
    const { requests } = JSON.parse(cost.said) as { requests: number };
    const parts = await inFolder((folder) => measureParts(sandbox, folder));
    const { parse, emit, hash, fastImport, objects } = parts;
    const limit = parse + emit + hash + fastImport.cpu;
    const context = {
      objects,
      parse,
      emit,
      hash,
      'fast-import': fastImport.cpu,
      'our process': cost.own,
      'its git': cost.programs,
      wall: cost.wall,
      'sandbox CPU': served.cpu,
      'peak MB': cost.peak,
    };
    return [
      {
        bench: 'first',
        what: `first snapshot of ${objects} objects: CPU of our process`,
        measured: cost.own,
        limit,
        unit: 'ms',
        target: 1.5,
        context,
      },
      {
        bench: 'first',
        what: 'the same with its git, against the same parts',
        measured: cost.own + cost.programs,
        limit,
        unit: 'ms',
        target: 1.5,
      },
      {
        bench: 'first',
        what: 'requests of that snapshot, against exporters that ask twice for each user, group, application and service principal',
        measured: requests,
        limit: perObject(sizes),
        unit: 'requests',
        target: 0.05,
      },
    ];
  } finally {
    await sandbox.close();
  }
}
