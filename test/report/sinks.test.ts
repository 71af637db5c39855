// Every renderer on reports full of nasty tokens: whoever shows the output, nothing of the tenant's acts (trust.md 2.1, P19).
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import type { Link } from '../../src/model/entity.ts';
import type { Json } from '../../src/model/json.ts';
import type { Report } from '../../src/model/report.ts';
import {
  renderCsv,
  renderHtml,
  renderJson,
  renderMarkdown,
  renderNdjson,
  renderText,
  sheetOf,
} from '../../src/report/index.ts';
import { invisible, nastyText } from '../support/nasty.ts';
import { commandsIn } from '../support/runner.ts';
import { entity, header, id, sample, textOf } from './sample.ts';

const nasty = fc.record({
  names: fc.tuple(nastyText, nastyText, nastyText),
  value: nastyText,
  // A member with an @ is an annotation of OData, which no canonical form holds.
  member: nastyText.map((text) => text.replaceAll('@', '')),
  reason: nastyText,
});
type Nasty = typeof nasty extends fc.Arbitrary<infer Value> ? Value : never;

/** A report of one shape whose every text of the tenant is the given one: two such reports differ in text and in nothing else. */
function reportOf({ names, value, member, reason }: Nasty): Report {
  const [one, two, three] = names;
  const target: Link[] = [{ target: `users/${id(1)}` }];
  const policy = (state: string, rest: { [name: string]: Json }) =>
    entity(`conditionalAccessPolicies/${id(30)}`, { displayName: one, state, conditions: rest });
  return sample(
    [
      [policy('enabled', { a: value }), policy('disabled', { a: `${value} changed`, [`m${member}`]: value })],
      [undefined, entity(`groups/${id(11)}`, { displayName: two, description: value }, { members: target })],
      [
        entity(`users/${id(3)}`, { displayName: three, otherMails: [value] }),
        entity(`users/${id(3)}`, { displayName: `${three}x`, otherMails: [`${value}y`] }),
      ],
    ],
    {
      ...header,
      from: { ...header.from, ref: reason },
      coverage: [{ kind: 'users', from: 'complete', to: 'partial', reason }],
      actors: { status: 'partial', from: header.from.at, to: header.to.at, reason },
    },
    () => [
      {
        activityDateTime: '2026-11-22T23:00:59Z',
        activityDisplayName: one,
        initiatedBy: { user: { displayName: two, userPrincipalName: three, ipAddress: value } },
        result: reason,
        resultReason: value,
        correlationId: member,
      },
      {
        activityDateTime: '2026-11-22T23:00:59Z',
        activityDisplayName: value,
        initiatedBy: { app: { displayName: one, appId: two } },
        result: 'success',
      },
    ],
  );
}

const plain: Nasty = { names: ['one', 'two', 'three'], value: 'value', member: 'member', reason: 'reason' };
const runs = { numRuns: 100 };
const sheet = (parts: Nasty) => sheetOf(reportOf(parts));

function elements(node: DefaultTreeAdapterTypes.Node, found: string[] = []): string[] {
  if ('tagName' in node) {
    const attributes = node.attrs.map(({ name }) => name).sort();
    found.push(`${node.tagName}[${attributes.join(' ')}]`);
  }
  if ('childNodes' in node) for (const child of node.childNodes) elements(child, found);
  return found;
}

function texts(node: DefaultTreeAdapterTypes.Node): string {
  if (node.nodeName === '#text') return (node as DefaultTreeAdapterTypes.TextNode).value;
  return 'childNodes' in node ? node.childNodes.map(texts).join('') : '';
}

describe('the table for terminals', () => {
  it('prints nothing that a terminal or a runner obeys but its own colours', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, fc.boolean(), async (parts, colour) => {
        const text = await textOf(renderText(sheet(parts), { columns: 80, colour, details: true }));
        const uncoloured = colour ? text.replace(/\x1b\[\d+m/g, '') : text;
        for (const line of uncoloured.split('\n')) expect(invisible.test(line)).toBe(false);
        expect(commandsIn(uncoloured)).toEqual([]);
      }),
      runs,
    );
  });
});

describe('Markdown', () => {
  const markdown = (parts: Nasty) => textOf(renderMarkdown(sheet(parts), { limit: 64_000 }));
  const parsers: Record<string, (text: string) => string> = {
    'micromark with GFM': (text) =>
      micromark(text, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] }),
    'markdown-it': (text) => new MarkdownIt({ html: true, linkify: true }).render(text),
  };
  for (const [name, render] of Object.entries(parsers))
    it(`has in ${name} the elements of its own form and no other`, async () => {
      const expected = elements(parse(render(await markdown(plain))));
      expect(expected.filter((element) => element.startsWith('td')).length).toBeGreaterThan(20);
      await fc.assert(
        fc.asyncProperty(nasty, async (parts) => {
          const text = await markdown(parts);
          expect(commandsIn(text)).toEqual([]);
          // A value may be said by its changed words, and a name be marked for its scripts: those add marks of ours, and cells never.
          const own = (found: string[]) => found.filter((element) => !/^(ins|del|code)\[\]$/.test(element));
          const tree = parse(render(text));
          expect(own(elements(tree))).toEqual(own(expected));
          expect(invisible.test(texts(tree).replaceAll('\n', ''))).toBe(false);
        }),
        runs,
      );
    });
});

describe('the HTML page', () => {
  const page = (parts: Nasty) => textOf(renderHtml(sheet(parts)));
  const own = (found: string[]) => found.filter((element) => !/^(ins|del)\[\]$|^small\[class\]$/.test(element));

  it('has the elements of its template and no other, whatever the tenant says', async () => {
    const expected = own(elements(parse(await page(plain))));
    await fc.assert(
      fc.asyncProperty(nasty, async (parts) => {
        const html = await page(parts);
        expect(own(elements(parse(html)))).toEqual(expected);
        expect(commandsIn(html)).toEqual([]);
      }),
      runs,
    );
  });

  it('allows by its policy its own style and script, by their hashes, and nothing else', async () => {
    const html = await page(plain);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
    const hash = (tag: string) => {
      const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html)?.[1] ?? '';
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    };
    expect(policy).toBe(
      `default-src 'none'; style-src ${hash('style')}; script-src ${hash('script')}; base-uri 'none'; form-action 'none'`,
    );
    expect(html).not.toMatch(/https?:|\ssrc=|\shref=|\son[a-z]+=|\sstyle=/);
  });
});

describe('CSV', () => {
  it('has the same fields in every line, none of them a formula', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (parts) => {
        const lines = (await textOf(renderCsv(sheet(parts)))).split('\r\n').slice(0, -1);
        for (const line of lines) {
          const fields = line.match(/"(?:[^"]|"")*"/g) ?? [];
          expect(fields.join(',')).toBe(line);
          expect(fields.length).toBe(17);
          for (const field of fields) expect(field.slice(1)).not.toMatch(/^[=+\-@|%\t\r]/);
        }
        expect(commandsIn(lines.join('\n'))).toEqual([]);
      }),
      runs,
    );
  });
});

describe('JSON', () => {
  it('is exact, says the same in one value and in lines, and bears nothing that acts', async () => {
    await fc.assert(
      fc.asyncProperty(nasty, async (parts) => {
        const json = await textOf(renderJson(reportOf(parts)));
        const lines = (await textOf(renderNdjson(reportOf(parts)))).trimEnd().split('\n');
        const value = JSON.parse(json) as { changes: { displayName: string }[] };
        const [head, ...rest] = lines.map((line) => JSON.parse(line) as object);
        expect({ ...head, changes: rest.slice(0, -1), ...rest.at(-1) }).toEqual(value);
        expect(value.changes.map(({ displayName }) => displayName)).toContain(parts.names[0]);
        expect(invisible.test(json.replaceAll('\n', ''))).toBe(false);
        expect(commandsIn(json)).toEqual([]);
        expect(commandsIn(lines.join('\n'))).toEqual([]);
      }),
      runs,
    );
  });
});
