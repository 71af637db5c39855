// The first snapshot of a tenant that another process serves, against the sum of the parts that it cannot avoid.
import { type Row, runProgram } from './measure.ts';
import { measureParts } from './parts.ts';
import { driftline, inFolder, startSandbox } from './processes.ts';
import { type Options, tenantSizes } from './sizes.ts';

/** The target is for the whole: our process and the git that it feeds, CPU against CPU. */
export async function firstSnapshot(options: Options): Promise<Row[]> {
  const sizes = tenantSizes(options.users);
  const sandbox = await startSandbox(sizes);
  try {
    const flags = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [];
    const cost = await inFolder(async (folder) => {
      await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], folder);
      return driftline(['snapshot', '--repo', folder, '--quiet'], { ...sandbox, flags });
    });
    const served = await sandbox.change(0);
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
        what: `first snapshot of ${objects} objects: CPU of our process and its git`,
        measured: cost.own + cost.programs,
        limit,
        unit: 'ms',
        target: 1.5,
        context,
      },
      {
        bench: 'first',
        what: 'the same, CPU of our process alone against the same parts',
        measured: cost.own,
        limit,
        unit: 'ms',
        target: 1.5,
      },
    ];
  } finally {
    await sandbox.close();
  }
}
