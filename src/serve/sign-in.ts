// Sign-in: a browser sent to Entra ID and back (OpenID Connect, authorization code with PKCE), and the ID token it brings as a principal.
import { randomBytes } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';
import * as oidc from 'openid-client';
import { Failure } from './failure.ts';
import { isLoopback } from './guard.ts';
import type { Principal } from './principal.ts';
import type { TokenSettings } from './settings.ts';
import type { Verify } from './tokens.ts';

/** Where Entra ID sends the browser back to: the redirect URI of the registration. */
export const callbackPath = '/signin/callback';

/** Seconds that somebody may take for signing in. */
export const signInSeconds = 600;

/** What the browser must bring back; sealed in its own cookie, so that nobody can fill the server's memory by beginning. */
interface Begun {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** The page that was asked for. */
  readonly page: string;
}

export interface SignIn {
  /** The address at Entra ID to send the browser to, and the cookie's value that must come back with the answer. Failure 502. */
  begin(origin: string, page: string): Promise<{ readonly location: URL; readonly cookie: string }>;
  /** Who came back. `address` is what Entra ID sent the browser to. Failure 401, 403 without a role, 502 where Entra ID cannot be asked. */
  finish(address: URL, cookie: string | undefined): Promise<{ readonly principal: Principal; readonly page: string }>;
}

/**
 * Sign-in by these settings. The ID token passes the same checks as a token of the API; state, nonce and verifier are one browser's. With a
 * secret the server proves itself to Entra ID; without one the verifier alone does (a registration for mobile and desktop applications).
 */
export function signIn(settings: TokenSettings, verify: Verify, secret: string | undefined): SignIn {
  const key = randomBytes(32);
  let known: Promise<oidc.Configuration> | undefined;
  const configuration = () => {
    known ??= discover(settings, secret).catch((error) => {
      known = undefined;
      throw unreachable(settings, error);
    });
    return known;
  };
  return {
    async begin(origin, page) {
      const begun: Begun = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
        page: pageOf(origin, page),
      };
      const location = oidc.buildAuthorizationUrl(await configuration(), {
        redirect_uri: `${origin}${callbackPath}`,
        scope: 'openid profile',
        response_mode: 'query',
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
        // Who recovers a tenant says so each time; and two persons may share a machine.
        prompt: 'select_account',
      });
      const sealed = new EncryptJWT({ ...begun }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' });
      return { location, cookie: await sealed.setExpirationTime(`${signInSeconds}s`).encrypt(key) };
    },
    async finish(address, cookie) {
      const begun = await opened(cookie, key);
      const token = await redeemed(await configuration(), address, begun, settings);
      return { principal: await personOf(verify, token), page: begun.page };
    },
  };
}

async function discover({ issuer, audience }: TokenSettings, secret: string | undefined): Promise<oidc.Configuration> {
  const server = new URL(issuer);
  const authentication = secret === undefined ? oidc.None() : oidc.ClientSecretPost(secret);
  // An issuer on this machine is a test's; any other must be https.
  const insecure = server.protocol === 'http:' && isLoopback(server.hostname);
  return oidc.discovery(
    server,
    audience,
    {},
    authentication,
    insecure ? { execute: [oidc.allowInsecureRequests] } : {},
  );
}

async function opened(cookie: string | undefined, key: Uint8Array): Promise<Begun> {
  try {
    const { payload } = await jwtDecrypt(cookie ?? '', key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return payload as unknown as Begun;
  } catch {
    throw notSignedIn(
      `This sign-in was not begun in this browser, was finished already, or was begun more than ${signInSeconds / 60} minutes ago.`,
    );
  }
}

/** The code that came back for an ID token: its state and nonce must be those that were sent, and its code not used yet. */
async function redeemed(
  configuration: oidc.Configuration,
  address: URL,
  begun: Begun,
  settings: TokenSettings,
): Promise<string> {
  try {
    const tokens = await oidc.authorizationCodeGrant(configuration, address, {
      expectedState: begun.state,
      expectedNonce: begun.nonce,
      pkceCodeVerifier: begun.verifier,
    });
    if (tokens.id_token === undefined) throw notSignedIn('Microsoft Entra ID sent no ID token.');
    return tokens.id_token;
  } catch (error) {
    if (error instanceof oidc.AuthorizationResponseError)
      throw notSignedIn(`Microsoft Entra ID answered ${error.error}${descriptionOf(error.error_description)}`);
    if (error instanceof oidc.ResponseBodyError) throw refusedByEntra(error);
    const code = error instanceof oidc.ClientError ? error.code : undefined;
    if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED')
      throw notSignedIn(
        'The ID token is not valid at this time: it has expired, or the clock of this server is wrong.',
      );
    if (code !== undefined && !noAnswer.has(code))
      throw notSignedIn('What came back from Microsoft Entra ID does not belong to this sign-in.');
    throw error instanceof Failure ? error : unreachable(settings, error);
  }
}

/** Codes of openid-client by which nothing was said that could be right or wrong. */
const noAnswer: ReadonlySet<string> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]);

async function personOf(verify: Verify, token: string): Promise<Principal> {
  const { id, name, role, application } = await verify(token).catch((error) => {
    throw error instanceof Failure && error.status === 403 ? withoutRole() : error;
  });
  if (application) throw notSignedIn('The token is of an application, and not of a person.');
  return { id, name, role, application, via: 'session' };
}

/** A page of this server, and never an address of somebody else that a link brought here. */
function pageOf(origin: string, asked: string): string {
  const url = URL.canParse(asked, origin) ? new URL(asked, origin) : undefined;
  if (url === undefined || url.origin !== origin || url.pathname.startsWith('/signin')) return '/';
  return `${url.pathname}${url.search}`;
}

function refusedByEntra(error: oidc.ResponseBodyError): Failure {
  const said = `${error.error}${descriptionOf(error.error_description)}`;
  if (error.error === 'invalid_grant') return notSignedIn(`Microsoft Entra ID did not take the code: ${said}`);
  return new Failure(
    502,
    'signInNotConfigured',
    `Microsoft Entra ID refused this server: ${said} Whoever runs it looks at the redirect URI of its registration, and at DRIFTLINE_SIGN_IN_SECRET: docs/server.md.`,
  );
}

/** The first line: what follows it are numbers for Microsoft's support. */
function descriptionOf(text: string | undefined): string {
  const line = (text ?? '').split(/\r?\n/)[0]!.slice(0, 400);
  return line === '' ? '.' : `: ${line}`;
}

function withoutRole(): Failure {
  return new Failure(
    403,
    'Authorization_RequestDenied',
    'Your account is of this tenant, but has no role here. Ask whoever runs this server for the role of a Backup Reader or a Backup Administrator, then sign in again.',
  );
}

function notSignedIn(why: string): Failure {
  return new Failure(401, 'InvalidAuthenticationToken', `${why} Nobody was signed in: begin again.`);
}

function unreachable({ issuer }: TokenSettings, cause: unknown): Failure {
  const failure = new Failure(
    502,
    'signInNotAvailable',
    `Microsoft Entra ID could not be asked at ${issuer}. Try again; if it stays so, whoever runs this server looks at its network and at serve.tokens.issuer.`,
  );
  failure.cause = cause;
  return failure;
}
