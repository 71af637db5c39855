// Escaping for each sink: a text of the tenant in, a text out that a terminal, Markdown, HTML, CSV, JSON or workflow log can only show.
import { createHash } from 'node:crypto';

/** What steers a terminal or hides from an eye: controls, formats, separators, private, unassigned, surrogates, and spaces that are not U+0020. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu;

/**
 * The text with every code point that is not plainly visible as `\u{…}` (trust.md 2.1), cut after `limit` code points with its full
 * length and the begin of its SHA-256 stated, so that two long texts that differ late still read as different.
 */
export function visible(text: string, limit = Number.POSITIVE_INFINITY): string {
  const { head, cut } = cutText(text, limit);
  return head.replace(invisible, (found) => `\\u{${found.codePointAt(0)!.toString(16)}}`) + cut;
}

function cutText(text: string, limit: number): { head: string; cut: string } {
  // A text has at most as many code points as UTF-16 units: the short ones need no counting.
  if (text.length <= limit) return { head: text, cut: '' };
  let end = 0;
  let length = 0;
  for (const character of text) {
    if (length < limit) end += character.length;
    length += 1;
  }
  if (length <= limit) return { head: text, cut: '' };
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { head: text.slice(0, end), cut: `… (${length} characters, SHA-256 ${digest})` };
}

/**
 * A text that is visible already, or a line around it, so that no runner of GitHub Actions reads a command in it: `##[name]` anywhere, and
 * `::name::value` at the begin of a line, are broken by a space. Commands are looked for in all that a step prints. A lone `::` that
 * does not lead stays, for it is most often an IPv6 range that somebody wants to copy.
 */
export function inertInLog(line: string): string {
  const shown = line.replace(/##(?=\[)/g, '# #');
  return /^\s*::|::.*::/su.test(shown) ? shown.replace(/:(?=:)/g, ': ') : shown;
}

/** A text for a terminal or a log: visible, and no command for a runner. Colour is put around it afterwards. */
export function terminalText(text: string, limit?: number): string {
  return inertInLog(visible(text, limit));
}

/**
 * A text for Markdown, as code: every ASCII character that is no letter or digit is a numeric entity, so that no table, link, mention,
 * image or raw HTML can come of it, whichever parser reads it (plain code spans fail on a backslash before a pipe). A space or hyphen
 * between two letters or digits means nothing to any of them and stays. Empty for an empty text.
 */
export function markdownText(text: string, limit?: number): string {
  const shown = visible(text, limit).replace(
    /(?![ -](?<=[A-Za-z0-9][ -])(?=[ -][A-Za-z0-9]))[\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]/g,
    entity,
  );
  return shown === '' ? '' : `<code>${shown}</code>`;
}

/** A text for HTML, in an element or a quoted attribute; nowhere else. */
export function htmlText(text: string, limit?: number): string {
  return visible(text, limit).replace(/[&<>"'`=/#:]/g, entity);
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

/** A field of CSV: always quoted, and never a formula for a spreadsheet. */
export function csvField(text: string): string {
  const shown = inertInLog(visible(text));
  const safe = /^[=+\-@|%\t\r]/.test(text) ? `'${shown}` : shown;
  return `"${safe.replace(/"/g, '""')}"`;
}

/**
 * A value as JSON whose bytes are as harmless as they are exact: what a terminal could obey is escaped and not replaced, `<` too
 * (a script element cannot end in it), and `##[` is no command.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000<]|#(?=#\[)/gu,
    (found) => [...Array(found.length).keys()].map((at) => unit(found.charCodeAt(at))).join(''),
  );
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

const latin = /\p{Script=Latin}/u;
const lookalike = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}]/u;

/** Does a word of the name mix Latin letters with those of a script that has the same shapes, as a forged name does? */
export function hasMixedScripts(name: string): boolean {
  return name.split(/[^\p{L}\p{M}]+/u).some((word) => latin.test(word) && lookalike.test(word));
}
