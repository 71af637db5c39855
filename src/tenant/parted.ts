// Parted pages: a page's bytes object by object, so that an object that came in the same bytes before is neither decoded nor parsed again.
import { isAscii } from 'node:buffer';
import { hash } from 'node:crypto';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { keyText } from './collections.ts';
import { parseStrictly } from './strict-json.ts';

/** What the objects of a page are recognized by. */
export interface Recognizer {
  /** What an object is made of, as a text: of its bytes, of which this is a digest, and of what came before the page. */
  contentOf(id: string, digest: string): string;
  recognizes(key: string, content: string): boolean;
}

export interface Parted {
  /** Keys of the objects that were recognized; the page's body does not have them. */
  readonly recognized: readonly string[];
  /** What each of the other objects is made of; undefined where its id does not stand where it is looked for. */
  readonly contents: readonly (string | undefined)[];
}

const listBegin = Buffer.from('"value":[');
const idBegin = Buffer.from('"id":"');
const listEnd = Buffer.from('}]');
const idLength = 36;
/** So many times the text of an object is taken further; a page of larger objects is parsed as a whole. */
const mostLonger = 50;
const [brace, colon, quote] = [...Buffer.from('{:"')] as [number, number, number];

/**
 * Reads a page whose objects all begin with the same member. It is taken apart where one object ends and the next begins; each part is parsed by
 * itself, and strictly what stands around them: if all of them are JSON, the page is the list of them, and no key of the page can stand in an object.
 * Undefined for every other text, which is to be parsed as a whole.
 */
export function parseParted(
  bytes: Buffer,
  recognizer: Recognizer,
): { readonly body: Json; readonly parted: Parted } | undefined {
  const begin = bytes.indexOf(listBegin) + listBegin.length;
  const end = bytes.lastIndexOf(listEnd) + 1;
  const around = begin < listBegin.length || end <= begin ? undefined : aroundOf(bytes, begin, end);
  if (around === undefined) return undefined;
  const items: JsonObject[] = [];
  const recognized: string[] = [];
  const contents: (string | undefined)[] = [];
  const textOf = textsOf(bytes);
  const endOf = endsOf(bytes, begin, end);
  for (let from = begin; from < end; ) {
    const id = idIn(bytes, from, end);
    let to = endOf(from);
    let content: string | undefined;
    let item: Json | undefined;
    // An object may hold others that begin as it does: then its text goes on. No whole object is the beginning of another one's text.
    for (let longer = 0; ; longer += 1, to = endOf(to)) {
      content = id && recognizer.contentOf(id, hash('sha256', bytes.subarray(from, to), 'base64url'));
      if (id !== undefined && recognizer.recognizes(keyText(id), content!)) break;
      item = parsed(textOf(from, to), JSON.parse);
      if (isObject(item)) break;
      if (to >= end || longer === mostLonger) return undefined;
    }
    if (isObject(item)) {
      items.push(item);
      contents.push(item.id === id ? content : undefined);
    } else recognized.push(keyText(id!));
    from = to + 1;
  }
  return { body: { ...around, value: items }, parted: { recognized, contents } };
}

/** The members of the page beside its list, which must be its own and begins and ends there. */
function aroundOf(bytes: Buffer, begin: number, end: number): JsonObject | undefined {
  const before = bytes.subarray(1, begin - listBegin.length);
  if (bytes[0] !== brace || before.includes(brace)) return undefined;
  const around = parsed(bytes.toString('utf8', 0, begin) + bytes.toString('utf8', end), parseStrictly);
  return isObject(around) && isArray(around.value) && around.value.length === 0 ? around : undefined;
}

/** Where the text of an object may end that is not over at a place: before the next one that begins as the first one does, or with the list. */
function endsOf(bytes: Buffer, begin: number, end: number): (from: number) => number {
  const name = bytes.indexOf(colon, begin);
  const between = Buffer.concat([Buffer.from('},'), bytes.subarray(begin, name + 1)]);
  return (from) => {
    const next = bytes.indexOf(between, from);
    return next < 0 || next >= end ? end : next + 1;
  };
}

/** The text between two places: of ASCII, a part of one text that is made when it is asked for, which costs less than many. */
function textsOf(bytes: Buffer): (from: number, to: number) => string {
  let whole: string | undefined;
  const plain = isAscii(bytes);
  return (from, to) => {
    if (!plain) return bytes.toString('utf8', from, to);
    whole ??= bytes.toString('latin1');
    return whole.slice(from, to);
  };
}

/** The first id that stands in an object, where it is as long as a GUID. */
function idIn(bytes: Buffer, from: number, to: number): string | undefined {
  const at = bytes.indexOf(idBegin, from) + idBegin.length;
  if (at < idBegin.length || at + idLength >= to || bytes[at + idLength] !== quote) return undefined;
  return bytes.toString('latin1', at, at + idLength);
}

function parsed(text: string, parse: (text: string) => Json): Json | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
