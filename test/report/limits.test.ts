// Reports of great size: cut on row borders, counted whole, what may give access first (trust.md 3: rows 37, 84, 85).
import { describe, expect, it } from 'vitest';
import {
  commentLimit,
  renderHtml,
  renderMarkdown,
  renderText,
  type Sheet,
  type SheetItem,
  summaryLimit,
} from '../../src/report/index.ts';
import { id, textOf } from './sample.ts';

const item = (number: number): SheetItem => ({
  sign: '~',
  section: 'groups',
  name: `Group ${number} | renamed`,
  type: 'group',
  ref: `groups/${id(number)}`,
  id: id(number),
  action: 'update',
  marks: ['native'],
  access: number === 99_999 ? ['privilegedGroup'] : [],
  attributes: [{ path: 'displayName', before: `Group ${number}`, after: `Group ${number} | renamed` }],
  links: [],
});

function sheetOf(count: number, make = item): Sheet {
  return {
    title: 'Difference',
    facts: [],
    notices: [],
    actionHeading: 'To go back',
    items: (async function* () {
      for (let at = 0; at < count; at += 1) yield make(at);
    })(),
    closing: () => ({
      sentences: [`${count} objects differ.`],
      headings: ['Kind', 'Created', 'Updated', 'Deleted'],
      rows: [['groups', 0, count, 0]],
    }),
  };
}

describe('a difference of 100,000 objects', () => {
  for (const limit of [commentLimit, summaryLimit])
    it(`fits ${limit} bytes of Markdown: counts and access first, whole rows, and a note of what was cut`, async () => {
      const text = await textOf(renderMarkdown(sheetOf(100_000), { limit, whole: 'the artifact driftline-report' }));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
      expect(Buffer.byteLength(text)).toBeGreaterThan(limit * 0.9);
      expect(text.indexOf('100000 objects differ.')).toBeLessThan(200);
      expect(text.indexOf('1 change may give somebody access')).toBeLessThan(1_000);
      expect(text).toContain('99999');
      const rows = text.match(/^\| <code>&#126;<\/code> \| .* \| update \| 1 \| 0 \| native \|$/gm) ?? [];
      const cut = Number(/not shown here: (\d+) of 100000 objects/.exec(text)?.[1]);
      expect(rows.length + cut).toBe(100_000);
      expect(text.trimEnd().endsWith('The whole report: the artifact driftline-report')).toBe(true);
      expect(text.match(/<details/g)?.length).toBe(text.match(/<\/details>/g)?.length);
    });

  it('says in the last lines of the table what may give access', async () => {
    const text = await textOf(renderText(sheetOf(100_000), { columns: 80, colour: false, details: false }));
    expect(text.split('\n').slice(-10).join('\n')).toContain('~ group Group 99999 | renamed: privilegedGroup');
  });

  it('leaves out of the page what no browser would be quick with, and says so', async () => {
    const html = await textOf(renderHtml(sheetOf(100_000), { limit: 1_000_000 }));
    const shown = html.match(/<details class="item"/g)?.length ?? 0;
    expect(shown).toBeGreaterThan(500);
    expect(html).toContain(`${100_000 - shown} objects left out here`);
  });
});

describe('one object of great size', () => {
  const huge = (): SheetItem => ({
    ...item(1),
    attributes: [{ path: 'description', before: 'a'.repeat(1_000_000), after: 'b'.repeat(1_000_000) }],
    links: Array.from({ length: 100_000 }, (_, at) => ({
      link: 'members',
      operation: 'add' as const,
      target: `users/${id(at)}` as const,
      targetName: `User ${at}`,
      targetType: 'user',
    })),
  });

  it('is cut with its length and digest, and its links counted', async () => {
    const text = await textOf(renderText(sheetOf(1, huge), { columns: 80, colour: false, details: true }));
    expect(text.length).toBeLessThan(20_000);
    expect(text).toMatch(/1000000 characters, SHA-256 [0-9a-f]{12}/);
    expect(text).toContain('99900 more');
    const markdown = await textOf(renderMarkdown(sheetOf(1, huge), { limit: commentLimit }));
    expect(markdown).toContain('99970 more');
    expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(commentLimit);
  });
});
