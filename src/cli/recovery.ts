// What the commands of a recovery share: their options, showing a plan, asking before it is applied, and saying what came of it.
import { createInterface } from 'node:readline/promises';
import type { Argv } from 'yargs';
import { terminalText } from '../model/escape.ts';
import { type AccessClass, accessClasses, type Kinds } from '../model/kind.ts';
import { requireMoment } from '../model/moment.ts';
import {
  flagWords,
  type Plan,
  type PlanFlag,
  type PlanOptions,
  planFlagNames,
  planFlags,
  planOptions,
} from '../model/plan.ts';
import { exitStatus, Problem } from '../model/problem.ts';
import type { Repository } from '../model/repository.ts';
import type { RunRecord } from '../model/run.ts';
import type { TenantReader, TenantWriter } from '../model/tenant.ts';
import type { Applied, ApplyRequest } from '../verbs/apply.ts';
import { version } from '../version.ts';
import type { Workplace } from '../workplace.ts';
import type { CommonArguments } from './command.ts';
import { json } from './json.ts';
import { styled, type Terminal } from './terminal.ts';

export const planFormats = ['markdown', 'html', 'csv'];

/** Flags of a plan that an undo has no use for: it deletes what its run made, and nothing else. */
const deleteFlags: readonly PlanFlag[] = ['deleteNew', 'hardDelete'];
const guardFlags = planFlagNames.filter((name) => !deleteFlags.includes(name));

export interface GuardArguments {
  readonly 'allow-access'?: readonly string[] | undefined;
  readonly 'not-after'?: string | undefined;
  readonly reason?: string | undefined;
  readonly details: boolean;
}

/** The options that overrule guards; each stands in the plan. */
export function guardOptions(yargs: Argv): Argv {
  return flagOptions(yargs, guardFlags)
    .option('allow-access', {
      type: 'string',
      array: true,
      choices: [...accessClasses, 'all'],
      requiresArg: true,
      describe:
        'Let changes through that give this class of access (repeatable; all: every class, see docs/recovery.md)',
    })
    .option('not-after', {
      type: 'string',
      requiresArg: true,
      describe:
        'Of what gives access, only what was there at this time (UTC): 2026-11-20, 2026-11-20T14:00Z, yesterday',
    })
    .option('reason', { type: 'string', requiresArg: true, describe: 'Why; kept in the plan, the run and the commit' })
    .option('details', { type: 'boolean', default: false, describe: 'In the table, every attribute and link' });
}

/** The commit to go back to, and all that a plan may be told. */
export function goalOptions(yargs: Argv): Argv {
  return flagOptions(guardOptions(yargs), deleteFlags).positional('commit', {
    type: 'string',
    demandOption: true,
    describe: 'Commit, branch, tag or date (@2026-11-20)',
  });
}

/** Single objects of the scope; `--kind` is there for every command. */
export const idOption = {
  type: 'string',
  array: true,
  requiresArg: true,
  describe: 'Only this object (repeatable): an id, a ref, or an exact display name',
} as const;

function flagOptions(yargs: Argv, names: readonly PlanFlag[]): Argv {
  for (const name of names)
    yargs.option(flagWords(name), { type: 'boolean', default: false, describe: planFlags[name] });
  return yargs;
}

/** What the words on the command line allow, together with what driftline.yaml always allows. */
export function planOptionsFrom(argv: GuardArguments, workplace: Workplace, now: Date): PlanOptions {
  const said = argv as unknown as Readonly<Record<string, unknown>>;
  const asked = argv['allow-access'] ?? [];
  return planOptions(
    {
      ...Object.fromEntries(planFlagNames.map((name) => [name, said[flagWords(name)] === true])),
      allowAccess: asked.includes('all') ? accessClasses : (asked as AccessClass[]),
      ...(argv['not-after'] === undefined ? {} : { notAfter: requireMoment('--not-after', argv['not-after'], now) }),
    },
    workplace.configuration.allowAccess,
  );
}

/** Writes a plan in the form asked for. */
export async function showPlan(
  plan: Plan,
  argv: Pick<CommonArguments, 'format'> & { readonly details: boolean },
  kinds: Kinds,
  terminal: Terminal,
): Promise<void> {
  const { planSheet } = await import('../verbs/plan-sheet.ts');
  const report = await import('../report/index.ts');
  const { printPlan } = await import('../plan/index.ts');
  const sheet = planSheet(plan, kinds);
  const forms: Record<string, () => AsyncIterable<string> | Iterable<string>> = {
    json: () => printPlan(plan),
    markdown: () => report.renderMarkdown(sheet, { limit: report.commentLimit }),
    html: () => report.renderHtml(sheet),
    csv: () => report.renderCsv(sheet),
  };
  const text = forms[argv.format] ?? (() => report.renderText(sheet, { ...terminal, details: argv.details }));
  for await (const piece of text()) await terminal.out(piece);
}

/** Asks on a terminal whether to go on. Problem `refused` where nobody can be asked and `--yes` was not given. */
export async function confirmed(plan: Plan, yes: boolean, terminal: Terminal): Promise<boolean> {
  if (yes) return true;
  if (!terminal.interactive || process.stdin.isTTY !== true)
    throw new Problem({
      kind: 'refused',
      summary: 'Nobody could be asked',
      detail: 'Applying a plan is confirmed on a terminal, or by --yes. Nothing was changed.',
      subject: `plan ${plan.digest.slice(0, 12)}`,
    });
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await ask.question(
      `Apply ${plan.steps.length} steps to ${terminalText(plan.tenant.displayName)} (${plan.tenant.tenantId})? Type yes: `,
      { signal: terminal.signal },
    );
    return answer.trim().toLowerCase() === 'yes';
  } finally {
    ask.close();
  }
}

/** Everything that applying needs, from the workplace. */
export async function applyRequest(
  workplace: Workplace,
  doors: { readonly repository: Repository; readonly reader: TenantReader; readonly writer: TenantWriter },
  argv: Pick<CommonArguments, 'quiet'>,
  terminal: Terminal,
): Promise<ApplyRequest> {
  const { setTimeout: wait } = await import('node:timers/promises');
  const { writingTo } = await import('../verbs/apply.ts');
  return {
    ...doors,
    ...writingTo(workplace.configuration),
    kinds: workplace.kinds,
    configuration: workplace.configuration,
    version,
    now: terminal.now,
    sleep: terminal.time?.sleep ?? ((milliseconds) => wait(milliseconds, undefined, { signal: terminal.signal })),
    signal: terminal.signal,
    onStep: (step, outcome, done, total) => {
      if (argv.quiet || (!terminal.interactive && outcome === 'done')) return;
      terminal.note(`${done}/${total}  ${outcome.padEnd(7)}  ${step.action} ${terminalText(step.displayName)}\n`);
    },
    onSecret: (step, secret) =>
      terminal.note(
        terminal.interactive
          ? `New password of ${terminalText(step.displayName)}, said once: ${secret}\n`
          : `${terminalText(step.displayName)} has a new password that nobody was told: set another one.\n`,
      ),
  };
}

/** Says what came of a run, and gives the exit status. */
export async function sayApplied(
  applied: Applied,
  argv: Pick<CommonArguments, 'format'>,
  terminal: Terminal,
): Promise<number> {
  const { record, commit } = applied;
  if (argv.format === 'json') await terminal.out(json({ ...record, commit: commit?.id ?? null }));
  else await terminal.out(runText(record, terminal));
  if (record.status === 'interrupted') {
    terminal.note('Stopped. What was done is in the journal: go on with driftline apply --resume.\n');
    return exitStatus.interrupted.status;
  }
  return record.status === 'complete' ? exitStatus.done.status : exitStatus.incomplete.status;
}

/** A run for a person. */
export function runText(record: RunRecord, terminal: Pick<Terminal, 'colour'>): string {
  const { done, refused, skipped, unknown } = record.counts;
  const lines = [
    `${styled(terminal, 'bold', `Run ${record.id}`)}  ${record.status}`,
    `  ${done} done, ${refused} refused, ${skipped} skipped, ${unknown} unknown; ${record.writes} writes; ${record.startedAt} to ${record.finishedAt}`,
    `  goal ${record.goal.slice(0, 12)}, before ${record.before.slice(0, 12)}${record.undoes === undefined ? '' : `, undoes ${record.undoes}`}${record.reason === undefined ? '' : `; ${terminalText(record.reason)}`}`,
  ];
  for (const { displayName, action, outcome, because } of record.failures)
    lines.push(`  ${outcome}: ${action} ${terminalText(displayName)}: ${terminalText(because)}`);
  const left = record.left.filter(({ byNature }) => !byNature);
  for (const { displayName, path, because } of left)
    lines.push(`  left: ${terminalText(`${displayName}${path === undefined ? '' : `, ${path}`}: ${because}`)}`);
  const byNature = record.left.length - left.length;
  if (byNature > 0)
    lines.push(
      `  ${byNature} attributes of objects that were made anew cannot be put back (ids, creation times, secrets).`,
    );
  if (record.refusals.length > 0) lines.push(`  ${record.refusals.length} changes were refused by the plan.`);
  return `${lines.join('\n')}\n`;
}
