// Text: a sheet into aligned lines for a terminal, as wide as it is told, coloured only when told.
import { styleText } from 'node:util';
import { hasMixedScripts, inertInLog, terminalText } from '../model/escape.ts';
import { type Closing, count, type Notice, type Sheet, type SheetItem, type Sign } from './sheet.ts';
import { type DetailLine, detailGroups } from './value.ts';
import { fitted, widthOf, wrapped } from './width.ts';

export interface TextOptions {
  readonly columns: number;
  readonly colour: boolean;
  /** Every attribute and link, not only their numbers. */
  readonly details: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** Narrower terminals than this are written to as if they had it. */
const leastColumns = 60;
/** From this width on an object's id stands in its line; below, in a line of its own. */
const oneLineColumns = 122;
const longestName = 200;
const longestValue = 400;
/** Lines of one attribute or link that are written for one object. */
const mostLines = 100;
/** Access-giving items that are said again at the end, where the eye is when it is done. */
const mostAccess = 40;

const signStyles: Readonly<Record<Sign, Style>> = {
  '+': 'green',
  '~': 'yellow',
  '-': 'red',
  '^': 'cyan',
  '*': 'magenta',
};
const markStyles: Readonly<Record<string, Style | undefined>> = { added: 'green', removed: 'red' };

/** Renders a sheet line by line; nothing of it is kept but what may give access, which is said again at the end. */
export async function* renderText(sheet: Sheet, options: TextOptions): AsyncGenerator<string> {
  const page = new Page(options);
  yield page.head(sheet);
  const access: SheetItem[] = [];
  let accessCount = 0;
  let section: string | undefined;
  for await (const item of sheet.items) {
    if (section === undefined) yield page.headings(sheet.actionHeading);
    if (item.section !== section) yield page.section(item);
    section = item.section;
    if (item.access.length > 0) {
      accessCount += 1;
      if (access.length < mostAccess) access.push({ ...item, attributes: [], links: [] });
    }
    yield page.item(item);
  }
  yield page.access(access, accessCount);
  yield page.closing(sheet.closing(), section === undefined);
}

/** One page: the widths and the styles, and each part of a sheet as lines. */
class Page {
  readonly #options: TextOptions;
  readonly #columns: number;
  readonly #name: number;
  readonly #wide: boolean;

  constructor(options: TextOptions) {
    this.#options = options;
    this.#columns = Math.max(options.columns, leastColumns);
    this.#wide = this.#columns >= oneLineColumns;
    // Sign, action, counts and marks take 48 columns, the id 38 more.
    this.#name = Math.min(60, this.#columns - 48 - (this.#wide ? 38 : 0));
  }

  #style(style: Style, text: string): string {
    return this.#options.colour ? styleText(style, text, { validateStream: false }) : text;
  }

  head({ title, facts, notices }: Sheet): string {
    const width = Math.max(...facts.map(([label]) => label.length + 1), 6);
    const lines = [
      this.#style('bold', title),
      ...facts.flatMap(([label, text]) =>
        this.#wrap(terminalText(text), `  ${label.padEnd(width)}`, ' '.repeat(width + 2)),
      ),
      '',
      ...notices.flatMap((notice) => this.#notice(notice)),
    ];
    return block(lines);
  }

  #notice({ tone, heading, lines }: Notice): string[] {
    return [
      this.#style(tone === 'warning' ? ['bold', 'yellow'] : 'bold', heading),
      ...lines.flatMap((line) => this.#wrap(terminalText(line), '  ', '    ')),
      '',
    ];
  }

  headings(action: string): string {
    const line = this.#row(' ', 'Name', 'Id', action, 'Attr', 'Links', 'Marks');
    return block([this.#style('bold', line.trimEnd())]);
  }

  section({ section }: SheetItem): string {
    return block([this.#style('dim', terminalText(section))]);
  }

  item(item: SheetItem): string {
    const former = item.formerName === undefined ? '' : ` (was ${terminalText(item.formerName, longestName)})`;
    const mixed = hasMixedScripts(item.name) ? ' (mixed scripts)' : '';
    const shown = `${terminalText(item.name, longestName)}${mixed}${former}`;
    const row = this.#row(
      item.sign,
      fitted(shown, this.#name),
      item.id,
      item.action,
      String(item.attributes.length),
      String(item.links.length),
      item.marks.join(', '),
    ).trimEnd();
    const lines = [row.replace(item.sign, (sign) => this.#style(signStyles[item.sign], sign))];
    if (widthOf(shown) > this.#name && this.#options.details) lines.push(...this.#wrap(shown, '     ', '     '));
    const below: string[] = this.#wide ? [] : [terminalText(item.id, longestName)];
    if (item.access.length > 0) below.push(`may give access: ${item.access.join(', ')}`);
    if (item.because !== undefined) below.push(terminalText(item.because, longestValue));
    if (below.length > 0)
      lines.push(...this.#wrap(below.join('; '), '   ', '     ').map((line) => this.#style('dim', line)));
    for (const line of item.by ?? []) lines.push(...this.#wrap(terminalText(line, longestValue), '   ', '     '));
    if (this.#options.details) lines.push(...this.#details(item));
    return block(lines);
  }

  #details(item: SheetItem): string[] {
    return [...detailGroups(item)].flatMap(([path, lines]) => this.#group(terminalText(path, longestName), lines));
  }

  /** One line where one says it all, else the path and the lines below it. */
  #group(path: string, lines: readonly DetailLine[]): string[] {
    const [first] = lines;
    if (lines.length === 1 && first !== undefined) return [`     ${first.sign} ${path}: ${this.#pieces(first)}`];
    const shown = lines.slice(0, mostLines).map((line) => `       ${line.sign} ${this.#pieces(line)}`);
    if (lines.length > mostLines)
      shown.push(`       … and ${lines.length - mostLines} more, which --format json says all`);
    return [`     ${path}:`, ...shown];
  }

  #pieces({ pieces }: DetailLine): string {
    const styled = pieces.map(({ mark, text }) => {
      const shown = terminalText(text, longestValue);
      const style = markStyles[mark];
      // Without colour the marks of git's word diff say what changed inside a line; a line that has one piece says it by its sign.
      if (style === undefined || (pieces.length === 1 && !this.#options.colour)) return shown;
      if (this.#options.colour) return this.#style(style, shown);
      return pieces.some((piece) => piece.text === ' → ') ? shown : mark === 'added' ? `{+${shown}+}` : `[-${shown}-]`;
    });
    return inertInLog(styled.join(''));
  }

  access(items: readonly SheetItem[], total: number): string {
    if (total === 0) return '';
    return block([
      '',
      this.#style(['bold', 'yellow'], `${count(total, 'change')} may give somebody access:`),
      ...items.flatMap((item) =>
        this.#wrap(
          `${item.sign} ${item.type} ${terminalText(item.name, longestName)}: ${item.access.join(', ')}`,
          '  ',
          '    ',
        ),
      ),
      ...(total > items.length ? [`  … and ${total - items.length} more`] : []),
    ]);
  }

  closing({ sentences, headings, rows }: Closing, empty: boolean): string {
    const width = Math.max(...[headings[0] ?? '', ...rows.map(([name]) => name)].map((name) => name.length));
    const cells = (row: readonly (string | number)[]) =>
      row
        .map((cell, at) =>
          at === 0 ? String(cell).padEnd(width) : String(cell).padStart((headings[at]?.length ?? 0) + 2),
        )
        .join('');
    const table = rows.length < 2 ? [] : [this.#style('bold', cells(headings)), ...rows.map(cells), ''];
    return block([...(empty ? [] : ['']), ...table, ...sentences.flatMap((sentence) => this.#wrap(sentence, '', ''))]);
  }

  #row(
    sign: string,
    name: string,
    id: string,
    action: string,
    attributes: string,
    links: string,
    marks: string,
  ): string {
    const gap = ' '.repeat(Math.max(0, this.#name - widthOf(name)));
    return [
      ` ${sign} ${name}${gap}`,
      ...(this.#wide ? [fitted(terminalText(id, longestName), 36).padEnd(36)] : []),
      action.padEnd(10),
      attributes.padStart(5),
      links.padStart(6),
      marks,
    ].join('  ');
  }

  #wrap(text: string, first: string, rest: string): string[] {
    return wrapped(text, this.#columns - rest.length).map((line, at) => `${at === 0 ? first : rest}${line}`);
  }
}

function block(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
