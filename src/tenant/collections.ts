// Graph's directory types and the collections they live in: `@odata.type` of a link's target into the first half of its ref.
import type { LinkKind } from '../model/kind.ts';
import { isGuid, isKey, type Ref, toRef } from '../model/ref.ts';
import { shapeProblem } from './problems.ts';

/** Types of directory objects that links point to (reference 3.2, 3.24), by their name in lower case. */
const collections: Readonly<Record<string, string>> = {
  user: 'users',
  agentuser: 'users',
  group: 'groups',
  application: 'applications',
  agentidentityblueprint: 'applications',
  serviceprincipal: 'servicePrincipals',
  agentidentity: 'servicePrincipals',
  agentidentityblueprintprincipal: 'servicePrincipals',
  device: 'devices',
  orgcontact: 'contacts',
  administrativeunit: 'administrativeUnits',
  directoryrole: 'directoryRoles',
};

/**
 * The collection of a type that is said as `#microsoft.graph.user`, `microsoft.graph.user` or, by items such as app role assignments, as
 * `User`. A type that Graph does not say is the link's only target kind; an unknown one is `directoryObjects`.
 */
export function collectionOf(type: string | undefined, targets: readonly string[] = []): string {
  const name = type?.replace(/^#?(microsoft\.graph\.)?/, '').toLowerCase();
  return (
    (name === undefined ? undefined : collections[name]) ?? (targets.length === 1 ? targets[0]! : 'directoryObjects')
  );
}

/** The ref of a link's target. Throws Unanswered where the id could not be one. */
export function targetRef(
  link: Pick<LinkKind, 'targets'>,
  type: string | undefined,
  id: unknown,
  subject: string,
): Ref {
  const key = typeof id === 'string' ? keyText(id) : '';
  if (!isKey(key)) throw shapeProblem('the target of a link has no id', subject);
  return toRef(collectionOf(type, link.targets), key);
}

/** An id as keys have it: GUIDs in lower case, all others as they are. */
export function keyText(id: string): string {
  // Nearly all are GUIDs in lower case, and this is asked for every object and link.
  if (isGuid(id)) return id;
  const lower = id.toLowerCase();
  return isGuid(lower) ? lower : id;
}
