// Sessions: a one-time link or somebody who signed in, a cookie out; and the cookie in, its principal out. Kept in memory alone.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { localId, type Principal } from './principal.ts';
import type { Role } from './settings.ts';

const lifetime = 12 * 3_600_000;
/** Sessions of one process; the oldest goes when there are more. */
const most = 1_000;

interface Session {
  readonly principal: Principal;
  readonly until: number;
}

export class Sessions {
  readonly #now: () => Date;
  readonly #byDigest = new Map<string, Session>();
  #link: Buffer | undefined;
  #count = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** A new secret for a link; the one before it opens nothing any more. */
  newLink(): string {
    const secret = randomBytes(32).toString('base64url');
    this.#link = digest(secret);
    return secret;
  }

  /** The cookie's value for whoever has the link, once; undefined for a wrong or used one. */
  openByLink(secret: string, role: Role): string | undefined {
    if (this.#link === undefined || !timingSafeEqual(this.#link, digest(secret))) return undefined;
    this.#link = undefined;
    this.#count += 1;
    // Whoever sits at this machine can open any number of links: all of them are one person.
    const name = `this machine, session ${this.#count}`;
    return this.open({ id: localId, name, role, via: 'session', application: false });
  }

  /** The cookie's value for a principal who is known already; it lasts no longer than `until`. */
  open(principal: Principal, until: Date = new Date(this.#now().getTime() + lifetime)): string {
    if (this.#byDigest.size >= most) this.#byDigest.delete([...this.#byDigest.keys()][0]!);
    const value = randomBytes(32).toString('base64url');
    const end = Math.min(until.getTime(), this.#now().getTime() + lifetime);
    this.#byDigest.set(digest(value).toString('hex'), { principal, until: end });
    return value;
  }

  /** Whose cookie this is. Looked up by its digest, so that the time it takes tells nothing of a value. */
  find(value: string): Principal | undefined {
    const key = digest(value).toString('hex');
    const session = this.#byDigest.get(key);
    if (session === undefined) return undefined;
    if (session.until > this.#now().getTime()) return session.principal;
    this.#byDigest.delete(key);
    return undefined;
  }

  close(value: string): void {
    this.#byDigest.delete(digest(value).toString('hex'));
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
