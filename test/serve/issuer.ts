// An issuer of tokens as Entra ID is one, on a port: signing keys, tokens with whatever claims a test asks for, and the sign-in of people.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const tenantId = '7c2f4a1e-5b0d-4e8a-9f63-2d1b8c0a7e55';
export const audience = 'a1b2c3d4-0000-4000-8000-00000000abcd';
export const reader = '11111111-1111-4111-8111-111111111111';
export const administrator = '22222222-2222-4222-8222-222222222222';
export const second = '33333333-3333-4333-8333-333333333333';

export interface Issuer {
  readonly url: string;
  readonly issuer: string;
  /** `serve.tokens` of a driftline.yaml that trusts this issuer. */
  readonly configuration: string;
  /** The same without `serve.url`, and with sign-in, for a server on this machine. */
  readonly signInConfiguration: string;
  /** Who signs in next, by what the ID token says of them; undefined takes a claim out. */
  person: JWTPayload;
  /** It answers nothing but 503. */
  down: boolean;
  /** The secret that the registration has, if any. */
  secret: string | undefined;
  /** A good token of an Administrator, but for the claims given; undefined takes one out. */
  sign(claims?: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** New keys; the old ones are no longer published. */
  rotate(): Promise<void>;
  readonly asked: () => number;
  close(): Promise<void>;
}

/** What was asked for when a code was made. */
interface Grant {
  readonly query: URLSearchParams;
  used: boolean;
}

type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>];

export async function startIssuer(): Promise<Issuer> {
  let number = 0;
  let asked = 0;
  const make = async () => {
    number += 1;
    const pair = await generateKeyPair('RS256', { extractable: true });
    return { kid: `key-${number}`, ...pair, jwk: await exportJWK(pair.publicKey) };
  };
  let key = await make();
  const grants = new Map<string, Grant>();
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname, searchParams } = new URL(request.url!, url);
    if (found.down) return [503, '<html>busy</html>', { 'content-type': 'text/html' }];
    if (pathname === '/keys') return [200, { keys: [{ ...key.jwk, kid: key.kid, alg: 'RS256', use: 'sig' }] }];
    if (pathname === `/${tenantId}/v2.0/.well-known/openid-configuration`) return [200, metadata];
    if (pathname === `/${tenantId}/oauth2/v2.0/authorize`) return authorize(searchParams, grants, request);
    if (pathname === `/${tenantId}/oauth2/v2.0/token`)
      return redeem(new URLSearchParams(await text(request)), grants, found);
    return [404, {}];
  };
  const server = createServer((request, response) => {
    asked += 1;
    answer(request).then(([status, body, headers = {}]) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, 'localhost', done));
  // Another site than 127.0.0.1, as Entra ID is another one than the server: cookies must survive the way there and back.
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const issuer = `${url}/${tenantId}/v2.0`;
  const metadata = {
    issuer,
    authorization_endpoint: `${url}/${tenantId}/oauth2/v2.0/authorize`,
    token_endpoint: `${url}/${tenantId}/oauth2/v2.0/token`,
    jwks_uri: `${url}/keys`,
    response_types_supported: ['code', 'id_token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
  };
  const settings = [
    '  tokens:',
    `    tenantId: ${tenantId}`,
    `    audience: ${audience}`,
    `    issuer: ${issuer}`,
    `    keysUrl: ${url}/keys`,
    '    roles:',
    '      reader: [Backup.Reader]',
    '      administrator: [Backup.Administrator]',
    `    applications: [${second}]`,
    '',
  ];
  const found: Issuer = {
    url,
    issuer,
    configuration: ['serve:', '  url: https://driftline.test', ...settings].join('\n'),
    signInConfiguration: ['serve:', '  signIn: true', ...settings].join('\n'),
    person: {},
    down: false,
    secret: undefined,
    async sign(claims = {}, header = {}) {
      const all = {
        iss: issuer,
        aud: audience,
        tid: tenantId,
        oid: administrator,
        name: 'Ada',
        roles: ['Backup.Administrator'],
        ...claims,
      };
      const now = Math.floor(Date.now() / 1000);
      const payload = Object.fromEntries(
        Object.entries({ iat: now, nbf: now, exp: now + 600, ...all }).filter(([, value]) => value !== undefined),
      );
      return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header }).sign(key.privateKey);
    },
    async rotate() {
      key = await make();
    },
    asked: () => asked,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return found;
}

/** Asks the person who they are, as the account picker does; a caller that is no browser is sent back at once. */
async function authorize(
  query: URLSearchParams,
  grants: Map<string, Grant>,
  request: IncomingMessage,
): Promise<Answer> {
  const back = new URL(query.get('redirect_uri') ?? 'x:');
  const good =
    query.get('client_id') === audience &&
    query.get('response_type') === 'code' &&
    query.get('code_challenge_method') === 'S256' &&
    /(^| )openid( |$)/.test(query.get('scope') ?? '') &&
    back.pathname === '/signin/callback';
  if (!good) return [400, { error: 'invalid_request' }];
  const code = randomUUID();
  grants.set(code, { query, used: false });
  back.searchParams.set('code', code);
  back.searchParams.set('state', query.get('state') ?? '');
  back.searchParams.set('session_state', randomUUID());
  if (!request.headers.accept?.includes('text/html')) return [302, '', { location: back.href }];
  const page = `<!doctype html><title>Pick an account</title><a href="${back.href.replaceAll('&', '&amp;')}">Go on</a>`;
  return [200, page, { 'content-type': 'text/html' }];
}

/** An ID token for a code: once, with its verifier, its redirect URI, and the secret where there is one. */
async function redeem(form: URLSearchParams, grants: Map<string, Grant>, issuer: Issuer): Promise<Answer> {
  const grant = grants.get(form.get('code') ?? '');
  const refused = (error: string, error_description: string): Answer => [400, { error, error_description }];
  if (form.get('client_secret') !== (issuer.secret ?? null))
    return [
      401,
      {
        error: 'invalid_client',
        error_description:
          "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.\r\nTrace ID: 1",
      },
    ];
  if (grant === undefined || form.get('grant_type') !== 'authorization_code')
    return refused('invalid_grant', 'AADSTS9002313: Invalid request.');
  if (grant.used)
    return refused('invalid_grant', 'AADSTS54005: OAuth2 Authorization code was already redeemed.\r\nTrace ID: 2');
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');
  if (challenge !== grant.query.get('code_challenge') || form.get('redirect_uri') !== grant.query.get('redirect_uri'))
    return refused('invalid_grant', 'AADSTS501481: The Code_Verifier does not match the code_challenge.');
  grant.used = true;
  const claims = { sub: 'pairwise', nonce: grant.query.get('nonce') ?? undefined, ...issuer.person };
  return [
    200,
    {
      token_type: 'Bearer',
      scope: 'openid profile',
      expires_in: 3600,
      access_token: 'opaque',
      id_token: await issuer.sign(claims as JWTPayload),
    },
  ];
}
