// Each sink's escaping, on the nasty tokens: what is shown is inert, and what is data is exact.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  csvField,
  hasMixedScripts,
  htmlText,
  inertInLog,
  jsonText,
  markdownText,
  terminalText,
  visible,
} from '../../src/model/escape.ts';
import { invisible, nastyText } from '../support/nasty.ts';
import { commandsIn } from '../support/runner.ts';

const many = { numRuns: 5000 };

describe('escaping', () => {
  it('lets nothing through that is not plainly visible', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        for (const shown of [visible(text), terminalText(text), markdownText(text), htmlText(text), csvField(text)])
          expect(invisible.test(shown)).toBe(false);
      }),
      many,
    );
    expect(visible('a\u202eb\u{e0041}\ud800')).toBe('a\\u{202e}b\\u{e0041}\\u{d800}');
  });

  it('leaves no command for a runner, in either spelling', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        for (const line of [terminalText(text), csvField(text), htmlText(text), markdownText(text), jsonText([text])])
          expect(commandsIn(line)).toEqual([]);
      }),
      many,
    );
    expect(commandsIn('  ::add-mask::e')).not.toEqual([]);
    expect(commandsIn('x ##[add-path]x')).not.toEqual([]);
  });

  it('leaves an address range as it is, to be copied', () => {
    expect(inertInLog('2001:db8::/32')).toBe('2001:db8::/32');
    expect(inertInLog('::1/128')).toBe(': :1/128');
  });

  it('leaves no special character of HTML', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        expect(htmlText(text).replace(/&#\d+;/g, '')).not.toMatch(/[&<>"'`=/]/);
      }),
      many,
    );
  });

  it('makes no formula of a CSV field, and one field of it', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const field = csvField(text);
        expect(field).toMatch(/^"(?:[^"]|"")*"$/s);
        expect(field.slice(1)).not.toMatch(/^[=+\-@|%\t\r]/);
      }),
      many,
    );
    expect(csvField('\tx')).toBe('"\'\\u{9}x"');
  });

  it('keeps JSON exact while its bytes are inert', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        for (const json of [jsonText({ [text]: text }), jsonText({ [text]: text }, 2)]) {
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [text]: text })));
          expect(invisible.test(json.replaceAll('\n', ''))).toBe(false);
          expect(json).not.toMatch(/</);
        }
      }),
      many,
    );
  });

  it('cuts by code points and says how long it was, with a digest that tells two long texts apart', () => {
    const long = `${'😀'.repeat(500)}a`;
    expect(visible(long, 10)).toMatch(/^(?:😀){10}… \(501 characters, SHA-256 [0-9a-f]{12}\)$/u);
    expect(visible(long, 10)).not.toBe(visible(`${'😀'.repeat(500)}b`, 10));
    expect(visible('😀'.repeat(10), 10)).toBe('😀'.repeat(10));
    expect(visible('x'.repeat(1_000_000), 80).length).toBeLessThan(200);
  });

  it('tells names whose words mix look-alike scripts', () => {
    expect(hasMixedScripts('Glоbal Admin')).toBe(true);
    expect(hasMixedScripts('Global Admin')).toBe(false);
    expect(hasMixedScripts('Иван Smith')).toBe(false);
    expect(hasMixedScripts('Zoë 漢字')).toBe(false);
  });
});
