// Secrets and certificates of applications and service principals: what may be written, what is read back (reference 3.3).
import { createHash } from 'node:crypto';
import {
  type ActionRule,
  badRequest,
  type Context,
  type GraphObject,
  type GraphRecord,
  type Json,
} from '../../types.ts';

const listOf = (object: GraphRecord, name: string) => (object[name] ?? []) as GraphRecord[];

/** Two years, the longest that the portal offers and the default of addPassword. */
const defaultLifetimeMs = 2 * 365 * 86_400_000;

/** A secret's metadata and the secret, which is kept for the token endpoint and shown once. */
export function makePassword(
  wanted: GraphRecord,
  holder: string,
  context: Context,
): { stored: GraphRecord; secretText: string } {
  const { store } = context;
  const secretText = Array.from({ length: 40 }, () =>
    'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789~._-'.charAt(Math.floor(store.random() * 60)),
  ).join('');
  const keyId = store.newId();
  context.keepSecret(holder, keyId, secretText);
  const stored: GraphRecord = {
    customKeyIdentifier: null,
    displayName: wanted.displayName ?? null,
    endDateTime: wanted.endDateTime ?? new Date(store.now().getTime() + defaultLifetimeMs).toISOString(),
    hint: secretText.slice(0, 3),
    keyId,
    secretText: null,
    startDateTime: wanted.startDateTime ?? store.timestamp(),
  };
  return { stored, secretText };
}

/** `addPassword` and `removePassword`, the only way to write secrets. */
export function passwordActions(type: string): Record<string, ActionRule> {
  return {
    addPassword: {
      method: 'POST',
      run(object, body, context) {
        const { stored, secretText } = makePassword((body.passwordCredential ?? {}) as GraphRecord, object.id, context);
        const credentials = [...listOf(object, 'passwordCredentials'), stored];
        context.store.put(type, { ...object, passwordCredentials: credentials }, ['passwordCredentials']);
        return { status: 200, body: { ...stored, secretText } };
      },
    },
    removePassword: {
      method: 'POST',
      run(object, body, { store }) {
        const before = listOf(object, 'passwordCredentials');
        const after = before.filter(({ keyId }) => keyId !== body.keyId);
        if (after.length === before.length)
          throw badRequest(`No password credential found with keyId '${String(body.keyId)}'.`);
        store.put(type, { ...object, passwordCredentials: after }, ['passwordCredentials']);
        return { status: 204 };
      },
    },
  };
}

/** Refuses a certificate without its `key`, unless the one that is there under its keyId is meant (reference 3.3, Update). */
export function checkKeys(body: GraphRecord, before: GraphObject | undefined): void {
  const known = new Set(before ? listOf(before, 'keyCredentials').map(({ keyId }) => keyId) : []);
  for (const entry of listOf(body, 'keyCredentials')) {
    if (typeof entry.key !== 'string' && !known.has(entry.keyId)) {
      throw badRequest("New key credential values must be provided with property 'key'.");
    }
  }
}

/** What a written list of certificates becomes: an entry without its `key` keeps the one that is there under its keyId. */
export function settleKeys(after: GraphObject, before: GraphObject | undefined, context: Context): GraphRecord[] {
  const old = before ? listOf(before, 'keyCredentials') : [];
  return listOf(after, 'keyCredentials').map((entry) => {
    const known = old.find(({ keyId }) => keyId === entry.keyId && keyId !== undefined);
    const key = typeof entry.key === 'string' ? entry.key : (known?.key ?? null);
    return {
      customKeyIdentifier: entry.customKeyIdentifier ?? known?.customKeyIdentifier ?? thumbprint(key),
      displayName: entry.displayName ?? known?.displayName ?? null,
      endDateTime: entry.endDateTime ?? known?.endDateTime ?? null,
      key,
      keyId: entry.keyId ?? context.store.newId(),
      startDateTime: entry.startDateTime ?? known?.startDateTime ?? context.store.timestamp(),
      type: entry.type ?? known?.type ?? 'AsymmetricX509Cert',
      usage: entry.usage ?? known?.usage ?? 'Verify',
    };
  });
}

function thumbprint(key: Json): string | null {
  return typeof key === 'string'
    ? createHash('sha1').update(Buffer.from(key, 'base64')).digest('hex').toUpperCase()
    : null;
}

/** `key` is in a single read with `$select=keyCredentials` only, `secretText` never (reference 3.3, Read). */
export function readCredentials(object: GraphObject, withKeys: boolean): GraphRecord {
  return {
    keyCredentials: listOf(object, 'keyCredentials').map((entry) => ({
      ...entry,
      key: withKeys ? (entry.key ?? null) : null,
    })),
    passwordCredentials: listOf(object, 'passwordCredentials').map((entry) => ({ ...entry, secretText: null })),
  };
}
