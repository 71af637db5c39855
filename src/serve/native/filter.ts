// $filter: its text in, a test over plain objects out: comparisons, startswith, in, isof, and, or, not, parentheses.
import { isArray, type Json, type JsonObject } from '../../model/json.ts';
import { badRequest } from '../failure.ts';

type Test = (item: JsonObject) => boolean;

const token =
  /\s*(?:(?<text>'(?:[^']|'')*')|(?<sign>[(),])|(?<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))|(?<number>-?\d+(?:\.\d+)?)(?![\w-])|(?<word>\$it\b|[A-Za-z@_][\w.@/-]*|[0-9a-f-]{36}))/y;
/** Longer filters, or deeper ones, are nobody's question. */
const limits = { length: 4_000, depth: 20 };

/** Failure 400 where the text is no filter of this sort, saying where it stops being one. */
export function parseFilter(text: string): Test {
  if (text.length > limits.length) throw badRequest('$filter is too long.');
  return new Parser(tokens(text)).whole();
}

interface Token {
  readonly type: 'text' | 'sign' | 'time' | 'number' | 'word';
  readonly text: string;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  token.lastIndex = 0;
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(text);
    const [type, value] = Object.entries(match?.groups ?? {}).find(([, part]) => part !== undefined) ?? [];
    if (type === undefined || value === undefined)
      throw badRequest(`$filter is not understood at character ${at + 1}.`);
    found.push({ type: type as Token['type'], text: value });
  }
  return found;
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(list: readonly Token[]) {
    this.#tokens = list;
  }

  whole(): Test {
    const test = this.#either();
    if (this.#at < this.#tokens.length) throw this.#wrong();
    return test;
  }

  #wrong(): Error {
    const here = this.#tokens[this.#at]?.text ?? 'the end';
    return badRequest(`$filter is not understood at ${JSON.stringify(here.slice(0, 60))}.`);
  }

  #take(type: Token['type'], text?: string): string | undefined {
    const next = this.#tokens[this.#at];
    if (next?.type !== type || (text !== undefined && next.text !== text)) return undefined;
    this.#at += 1;
    return next.text;
  }

  #need(type: Token['type'], text?: string): string {
    const found = this.#take(type, text);
    if (found === undefined) throw this.#wrong();
    return found;
  }

  #either(): Test {
    this.#depth += 1;
    if (this.#depth > limits.depth) throw badRequest('$filter is nested too deeply.');
    const tests = [this.#all()];
    while (this.#take('word', 'or') !== undefined) tests.push(this.#all());
    this.#depth -= 1;
    return tests.length === 1 ? tests[0]! : (item) => tests.some((test) => test(item));
  }

  #all(): Test {
    const tests = [this.#one()];
    while (this.#take('word', 'and') !== undefined) tests.push(this.#one());
    return tests.length === 1 ? tests[0]! : (item) => tests.every((test) => test(item));
  }

  #one(): Test {
    if (this.#take('word', 'not') !== undefined) {
      const test = this.#one();
      return (item) => !test(item);
    }
    if (this.#take('sign', '(') !== undefined) {
      const test = this.#either();
      this.#need('sign', ')');
      return test;
    }
    const word = this.#need('word');
    if (word === 'isof') return this.#type();
    if (word === 'startswith') return this.#start();
    return this.#comparison(word);
  }

  /** `isof('microsoft.graph.entraRecoveryServices.recoveryJob')`, with or without `$it` before it. */
  #type(): Test {
    this.#need('sign', '(');
    if (this.#take('word', '$it') !== undefined) this.#need('sign', ',');
    const type = this.#take('text') ?? `'${this.#need('word')}'`;
    this.#need('sign', ')');
    const wanted = `#${type.slice(1, -1).replace(/^#/, '')}`;
    return (item) => item['@odata.type'] === wanted;
  }

  #start(): Test {
    this.#need('sign', '(');
    const name = this.#need('word');
    this.#need('sign', ',');
    const start = this.#value();
    this.#need('sign', ')');
    return (item) => {
      const value = property(item, name);
      return (
        typeof value === 'string' && typeof start === 'string' && value.toLowerCase().startsWith(start.toLowerCase())
      );
    };
  }

  #comparison(name: string): Test {
    const operator = this.#need('word');
    if (operator === 'in') {
      this.#need('sign', '(');
      const values = [this.#value()];
      while (this.#take('sign', ',') !== undefined) values.push(this.#value());
      this.#need('sign', ')');
      return (item) => values.some((value) => order(property(item, name), value) === 0);
    }
    const compare = comparisons[operator];
    if (compare === undefined) throw badRequest(`$filter has no operator ${JSON.stringify(operator.slice(0, 60))}.`);
    const value = this.#value();
    return (item) => compare(order(property(item, name), value));
  }

  #value(): Json {
    const text = this.#take('text');
    if (text !== undefined) return text.slice(1, -1).replaceAll("''", "'");
    const time = this.#take('time');
    if (time !== undefined) return time;
    const number = this.#take('number');
    if (number !== undefined) return Number(number);
    const word = this.#need('word');
    // A member of an enumeration with its type: microsoft.graph.entraRecoveryServices.recoveryStatus'successful'.
    const member = /^microsoft\.graph\./.test(word) ? this.#take('text') : undefined;
    if (member !== undefined) return member.slice(1, -1);
    return word === 'null' ? null : word === 'true' ? true : word === 'false' ? false : word;
  }
}

function property(item: JsonObject, name: string): Json {
  if (!Object.hasOwn(item, name))
    throw badRequest(`$filter: there is no property ${JSON.stringify(name.slice(0, 80))}.`);
  return item[name]!;
}

/** Below, at or above zero; NaN, which no operator but ne takes, for what cannot be compared. Times are compared as moments. */
function order(left: Json, right: Json): number {
  if (left === right) return 0;
  if (left === null || right === null || typeof left === 'boolean' || isArray(left)) return Number.NaN;
  if (typeof left === 'number') return left - Number(right);
  const [one, other] = [String(left), String(right)];
  if (/^\d{4}-\d\d-\d\dT/.test(one) && /^\d{4}-\d\d-\d\dT/.test(other)) return Date.parse(one) - Date.parse(other);
  return one < other ? -1 : one > other ? 1 : 0;
}
