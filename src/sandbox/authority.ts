// A request to the authority in, an OpenID configuration, an access token or an AADSTS error out (reference 5.1).
import {
  createPublicKey,
  constants as cryptography,
  type JsonWebKey,
  type KeyObject,
  verify,
  X509Certificate,
} from 'node:crypto';
import type { World } from './options.ts';
import { guidOf } from './random.ts';
import type { Incoming, Reply } from './request.ts';
import { graphAppId } from './token.ts';
import type { GraphObject } from './types.ts';

/** An error of the token endpoint (reference 5.1). */
class TokenError extends Error {
  readonly status: number;
  readonly error: string;
  readonly code: number;

  constructor(status: number, error: string, code: number, description: string) {
    super(description);
    this.status = status;
    this.error = error;
    this.code = code;
  }
}

/**
 * Answers a request to the authority: OpenID configuration, instance discovery, the token endpoint (reference 5.1);
 * undefined where the path is none of these.
 */
export async function authority(world: World, request: Incoming): Promise<TextReply | undefined> {
  const { url } = request;
  const [tenant = '', ...rest] = url.pathname.split('/').filter((part) => part !== '');
  const path = rest.join('/').toLowerCase();
  if (`${tenant}/${path}` === 'common/discovery/instance') return json(200, discovery(url, world.store.tenantId));
  if (path === 'v2.0/.well-known/openid-configuration') {
    if (!isTenant(world, tenant)) return refuse(world, unknownTenant(tenant));
    return json(200, openId(url.origin, world.store.tenantId));
  }
  if (path === 'discovery/v2.0/keys') return json(200, { keys: [] });
  if (path !== 'oauth2/v2.0/token') return undefined;
  if (request.method !== 'POST') return json(405, { error: 'invalid_request' });
  try {
    if (!isTenant(world, tenant)) throw unknownTenant(tenant);
    return json(200, token(world, new URLSearchParams(await request.text()), url));
  } catch (error) {
    if (error instanceof TokenError) return refuse(world, error);
    throw error;
  }
}

type TextReply = Reply & { readonly body: string };

const json = (status: number, body: unknown): TextReply => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
});

const isTenant = (world: World, tenant: string) => domains(world).includes(tenant.toLowerCase());

function domains(world: World): string[] {
  const organization = world.store.get('organization', world.store.tenantId);
  const names = (organization?.verifiedDomains as { name: string }[] | undefined) ?? [];
  return [world.store.tenantId, ...names.map(({ name }) => name.toLowerCase())];
}

const unknownTenant = (tenant: string) =>
  new TokenError(
    400,
    'invalid_request',
    90002,
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID.`,
  );

function refuse(world: World, error: TokenError): TextReply {
  const timestamp = world.store.timestamp().replace('T', ' ');
  const [trace, correlation] = [guidOf(`trace ${timestamp}`), guidOf(`correlation ${timestamp}`)];
  return json(error.status, {
    error: error.error,
    error_description: `AADSTS${error.code}: ${error.message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [error.code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${error.code}`,
  });
}

function openId(origin: string, tenant: string): object {
  return {
    token_endpoint: `${origin}/${tenant}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${origin}/${tenant}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${origin}/${tenant}/v2.0`,
    authorization_endpoint: `${origin}/${tenant}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${origin}/${tenant}/oauth2/v2.0/devicecode`,
    tenant_region_scope: 'EU',
    cloud_instance_name: 'sandbox',
    cloud_graph_host_name: new URL(origin).host,
    msgraph_host: new URL(origin).host,
  };
}

function discovery(url: URL, tenant: string): object {
  return {
    tenant_discovery_endpoint: `${url.origin}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: url.host, preferred_cache: url.host, aliases: [url.host] }],
  };
}

function token(world: World, form: URLSearchParams, url: URL): object {
  const appId = (form.get('client_id') ?? '').toLowerCase();
  if (form.get('grant_type') !== 'client_credentials') {
    throw new TokenError(
      400,
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${form.get('grant_type')}'.`,
    );
  }
  checkScope(form.get('scope') ?? '', url.origin);
  const application = world.store.find('application', 'appId', appId)[0];
  const principal = world.store.find('servicePrincipal', 'appId', appId)[0];
  if (!application || !principal) {
    throw new TokenError(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${appId}' was not found in the directory '${world.store.tenantId}'.`,
    );
  }
  if (principal.accountEnabled === false) {
    throw new TokenError(400, 'unauthorized_client', 7000112, `Application '${appId}' is disabled.`);
  }
  const assertion = form.get('client_assertion');
  if (assertion !== null) checkAssertion(world, application, assertion);
  else checkSecret(world, application, principal, form.get('client_secret') ?? '');
  const minted = world.tokens.mint(appId);
  return {
    token_type: 'Bearer',
    expires_in: minted.expiresIn,
    ext_expires_in: minted.expiresIn,
    access_token: minted.token,
  };
}

function checkScope(scope: string, origin: string): void {
  const noise = new Set(['openid', 'profile', 'offline_access', '']);
  const resources = scope.split(' ').filter((part) => !noise.has(part));
  const [resource = ''] = resources;
  if (resources.length !== 1 || !resource.endsWith('/.default')) {
    throw new TokenError(
      400,
      'invalid_scope',
      1002012,
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    );
  }
  const root = resource.slice(0, -'/.default'.length).replace(/\/$/, '');
  const known = /^https:\/\/(dod-)?graph\.microsoft\.(com|us)$|^https:\/\/microsoftgraph\.chinacloudapi\.cn$/;
  if (!known.test(root) && root !== origin && root !== graphAppId) {
    throw new TokenError(
      400,
      'invalid_resource',
      500011,
      `The resource principal named ${root} was not found in the tenant.`,
    );
  }
}

function checkSecret(world: World, application: GraphObject, principal: GraphObject, secret: string): void {
  const configured = world.tokens.app(application.appId as string)?.secret;
  if (configured !== undefined && secret === configured) return;
  for (const holder of [application, principal]) {
    for (const credential of (holder.passwordCredentials as { keyId: string; endDateTime: string | null }[]) ?? []) {
      if (world.secrets.get(`${holder.id} ${credential.keyId}`) !== secret) continue;
      if (credential.endDateTime !== null && Date.parse(credential.endDateTime) <= world.store.now().getTime()) {
        throw new TokenError(
          401,
          'invalid_client',
          7000222,
          `The provided client secret keys for app '${application.appId}' are expired.`,
        );
      }
      return;
    }
  }
  throw new TokenError(
    401,
    'invalid_client',
    7000215,
    `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${application.appId}'.`,
  );
}

interface Assertion {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly exp?: number;
  readonly nbf?: number;
}

/** A certificate's own assertion (iss = sub = the application) or an external token that a federated credential names (reference 5.1). */
function checkAssertion(world: World, application: GraphObject, assertion: string): void {
  const [head = '', payload = '', signature = ''] = assertion.split('.');
  let header: { alg?: string; kid?: string };
  let claims: Assertion;
  try {
    header = JSON.parse(Buffer.from(head, 'base64url').toString());
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  } catch {
    throw new TokenError(401, 'invalid_client', 50027, 'JWT token is invalid or malformed.');
  }
  const seconds = world.store.now().getTime() / 1000;
  if (claims.exp === undefined || claims.exp <= seconds || (claims.nbf ?? 0) > seconds + 300) {
    throw new TokenError(
      401,
      'invalid_client',
      700024,
      `Client assertion is not within its valid time range. Current time: ${world.store.timestamp()}, expiry time of assertion ${claims.exp}.`,
    );
  }
  const signed = {
    text: `${head}.${payload}`,
    algorithm: header.alg ?? '',
    signature: Buffer.from(signature, 'base64url'),
  };
  if (claims.iss === application.appId && claims.sub === application.appId) {
    const keys = certificates(application);
    if (keys.some((key) => signedBy(signed, key))) return;
    throw new TokenError(
      401,
      'invalid_client',
      700027,
      'The certificate with identifier used to sign the client assertion is not registered on application.',
    );
  }
  checkFederated(application, claims);
  const keys = world.knobs.jwks[claims.iss ?? ''];
  if (keys && !keys.some((key) => signedBy(signed, publicKey(key)))) {
    throw new TokenError(401, 'invalid_client', 50013, 'Assertion failed signature validation.');
  }
}

function publicKey(key: JsonWebKey): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}

function certificates(application: GraphObject): KeyObject[] {
  return ((application.keyCredentials as { key?: string | null }[] | undefined) ?? [])
    .filter((credential) => typeof credential.key === 'string')
    .map((credential) => new X509Certificate(Buffer.from(credential.key as string, 'base64')).publicKey);
}

function signedBy(signed: { text: string; algorithm: string; signature: Buffer }, key: KeyObject): boolean {
  const padding = signed.algorithm.startsWith('PS')
    ? cryptography.RSA_PKCS1_PSS_PADDING
    : cryptography.RSA_PKCS1_PADDING;
  const shaped = signed.algorithm.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' as const } : { key, padding };
  return verify(`sha${signed.algorithm.slice(2)}`, Buffer.from(signed.text), shaped, signed.signature);
}

/** Issuer, subject and audience must equal those of one federated identity credential, to the letter (reference 5.1). */
function checkFederated(application: GraphObject, claims: Assertion): void {
  const credentials = (application.federatedIdentityCredentials ?? []) as unknown as {
    issuer: string;
    subject: string;
    audiences: string[];
  }[];
  const ofIssuer = credentials.filter((credential) => credential.issuer === claims.iss);
  if (ofIssuer.length === 0) {
    throw new TokenError(
      401,
      'invalid_client',
      70021,
      `No matching federated identity record found for presented assertion issuer '${claims.iss}'.`,
    );
  }
  const ofSubject = ofIssuer.filter((credential) => credential.subject === claims.sub);
  if (ofSubject.length === 0) {
    throw new TokenError(
      401,
      'invalid_client',
      700213,
      `No matching federated identity record found for presented assertion subject '${claims.sub}'.`,
    );
  }
  const audiences = [claims.aud ?? []].flat();
  if (!ofSubject.some((credential) => credential.audiences.some((audience) => audiences.includes(audience)))) {
    throw new TokenError(
      401,
      'invalid_client',
      700212,
      `No matching federated identity record found for presented assertion audience '${audiences.join(' ')}'.`,
    );
  }
}
