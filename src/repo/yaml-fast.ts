// A fast guess: the text of a file as Driftline writes it in, its JSON value out; only emitting it again proves the guess.
import type { Json } from '../model/json.ts';
import { deepest } from './yaml-emit.ts';

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/;

/**
 * Reads the form that yaml-emit.ts writes, and nothing else, without looking at what cannot occur in it. The value is right if emitting it
 * gives the text again; where it does not, or where this gives undefined, the file is not in our form and the `yaml` package must read it.
 */
export function guess(text: string): Json | undefined {
  if (!text.endsWith('\n')) return undefined;
  const reader = new Guess(text);
  try {
    const value = reader.block(0, 0);
    return reader.at === text.length ? value : undefined;
  } catch (error) {
    if (error instanceof NotOurs || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class NotOurs extends Error {}

class Guess {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The mapping or sequence whose first key or dash stands at `at`, and whose further lines are indented by `indent`. */
  block(indent: number, depth: number): Json {
    if (depth > deepest) throw new NotOurs();
    const first = this.#text.charCodeAt(this.at);
    return first === 0x2d && this.#text.charCodeAt(this.at + 1) === 0x20
      ? this.#sequence(indent, depth)
      : this.#mapping(indent, depth);
  }

  #sequence(indent: number, depth: number): Json {
    const text = this.#text;
    const items: Json[] = [];
    do {
      if (text.charCodeAt(this.at) !== 0x2d || text.charCodeAt(this.at + 1) !== 0x20) throw new NotOurs();
      this.at += 2;
      items.push(this.#startsBlock() ? this.block(indent + 2, depth + 1) : this.#scalar());
    } while (this.#next(indent));
    return items;
  }

  /** After a dash: does a mapping or a sequence follow on the same line, and not a scalar? */
  #startsBlock(): boolean {
    const text = this.#text;
    const first = text.charCodeAt(this.at);
    if (first === 0x2d) return text.charCodeAt(this.at + 1) === 0x20;
    const end = text.indexOf('\n', this.at);
    if (first === 0x22) {
      const close = this.#closingQuote();
      return text.charCodeAt(close + 1) === 0x3a;
    }
    const colon = text.indexOf(':', this.at);
    return colon !== -1 && colon < end;
  }

  #mapping(indent: number, depth: number): Json {
    const text = this.#text;
    const value: Record<string, Json> = {};
    do {
      const name = this.#key();
      let member: Json;
      if (text.charCodeAt(this.at) === 0x20) {
        this.at += 1;
        member = this.#scalar();
      } else {
        if (!this.#next(indent + 2)) throw new NotOurs();
        member = this.block(indent + 2, depth + 1);
      }
      if (name === '__proto__')
        Object.defineProperty(value, name, { value: member, enumerable: true, configurable: true, writable: true });
      else value[name] = member;
    } while (this.#next(indent));
    return value;
  }

  /** The key at `at`; leaves `at` behind its colon. */
  #key(): string {
    const start = this.at;
    if (this.#text.charCodeAt(start) === 0x22) {
      const close = this.#closingQuote();
      if (this.#text.charCodeAt(close + 1) !== 0x3a) throw new NotOurs();
      this.at = close + 2;
      return JSON.parse(this.#text.slice(start, close + 1)) as string;
    }
    const colon = this.#text.indexOf(':', start);
    if (colon <= start) throw new NotOurs();
    this.at = colon + 1;
    return this.#text.slice(start, colon);
  }

  #closingQuote(): number {
    const text = this.#text;
    for (let at = this.at + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 0x5c) at += 1;
      else if (code === 0x22) return at;
      else if (code === 0x0a) break;
    }
    throw new NotOurs();
  }

  /** The scalar from `at` to the end of the line; leaves `at` at the line's end. */
  #scalar(): Json {
    const end = this.#text.indexOf('\n', this.at);
    const text = this.#text.slice(this.at, end);
    this.at = end;
    const first = text.charCodeAt(0);
    if (first === 0x22) return JSON.parse(text) as string;
    if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return NUMBER.test(text) ? Number(text) : text;
    return words.get(text) ?? this.#plainOrEmpty(text);
  }

  #plainOrEmpty(text: string): Json {
    if (text === '[]') return [];
    if (text === '{}') return {};
    return text === 'null' ? null : text;
  }

  /** Is the next line indented by exactly this much? If so, go to its first character, else stay (at the end: behind the last line). */
  #next(indent: number): boolean {
    const text = this.#text;
    if (this.at === text.length) return false;
    if (text.charCodeAt(this.at) !== 0x0a) throw new NotOurs();
    let at = this.at + 1;
    while (text.charCodeAt(at) === 0x20) at += 1;
    if (at - this.at - 1 !== indent || at === text.length) {
      if (at === text.length) this.at = at;
      return false;
    }
    this.at = at;
    return true;
  }
}

const words: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['true', true],
  ['false', false],
]);
