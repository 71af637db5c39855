// Markdown: a sheet into a pull-request comment or step summary: what must be known first, counts, what may give access, then the rest, cut to fit.
import { hasMixedScripts, markdownText } from '../model/escape.ts';
import { type Closing, count, type Sheet, type SheetItem, signWords } from './sheet.ts';
import { type DetailLine, detailGroups } from './value.ts';

export interface MarkdownOptions {
  /** Most bytes of UTF-8. A comment of GitHub takes 65,536 characters, a step summary 1 MiB; what is larger is dropped there, silently. */
  readonly limit: number;
  /** Where the whole report is, said where something is cut: an address that we made, or words. */
  readonly whole?: string;
}

/** A comment of GitHub, and the room that a caller may want around the report. */
export const commentLimit = 64_000;
/** A step summary of GitHub Actions, likewise. */
export const summaryLimit = 1_000_000;

const longestName = 80;
const longestValue = 160;
/** Of who did it. */
const longestLine = 320;
/** Lines of one attribute or link. */
const mostLines = 30;
/** Part of the room that the list of what may give access takes at the most. */
const accessShare = 0.3;
/** Room that the note on what was cut and the last line take. */
const noteRoom = 1_000;

interface Row {
  readonly section: string;
  readonly text: string;
}

/** Pieces that are kept up to so many bytes, and how many there were in all. */
class Pile<Item extends { readonly text: string }> {
  readonly kept: Item[] = [];
  total = 0;
  #bytes = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(item: Item): void {
    this.total += 1;
    this.#bytes += bytesOf(item.text);
    if (this.#bytes <= this.#limit) this.kept.push(item);
  }
}

/** Renders a sheet as one text that fits the limit. Rows are left out whole, and how many were is said. */
export async function* renderMarkdown(sheet: Sheet, { limit, whole }: MarkdownOptions): AsyncGenerator<string> {
  const access = new Pile<Row>(limit * accessShare);
  const rows = new Pile<Row>(limit);
  const details = new Pile<Row>(limit);
  for await (const item of sheet.items) {
    const { section } = item;
    if (item.access.length > 0) access.add({ section, text: accessRow(item) });
    rows.add({ section, text: itemRow(item) });
    if (item.attributes.length + item.links.length > 0) details.add({ section, text: itemDetails(item) });
  }
  const page = new Room(limit - noteRoom);
  page.take(head(sheet, sheet.closing()));
  if (access.total > 0) {
    const lead = `### ${count(access.total, 'change')} may give somebody access\n\n| | Type | Name | May give |\n|---|---|---|---|\n`;
    page.table(lead, access.kept, '\n');
  }
  let shown = 0;
  for (const members of sections(rows.kept)) {
    const summary = `<summary><b>${markdownText(members[0]!.section)}</b></summary>`;
    const lead = `<details open>${summary}\n\n| | Name | Id | ${sheet.actionHeading} | Attributes | Links | |\n|---|---|---|---|---:|---:|---|\n`;
    const taken = page.table(lead, members, '\n</details>\n\n');
    shown += taken;
    if (taken < members.length) break;
  }
  let detailed = 0;
  if (details.total > 0 && shown === rows.total && page.take('### Every change\n\n'))
    for (const { text } of details.kept) if (page.take(text)) detailed += 1;
  yield page.text + cutNote({ shown, rows: rows.total, detailed, details: details.total, whole });
}

/** What has been written, and whether more fits. */
class Room {
  text = '';
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  take(text: string): boolean {
    const bytes = bytesOf(text);
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    this.text += text;
    return true;
  }

  /** A table with as many of the rows as fit; returns how many. */
  table(lead: string, rows: readonly Row[], tail: string): number {
    const first = rows[0];
    if (first === undefined || bytesOf(lead) + bytesOf(first.text) + bytesOf(tail) > this.#left) return 0;
    this.#left -= bytesOf(tail);
    this.take(lead);
    let taken = 0;
    for (const { text } of rows) {
      if (!this.take(text)) break;
      taken += 1;
    }
    this.text += tail;
    return taken;
  }
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

function head({ title, facts, notices }: Sheet, { sentences, headings, rows }: Closing): string {
  const lines = [
    `## ${title}`,
    '',
    ...facts.map(([label, text]) => `- **${label}:** ${markdownText(text, 400)}`),
    '',
    ...notices.flatMap(({ tone, heading, lines: said }) => [
      `**${tone === 'warning' ? '⚠️ ' : ''}${heading}**`,
      '',
      ...said.slice(0, 50).map((line) => `- ${markdownText(line, 400)}`),
      ...(said.length > 50 ? [`- … and ${said.length - 50} more`] : []),
      '',
    ]),
    ...sentences.flatMap((sentence) => [`**${sentence}**`, '']),
  ];
  if (rows.length > 0)
    lines.push(
      `| ${headings.join(' | ')} |`,
      `|---|${'---:|'.repeat(headings.length - 1)}`,
      ...rows.map(([name, ...numbers]) => `| ${markdownText(name)} | ${numbers.join(' | ')} |`),
      '',
    );
  return `${lines.join('\n')}\n`;
}

function nameText({ name, formerName }: SheetItem): string {
  const former = formerName === undefined ? '' : ` (was ${markdownText(formerName, longestName)})`;
  return `${markdownText(name, longestName)}${hasMixedScripts(name) ? ' (mixed scripts)' : ''}${former}`;
}

function signText({ sign }: SheetItem): string {
  return `<code>${sign === '+' ? '&#43;' : sign === '-' ? '&#45;' : sign === '~' ? '&#126;' : sign === '^' ? '&#94;' : '&#42;'}</code>`;
}

function accessRow(item: SheetItem): string {
  return `| ${signText(item)} | ${markdownText(item.type)} | ${nameText(item)} | ${item.access.join(', ')} |\n`;
}

function itemRow(item: SheetItem): string {
  const because = item.because === undefined ? '' : `: ${markdownText(item.because, longestValue)}`;
  const by = (item.by ?? []).map((line) => `<br>${markdownText(line, longestLine)}`).join('');
  return `| ${[
    signText(item),
    `${nameText(item)}${by}`,
    markdownText(item.id, longestName),
    `${item.action}${because}`,
    item.attributes.length,
    item.links.length,
    item.marks.join(', '),
  ].join(' | ')} |\n`;
}

function itemDetails(item: SheetItem): string {
  const rows = [...detailGroups(item)].map(([path, lines]) => {
    const shown = lines.slice(0, mostLines).map(lineText);
    if (lines.length > mostLines) shown.push(`… and ${lines.length - mostLines} more`);
    return `| ${markdownText(path, longestName)} | ${shown.join('<br>')} |\n`;
  });
  const title = `${signWords[item.sign]} ${markdownText(item.type)} ${nameText(item)}`;
  return `<details><summary>${title}</summary>\n\n| Attribute or link | Change |\n|---|---|\n${rows.join('')}\n</details>\n\n`;
}

function lineText({ sign, pieces }: DetailLine): string {
  const said = pieces.map(({ mark, text }) => {
    if (text === ' → ') return text;
    const shown = markdownText(text, longestValue);
    const tag = pieces.length === 1 ? undefined : { added: 'ins', removed: 'del', same: undefined }[mark];
    return tag === undefined ? shown : `<${tag}>${shown}</${tag}>`;
  });
  return `${sign === '~' ? '' : sign === '+' ? 'added ' : 'removed '}${said.join('')}`;
}

/** The rows of each section, in order. */
function sections(rows: readonly Row[]): Row[][] {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const members = found.get(row.section);
    if (members === undefined) found.set(row.section, [row]);
    else members.push(row);
  }
  return [...found.values()];
}

function cutNote(counts: {
  readonly shown: number;
  readonly rows: number;
  readonly detailed: number;
  readonly details: number;
  readonly whole: string | undefined;
}): string {
  const cut: string[] = [];
  if (counts.shown < counts.rows) cut.push(`${counts.rows - counts.shown} of ${count(counts.rows, 'object')}`);
  if (counts.detailed < counts.details)
    cut.push(`the attributes and links of ${count(counts.details - counts.detailed, 'object')}`);
  if (cut.length === 0) return '';
  const where = counts.whole === undefined ? 'The counts above are of the whole.' : `The whole report: ${counts.whole}`;
  return `**Cut to fit; not shown here: ${cut.join(' and ')}.** ${where}\n`;
}
