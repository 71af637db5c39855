// driftline recover and driftline undo: plan, show, ask, apply and look again, in one.
import { planBlocked } from '../model/plan.ts';
import { exitStatus } from '../model/problem.ts';
import type { ApplyRequest } from '../verbs/apply.ts';
import type { Planned, PlanRequest } from '../verbs/plan.ts';
import { version } from '../version.ts';
import { type CommonArguments, command, workplaceFor } from './command.ts';
import { watchProgress } from './progress.ts';
import {
  applyRequest,
  confirmed,
  type GuardArguments,
  goalOptions,
  guardOptions,
  idOption,
  planOptionsFrom,
  sayApplied,
  showPlan,
} from './recovery.ts';
import type { Terminal } from './terminal.ts';

interface RecoverArguments extends GuardArguments {
  readonly commit: string;
  readonly id?: readonly string[] | undefined;
  readonly yes: boolean;
}

interface UndoArguments extends GuardArguments {
  readonly run?: string | undefined;
  readonly yes: boolean;
}

const yes = { type: 'boolean', default: false, describe: 'Do not ask' } as const;

export const recoverCommand = command<RecoverArguments>({
  options: (yargs) => goalOptions(yargs).option('id', idOption).option('yes', yes) as never,
  run: (argv, terminal) =>
    planAndApply(argv, terminal, async (request) => {
      const { planRecovery } = await import('../verbs/plan.ts');
      const { resolveScope } = await import('../verbs/scope.ts');
      const { repository, kinds, reader } = request;
      const goal = await repository.resolve(argv.commit, terminal.now());
      const sources = { repository, kinds, commits: [goal], reader: async () => reader };
      const scope = await resolveScope(sources, { kinds: argv.kind, ids: argv.id });
      return { planned: await planRecovery({ ...request, goal: argv.commit, scope }), more: {} };
    }),
});

export const undoCommand = command<UndoArguments>({
  options: (yargs) =>
    guardOptions(yargs)
      .positional('run', { type: 'string', describe: 'Id of the run [default: the last one]' })
      .option('yes', yes) as never,
  run: (argv, terminal) =>
    planAndApply(argv, terminal, async (request) => {
      const { planUndo } = await import('../verbs/undo.ts');
      const planned = await planUndo({ ...request, ...(argv.run === undefined ? {} : { run: argv.run }) });
      return { planned, more: { undoes: planned.undoes.record.id } };
    }),
});

type Planning = (
  request: Omit<PlanRequest, 'goal' | 'scope'>,
) => Promise<{ planned: Planned; more: Partial<ApplyRequest> }>;

async function planAndApply(
  argv: CommonArguments & GuardArguments & { readonly yes: boolean },
  terminal: Terminal,
  planning: Planning,
): Promise<number> {
  const workplace = workplaceFor(argv, terminal);
  const { applyPlan } = await import('../verbs/apply.ts');
  const progress = await watchProgress(argv, terminal);
  const repository = await workplace.openRepository();
  const reader = await workplace.openReader(progress.read);
  try {
    const { planned, more } = await planning({
      repository,
      reader,
      kinds: workplace.kinds,
      configuration: workplace.configuration,
      options: planOptionsFrom(argv, workplace, terminal.now()),
      ...(argv.reason === undefined ? {} : { reason: argv.reason }),
      now: terminal.now,
      version,
      onProgress: progress.capture,
    });
    progress.stop();
    const { plan, ref } = planned;
    try {
      if (argv.format === 'table' && !(argv.quiet && argv.yes)) await showPlan(plan, argv, workplace.kinds, terminal);
      if (plan.blockers.length > 0) throw planBlocked(plan);
      if (plan.steps.length === 0) {
        if (argv.format === 'json') await showPlan(plan, argv, workplace.kinds, terminal);
        return exitStatus.done.status;
      }
      if (!(await confirmed(plan, argv.yes, terminal))) {
        terminal.note('Nothing was changed.\n');
        return exitStatus.done.status;
      }
      // Only now is there anything that can write.
      const writer = await workplace.openWriter();
      try {
        const request = await applyRequest(workplace, { repository, reader, writer }, argv, terminal);
        return await sayApplied(await applyPlan(plan, { ...request, ...more }), argv, terminal);
      } finally {
        await writer.close();
      }
    } finally {
      await repository.forget(ref);
    }
  } finally {
    progress.stop();
    await reader.close();
    await repository.close();
  }
}
