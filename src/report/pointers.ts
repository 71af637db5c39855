// Pointers: which other objects a change speaks of, by the ids inside its values, so that their names can be said beside the ids.
import { attributeAt } from '../model/canonical.ts';
import { isArray, isObject, type Json } from '../model/json.ts';
import type { Kind, Reference } from '../model/kind.ts';
import { isKey, keyOf, kindOf, parseRef, type Ref } from '../model/ref.ts';
import type { Pointer } from '../model/report.ts';

const guids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** One text for one pointer, under which its name is kept. */
export function pointerText({ kind, by, value }: Pointer): string {
  return `${kind} ${by} ${value}`;
}

/** The pointers in a value at an attribute path, by the row's `refersTo`, each with the text that stands for it in the value. */
export function pointersIn(
  kind: Kind,
  path: string,
  value: Json | undefined,
  found: Map<string, Pointer> = new Map(),
): Map<string, Pointer> {
  if (typeof value === 'string') {
    const { refersTo, flags } = attributeAt(kind, path);
    if (refersTo !== undefined)
      for (const text of idsIn(refersTo, value, flags)) found.set(text, pointerTo(refersTo, text));
  } else if (isArray(value)) for (const item of value) pointersIn(kind, path, item, found);
  else if (isObject(value))
    for (const [name, member] of Object.entries(value)) pointersIn(kind, `${path}.${name}`, member, found);
  return found;
}

/** The pointer to an object that a ref names. */
export function pointerToRef(ref: Ref): Pointer {
  return { kind: kindOf(ref), by: 'id', value: keyOf(ref) };
}

function pointerTo({ kind, by = 'id' }: Reference, text: string): Pointer {
  return { kind, by, value: text.toLowerCase() === text || !text.match(guids) ? text : text.toLowerCase() };
}

/** Values such as `All` or `AllTrusted` point to nothing and are found by nobody: they stay as they are. */
function idsIn({ inside }: Reference, value: string, flags: string | undefined): string[] {
  if (inside) return value.match(guids) ?? [];
  const texts = flags === undefined ? [value] : value.split(flags);
  return texts.filter((text) => isKey(text) && parseRef(text) === undefined);
}
