// What the rows of applications and service principals share: their secrets and certificates, of which only what Graph shows is stored.
import type { Attribute, Contained } from '../model/kind.ts';

/** Reference 3.3: one that is gone cannot be put back, for its bytes are nowhere; one that came can go. */
export const credentials = {
  keyCredentials: {
    key: ['keyId'],
    only: ['customKeyIdentifier', 'displayName', 'endDateTime', 'keyId', 'startDateTime', 'type', 'usage'],
    access: 'credential',
  },
  passwordCredentials: {
    key: ['keyId'],
    only: ['customKeyIdentifier', 'displayName', 'endDateTime', 'hint', 'keyId', 'startDateTime'],
    access: 'credential',
  },
} as const satisfies Readonly<Record<string, Attribute>>;

/** How they are taken away. */
export const containedCredentials = [
  { attribute: 'keyCredentials', key: 'keyId', read: 'inline', write: ['delete'], removal: 'rewrite' },
  {
    attribute: 'passwordCredentials',
    key: 'keyId',
    read: 'inline',
    write: ['delete'],
    removal: { action: 'removePassword' },
  },
] as const satisfies readonly Contained[];
