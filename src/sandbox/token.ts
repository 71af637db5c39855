// An application in, an access token out; and the check of the tokens that Graph is shown.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Knobs, SandboxApp } from './options.ts';
import { allPermissions } from './permissions.ts';
import { guidOf } from './random.ts';
import type { MemoryStore } from './store.ts';
import { type Caller, GraphError, type GraphObject } from './types.ts';

/** Microsoft Graph's own application id, the same in every tenant. */
export const graphAppId = '00000003-0000-0000-c000-000000000000';
/** Graph Explorer's, likewise. */
const graphExplorer = 'de8bc8b5-d9f9-48b1-a8ad-b748da725064';
/** Template id of the directory role Privileged Authentication Administrator (reference 1.14). */
const privilegedRole = '7be44c8a-adaf-4e2a-84d6-ab2649e08a13';

export interface Claims {
  readonly appid: string;
  readonly oid: string;
  readonly tid: string;
  /** Application permissions; of a delegated token, `scp` has those that the user consented to. */
  readonly roles?: readonly string[];
  readonly scp?: string;
  readonly name?: string;
  readonly upn?: string;
  readonly ipaddr?: string;
  readonly wids: readonly string[];
  readonly exp: number;
  readonly nbf: number;
}

interface Shown {
  readonly caller: Caller;
  /** Seconds since 1970. */
  readonly expires: number;
}

const mostShown = 100;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Mints and reads access tokens: JWTs in shape, signed with a key that only this sandbox has. */
export class Tokens {
  private readonly key: string;
  private readonly store: MemoryStore;
  private readonly lifetimeSeconds: number;
  /** Tokens that were found good, so that each is verified once. */
  private readonly shown = new Map<string, Shown>();
  /** Applications with permissions of their own, by id. */
  private readonly apps: ReadonlyMap<string, SandboxApp>;

  constructor(knobs: Knobs, store: MemoryStore, apps: readonly SandboxApp[]) {
    this.key = createHash('sha256').update(`token key ${knobs.randomSeed}`).digest('hex');
    this.store = store;
    this.lifetimeSeconds = knobs.tokenLifetimeSeconds;
    this.apps = new Map(apps.map((app) => [app.appId, app]));
  }

  /** The configured application of that id, if it is one. */
  app(appId: string): SandboxApp | undefined {
    return this.apps.get(appId);
  }

  /** An access token for an application that has a service principal here, with the claims of an app-only one (reference 5.1). */
  mint(appId: string, lifetimeSeconds = this.lifetimeSeconds): { token: string; expiresIn: number } {
    const principal = this.store.find('servicePrincipal', 'appId', appId)[0];
    const seconds = Math.floor(this.store.now().getTime() / 1000);
    const app = this.apps.get(appId);
    const claims = {
      ...this.common(seconds, lifetimeSeconds),
      app_displayname: principal?.displayName ?? app?.displayName ?? appId,
      appid: appId,
      appidacr: '1',
      idtyp: 'app',
      oid: principal?.id ?? guidOf(`principal ${appId}`),
      sub: principal?.id ?? guidOf(`principal ${appId}`),
      roles: [...this.permissions(appId, principal)],
      wids: (app?.privileged ?? app !== undefined) ? [privilegedRole] : [],
      uti: guidOf(`${appId} ${seconds} ${lifetimeSeconds}`),
    };
    return { token: this.signed(claims), expiresIn: lifetimeSeconds };
  }

  /** A delegated access token: a user who may do everything, by way of Graph Explorer. */
  mintFor(userId: string, ipAddress: string, lifetimeSeconds = this.lifetimeSeconds): string {
    const user = this.store.get('user', userId);
    if (!user) throw new Error(`There is no user ${userId}`);
    const seconds = Math.floor(this.store.now().getTime() / 1000);
    return this.signed({
      ...this.common(seconds, lifetimeSeconds),
      app_displayname: 'Graph Explorer',
      appid: graphExplorer,
      idtyp: 'user',
      ipaddr: ipAddress,
      name: user.displayName,
      oid: userId,
      scp: allPermissions.join(' '),
      sub: userId,
      upn: user.userPrincipalName,
      wids: [privilegedRole],
      uti: guidOf(`${userId} ${seconds} ${lifetimeSeconds}`),
    });
  }

  private common(seconds: number, lifetimeSeconds: number) {
    return {
      aud: 'https://graph.microsoft.com',
      iss: `https://sts.windows.net/${this.store.tenantId}/`,
      iat: seconds,
      nbf: seconds,
      exp: seconds + lifetimeSeconds,
      tid: this.store.tenantId,
      ver: '1.0',
    };
  }

  private signed(claims: object): string {
    const body = `${encode({ typ: 'JWT', alg: 'RS256', kid: 'sandbox' })}.${encode(claims)}`;
    return `${body}.${this.sign(body)}`;
  }

  /** Who asks, from the Authorization header; throws 401 `InvalidAuthenticationToken` (reference 1.8). */
  caller(authorization: string | null): Caller {
    if (!authorization?.startsWith('Bearer ')) throw unauthenticated('Access token is empty.');
    const token = authorization.slice('Bearer '.length).trim();
    const shown = this.shown.get(token) ?? this.verify(token);
    if (this.shown.size >= mostShown) this.shown.clear();
    this.shown.set(token, shown);
    const seconds = this.store.now().getTime() / 1000;
    if (seconds >= shown.expires) throw unauthenticated('Lifetime validation failed, the token is expired.');
    return shown.caller;
  }

  /** Who a token speaks for, if it is one of ours. */
  private verify(token: string): Shown {
    const [head = '', payload = '', signature = ''] = token.split('.');
    const expected = Buffer.from(this.sign(`${head}.${payload}`));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
      throw unauthenticated(
        payload === '' ? 'JWT is not well formed, there are no dots (.).' : 'Access token validation failure.',
      );
    }
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
    return {
      expires: claims.exp,
      caller: {
        appId: claims.appid,
        servicePrincipalId: claims.oid,
        permissions: new Set(claims.roles ?? claims.scp?.split(' ')),
        privileged: claims.wids.includes(privilegedRole),
        ...(claims.upn === undefined
          ? {}
          : {
              user: {
                id: claims.oid,
                displayName: claims.name ?? '',
                userPrincipalName: claims.upn,
                ipAddress: claims.ipaddr ?? '',
              },
            }),
      },
    };
  }

  private sign(text: string): string {
    return createHmac('sha256', this.key).update(text).digest('base64url');
  }

  private permissions(appId: string, principal: GraphObject | undefined): Set<string> {
    const granted = this.apps.get(appId)?.permissions ?? 'assigned';
    if (granted === 'all') return new Set(allPermissions);
    if (granted !== 'assigned') return new Set(granted);
    const graph = this.store.find('servicePrincipal', 'appId', graphAppId)[0];
    const roles = new Map(
      (graph?.appRoles as { id: string; value: string }[] | undefined)?.map((r) => [r.id, r.value]),
    );
    return new Set(
      this.store
        .find('appRoleAssignment', 'principalId', principal?.id ?? '')
        .filter((assignment) => assignment.resourceId === graph?.id)
        .map((assignment) => roles.get(assignment.appRoleId as string))
        .filter((value) => value !== undefined),
    );
  }
}

function unauthenticated(message: string): GraphError {
  return new GraphError(401, 'InvalidAuthenticationToken', message, {
    headers: {
      'WWW-Authenticate':
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"',
    },
  });
}
