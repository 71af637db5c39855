// Tokens: which are taken and which are not (trust.md 2.10), by the verifier and by the whole server; and what each role may do.
import { exportSPKI, generateKeyPair, importSPKI, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenVerifier } from '../../src/serve/tokens.ts';
import { administrator, audience, type Issuer, reader, second, startIssuer, tenantId } from './issuer.ts';
import { type Place, servePlace } from './place.ts';

const readerClaims = { oid: reader, roles: ['Backup.Reader'] };

describe('tokens of Entra ID', () => {
  let issuer: Issuer;
  let place: Place;
  const me = async (token: string, more: Record<string, string> = {}) =>
    place.raw('/api/me', { headers: { authorization: `Bearer ${token}`, ...more } });

  beforeAll(async () => {
    issuer = await startIssuer();
    place = await servePlace({ configuration: issuer.configuration });
  });
  afterAll(async () => {
    await place?.close();
    await issuer?.close();
  });

  it('makes a Reader, an Administrator, or an application that is listed', async () => {
    expect((await me(await issuer.sign())).body).toMatchObject({
      id: administrator,
      role: 'administrator',
      via: 'token',
    });
    expect((await me(await issuer.sign(readerClaims))).body).toMatchObject({ id: reader, role: 'reader' });
    expect((await me(await issuer.sign({ idtyp: 'app', azp: second, oid: second }))).body).toMatchObject({
      application: true,
    });
  });

  it('takes nothing else', async () => {
    const refused: [string, Promise<string>, number][] = [
      ['another audience', issuer.sign({ aud: 'https://graph.microsoft.com' }), 401],
      ['several audiences', issuer.sign({ aud: [audience, 'x'] }), 401],
      ['another tenant', issuer.sign({ tid: administrator }), 401],
      ['another issuer', issuer.sign({ iss: `https://login.microsoftonline.com/${administrator}/v2.0` }), 401],
      ['a v1 issuer', issuer.sign({ iss: `https://sts.windows.net/${tenantId}/` }), 401],
      ['a trailing slash', issuer.sign({ iss: `${issuer.issuer}/` }), 401],
      ['expired', issuer.sign({ exp: Math.floor(Date.now() / 1000) - 3600 }), 401],
      ['not valid yet', issuer.sign({ nbf: Math.floor(Date.now() / 1000) + 3600 }), 401],
      ['no end', issuer.sign({ exp: undefined as never }), 401],
      ['nobody', issuer.sign({ oid: undefined as never }), 401],
      ['roles as a text', issuer.sign({ roles: 'Backup.Administrator' as never }), 401],
      ['roles of numbers', issuer.sign({ roles: [1] as never }), 401],
      ['no role', issuer.sign({ roles: [] }), 403],
      ['a role of somebody else', issuer.sign({ roles: ['Backup.Administrators'] }), 403],
      ['an application that is not listed', issuer.sign({ idtyp: 'app', azp: reader }), 403],
      ['an unknown key', issuer.sign({}, { kid: 'other' }), 401],
      ['an unknown extension', issuer.sign({}, { crit: ['x'], x: 1 }).catch(() => 'x.y.z'), 401],
      ['garbage', Promise.resolve('a.b.c'), 401],
      ['a megabyte', Promise.resolve(`${'x'.repeat(1_000_000)}.y.z`), 401],
    ];
    for (const [name, token, status] of refused) {
      const answer = await me(await token);
      expect(answer.status, name).toBe(status);
      expect(answer.body.error.message, name).not.toBe('');
    }
  });

  it('is not fooled about the algorithm or the key', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const settings = {
      tenantId,
      audience,
      issuer: issuer.issuer,
      keysUrl: '',
      roles: { reader: [], administrator: ['A'] },
      applications: [],
    };
    const verify = tokenVerifier(settings, async () => publicKey);
    const payload = { iss: issuer.issuer, aud: audience, tid: tenantId, oid: administrator, roles: ['A'] };
    const spki = await exportSPKI(await importSPKI(await exportSPKI(publicKey), 'RS256', { extractable: true }));
    const sign = (alg: string, key: Parameters<SignJWT['sign']>[0], header = {}) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg, ...header })
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(key);
    await expect(verify(await sign('RS256', privateKey))).resolves.toMatchObject({ role: 'administrator' });
    await expect(verify(await sign('HS256', new TextEncoder().encode(spki)))).rejects.toMatchObject({ status: 401 });
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ ...payload, iat: 1, exp: 9e9 })).toString('base64url')}.`;
    await expect(verify(none)).rejects.toMatchObject({ status: 401 });
    const mine = await generateKeyPair('RS256', { extractable: true });
    const { exportJWK } = await import('jose');
    const jwk = await exportJWK(mine.publicKey);
    await expect(
      verify(await sign('RS256', mine.privateKey, { jwk, jku: 'http://127.0.0.1:9/keys' })),
    ).rejects.toMatchObject({ status: 401 });
  });

  it('refuses a Reader every write, and tells nothing about what is there', async () => {
    const token = await issuer.sign(readerClaims);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const { body } = await place.raw('/v1.0/directory/recovery/snapshots', { headers });
    const snapshot = encodeURIComponent(body.value[0].id);
    const preview = await place.raw(`/v1.0/directory/recovery/snapshots/${snapshot}/recoveryPreviewJobs`, {
      method: 'POST',
      headers,
    });
    expect(preview.status).toBe(202);
    const job = preview.headers.get('location')!.split('/').at(-1)!;
    await place.server.jobs.settled(job);
    const none = '99999999-9999-4999-8999-999999999999';
    const writes = [
      `/v1.0/directory/recovery/snapshots/${snapshot}/recoveryJobs`,
      `/v1.0/directory/recovery/jobs/${job}/microsoft.graph.entraRecoveryServices.cancel`,
      `/beta/directory/recovery/jobs/${none}/cancel`,
      '/api/plans',
      '/api/undos',
      `/api/jobs/${job}/confirm`,
      `/api/jobs/${none}/confirm`,
      `/api/jobs/${job}/cancel`,
      `/api/jobs/${none}/cancel`,
      `/api/jobs/${none}/passwords`,
      '/api/runs/x/resume',
    ];
    const answers = [];
    for (const path of writes) {
      const answer = await place.raw(path, { method: 'POST', headers, body: '{"goal":"HEAD","digest":"00000000"}' });
      answers.push([answer.status, answer.body.error.code, answer.body.error.message]);
    }
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(answers[0]![0]).toBe(403);
    expect((await place.raw('/api/audit', { headers })).status).toBe(403);
    expect(place.sandbox.requests.filter(({ wrote }) => wrote).length).toBe(1);
  });

  it('follows the issuer to new keys', async () => {
    await issuer.rotate();
    const settings = {
      tenantId,
      audience,
      issuer: issuer.issuer,
      keysUrl: `${issuer.url}/keys`,
      roles: { reader: [], administrator: ['Backup.Administrator'] },
      applications: [],
    };
    const verify = tokenVerifier(settings);
    await expect(verify(await issuer.sign())).resolves.toMatchObject({ id: administrator });
  });

  it('says that the keys cannot be had, and not that the token is bad', async () => {
    const { createServer } = await import('node:http');
    const broken = createServer((_request, response) => response.writeHead(500).end('no'));
    await new Promise<void>((done) => broken.listen(0, '127.0.0.1', done));
    const port = (broken.address() as { port: number }).port;
    for (const keysUrl of ['http://127.0.0.1:9/keys', `http://127.0.0.1:${port}/keys`]) {
      const verify = tokenVerifier({
        tenantId,
        audience,
        issuer: issuer.issuer,
        keysUrl,
        roles: { reader: [], administrator: ['Backup.Administrator'] },
        applications: [],
      });
      await expect(verify(await issuer.sign())).rejects.toMatchObject({ status: 503 });
      // What is no token at all is still said to be none.
      await expect(verify('a.b.c')).rejects.toMatchObject({ status: 401 });
    }
    await new Promise((done) => broken.close(done));
  });

  it('refuses to start where the settings would let in whom they should not', async () => {
    const wrong = issuer.configuration.replace(issuer.issuer, 'https://login.microsoftonline.com/common/v2.0');
    await expect(servePlace({ configuration: wrong, snapshots: false })).rejects.toMatchObject({ kind: 'usage' });
  });
});
