// Access tokens of Entra ID: a JWT in, a principal out; and the test by which the server convinces itself that it refuses the forged ones.
import {
  createRemoteJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import { Problem } from '../model/problem.ts';
import { isGuid } from '../model/ref.ts';
import { Failure } from './failure.ts';
import type { Principal } from './principal.ts';
import type { Role, TokenSettings } from './settings.ts';

export type Verify = (token: string) => Promise<Principal>;

/** Longer tokens are no tokens of Entra ID, and not worth parsing. */
const longest = 16_384;

/**
 * A verifier. jose checks signature, algorithm, issuer, audience and times; what it does not know is checked here (trust.md 2.10): `aud` is
 * one text, `tid` is the configured tenant, `roles` and `wids` are arrays, an application is listed. Failure 401 or 403.
 */
export function tokenVerifier(settings: TokenSettings, keys: JWTVerifyGetKey = remoteKeys(settings)): Verify {
  return async (token) => {
    if (token.length > longest) throw invalid('it is too long');
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keys, {
        issuer: settings.issuer,
        audience: settings.audience,
        algorithms: ['RS256'],
        requiredClaims: ['exp', 'iat', 'tid', 'oid'],
        clockTolerance: 60,
      }));
    } catch (error) {
      if (keysFailed(error)) throw keysUnavailable(settings, error);
      throw invalid(error instanceof Error ? error.message : 'it could not be read');
    }
    if (payload.iss !== settings.issuer) throw invalid('its issuer is another one');
    if (payload.aud !== settings.audience) throw invalid('its audience is not this server alone');
    if (payload.tid !== settings.tenantId) throw invalid('it is of another tenant');
    if (typeof payload.oid !== 'string' || !isGuid(payload.oid)) throw invalid('it does not say whose it is');
    const application = payload.idtyp === 'app';
    const client = payload.azp ?? payload.appid;
    if (application && (typeof client !== 'string' || !settings.applications.includes(client)))
      throw denied('The application is not listed in serve.tokens.applications of driftline.yaml.');
    return {
      id: payload.oid,
      name: typeof payload.name === 'string' ? payload.name : payload.oid,
      role: roleOf(settings, payload),
      via: 'token',
      application,
    };
  };
}

function remoteKeys({ keysUrl }: TokenSettings): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(keysUrl), { timeoutDuration: 10_000, cooldownDuration: 30_000 });
}

/** A text would pass a naive `includes`: only arrays count. */
function roleOf({ roles }: TokenSettings, payload: JWTPayload): Role {
  for (const claim of [payload.roles, payload.wids])
    if (claim !== undefined && !(Array.isArray(claim) && claim.every((item) => typeof item === 'string')))
      throw invalid('its roles are not a list');
  const held = [...((payload.roles as string[] | undefined) ?? []), ...((payload.wids as string[] | undefined) ?? [])];
  if (held.some((role) => roles.administrator.includes(role))) return 'administrator';
  if (held.some((role) => roles.reader.includes(role))) return 'reader';
  throw denied(
    'Insufficient privileges to complete the operation: the token bears none of the roles of driftline.yaml.',
  );
}

function invalid(why: string): Failure {
  return new Failure(401, 'InvalidAuthenticationToken', `The token is not valid: ${why}.`);
}

/** The keys could not be had: that says nothing about the token. jose's own errors about tokens have codes of their own. */
function keysFailed(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return (
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC'
  );
}

function keysUnavailable({ keysUrl }: TokenSettings, cause: unknown): Failure {
  const failure = new Failure(
    503,
    'serviceNotAvailable',
    `The signing keys of Microsoft Entra ID could not be read at ${keysUrl}, so no token can be checked. Try again; if it stays so, whoever runs this server looks at its network and at serve.tokens.keysUrl.`,
  );
  failure.cause = cause;
  return failure;
}

function denied(message: string): Failure {
  return new Failure(403, 'Authorization_RequestDenied', message);
}

/**
 * Signs tokens with a key of its own and verifies them with these settings: the good one must pass, and each forgery fail, among them those
 * that jose alone lets through. Problem `failed` where one is judged wrongly: then nothing may be served.
 */
export async function proveVerifier(settings: TokenSettings): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const other = await generateKeyPair('RS256');
  const verify = tokenVerifier(settings, async () => publicKey);
  const role = settings.roles.administrator[0] ?? settings.roles.reader[0] ?? 'none';
  const claims = { tid: settings.tenantId, oid: settings.tenantId, roles: [role] };
  const sign = (change: JWTPayload = {}, key = privateKey, life = '5m') =>
    new SignJWT({ ...claims, iss: settings.issuer, aud: settings.audience, ...change })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuedAt()
      .setExpirationTime(life)
      .sign(key);
  const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(publicKey)));
  const forgeries: readonly (readonly [string, Promise<string>])[] = [
    ['a tid that is not the issuer’s', sign({ tid: '00000000-0000-0000-0000-000000000000' })],
    ['roles as a text', sign({ roles: role as never })],
    ['another issuer', sign({ iss: `${settings.issuer}/` })],
    ['an audience among others', sign({ aud: [settings.audience, 'another'] })],
    ['another key', sign({}, other.privateKey)],
    ['an expired token', sign({}, privateKey, '-1h')],
    [
      'another algorithm',
      new SignJWT({ ...claims, iss: settings.issuer, aud: settings.audience })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(secret),
    ],
  ];
  const accepts = async (token: Promise<string>) =>
    verify(await token).then(
      () => true,
      () => false,
    );
  const wrong = (await accepts(sign())) ? [] : ['refuses a good token'];
  for (const [name, token] of forgeries) if (await accepts(token)) wrong.push(`accepts ${name}`);
  if (wrong.length > 0)
    throw new Problem({
      kind: 'failed',
      summary: 'The server does not judge tokens rightly',
      detail: `Tried on itself with the settings of driftline.yaml, it ${wrong.join(', and ')}. Nothing is served. Look at serve.tokens, and report it if the settings are right.`,
      subject: 'serve.tokens',
    });
}
