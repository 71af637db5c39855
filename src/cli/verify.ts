// driftline verify: looks for damage and for tampering in the whole repository, and names all that it finds.
import { resolve } from 'node:path';
import { terminalText } from '../model/escape.ts';
import { exitStatus } from '../model/problem.ts';
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';
import { styled } from './terminal.ts';

interface Arguments {
  readonly anchor?: string | undefined;
  readonly signers?: string | undefined;
}

export const verifyCommand = command<Arguments>({
  options: (yargs) =>
    yargs
      .option('anchor', {
        type: 'string',
        describe: 'A commit, kept elsewhere, that the branch must contain',
        requiresArg: true,
      })
      .option('signers', {
        type: 'string',
        describe:
          'File of keys (allowed signers of ssh-keygen, or armored OpenPGP): every snapshot must be signed by one',
        requiresArg: true,
      }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { verify } = await import('../verbs/verify.ts');
    const repository = await workplace.openRepository();
    const inspection = await workplace.openInspection();
    try {
      const result = await verify({
        repository,
        inspection,
        now: terminal.now(),
        anchor: argv.anchor,
        signers: argv.signers === undefined ? undefined : resolve(terminal.cwd, argv.signers),
      });
      const { findings, commits, snapshots, files } = result;
      if (argv.format === 'json') await terminal.out(json(result));
      else {
        for (const { subject, detail } of findings)
          await terminal.out(`${styled(terminal, 'red', '✗')} ${terminalText(subject)}: ${terminalText(detail)}\n`);
        if (!argv.quiet || findings.length > 0)
          await terminal.out(
            `${findings.length === 0 ? 'Sound' : `${findings.length} found`}: ${commits} commits, ${snapshots} of them snapshots, with ${files} files.\n`,
          );
      }
      return findings.length === 0 ? exitStatus.done.status : exitStatus.failed.status;
    } finally {
      await inspection.close();
      await repository.close();
    }
  },
});
