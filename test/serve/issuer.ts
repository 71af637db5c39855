// An issuer of tokens as Entra ID is one: signing keys on a port, and tokens with whatever claims a test asks for.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  /** A good token of an Administrator, but for the claims given; undefined takes one out. */
  sign(claims?: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** New keys; the old ones are no longer published. */
  rotate(): Promise<void>;
  readonly asked: () => number;
  close(): Promise<void>;
}

export async function startIssuer(): Promise<Issuer> {
  let number = 0;
  let asked = 0;
  const make = async () => {
    number += 1;
    const pair = await generateKeyPair('RS256', { extractable: true });
    return { kid: `key-${number}`, ...pair, jwk: await exportJWK(pair.publicKey) };
  };
  let key = await make();
  const server = createServer((_request, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [{ ...key.jwk, kid: key.kid, alg: 'RS256', use: 'sig' }] }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
  return {
    url,
    issuer,
    configuration: [
      'serve:',
      '  url: https://driftline.test',
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
    ].join('\n'),
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
}
