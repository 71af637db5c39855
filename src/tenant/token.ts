// Tokens: an access token that never prints itself, and what its claims say to a reader who may not rely on them.
import { inspect } from 'node:util';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';

/** What a token says of itself. Graph's tokens are opaque by contract: these claims serve a pre-flight, never a decision of trust. */
export interface Claims {
  readonly tenantId?: string;
  readonly appId?: string;
  readonly objectId?: string;
  /** Application permissions; undefined for a delegated token and for one that cannot be read. */
  readonly permissions?: readonly string[];
}

const redacted = '[redacted]';

/** The one object that holds an access token. However it is printed, it says `[redacted]`. */
export class Token {
  readonly #text: string;
  /** Milliseconds since 1970; undefined where it is not known. */
  readonly expiresAt: number | undefined;
  readonly claims: Claims;

  constructor(text: string, expiresAt?: number) {
    this.#text = text;
    const payload = payloadOf(text);
    this.claims = claimsIn(payload);
    this.expiresAt = expiresAt ?? (typeof payload.exp === 'number' ? payload.exp * 1000 : undefined);
  }

  /** The value of an Authorization header: the only way out. */
  authorization(): string {
    return `Bearer ${this.#text}`;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}

/** What the text of a token says of itself; nothing where it cannot be read. */
export function payloadOf(text: string): JsonObject {
  try {
    const payload = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString('utf8')) as Json;
    return isObject(payload) ? payload : {};
  } catch {
    return {};
  }
}

function claimsIn(payload: JsonObject): Claims {
  const text = (name: string) => (typeof payload[name] === 'string' ? (payload[name] as string) : undefined);
  const appOnly = payload.idtyp === 'app' || (payload.idtyp === undefined && payload.scp === undefined);
  const roles = isArray(payload.roles) ? payload.roles.filter((role) => typeof role === 'string') : undefined;
  const said = {
    tenantId: text('tid')?.toLowerCase(),
    appId: (text('appid') ?? text('azp'))?.toLowerCase(),
    objectId: appOnly ? text('oid')?.toLowerCase() : undefined,
    // An application token without any role bears no roles claim at all.
    permissions: appOnly ? (roles ?? (payload.idtyp === 'app' ? [] : undefined)) : undefined,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** A text from a server as it may be printed: without anything that looks like a token or a secret, on one line, cut to 300 characters. */
export function printable(text: string): string {
  const bare = text
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .replace(/\beyJ[\w-]{8,}(\.[\w-]*)*/g, redacted)
    .replace(/\b(Bearer|secretText"?|client_secret|client_assertion|sig)(["\s:=]+)[^\s"&]{6,}/gi, `$1$2${redacted}`)
    .replace(/[A-Za-z0-9_~+=-]{40,}/g, redacted);
  return bare.length > 300 ? `${bare.slice(0, 300)}…` : bare;
}
