// driftline doctor: what a snapshot depends on, checked one after another, with what to do where something is missing.
import { visible } from '../model/escape.ts';
import { exitStatus } from '../model/problem.ts';
import type { Check } from '../verbs/doctor.ts';
import { command, workplaceFor } from './command.ts';
import { json } from './json.ts';
import { styled } from './terminal.ts';

const signs = { ok: ['green', '✓'], warning: ['yellow', '!'], failed: ['red', '✗'] } as const;

export const doctorCommand = command({
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { doctor } = await import('../verbs/doctor.ts');
    const { gitVersion } = await import('../repo/index.ts');
    const kinds = new Map([...workplace.kinds].filter(([name]) => argv.kind === undefined || argv.kind.includes(name)));
    const checks: Check[] = [];
    for await (const check of doctor({
      configuration: workplace.configuration,
      kinds,
      nodeVersion: process.version,
      now: terminal.now,
      gitVersion,
      openReader: () => workplace.openReader(),
      openRepository: () => workplace.openRepository(),
    })) {
      checks.push(check);
      if (argv.format === 'json' || (argv.quiet && check.status === 'ok')) continue;
      const [style, sign] = signs[check.status];
      await terminal.out(`${styled(terminal, style, sign)} ${check.name}: ${visible(check.detail)}\n`);
      if (check.remedy !== undefined) await terminal.out(`    ${visible(check.remedy)}\n`);
    }
    if (argv.format === 'json') await terminal.out(json(checks));
    return checks.some(({ status }) => status === 'failed') ? exitStatus.failed.status : exitStatus.done.status;
  },
});
