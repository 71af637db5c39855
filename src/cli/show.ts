// driftline show: one object as it was in a commit, as its YAML or as JSON.
import { kindOf } from '../model/ref.ts';
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';

interface Arguments {
  readonly commit: string;
  readonly object: string;
}

export const showCommand = command<Arguments>({
  options: (yargs) =>
    yargs
      .positional('commit', {
        type: 'string',
        demandOption: true,
        describe: 'Commit, branch, tag or date (@2026-11-20)',
      })
      .positional('object', { type: 'string', demandOption: true, describe: 'kind/id, or the id alone' }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { show } = await import('../verbs/show.ts');
    const repository = await workplace.openRepository();
    try {
      const { entity, commit, blob, canonical } = await show(repository, argv.commit, argv.object, terminal.now());
      if (argv.format === 'json')
        await terminal.out(json({ ...entity, commit: commit.id, at: commit.at, blob, canonical }));
      else {
        const { emitYaml } = await import('../repo/index.ts');
        await terminal.out(emitYaml(workplace.kinds.get(kindOf(entity.ref))!, entity));
      }
      return 0;
    } finally {
      await repository.close();
    }
  },
});
