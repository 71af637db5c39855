// driftline history: the life of one object through all snapshots, attribute by attribute, newest first.
import { jsonText } from '../model/escape.ts';
import { minuteText } from '../model/moment.ts';
import type { Sheet, SheetItem } from '../report/index.ts';
import type { History, HistoryEntry } from '../verbs/history.ts';
import { command, workplaceFor } from './command.ts';

interface Arguments {
  readonly object: string;
  readonly from?: string | undefined;
  readonly limit?: number | undefined;
}

export const historyCommand = command<Arguments>({
  formats: ['ndjson'],
  options: (yargs) =>
    yargs
      .positional('object', {
        type: 'string',
        demandOption: true,
        describe: 'A ref (kind/id), an object id, or an exact display name',
      })
      .option('from', { type: 'string', describe: 'Where to start [default: the branch]', requiresArg: true })
      .option('limit', { type: 'number', describe: 'How many changes at the most', requiresArg: true }),
  async run(argv, terminal) {
    const workplace = workplaceFor(argv, terminal);
    const { history } = await import('../verbs/history.ts');
    const { renderText } = await import('../report/index.ts');
    const repository = await workplace.openRepository();
    try {
      const found = await history({
        repository,
        kinds: workplace.kinds,
        object: argv.object,
        among: argv.kind,
        from: argv.from,
        limit: argv.limit,
        now: terminal.now,
      });
      try {
        if (argv.format === 'json') {
          const entries: object[] = [];
          for await (const entry of found.entries) entries.push(dataOf(entry));
          await terminal.out(`${jsonText({ ref: found.ref, entries }, 2)}\n`);
        } else if (argv.format === 'ndjson')
          for await (const entry of found.entries) await terminal.out(`${jsonText(dataOf(entry))}\n`);
        else
          for await (const text of renderText(sheetOf(found), { ...terminal, details: true })) await terminal.out(text);
      } finally {
        await found.close();
      }
      return 0;
    } finally {
      await repository.close();
    }
  },
});

function dataOf({ commit, change }: HistoryEntry): object {
  const { operation, displayName, formerName, attributes, links } = change;
  const { id, at, subject } = commit;
  return { commit: id, at, subject, operation, displayName, formerName, attributes, links };
}

function sheetOf({ ref, entries }: History): Sheet {
  let count = 0;
  async function* items(): AsyncGenerator<SheetItem> {
    const { itemOf } = await import('../report/index.ts');
    for await (const { commit, change } of entries) {
      count += 1;
      const { because: _because, ...item } = itemOf(change);
      const section = `${minuteText(commit.at)}  ${commit.id.slice(0, 12)}  ${commit.subject}`;
      yield { ...item, section, action: '', marks: change.synced ? ['synced'] : [] };
    }
  }
  return {
    title: 'History',
    facts: [['Object', ref]],
    notices: [],
    actionHeading: '',
    items: items(),
    closing: () => ({
      sentences: [count === 0 ? 'No commit has it.' : `${count} ${count === 1 ? 'change' : 'changes'}, newest first.`],
      headings: [],
      rows: [],
    }),
  };
}
