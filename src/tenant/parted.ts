// Parted pages: a page's bytes object by object, so that an object that came in the same bytes before is neither decoded nor parsed again.
import { isAscii } from 'node:buffer';
import { hash } from 'node:crypto';
import { equal, isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { keyText } from './collections.ts';
import { parseStrictly } from './strict-json.ts';

/** What the objects of a page are recognized by. */
export interface Recognizer {
  /** What an object is made of, as a text: of its bytes, of which this is a digest, and of what came before the page. */
  contentOf(id: string, digest: string): string;
  recognizes(key: string, content: string): boolean;
}

/** Some objects of a page, in its order. */
export interface Slice {
  readonly items: readonly JsonObject[];
  /** What each of the items is made of; undefined where its id does not stand where it is looked for. */
  readonly contents: readonly (string | undefined)[];
  /** Keys of the objects that were recognized; they are not among the items. */
  readonly recognized: readonly string[];
  /** The page has no more. */
  readonly last: boolean;
}

/** A page whose objects are parsed when they are asked for. */
export interface Parted {
  /** The page without its objects: its list is empty. */
  readonly around: JsonObject;
  /** The objects, once. Throws {@link Torn}. */
  readonly slices: Iterable<Slice>;
}

/** After some of its objects were given it turned out that the page is not what it seemed to be. */
export class Torn extends Error {}

const listBegin = Buffer.from('"value":[');
const idBegin = Buffer.from('"id":"');
const listEnd = Buffer.from('}]');
const idLength = 36;
/** So many times the text of an object is taken further; a page of larger objects is parsed as a whole. */
const mostLonger = 50;
/** Objects of a slice: so few that they are garbage again while they are young. */
const sliceLength = 100;
/** Bytes that are made into a text at a time: few enough for V8's heap of young objects; many objects, because many texts would cost more. */
const windowLength = 2 ** 16;
const [brace, colon, quote] = [...Buffer.from('{:"')] as [number, number, number];

/**
 * Reads a page whose objects all begin with the same member. It is taken apart where one object ends and the next begins; each part is parsed by
 * itself, and strictly what stands around them: if all of them are JSON, the page is the list of them, and no key of the page can stand in an
 * object. From a part on that is none, what `parseWhole` gives is the page: no whole object is the beginning of another one's text, so that those
 * that were given are its first ones. Undefined for a text that is to be parsed as a whole at once.
 */
export function parseParted(
  bytes: Buffer,
  recognizer: Recognizer,
  parseWhole: () => Json | undefined,
): Parted | undefined {
  const begin = bytes.indexOf(listBegin) + listBegin.length;
  const end = bytes.lastIndexOf(listEnd) + 1;
  const around = begin < listBegin.length || end <= begin ? undefined : aroundOf(bytes, begin, end);
  const whole = () => wholeOf(around!, parseWhole);
  return around && { around, slices: slicesOf(bytes, begin, end, recognizer, whole) };
}

/** The objects of the page as a whole, which must be around them what was taken for it. */
function wholeOf(around: JsonObject, parseWhole: () => Json | undefined): readonly JsonObject[] {
  let page: Json | undefined;
  try {
    page = parseWhole();
  } catch (error) {
    throw new Torn('no page', { cause: error });
  }
  if (!isObject(page) || !isArray(page.value) || !page.value.every(isObject) || !equal({ ...page, value: [] }, around))
    throw new Torn('another page');
  return page.value as readonly JsonObject[];
}

function* slicesOf(
  bytes: Buffer,
  begin: number,
  end: number,
  recognizer: Recognizer,
  whole: () => readonly JsonObject[],
): Generator<Slice> {
  const textOf = textsOf(bytes);
  const endOf = endsOf(bytes, begin, end);
  let given = 0;
  for (let from = begin; from < end; ) {
    const items: JsonObject[] = [];
    const recognized: string[] = [];
    const contents: (string | undefined)[] = [];
    for (; from < end && items.length + recognized.length < sliceLength; given += 1) {
      const id = idIn(bytes, from, end);
      let to = endOf(from);
      let content: string | undefined;
      let item: Json | undefined;
      // An object may hold others that begin as it does: then its text goes on.
      for (let longer = 0; ; longer += 1, to = endOf(to)) {
        content = id && recognizer.contentOf(id, hash('sha256', bytes.subarray(from, to), 'base64url'));
        if (id !== undefined && recognizer.recognizes(keyText(id), content!)) break;
        item = parsed(textOf(from, to), JSON.parse);
        if (isObject(item)) break;
        if (to < end && longer < mostLonger) continue;
        yield { items, contents, recognized, last: false };
        const rest = whole().slice(given);
        yield { items: rest, contents: rest.map(() => undefined), recognized: [], last: true };
        return;
      }
      if (isObject(item)) {
        items.push(item);
        contents.push(item.id === id ? content : undefined);
      } else recognized.push(keyText(id!));
      from = to + 1;
    }
    yield { items, contents, recognized, last: from >= end };
  }
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

/** The text between two places, which is asked for in their order: of ASCII, a part of the text of a window. */
function textsOf(bytes: Buffer): (from: number, to: number) => string {
  const plain = isAscii(bytes);
  let window = '';
  let begin = 0;
  return (from, to) => {
    if (!plain || to - from > windowLength) return bytes.toString('utf8', from, to);
    if (from < begin || to > begin + window.length) {
      begin = from;
      window = bytes.toString('latin1', from, from + windowLength);
    }
    return window.slice(from - begin, to - begin);
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
