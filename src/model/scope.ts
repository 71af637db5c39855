// Scope: which kinds and objects a command is about.
import { kindOf, type Ref } from './ref.ts';

export interface Scope {
  /** Kind names; absent: all kinds. */
  readonly kinds?: readonly string[];
  /** Single objects; absent: all objects of the kinds. */
  readonly refs?: readonly Ref[];
}

/** Is this object in the scope? */
export function inScope(scope: Scope, ref: Ref): boolean {
  if (scope.refs !== undefined) return scope.refs.includes(ref);
  return scope.kinds === undefined || scope.kinds.includes(kindOf(ref));
}

/** The kinds that a scope touches, of those given. */
export function kindsInScope(scope: Scope, kinds: Iterable<string>): string[] {
  const named = scope.refs === undefined ? scope.kinds : scope.refs.map(kindOf);
  return [...kinds].filter((kind) => named === undefined || named.includes(kind));
}
