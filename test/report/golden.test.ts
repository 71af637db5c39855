// One report in every format, as it was when somebody looked at it: test/report/golden.
import { describe, expect, it } from 'vitest';
import {
  renderCsv,
  renderHtml,
  renderJson,
  renderMarkdown,
  renderNdjson,
  renderText,
  sheetOf,
} from '../../src/report/index.ts';
import { actors, headerWithActors, pairs, sample, textOf } from './sample.ts';

/** The part of the sample that somebody is said to have changed, and one object of which nobody is. */
const attributed = () => sample([...pairs.slice(0, 5), pairs[8]!], headerWithActors, (ref) => actors[ref] ?? []);
/** The same where the log could not be read. */
const unattributed = () => {
  const { actors: asked, ...header } = headerWithActors;
  const reason = 'Graph answers 403 to GET /auditLogs/directoryAudits. The token lacks AuditLog.Read.All.';
  return sample([pairs[8]!], { ...header, actors: { ...asked!, status: 'forbidden', reason } });
};

const forms: Record<string, () => AsyncIterable<string>> = {
  'table-80.txt': () => renderText(sheetOf(sample()), { columns: 80, colour: false, details: false }),
  'table-140.txt': () => renderText(sheetOf(sample()), { columns: 140, colour: false, details: false }),
  'details-80.txt': () => renderText(sheetOf(sample()), { columns: 80, colour: false, details: true }),
  'details-colour.txt': () => renderText(sheetOf(sample()), { columns: 100, colour: true, details: true }),
  'report.md': () => renderMarkdown(sheetOf(sample()), { limit: 64_000 }),
  'report-cut.md': () => renderMarkdown(sheetOf(sample()), { limit: 4_000, whole: 'the artifact driftline-report' }),
  'report.json': () => renderJson(sample()),
  'report.ndjson': () => renderNdjson(sample()),
  'report.html': () => renderHtml(sheetOf(sample())),
  'report.csv': () => renderCsv(sheetOf(sample())),
  'actors-80.txt': () => renderText(sheetOf(attributed()), { columns: 80, colour: false, details: false }),
  'actors.md': () => renderMarkdown(sheetOf(attributed()), { limit: 64_000 }),
  'actors.json': () => renderJson(attributed()),
  'actors.ndjson': () => renderNdjson(attributed()),
  'actors.html': () => renderHtml(sheetOf(attributed())),
  'actors.csv': () => renderCsv(sheetOf(attributed())),
  'actors-unknown.txt': () => renderText(sheetOf(unattributed()), { columns: 80, colour: false, details: false }),
  'nothing.txt': () => renderText(sheetOf(sample([])), { columns: 80, colour: false, details: false }),
};

describe('the golden files', () => {
  for (const [name, render] of Object.entries(forms))
    it(`${name} is what the sample renders to`, async () => {
      await expect(await textOf(render())).toMatchFileSnapshot(`golden/${name}`);
    });
});
