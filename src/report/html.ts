// HTML: a sheet into one self-contained page with filter and search, readable in print and without script; data in it is text and nothing else.
import { createHash } from 'node:crypto';
import { hasMixedScripts, htmlText } from '../model/escape.ts';
import { kindOf } from '../model/ref.ts';
import { script, style } from './html-assets.ts';
import { type Closing, count, type Notice, type Sheet, type SheetItem, signWords } from './sheet.ts';
import { type DetailLine, detailGroups } from './value.ts';

export interface HtmlOptions {
  /** Most bytes of objects; beyond it they are counted and left out, for no browser is quick with more. Default 24 MiB. */
  readonly limit?: number;
}

const longestName = 300;
const longestValue = 4_000;
/** Lines of one attribute or link. */
const mostLines = 1_000;
/** Changes that may give access which are listed before all others. */
const mostAccess = 100;
/** With no more objects than this, all of them stand open. */
const mostOpen = 60;

/** Renders a sheet as a page. The objects are held up to the limit, for what may give access and the counts come before them. */
export async function* renderHtml(
  sheet: Sheet,
  { limit = 24 * 1024 * 1024 }: HtmlOptions = {},
): AsyncGenerator<string> {
  const kept: { kind: string; section: string; html: string }[] = [];
  const access: string[] = [];
  let accessCount = 0;
  let bytes = 0;
  let total = 0;
  for await (const item of sheet.items) {
    total += 1;
    if (item.access.length > 0) {
      accessCount += 1;
      if (access.length < mostAccess) access.push(`${item.sign} ${item.type} ${item.name}: ${item.access.join(', ')}`);
    }
    if (bytes > limit) continue;
    const html = itemHtml(item, sheet.actionHeading);
    bytes += html.length;
    if (bytes > limit) continue;
    kept.push({ kind: kindOf(item.ref), section: item.section, html });
  }
  const kinds = [...new Set(kept.map(({ kind }) => kind))];
  const notices = accessCount === 0 ? sheet.notices : [...sheet.notices, accessNotice(access, accessCount)];
  yield pageHead({ ...sheet, notices }, sheet.closing(), kinds, accessCount > 0, total - kept.length);
  const open = kept.length <= mostOpen;
  let section: string | undefined;
  for (const item of kept) {
    if (item.section !== section) yield `<h2>${htmlText(item.section)}</h2>\n`;
    section = item.section;
    yield open ? item.html.replace('<details ', '<details open ') : item.html;
  }
  yield `</main>\n<script>${script}</script>\n</body>\n</html>\n`;
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function pageHead(sheet: Sheet, closing: Closing, kinds: readonly string[], access: boolean, cut: number): string {
  const policy = `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`;
  const facts = sheet.facts.map(
    ([label, text]) => `<dt>${htmlText(label)}</dt><dd>${htmlText(text, longestValue)}</dd>`,
  );
  const title = htmlText(sheet.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<dl>${facts.join('')}</dl>
${sheet.notices.map(noticeHtml).join('\n')}
${closing.sentences.map((sentence) => `<p><strong>${htmlText(sentence)}</strong></p>`).join('\n')}
${cut === 0 ? '' : `<p class="warning"><strong>${count(cut, 'object')} left out here to keep the page readable; the counts are of the whole.</strong></p>`}
${countsHtml(closing)}
</header>
${kinds.length === 0 ? '' : filtersHtml(kinds, access)}
<main>
`;
}

function accessNotice(lines: readonly string[], total: number): Notice {
  const more = total > lines.length ? [`… and ${total - lines.length} more`] : [];
  return { tone: 'warning', heading: `${count(total, 'change')} may give somebody access`, lines: [...lines, ...more] };
}

function noticeHtml({ tone, heading, lines }: Notice): string {
  const items = lines.map((line) => `<li>${htmlText(line, longestValue)}</li>`).join('');
  return `<section class="${tone}"><h2>${htmlText(heading)}</h2><ul>${items}</ul></section>`;
}

function countsHtml({ headings, rows }: Closing): string {
  if (rows.length === 0) return '';
  const cells = rows.map(
    ([name, ...numbers]) =>
      `<tr><th scope="row">${htmlText(name)}</th>${numbers.map((number) => `<td>${number}</td>`).join('')}</tr>`,
  );
  const heads = headings.map((heading) => `<th scope="col">${htmlText(heading)}</th>`).join('');
  return `<table><thead><tr>${heads}</tr></thead><tbody>${cells.join('')}</tbody></table>`;
}

function filtersHtml(kinds: readonly string[], access: boolean): string {
  const options = kinds.map((kind) => `<option>${htmlText(kind)}</option>`).join('');
  const operations = Object.values(signWords)
    .map((word) => `<option>${word}</option>`)
    .join('');
  return `<form id="filters" role="search" hidden>
<label>Search <input id="search" type="search" autocomplete="off"></label>
<label>Kind <select id="kind"><option value="">all</option>${options}</select></label>
<label>Change <select id="operation"><option value="">all</option>${operations}</select></label>
${access ? '<label><input id="access" type="checkbox"> may give access</label>' : ''}
<output id="shown"></output>
</form>`;
}

function itemHtml(item: SheetItem, actionHeading: string): string {
  const word = signWords[item.sign];
  const former = item.formerName === undefined ? '' : ` <small>was ${htmlText(item.formerName, longestName)} ·</small>`;
  const mixed = hasMixedScripts(item.name) ? ' <small class="warning">mixed scripts</small>' : '';
  const marks = [
    ...(item.action === '' ? [] : [`${actionHeading}: ${item.action}`]),
    count(item.attributes.length, 'attribute'),
    count(item.links.length, 'link'),
    ...item.marks,
  ];
  const access = item.access
    .map((name) => ` <small class="warning">may give access: ${htmlText(name)}</small>`)
    .join('');
  const because = item.because === undefined ? '' : `<p>${htmlText(item.because, longestValue)}</p>`;
  const by = (item.by ?? []).map((line) => `<p>${htmlText(line, longestValue)}</p>`).join('');
  return `<details class="item" data-kind="${htmlText(kindOf(item.ref))}" data-operation="${word}"${item.access.length > 0 ? ' data-access="yes"' : ''}>
<summary><span class="sign ${word}" title="${word}">${htmlText(item.sign)}</span> <b>${htmlText(item.name, longestName)}</b>${former}${mixed} <small>${marks.map((mark) => htmlText(mark)).join(' · ')}</small>${access}</summary>
<p><code>${htmlText(item.ref)}</code>${item.ref.endsWith(`/${item.id}`) ? '' : ` <code>${htmlText(item.id)}</code>`}</p>${by}${because}
${detailsHtml(item)}</details>
`;
}

function detailsHtml(item: SheetItem): string {
  const rows = [...detailGroups(item)].map(([path, lines]) => {
    const shown = lines.slice(0, mostLines).map(lineHtml);
    if (lines.length > mostLines) shown.push(`<li>… and ${lines.length - mostLines} more</li>`);
    return `<tr><th scope="row">${htmlText(path, longestName)}</th><td><ul>${shown.join('')}</ul></td></tr>`;
  });
  return rows.length === 0 ? '' : `<table class="changes"><tbody>${rows.join('\n')}</tbody></table>\n`;
}

function lineHtml({ pieces }: DetailLine): string {
  const said = pieces.map(({ mark, text }) => {
    const shown = htmlText(text, longestValue);
    return mark === 'added' ? `<ins>${shown}</ins>` : mark === 'removed' ? `<del>${shown}</del>` : shown;
  });
  return `<li>${said.join('')}</li>`;
}
