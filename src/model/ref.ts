// Refs: `kind/key`, the name of one object everywhere in Driftline; never made from a display name.

export type Ref = `${string}/${string}`;

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;
const KIND = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/** The ref of an object: the kind's name and the object's key. Throws a RangeError for a kind or key that could not be a path. */
export function toRef(kind: string, key: string): Ref {
  if (!KIND.test(kind) || !isKey(key)) throw new RangeError(`not a ref: ${JSON.stringify(`${kind}/${key}`)}`);
  return `${kind}/${key}`;
}

/** The ref that a text says, or undefined where it says none. */
export function parseRef(text: string): Ref | undefined {
  const slash = text.indexOf('/');
  const kind = text.slice(0, slash);
  const key = text.slice(slash + 1);
  return slash > 0 && KIND.test(kind) && isKey(key) ? `${kind}/${key}` : undefined;
}

export function kindOf(ref: Ref): string {
  return ref.slice(0, ref.indexOf('/'));
}

export function keyOf(ref: Ref): string {
  return ref.slice(ref.indexOf('/') + 1);
}

/** May this text be a key? Letters, digits, dot, low line, hyphen; it begins with a letter or digit, so it is safe as a file name. */
export function isKey(text: string): boolean {
  return KEY.test(text) && !text.endsWith('.');
}

/** Is this text a GUID in lower case, as keys have it? */
export function isGuid(text: string): boolean {
  return GUID.test(text);
}

/**
 * May this value of a reference be the id of an object? Words (`All`) are not, nor is the GUID of zeros, by which Graph says nobody, or
 * something that is no object (reference 3.7, 3.11).
 */
export function mayBeObject(value: string): boolean {
  return isGuid(value) && value !== '00000000-0000-0000-0000-000000000000';
}
