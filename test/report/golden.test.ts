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
import { sample, textOf } from './sample.ts';

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
  'nothing.txt': () => renderText(sheetOf(sample([])), { columns: 80, colour: false, details: false }),
};

describe('the golden files', () => {
  for (const [name, render] of Object.entries(forms))
    it(`${name} is what the sample renders to`, async () => {
      await expect(await textOf(render())).toMatchFileSnapshot(`golden/${name}`);
    });
});
