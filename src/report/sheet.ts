// The sheet: what the renderers for people print, whatever it is of; a report becomes one here, a plan or a history elsewhere.
import { minuteText } from '../model/moment.ts';
import type { Ref } from '../model/ref.ts';
import type { Report, ReportAttribute, ReportChange, ReportLink, ReportSide, ReportSummary } from '../model/report.ts';
import { actorLines, actorsNotice } from './actors.ts';

/** What happens to an object: created, updated, deleted, taken back from the bin, made anew. */
export type Sign = '+' | '~' | '-' | '^' | '*';

/** The signs in words, and for machines. */
export const signWords: Readonly<Record<Sign, string>> = {
  '+': 'create',
  '~': 'update',
  '-': 'delete',
  '^': 'restore',
  '*': 'recreate',
};

export interface Notice {
  /** `warning` stands out. */
  readonly tone: 'warning' | 'plain';
  readonly heading: string;
  readonly lines: readonly string[];
}

/** One object. */
export interface SheetItem {
  readonly sign: Sign;
  /** The heading it stands under; items of one section follow each other. */
  readonly section: string;
  readonly name: string;
  readonly formerName?: string;
  readonly type: string;
  readonly ref: Ref;
  readonly id: string;
  /** One word under the sheet's heading for it: what is, or would be, done. */
  readonly action: string;
  readonly because?: string;
  /** Short words: `synced`, `native`. */
  readonly marks: readonly string[];
  /** What it may give access to: these items come first, or are said again at the end. */
  readonly access: readonly string[];
  /** Who is said to have done it, a line each. */
  readonly by?: readonly string[];
  readonly attributes: readonly ReportAttribute[];
  readonly links: readonly ReportLink[];
}

/** What is known at the end. */
export interface Closing {
  /** The counts in a sentence or two. */
  readonly sentences: readonly string[];
  readonly headings: readonly string[];
  readonly rows: readonly (readonly [string, ...number[]])[];
}

export interface Sheet {
  readonly title: string;
  readonly facts: readonly (readonly [label: string, text: string])[];
  /** What must be known first. */
  readonly notices: readonly Notice[];
  /** Its items say who did it, where that is known. */
  readonly by?: true;
  /** Heading over the items' `action`. */
  readonly actionHeading: string;
  /** Can be walked once. */
  readonly items: AsyncIterable<SheetItem>;
  /** Complete when the items have been walked to their end. */
  closing(): Closing;
}

/** A difference report as a sheet. */
export function sheetOf(report: Report): Sheet {
  const { from, to, scope, coverage, actors, notices = [] } = report.header;
  const missing = coverage.filter((kind) => kind.from !== 'complete' || kind.to !== 'complete');
  return {
    title: 'Difference',
    facts: [
      ['From', sideText(from)],
      ['To', sideText(to)],
      ['Scope', scope.refs?.join(', ') ?? scope.kinds?.join(', ') ?? 'everything'],
    ],
    notices: [
      ...(notices.length === 0 ? [] : [{ tone: 'warning' as const, heading: 'Know this first', lines: notices }]),
      ...(missing.length === 0
        ? []
        : [
            {
              tone: 'warning' as const,
              heading: 'Not read completely: what is missing here is not said to be deleted',
              lines: missing.map(
                ({ kind, from: before, to: after, reason }) =>
                  `${kind}: ${before === after ? after : `${before} in FROM, ${after} in TO`}${reason === undefined ? '' : `. ${reason}`}`,
              ),
            },
          ]),
      ...(actors === undefined ? [] : [{ tone: 'plain' as const, ...actorsNotice(actors) }]),
    ],
    ...(actors === undefined ? {} : { by: true }),
    actionHeading: 'To go back',
    items: itemsOf(report.changes),
    closing: () => closingOf(report.summary()),
  };
}

function sideText({ ref, commit, at }: ReportSide): string {
  const time = minuteText(at);
  if (commit === null || commit.startsWith(ref)) return `${commit === null ? ref : commit.slice(0, 12)}, ${time}`;
  return `${ref} (${commit.slice(0, 12)}), ${time}`;
}

async function* itemsOf(changes: AsyncIterable<ReportChange>): AsyncGenerator<SheetItem> {
  for await (const change of changes) yield itemOf(change);
}

const signs = { create: '+', update: '~', delete: '-' } as const;

/** One change as an item of a sheet. */
export function itemOf(change: ReportChange): SheetItem {
  return {
    sign: signs[change.operation],
    section: change.kind === change.type ? change.kind : `${change.kind} (${change.type})`,
    name: change.displayName,
    ...(change.formerName === undefined ? {} : { formerName: change.formerName }),
    type: change.type,
    ref: change.ref,
    id: change.id,
    action: change.recoveryAction,
    ...(change.because === undefined ? {} : { because: change.because }),
    marks: [...(change.synced ? ['synced'] : []), change.native ? 'native' : 'not native'],
    access: change.access ?? [],
    ...(change.actors === undefined ? {} : { by: actorLines(change) }),
    attributes: change.attributes,
    links: change.links,
  };
}

function closingOf({ objects, attributes, links, ignored, withheld, byKind }: ReportSummary): Closing {
  const operations = ['create', 'update', 'delete'] as const;
  const total = (operation: (typeof operations)[number]) =>
    Object.values(byKind).reduce((sum, counts) => sum + counts[operation], 0);
  const sentences = [
    objects === 0
      ? 'No differences.'
      : `${count(objects, 'object')} ${objects === 1 ? 'differs' : 'differ'} in ${count(attributes, 'attribute')} and ${count(links, 'link')}: ${total('create')} created, ${total('update')} updated, ${total('delete')} deleted.`,
  ];
  if (ignored > 0) sentences.push(`${count(ignored, 'difference')} ignored, as driftline.yaml says.`);
  if (withheld !== undefined)
    sentences.push(
      `${count(withheld, 'object')} missing from what could be read, and not counted: the kind was not read completely.`,
    );
  return {
    sentences,
    headings: ['Kind', 'Created', 'Updated', 'Deleted'],
    rows: Object.entries(byKind).map(([kind, counts]) => [kind, counts.create, counts.update, counts.delete] as const),
  };
}

/** `1 object`, `2 objects`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
