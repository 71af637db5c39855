// driftline diff: what differs between two commits, or between a commit and the living tenant, in every form.
import { exitStatus } from '../model/problem.ts';
import type { TenantReader } from '../model/tenant.ts';
import type { Difference } from '../verbs/diff.ts';
import { version } from '../version.ts';
import { type CommonArguments, command, workplaceFor } from './command.ts';
import { watchProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

interface Arguments {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly id?: readonly string[] | undefined;
  readonly details: boolean;
  readonly actors: boolean;
  readonly 'exit-code': boolean;
  readonly 'max-bytes'?: number | undefined;
}

export const diffCommand = command<Arguments>({
  formats: ['markdown', 'html', 'csv', 'ndjson', 'patch'],
  options: (yargs) =>
    yargs
      .positional('from', { type: 'string', describe: 'Commit, branch, tag, date or live [default: the branch]' })
      .positional('to', { type: 'string', describe: 'Likewise [default: live]' })
      .option('id', {
        type: 'string',
        array: true,
        describe: 'Only this object (repeatable): an object id, a ref, or an exact display name',
        requiresArg: true,
      })
      .option('details', { type: 'boolean', default: false, describe: 'In the table, every attribute and link' })
      .option('actors', {
        type: 'boolean',
        default: false,
        describe: "Who made the changes, by the tenant's audit log",
      })
      .option('exit-code', { type: 'boolean', default: false, describe: 'End with 2 where there are differences' })
      .option('max-bytes', {
        type: 'number',
        describe: 'Cut Markdown to this size [default: 64000, a comment of GitHub]',
        requiresArg: true,
      }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { diff } = await import('../verbs/diff.ts');
    const progress = await watchProgress(argv, terminal);
    let reader: Promise<TenantReader> | undefined;
    const repository = await workplace.openRepository();
    try {
      const difference = await diff({
        repository,
        kinds: workplace.kinds,
        configuration: workplace.configuration,
        from: argv.from,
        to: argv.to,
        scope: { kinds: argv.kind, ids: argv.id },
        actors: argv.actors && argv.format !== 'patch',
        reader: () => {
          reader ??= workplace.openReader(progress.read);
          return reader;
        },
        now: terminal.now,
        version,
        onProgress: progress.capture,
        signal: terminal.signal,
      });
      progress.stop();
      try {
        for await (const text of rendered(difference, argv, terminal)) await terminal.out(text);
      } finally {
        await difference.close();
      }
      return statusOf(difference, argv['exit-code'], terminal);
    } finally {
      progress.stop();
      await (await reader?.catch(() => undefined))?.close();
      await repository.close();
    }
  },
});

async function* rendered(
  difference: Difference,
  argv: Arguments & Pick<CommonArguments, 'format'>,
  terminal: Terminal,
): AsyncGenerator<string> {
  const report = await import('../report/index.ts');
  const sheet = () => report.sheetOf(difference);
  const forms: Record<string, () => AsyncIterable<string>> = {
    table: () => report.renderText(sheet(), { ...terminal, details: argv.details }),
    json: () => report.renderJson(difference),
    ndjson: () => report.renderNdjson(difference),
    markdown: () => report.renderMarkdown(sheet(), { limit: argv['max-bytes'] ?? report.commentLimit }),
    html: () => report.renderHtml(sheet()),
    csv: () => report.renderCsv(sheet()),
    patch: () => patchText(difference, argv['exit-code']),
  };
  yield* forms[argv.format]!();
}

/** The patch as git gives it; where the status depends on it, the changes are walked too, for the ignore rules are not git's. */
async function* patchText(difference: Difference, counted: boolean): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of difference.patch()) yield decoder.decode(bytes, { stream: true });
  yield decoder.decode();
  if (counted) for await (const _ of difference.changes);
}

/** Differences that were asked for are an answer; "no difference" is one only if everything was read. */
function statusOf(difference: Difference, counted: boolean, terminal: Terminal): number {
  if (difference.incomplete.length > 0)
    terminal.note(
      `Not complete: ${difference.incomplete.join(', ')}. What could not be read is not compared; driftline doctor says what is missing.\n`,
    );
  if (counted && difference.summary().objects > 0) return exitStatus.differences.status;
  return difference.incomplete.length > 0 ? exitStatus.incomplete.status : exitStatus.done.status;
}
