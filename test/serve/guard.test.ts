// Who is heard at all: names, origins, cookies, bodies and addresses that a foreign page or a careless script would send (trust.md rows 73 and 75).
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Place, servePlace } from './place.ts';

describe('the guard of the server', () => {
  let place: Place;
  let own: Record<string, string>;
  let cookie: string;
  const port = () => new URL(place.server.origin).port;

  beforeAll(async () => {
    place = await servePlace({ localToken: true });
    own = {
      origin: place.server.origin,
      'content-type': 'application/json',
      'x-driftline': '1',
      'sec-fetch-site': 'same-origin',
    };
    const link = place.server.link()!.split('#link=')[1];
    const opened = await place.raw('/session', { method: 'POST', headers: own, body: JSON.stringify({ link }) });
    cookie = opened.headers.get('set-cookie')!;
  });
  afterAll(() => place?.close());

  const post = (headers: Record<string, string>, body = '{"from":"HEAD"}') =>
    place.raw('/api/previews', { method: 'POST', headers: { cookie: cookie.split(';')[0]!, ...headers }, body });

  it('answers to its own names and port alone', async () => {
    for (const host of [
      'evil.example',
      `127.0.0.1.nip.io:${port()}`,
      `localhost.:${port()}`,
      `127.0.0.1:1`,
      '127.0.0.1',
      `[::2]:${port()}`,
      '',
    ])
      expect((await place.raw('/', { headers: { host } })).status, host).toBe(403);
    for (const name of ['localhost', '127.0.0.1', '[::1]'])
      expect((await place.raw('/api/me', { headers: { host: `${name}:${port()}` } })).status, name).toBe(401);
  });

  it('refuses, on the wire, a request without Host', async () => {
    const status = await new Promise<number | undefined>((done, fail) => {
      const asked = request({ host: '127.0.0.1', port: port(), path: '/', setHost: false }, (response) => {
        response.resume();
        done(response.statusCode);
      });
      asked.on('error', fail).end();
    });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('opens a session once by the link, with a cookie that no script reads and no other site sends', async () => {
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    for (const link of ['', 'x'.repeat(43), 7, null])
      expect(
        (await place.raw('/session', { method: 'POST', headers: own, body: JSON.stringify({ link }) })).status,
      ).toBe(401);
    const again = place.server.link()!.split('#link=')[1]!;
    const stolen = await place.raw('/session', {
      method: 'POST',
      headers: { ...own, origin: 'https://evil.example' },
      body: JSON.stringify({ link: again }),
    });
    expect(stolen.status).toBe(403);
    const other = { ...own, 'sec-fetch-site': 'cross-site' };
    expect(
      (await place.raw('/session', { method: 'POST', headers: other, body: JSON.stringify({ link: again }) })).status,
    ).toBe(403);
  });

  it('knows no cookie but those it gave', async () => {
    const name = cookie.split('=')[0]!;
    for (const value of [`${name}=x`, `driftline-1=${cookie.split(';')[0]!.split('=')[1]}`, `${name}=`])
      expect((await place.raw('/api/me', { headers: { cookie: value } })).status).toBe(401);
    expect((await place.raw('/api/me', { headers: { cookie: cookie.split(';')[0]! } })).status).toBe(200);
  });

  it('changes something only for a page of its own', async () => {
    const bad: Record<string, string>[] = [
      {},
      { ...own, origin: 'null' },
      { ...own, origin: 'http://evil.example' },
      { ...own, origin: `http://127.0.0.1:${Number(port()) + 1}` },
      { ...own, 'x-driftline': '' },
      { ...own, 'content-type': 'text/plain' },
      { ...own, 'content-type': 'application/x-www-form-urlencoded' },
      { ...own, 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of bad) expect((await post(headers)).status, JSON.stringify(headers)).toBe(403);
    expect(place.server.jobs.store.all()).toEqual([]);
  });

  it('refuses bodies that are too long, too deep, or not a JSON object', async () => {
    const token = { authorization: `Bearer ${place.server.token}`, 'content-type': 'application/json' };
    const path = '/v1.0/directory/recovery/snapshots/x/recoveryPreviewJobs';
    const id = encodeURIComponent(
      (await place.call('GET', '/v1.0/directory/recovery/snapshots').catch(() => undefined))?.body?.value?.[0]?.id ??
        'x',
    );
    const send = (body: string, headers = token) =>
      place.raw(path.replace('/x/', `/${id}/`), { method: 'POST', headers, body });
    const cases: [string, number, Record<string, string>?][] = [
      ['{'.repeat(10_000), 400],
      [`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 400],
      [`"${'x'.repeat(10_000_000)}"`, 413],
      ['[]', 400],
      ['null', 400],
      ['{"filteringCriteria":{"@odata.type":"#x"}}', 400],
      ['{"filteringCriteria":7}', 400],
      ['{"status":"successful"}', 400],
      ['<xml/>', 415, { ...token, 'content-type': 'application/xml' }],
    ];
    for (const [body, status, headers] of cases) {
      const answer = await send(body, headers as typeof token);
      expect(answer.status, body.slice(0, 40)).toBe(status);
      expect(answer.body.error.innerError['request-id']).toBe(answer.headers.get('request-id'));
      expect(answer.body.error.code).not.toBe('');
    }
    expect(place.server.jobs.store.all()).toEqual([]);
  });

  it('has no address that leads to a file', async () => {
    for (const path of [
      '/%2e%2e/.git/config',
      '/state/../../etc/passwd',
      '/assets/../driftline.yaml',
      '/assets/000000000000/portal.js',
      '/.git/config',
      '/objects/..%2f..%2f/x',
      '/__proto__',
      '/assets/constructor',
    ]) {
      const answer = await place.raw(path, { headers: { cookie: cookie.split(';')[0]! } });
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain('[core]');
    }
  });

  it('says on every answer what a browser may do with it, and lets no other origin read', async () => {
    for (const path of ['/', '/api/me', '/v1.0/directory/recovery', '/nowhere', '/api/openapi.json']) {
      const { headers } = await place.raw(path, {
        headers: { cookie: cookie.split(';')[0]!, origin: 'https://evil.example' },
      });
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('takes the token of a script on this machine, and no other', async () => {
    const me = (token: string) => place.raw('/api/me', { headers: { authorization: `Bearer ${token}` } });
    expect((await me(place.server.token!)).body.role).toBe('reader');
    expect((await me('x')).status).toBe(401);
    expect((await place.raw('/api/me', { headers: { authorization: 'Basic eDp5' } })).status).toBe(401);
  });

  it('serves loopback alone where it has no way to know people', async () => {
    const { workplace } = place;
    const { startServer } = await import('../../src/serve/index.ts');
    await expect(
      startServer({ workplace, version: '0', now: () => new Date(), host: '0.0.0.0' }),
    ).rejects.toMatchObject({ kind: 'refused' });
  });

  it('says what stands in the way of listening, and what to do', async () => {
    const { startServer } = await import('../../src/serve/index.ts');
    const { writeFileSync } = await import('node:fs');
    const { join } = await import('node:path');
    const other = await servePlace({ snapshots: false });
    await other.server.close();
    const start = (options: { port?: number }, serve?: object) =>
      startServer({
        workplace: { ...other.workplace, configuration: { ...other.workplace.configuration, sections: { serve } } },
        version: '0',
        now: () => new Date(),
        ...options,
      });
    await expect(start({ port: Number(port()) })).rejects.toMatchObject({
      summary: 'The server cannot listen',
      detail: expect.stringContaining('Another program has this port'),
    });
    writeFileSync(join(other.root, 'no.pem'), 'no certificate');
    for (const name of ['no.pem', 'missing.pem'])
      await expect(
        start({}, { tls: { certificate: join(other.root, name), key: join(other.root, name) } }),
      ).rejects.toMatchObject({ kind: 'usage', summary: 'The certificate of the server cannot be used' });
    await (await start({})).close();
    await other.close();
  });

  it('is one server for one repository', async () => {
    const { startServer } = await import('../../src/serve/index.ts');
    await expect(
      startServer({ workplace: place.workplace, version: '0', now: () => new Date() }),
    ).rejects.toMatchObject({ kind: 'conflict' });
  });
});
