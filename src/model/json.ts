// JSON values as the rest of the house passes them around, and the few pure functions over them.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Is this JSON value an object (not null, not an array)? */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Is this JSON value an array? (`Array.isArray` does not narrow readonly arrays.) */
export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Deep equality of two JSON values; the order of object members does not count, the order of arrays does. */
export function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (isArray(left) && isArray(right))
    return left.length === right.length && left.every((item, at) => equal(item, right[at]));
  if (isObject(left) && isObject(right)) {
    const names = Object.keys(left);
    return (
      names.length === Object.keys(right).length &&
      names.every((name) => Object.hasOwn(right, name) && equal(left[name], right[name]))
    );
  }
  return false;
}

/** Ordinal comparison by UTF-16 code unit: the same on every machine, whatever its locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** One text for one JSON value: members sorted ordinally at every depth, no white space. Two values are equal just when their texts are. */
export function canonicalText(value: Json): string {
  if (isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort(compareText)
      .map((name) => `${JSON.stringify(name)}:${canonicalText(value[name]!)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}
