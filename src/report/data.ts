// Data: a report as JSON, as JSON lines, and as CSV; whole, streamed, and harmless to whatever shows it.
import { csvField, jsonText } from '../model/escape.ts';
import { keyOf, kindOf } from '../model/ref.ts';
import type { Report, ReportHeader } from '../model/report.ts';
import { type Sheet, signWords } from './sheet.ts';
import { valueText } from './value.ts';

/** The report as one JSON value (docs/diff.md). The summary, known last, stands last. */
export async function* renderJson(report: Report): AsyncGenerator<string> {
  yield `${jsonText(headOf(report), 2).slice(0, -2)},\n  "changes": [`;
  let separator = '\n    ';
  for await (const change of report.changes) {
    yield separator + jsonText(change, 2).replaceAll('\n', '\n    ');
    separator = ',\n    ';
  }
  yield `${separator === '\n    ' ? '' : '\n  '}],\n  "summary": ${jsonText(report.summary(), 2).replaceAll('\n', '\n  ')}\n}\n`;
}

function headOf({ header: { from, to, scope, coverage, actors, notices } }: Report): ReportHeader {
  return {
    from,
    to,
    scope,
    coverage,
    ...(actors === undefined ? {} : { actors }),
    ...(notices === undefined ? {} : { notices }),
  };
}

/**
 * The report as JSON lines: one with the header's members, one for each change, and `{"summary":…}`: what {@link renderJson} says, in
 * lines.
 */
export async function* renderNdjson(report: Report): AsyncGenerator<string> {
  yield `${jsonText(headOf(report))}\n`;
  for await (const change of report.changes) yield `${jsonText(change)}\n`;
  yield `${jsonText({ summary: report.summary() })}\n`;
}

const columns = [
  'kind',
  'type',
  'id',
  'displayName',
  'change',
  'action',
  'because',
  'marks',
  'access',
  'path',
  'before',
  'after',
  'linkChange',
  'target',
  'targetName',
  'targetType',
];

/** A sheet as CSV for a spreadsheet: a line for each attribute path and link, one for an object without any. */
export async function* renderCsv(sheet: Sheet): AsyncGenerator<string> {
  const headings = sheet.by ? [...columns, 'by'] : columns;
  const row = (fields: readonly string[], by = '') =>
    `${headings.map((_, at) => csvField(at < columns.length ? (fields[at] ?? '') : by)).join(',')}\r\n`;
  yield row(columns, 'by');
  for await (const item of sheet.items) {
    const object = [
      kindOf(item.ref),
      item.type,
      item.id,
      item.name,
      signWords[item.sign],
      item.action,
      item.because ?? '',
      item.marks.join(' '),
      item.access.join(' '),
    ];
    const by = item.by?.join('; ');
    for (const { path, before, after, names } of item.attributes)
      yield row(
        [
          ...object,
          path,
          before === undefined ? '' : valueText(before, names),
          after === undefined ? '' : valueText(after, names),
        ],
        by,
      );
    for (const { link, operation, target, targetName, targetType } of item.links)
      yield row([...object, link, '', '', operation, keyOf(target), targetName, targetType], by);
    if (item.attributes.length + item.links.length === 0) yield row(object, by);
  }
}
