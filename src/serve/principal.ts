// Principals: who asks, by a token or a session, and what their role lets them do.
import { Failure } from './failure.ts';
import type { Role } from './settings.ts';

/** The one id of everybody who comes by way of this machine. */
export const localId = 'local';

export interface Principal {
  /** The object id in the tenant, or the session's own on loopback: two persons are two of these. */
  readonly id: string;
  /** For people to read; nothing is decided by it. */
  readonly name: string;
  readonly role: Role;
  /** A browser's session, whose recoveries are confirmed by hand, or a token of its own with each request. */
  readonly via: 'session' | 'token';
  /** An application without a person. */
  readonly application: boolean;
}

/** Failure 403 where somebody needs to be an Administrator and is not; said before anything is looked up, so that it tells nothing. */
export function requireAdministrator(principal: Principal): void {
  if (principal.role === 'administrator') return;
  throw new Failure(
    403,
    'Authorization_RequestDenied',
    `Insufficient privileges to complete the operation: it needs the role Backup Administrator, and you are a Backup Reader.${principal.id === localId ? ' Start the server with driftline serve --allow-recover.' : ''}`,
  );
}
