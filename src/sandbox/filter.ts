// The text of a $filter in, a predicate over objects out, and whether it needs Graph's advanced query mode.
import { badRequest, GraphError, type GraphRecord, type Json } from './types.ts';

type Value = Json | undefined;
type Scope = (path: readonly string[]) => Value;
type Predicate = (scope: Scope) => Value;

export interface Filter {
  readonly matches: (object: GraphRecord) => boolean;
  /** `ne`, `not`, `endsWith`, `/$count`: only with `ConsistencyLevel: eventual` and `$count=true` (reference 1.4). */
  readonly advanced: boolean;
  /** First segments of the property paths it names. */
  readonly properties: readonly string[];
  /** The value where the filter is exactly `property eq 'value'`: such a filter can be answered from an index. */
  readonly equality: { readonly property: string; readonly value: string } | undefined;
}

interface Token {
  readonly kind: 'text' | 'literal' | 'name' | 'sign';
  readonly text: string;
}

const pattern =
  /\s*(?:'((?:[^']|'')*)'|([(),:])|(-?\d[\w:.+-]*)|([A-Za-z_@$][\w.@$]*(?:\/[A-Za-z_$][\w.$]*)*)|([0-9a-fA-F]{8}-[0-9a-fA-F-]{27}))/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) throw badRequest(`Invalid filter clause: Syntax error at position ${at} in '${text}'.`);
    const [, quoted, sign, number, name, guid] = match;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll("''", "'") });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else if (number !== undefined || guid !== undefined)
      tokens.push({ kind: 'literal', text: number ?? (guid as string) });
    else tokens.push({ kind: 'name', text: name as string });
  }
  return tokens;
}

const comparisons = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);

class Parser {
  readonly text: string;
  readonly tokens: Token[];
  readonly properties = new Set<string>();
  advanced = false;
  private at = 0;
  private readonly variables = new Set<string>();

  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
  }

  parse(): Predicate {
    const predicate = this.disjunction();
    if (this.peek()) this.fail();
    return predicate;
  }

  private peek(): Token | undefined {
    return this.tokens[this.at];
  }

  private fail(): never {
    throw badRequest(`Invalid filter clause: Syntax error at token '${this.peek()?.text ?? 'end'}' in '${this.text}'.`);
  }

  private take(text?: string): Token {
    const token = this.peek();
    if (!token || (text !== undefined && (token.kind === 'text' || token.text !== text))) this.fail();
    this.at++;
    return token as Token;
  }

  private word(text: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'name' || token.text !== text) return false;
    this.at++;
    return true;
  }

  private disjunction(): Predicate {
    let left = this.conjunction();
    while (this.word('or')) {
      const [one, other] = [left, this.conjunction()];
      left = (scope) => one(scope) === true || other(scope) === true;
    }
    return left;
  }

  private conjunction(): Predicate {
    let left = this.negation();
    while (this.word('and')) {
      const [one, other] = [left, this.negation()];
      left = (scope) => one(scope) === true && other(scope) === true;
    }
    return left;
  }

  private negation(): Predicate {
    if (!this.word('not')) return this.comparison();
    this.advanced = true;
    const inner = this.negation();
    return (scope) => inner(scope) !== true;
  }

  private comparison(): Predicate {
    const left = this.operand();
    const operator = this.peek();
    if (operator?.kind === 'name' && operator.text === 'in') {
      this.at++;
      this.take('(');
      const choices = [this.operand()];
      while (this.peek()?.text === ',') {
        this.at++;
        choices.push(this.operand());
      }
      this.take(')');
      return (scope) => choices.some((choice) => same(left(scope), choice(scope)));
    }
    if (operator?.kind !== 'name' || !comparisons.has(operator.text)) return left;
    this.at++;
    const right = this.operand();
    if (operator.text === 'ne') this.advanced = true;
    return (scope) => compare(operator.text, left(scope), right(scope));
  }

  private operand(): Predicate {
    const token = this.take();
    if (token.kind === 'text') return () => token.text;
    if (token.kind === 'literal') return literal(token.text);
    if (token.kind === 'sign') {
      if (token.text !== '(') this.fail();
      const inner = this.disjunction();
      this.take(')');
      return inner;
    }
    if (token.text === 'true' || token.text === 'false') return () => token.text === 'true';
    if (token.text === 'null') return () => null;
    if (this.peek()?.text === '(' && this.peek()?.kind === 'sign') return this.call(token.text);
    return this.path(token.text.split('/'));
  }

  private path(segments: string[]): Predicate {
    if (segments.at(-1) === '$count') {
      this.advanced = true;
      const inner = this.path(segments.slice(0, -1));
      return (scope) => {
        const value = inner(scope);
        return Array.isArray(value) ? value.length : 0;
      };
    }
    const [first = ''] = segments;
    if (!this.variables.has(first)) this.properties.add(first);
    return (scope) => scope(segments);
  }

  private call(name: string): Predicate {
    const segments = name.split('/');
    const lambda = segments.at(-1);
    if (segments.length > 1 && (lambda === 'any' || lambda === 'all'))
      return this.lambda(segments.slice(0, -1), lambda);
    this.take('(');
    const operands = [this.operand()];
    while (this.peek()?.text === ',' && this.peek()?.kind === 'sign') {
      this.at++;
      operands.push(this.operand());
    }
    this.take(')');
    const test = functions[name.toLowerCase()];
    if (!test)
      throw new GraphError(400, 'Request_UnsupportedQuery', `Unsupported or invalid query filter clause: '${name}'.`);
    if (name.toLowerCase() === 'endswith') this.advanced = true;
    return (scope) => {
      const [one, other] = operands.map((operand) => operand(scope));
      return typeof one === 'string' && typeof other === 'string' && test(one.toLowerCase(), other.toLowerCase());
    };
  }

  private lambda(collection: string[], quantifier: string): Predicate {
    const items = this.path(collection);
    this.take('(');
    if (this.peek()?.text === ')') {
      this.at++;
      return (scope) => (items(scope) as Json[] | undefined)?.length !== 0;
    }
    const variable = this.take().text;
    this.take(':');
    this.variables.add(variable);
    const inner = this.disjunction();
    this.variables.delete(variable);
    this.take(')');
    return (scope) => {
      const value = items(scope);
      const holds = (item: Json) =>
        inner((path) => (path[0] === variable ? reach(item, path.slice(1)) : scope(path))) === true;
      if (!Array.isArray(value)) return quantifier === 'all';
      return quantifier === 'any' ? value.some(holds) : value.every(holds);
    };
  }
}

const functions: Record<string, (one: string, other: string) => boolean> = {
  startswith: (one, other) => one.startsWith(other),
  endswith: (one, other) => one.endsWith(other),
  contains: (one, other) => one.includes(other),
};

function literal(text: string): Predicate {
  const number = Number(text);
  return Number.isNaN(number) ? () => text : () => number;
}

function reach(value: Value, path: readonly string[]): Value {
  let found = value;
  for (const segment of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    found = found[segment];
  }
  return found;
}

const isTime = (text: string) => /^\d{4}-\d\d-\d\dT/.test(text);

/** Texts without regard to case, times as moments; null and absent are the same. */
function same(left: Value, right: Value): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    if (isTime(left) && isTime(right)) return Date.parse(left) === Date.parse(right);
    return left.toLowerCase() === right.toLowerCase();
  }
  return (left ?? null) === (right ?? null);
}

function compare(operator: string, left: Value, right: Value): boolean {
  if (operator === 'eq') return same(left, right);
  if (operator === 'ne') return !same(left, right);
  if (left === null || left === undefined || right === null || right === undefined) return false;
  if (typeof left !== typeof right) return false;
  const [one, other] =
    typeof left === 'string' && typeof right === 'string' && isTime(left)
      ? [Date.parse(left), Date.parse(right)]
      : [left, right];
  if (operator === 'gt') return one > other;
  if (operator === 'ge') return one >= other;
  return operator === 'lt' ? one < other : one <= other;
}

/** Parses a $filter; throws 400 for what Graph does not understand (reference 1.4). */
export function parseFilter(text: string): Filter {
  const parser = new Parser(text);
  const predicate = parser.parse();
  const [name, operator, value] = parser.tokens;
  const equal =
    parser.tokens.length === 3 && name?.kind === 'name' && operator?.text === 'eq' && value?.kind === 'text';
  return {
    matches: (object) => predicate((path) => reach(object, path)) === true,
    advanced: parser.advanced,
    properties: [...parser.properties],
    equality: equal ? { property: name.text, value: value.text } : undefined,
  };
}
