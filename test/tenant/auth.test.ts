// Signing in against an authority on loopback: every credential, renewal in the middle of a run, and errors in words without secrets.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { resolveCloud } from '../../src/tenant/clouds.ts';
import { openCredential } from '../../src/tenant/credentials.ts';
import type { TenantOptions } from '../../src/tenant/index.ts';
import { claimsChallenge } from '../../src/tenant/middleware.ts';
import { realTime } from '../../src/tenant/time.ts';
import { printable, Token } from '../../src/tenant/token.ts';
import { all, FakeGraph, type FakeOptions, guid, open, refusal, tenantId, tokenOf } from './fake-graph.ts';

let server: Server;
let authorityUrl: string;
/** What the authority was asked for, and what it answers. */
let asked: { path: string; form: URLSearchParams }[] = [];
let answer: (form: URLSearchParams) => { status: number; body: JsonObject };

const granted = (claims: JsonObject = {}, expiresIn = 3599) => ({
  status: 200,
  body: {
    token_type: 'Bearer',
    expires_in: expiresIn,
    access_token: tokenOf({ ...claims, jti: String(asked.length) }),
  },
});

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const send = (status: number, body: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      };
      if (path.includes('openid-configuration'))
        return send(200, {
          issuer: `${authorityUrl}/${tenantId}/v2.0`,
          token_endpoint: `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
          authorization_endpoint: `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/authorize`,
          jwks_uri: `https://login.microsoftonline.com/${tenantId}/keys`,
        });
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      asked.push({ path, form });
      const { status, body } = answer(form);
      send(status, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  authorityUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => server.close());

beforeEach(() => {
  asked = [];
  answer = () => granted();
});

const environment = { AZURE_CLIENT_SECRET: 'canary~client~secret' };
const clientId = guid('e', 2);

function reading(options: Partial<TenantOptions>, fault?: FakeOptions['fault']) {
  const users = [{ id: guid('a', 1), displayName: 'One', sponsors: [] }];
  const fake = new FakeGraph({
    objects: { users, organization: [{ id: tenantId, displayName: 'Contoso' }] },
    delta: { users: [] },
    ...(fault ? { fault } : {}),
  });
  const opened = open(fake, {
    accessToken: undefined,
    authorityUrl,
    credentials: { tenantId, clientId },
    environment,
    ...options,
  });
  return { ...opened, fake, read: () => all(opened.reader.read(kinds.get('users')!)) };
}

describe('credentials', () => {
  it('signs in with a client secret, once for many requests, for the Graph that is configured', async () => {
    const { read, fake, reader } = reading({});
    expect(await read()).toHaveLength(1);
    await read();
    expect(asked).toHaveLength(1);
    expect(asked[0]!.path.split('?')[0]).toBe(`/${tenantId}/oauth2/v2.0/token`);
    expect(asked[0]!.form.get('client_secret')).toBe('canary~client~secret');
    expect(asked[0]!.form.get('scope')).toContain('https://graph.microsoft.com/.default');
    expect(fake.requests[0]!.headers.Authorization).toMatch(/^Bearer eyJ/);
    expect(await reader.identity()).toMatchObject({ appId: clientId, permissions: ['Directory.Read.All'] });
  });

  it('gives a fresh OIDC token of the GitHub job for each sign-in, with the audience of the cloud', async () => {
    const audiences: string[] = [];
    const fetch = (async (url: URL, init: RequestInit) => {
      audiences.push(new URL(url).searchParams.get('audience') ?? '');
      expect(new Headers(init.headers).get('authorization')).toBe('Bearer job-token');
      return new Response(JSON.stringify({ value: tokenOf({ sub: `repo:o/r ${audiences.length}` }) }));
    }) as unknown as typeof globalThis.fetch;
    const job = {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.example/?x=1',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'job-token',
    };
    for (const [cloud, audience] of [
      ['global', 'api://AzureADTokenExchange'],
      ['usgov', 'api://AzureADTokenExchangeUSGov'],
      ['china', 'api://AzureADTokenExchangeChina'],
    ] as const) {
      asked = [];
      audiences.length = 0;
      const credential = await openCredential({
        cloud: resolveCloud(cloud, undefined, authorityUrl),
        credentials: { tenantId, clientId },
        environment: job,
        time: realTime,
        fetch,
        prompt: () => {},
      });
      await credential.getToken('https://graph.microsoft.com/.default');
      expect(new Set(audiences)).toEqual(new Set([audience]));
      expect(asked[0]!.form.get('client_assertion_type')).toBe(
        'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      );
      expect(asked[0]!.form.get('client_assertion')).toMatch(/^eyJ/);
    }
  });

  it('says what a GitHub job lacks', async () => {
    const { read } = reading({ credentials: { tenantId, clientId, method: 'github' }, environment: {} });
    await expect(read()).rejects.toMatchObject({
      kind: 'authentication',
      detail: expect.stringContaining('id-token: write'),
    });
  });

  it('signs in with a certificate', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'driftline-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=driftline', '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
    try {
      execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    } catch {
      context.skip('there is no openssl to make a certificate with');
    }
    const both = join(folder, 'both.pem');
    writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'));
    const { read } = reading({ credentials: { tenantId, clientId, certificatePath: both }, environment: {} });
    expect(await read()).toHaveLength(1);
    expect(asked[0]!.form.get('client_assertion')).toMatch(/^eyJ/);
  });

  it('says which part of a credential is missing', async () => {
    const missing = async (credentials: TenantOptions['credentials']) => {
      await expect(reading({ credentials, environment: {} }).read()).rejects.toMatchObject({
        kind: 'usage',
        subject: 'credentials',
      });
    };
    await missing({ tenantId, clientId, method: 'secret' });
    await missing({ tenantId, clientId, method: 'certificate' });
    await missing({ clientId, method: 'github' });
    const gone = reading({ credentials: { tenantId, clientId, certificatePath: '/nowhere/x.pem' }, environment: {} });
    await expect(gone.read()).rejects.toMatchObject({ kind: 'authentication', subject: '/nowhere/x.pem' });
  });
});

describe('renewal', () => {
  it('row 27: gets a new token once for a 401 at any request, and goes on', async () => {
    for (let k = 1; k <= 2; k += 1) {
      asked = [];
      let refused = 0;
      const { read } = reading({}, ({ number }) =>
        number === k && refused++ === 0 ? refusal(401, 'InvalidAuthenticationToken') : undefined,
      );
      expect(await read()).toHaveLength(1);
      expect(asked).toHaveLength(2);
    }
  });

  it('row 27: stops when the new token is refused as well', async () => {
    const { read, fake } = reading({}, () => refusal(401, 'InvalidAuthenticationToken'));
    await expect(read()).rejects.toMatchObject({
      kind: 'authentication',
      detail: expect.stringContaining('a new one as well'),
    });
    // Managers and sponsors are listed at the same time: each was asked for with the old token and with the new one.
    expect(fake.requests).toHaveLength(4);
    expect(new Set(fake.requests.map(({ headers }) => headers.Authorization)).size).toBe(2);
  });

  it('renews a token before it runs out, and not at every request where the clock is wrong', async () => {
    answer = () => granted({}, 200);
    let skipped = 0;
    const time = { ...realTime, now: () => Date.now() + skipped };
    const { reader } = reading({ time });
    await reader.identity();
    await reader.identity();
    expect(asked).toHaveLength(1);
    skipped = 90_000;
    await reader.identity();
    await reader.identity();
    expect(asked).toHaveLength(2);
  });

  it('renews once for many requests that are refused together', async () => {
    let stale: string | undefined;
    const { reader } = reading({}, ({ headers, inBatch }) => {
      if (inBatch) return undefined;
      stale ??= headers.Authorization;
      return headers.Authorization === stale ? refusal(401, 'InvalidAuthenticationToken') : undefined;
    });
    await Promise.all(
      ['users', 'organization', 'users'].map((name) => reader.readObjects(kinds.get(name)!, [guid('a', 1)])),
    );
    expect(asked).toHaveLength(2);
  });

  it('does not renew again for a request that was refused before the renewal, and told so after it', async () => {
    let stale: string | undefined;
    let renewed: (() => void) | undefined;
    const afterRenewal = new Promise<void>((resolve) => {
      renewed = resolve;
    });
    const { reader } = reading({}, async ({ headers, path }) => {
      stale ??= headers.Authorization;
      if (headers.Authorization !== stale) renewed?.();
      else if (path === 'organization') await afterRenewal;
      return headers.Authorization === stale ? refusal(401, 'InvalidAuthenticationToken') : undefined;
    });
    const slow = reader.probe(kinds.get('organization')!);
    const quick = reader.resolve([guid('a', 1)]);
    await Promise.all([slow, quick]);
    expect(asked).toHaveLength(2);
  });

  it('answers a claims challenge with the claims that are asked for', async () => {
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}';
    const header = `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`;
    expect(claimsChallenge(header)).toBe(claims);
    expect(claimsChallenge('Bearer realm=""')).toBeUndefined();
    let refused = 0;
    const { read } = reading({}, () =>
      refused++ === 0 ? refusal(401, 'InvalidAuthenticationToken', '', { 'www-authenticate': header }) : undefined,
    );
    expect(await read()).toHaveLength(1);
    expect(asked[1]!.form.get('claims')).toContain('"nbf"');
  });

  it('row 29: does not use a new token that is of another tenant', async () => {
    answer = () => granted(asked.length > 1 ? { tid: 'bbbbbbbb-0000-4000-8000-000000000009' } : {});
    let refused = 0;
    const { read, fake } = reading({}, () =>
      refused++ === 0 ? refusal(401, 'InvalidAuthenticationToken') : undefined,
    );
    await expect(read()).rejects.toMatchObject({
      kind: 'authentication',
      detail: expect.stringContaining('bbbbbbbb-0000-4000-8000-000000000009'),
    });
    // The other listing was on its way.
    expect(fake.requests).toHaveLength(2);
  });
});

describe('errors of the token endpoint', () => {
  it('row 28: says what is wrong and on which side, without the secret', async () => {
    const failing =
      (code: number, text: string, status = 401) =>
      () => ({
        status,
        body: { error: 'invalid_client', error_description: `AADSTS${code}: ${text} Trace ID: x`, error_codes: [code] },
      });
    for (const [code, text, expected] of [
      [7000215, 'Invalid client secret provided: canary~client~secret.', /client secret is wrong/],
      [7000222, 'The provided client secret keys are expired.', /has run out/],
      [700016, "Application with identifier 'x' was not found.", /no application with this client id/],
      [90002, "Tenant 'x' not found.", /no such tenant/],
      [700213, 'No matching federated identity record found.', /subject of the CI job/],
      [99999, 'Something new. More of it.', /AADSTS99999, Something new/],
    ] as const) {
      answer = failing(code, text);
      const error = await reading({})
        .read()
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: 'authentication', detail: expect.stringMatching(expected) });
      expect(inspect(error, { depth: 10 })).not.toContain('canary');
    }
  });

  it('row 28: waits out a token endpoint that is busy for a moment', async () => {
    answer = () => (asked.length < 2 ? { status: 503, body: {} } : granted());
    expect(await reading({}).read()).toHaveLength(1);
  });
});

describe('a token', () => {
  it('never shows itself', () => {
    const token = new Token(tokenOf());
    for (const shown of [
      String(token),
      JSON.stringify({ token }),
      inspect({ token }, { depth: 5, showHidden: true }),
      `${token}`,
    ])
      expect(shown).not.toContain('canary');
    expect(token.claims).toEqual({
      tenantId,
      appId: clientId,
      objectId: guid('e', 1),
      permissions: ['Directory.Read.All'],
    });
  });

  it('says nothing of permissions where it is a delegated or an opaque one', () => {
    expect(new Token('opaque').claims).toEqual({});
    expect(new Token(tokenOf({ idtyp: 'user', scp: 'User.Read', roles: [] })).claims.permissions).toBeUndefined();
    expect(new Token(tokenOf({ roles: null })).claims.permissions).toEqual([]);
  });

  it('is cut out of what servers say', () => {
    expect(printable(`x ${tokenOf()} y`)).toBe('x [redacted] y');
    expect(printable('Bearer abcdefghijk')).toBe('Bearer [redacted]');
    expect(printable('a\u001b[31m\r\nb')).toBe('a [31m b');
    expect(printable(guid('a', 1))).toBe(guid('a', 1));
  });
});

describe('the address of the server', () => {
  it('is an https origin, or http on loopback', () => {
    expect(resolveCloud('global').graph.origin).toBe('https://graph.microsoft.com');
    expect(resolveCloud('global', 'http://127.0.0.1:8080').graph.origin).toBe('http://127.0.0.1:8080');
    expect(resolveCloud('global', 'http://localhost:1').graph.origin).toBe('http://localhost:1');
    for (const url of [
      'http://graph.example',
      'https://u:p@graph.example',
      'https://graph.example/v1.0',
      'ftp://x',
      'x',
      'http://127.0.0.1.nip.io',
    ])
      expect(() => resolveCloud('global', url), url).toThrow(/not valid/);
    expect(() => resolveCloud('mars')).toThrow(/no cloud "mars"/);
  });

  it('is not used where certificates would not be checked', () => {
    expect(() => reading({ environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } })).toThrow(/NODE_EXTRA_CA_CERTS/);
  });
});
