// Change: what differs in one object between two commits, in attributes and links.
import type { Link } from './entity.ts';
import type { Json } from './json.ts';
import type { Ref } from './ref.ts';

export type Operation = 'create' | 'update' | 'delete';

/**
 * One attribute path that differs. A path is property names joined by dots; an item of a keyed set is said by its key:
 * `appRoles[3f0a…].isEnabled`. `before` or `after` is absent where the attribute is. For sets, `added` and `removed` hold the items.
 */
export interface AttributeChange {
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly added?: readonly Json[];
  readonly removed?: readonly Json[];
}

export interface LinkChange {
  readonly link: string;
  readonly operation: 'add' | 'remove';
  readonly target: Ref;
  readonly properties?: Link['properties'];
}

export interface Change {
  readonly ref: Ref;
  readonly operation: Operation;
  /** The name on the side where the object exists; the newer one where it is on both. */
  readonly displayName: string;
  /** The name before, where the object was renamed. */
  readonly formerName?: string;
  readonly synced: boolean;
  readonly attributes: readonly AttributeChange[];
  readonly links: readonly LinkChange[];
}
