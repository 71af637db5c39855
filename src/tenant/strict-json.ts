// Strict JSON: the text of an answer into a value, refusing what JSON.parse would silently lose (a key given twice).
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';

/** Names whose second appearance in one object would hide what the first one said: a page's items, where it goes on, a batch's answers. */
const watched = ['value', '@odata.nextLink', '@odata.deltaLink', 'responses', 'body', 'id', 'status'] as const;
const masks = new Map<string, number>(watched.map((name, at) => [name, 1 << at]));

/** Parses a text. SyntaxError for what is not JSON, and for a page or batch in which a watched key stands twice in one object. */
export function parseStrictly(text: string): Json {
  const value = JSON.parse(text) as Json;
  if (mayRepeat(text, value)) refuseRepeatedKeys(text);
  return value;
}

/** The cheap look: where the text has no more such keys than what came of it, which is nearly always, it is not scanned. */
function mayRepeat(text: string, value: Json): boolean {
  const bodies = bodiesIn(value);
  const seen = { value: 0, responses: 0, '@odata.nextLink': 0 };
  // One pass for all of them: looking for each by itself costs half as much as parsing does.
  for (const [, name, first] of text.matchAll(WATCHED))
    if (first !== '"' || name === '@odata.nextLink') seen[name as keyof typeof seen] += 1;
  const has = (name: keyof typeof seen) =>
    bodies.filter((body) => body[name] !== undefined && (name === '@odata.nextLink' || typeof body[name] !== 'string'))
      .length;
  return (
    // An ASCII letter (or @ or a dot) that is written as an escape may hide a key.
    (text.includes('\\u00') && /\\u00(2e|4[0-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])/i.test(text)) ||
    (Object.keys(seen) as (keyof typeof seen)[]).some((name) => seen[name] > has(name))
  );
}

/** Such a name as a key, and the first character of its value. */
const WATCHED = /"(value|responses|@odata\.nextLink)"[ \t\r\n]*:[ \t\r\n]*(.)/gs;

/** The object itself and the bodies of a batch's answers. */
function bodiesIn(value: Json): JsonObject[] {
  if (!isObject(value)) return [];
  const responses = isArray(value.responses) ? value.responses.filter(isObject) : [];
  return [value, ...responses.map(({ body }) => body).filter(isObject)];
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
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
  while (isBlank(text.charCodeAt(at))) at += 1;
  return text.charAt(at) === ':';
}
