// Access: the classes of access that a difference may have given somebody, by what the rows say of the attributes and links that changed.
import type { AttributeChange, Change } from '../model/change.ts';
import { type AccessClass, holds } from '../model/kind.ts';
import { nearestFact } from '../model/path.ts';
import type { Compared } from './action.ts';

type Rule = (attribute: AttributeChange, change: Change) => boolean;

/** What was only taken away gives nothing. */
const grows: Rule = ({ after, added }) => after !== undefined && (added === undefined || added.length > 0);

/** On an object that came anew, nothing that held before was loosened. */
const growsOnExisting: Rule = (attribute, change) => change.operation === 'update' && grows(attribute, change);

/** Does the change of an attribute that a row marks with the class give such access? */
const gives: Readonly<Record<AccessClass, Rule>> = {
  privilegedGroup: grows,
  applicationPermission: grows,
  tenantConsent: grows,
  ownership: grows,
  credential: grows,
  trustedLocation: grows,
  guestAccess: grows,
  policyExclusion: growsOnExisting,
  redirectUri: growsOnExisting,
  policyDisabled: ({ before, after }) => before === 'enabled' && after !== 'enabled',
  authenticationMethod: ({ after }) => after !== undefined && after !== 'disabled',
};

/** The classes, sorted. A row's condition counts where it holds on either side. */
export function accessOf({ kind, change, before, after }: Compared): AccessClass[] {
  const found = new Set<AccessClass>();
  const sides = [before, after].filter((side) => side !== undefined);
  const facts = [
    ...change.attributes.map((attribute) => {
      const fact = nearestFact(kind, attribute.path, 'access');
      return fact?.access !== undefined && gives[fact.access](attribute, change) ? fact : undefined;
    }),
    ...change.links.map(({ link, operation }) => (operation === 'add' ? kind.links[link] : undefined)),
  ];
  for (const fact of facts) {
    const { access, accessWhen } = fact ?? {};
    if (access !== undefined && (accessWhen === undefined || sides.some((side) => holds(accessWhen, side.attributes))))
      found.add(access);
  }
  return [...found].sort();
}
