// Strict JSON: the text of an answer into a value, refusing what JSON.parse would silently lose (a key given twice).
import type { Json } from '../model/json.ts';

/** Names whose second appearance in one object would hide what the first one said: a page's items, where it goes on, a batch's answers. */
const watched = ['value', '@odata.nextLink', '@odata.deltaLink', 'responses', 'body', 'id', 'status'] as const;
const masks = new Map<string, number>(watched.map((name, at) => [name, 1 << at]));

/** `"value":` before anything but a text (also with escaped letters), as it stands once in an ordinary page. */
const collections = /"(?:v|\\u0076)(?:a|\\u0061)(?:l|\\u006[cC])(?:u|\\u0075)(?:e|\\u0065)"\s*:\s*(?!["\s])/g;

/** Parses a text. SyntaxError for what is not JSON, and for a page or batch in which a watched key stands twice. */
export function parseStrictly(text: string): Json {
  const value = JSON.parse(text) as Json;
  if (mayRepeat(text)) refuseRepeatedKeys(text);
  return value;
}

/** The cheap look: pages without a second candidate, which is nearly all of them, are not scanned. */
function mayRepeat(text: string): boolean {
  const twice = (name: string) => text.indexOf(name, text.indexOf(name) + 1) > text.indexOf(name);
  if (twice('"@odata.nextLink"') || twice('"@odata.deltaLink"') || text.includes('"responses"')) return true;
  collections.lastIndex = 0;
  return collections.test(text) && collections.test(text);
}

/** Walks the structure of a text that is known to be JSON. */
function refuseRepeatedKeys(text: string): void {
  const seen: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7b) seen.push(0);
    else if (code === 0x5b) seen.push(-1);
    else if (code === 0x7d || code === 0x5d) seen.pop();
    else if (code === 0x22) {
      const end = endOfText(text, at);
      const depth = seen.length - 1;
      if (seen[depth] !== -1 && isKey(text, end + 1)) {
        const name = JSON.parse(text.slice(at, end + 1)) as string;
        const mask = masks.get(name) ?? 0;
        if ((seen[depth]! & mask) !== 0) throw new SyntaxError(`the key "${name}" stands twice in one object`);
        seen[depth]! |= mask;
      }
      at = end;
    }
  }
}

function endOfText(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes += 1;
  return slashes % 2 === 1;
}

function isKey(text: string, from: number): boolean {
  let at = from;
  while (/\s/.test(text.charAt(at))) at += 1;
  return text.charAt(at) === ':';
}
