// What happens on the way: sign-in, batches, throttling, replicas that lag, and everything that can go wrong (reference 5.1, 5.2.1, 5.2.10 to 5.2.15).
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createSandbox,
  type FaultRule,
  firstApp,
  type Listening,
  type Sandbox,
  seedObjects,
} from '../../src/sandbox/index.ts';
import { collectGarbage } from '../support/garbage.ts';
import { application, clientOf, group, handClock, id, principal, tenant, user } from './client.ts';

const tokenRequest = (sandbox: Sandbox, form: Record<string, string>, tenantId = sandbox.store.tenantId) =>
  sandbox
    .handler(
      new Request(`http://authority.test/${tenantId}/oauth2/v2.0/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          scope: 'https://graph.microsoft.com/.default',
          ...form,
        }),
      }),
    )
    // biome-ignore lint/suspicious/noExplicitAny: tokens and errors alike.
    .then(async (response) => ({ status: response.status, body: (await response.json()) as any }));

describe('signing in', () => {
  it('gives a token for a secret, which works until it expires', async () => {
    const { clock, turn } = handClock();
    const { sandbox } = tenant({ users: [user(1)] }, { clock, tokenLifetimeSeconds: 600 });
    const { status, body } = await tokenRequest(sandbox, { client_id: firstApp.appId, client_secret: firstApp.secret });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 600 });
    const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ appid: firstApp.appId, tid: sandbox.store.tenantId, idtyp: 'app' });
    expect(claims.roles).toContain('User.Read.All');
    const { get } = clientOf(sandbox, body.access_token);
    expect((await get('/users')).status).toBe(200);
    turn(601_000);
    const late = await get('/users');
    expect([late.status, late.body.error.code]).toEqual([401, 'InvalidAuthenticationToken']);
    expect((await clientOf(sandbox, 'made.up.token').get('/users')).status).toBe(401);
    expect((await get('/users', { authorization: '' })).status).toBe(401);
  });

  it.each([
    [{ client_secret: 'wrong' }, 7000215],
    [{ client_id: id('f', 9), client_secret: 'x' }, 700016],
    [{ client_secret: firstApp.secret, scope: 'User.Read' }, 1002012],
    [{ client_secret: firstApp.secret, scope: 'https://vault.example/.default' }, 500011],
    [{ client_secret: firstApp.secret, grant_type: 'password' }, 70003],
  ])('refuses %o with AADSTS%i', async (form, code) => {
    const { sandbox } = tenant();
    const { status, body } = await tokenRequest(sandbox, { client_id: firstApp.appId, ...form } as Record<
      string,
      string
    >);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error_codes).toEqual([code]);
    expect(body.error_description).toContain(`AADSTS${code}`);
  });

  it('refuses another tenant, and describes itself to MSAL', async () => {
    const { sandbox } = tenant();
    expect(
      (await tokenRequest(sandbox, { client_id: firstApp.appId, client_secret: firstApp.secret }, id('f', 1))).body
        .error_codes,
    ).toEqual([90002]);
    const get = async (path: string) => (await sandbox.handler(new Request(`http://authority.test${path}`))).json();
    expect(await get(`/${sandbox.store.tenantId}/v2.0/.well-known/openid-configuration`)).toMatchObject({
      token_endpoint: `http://authority.test/${sandbox.store.tenantId}/oauth2/v2.0/token`,
    });
    expect(await get('/common/discovery/instance')).toMatchObject({ 'api-version': '1.1' });
  });

  const jwt = (claims: object, header: object = { alg: 'HS256' }) => {
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    return `${text}.${createHmac('sha256', 'x').update(text).digest('base64url')}`;
  };

  it('takes an external token that a federated credential names to the letter', async () => {
    const credential = {
      name: 'main',
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:o/r:ref:refs/heads/main',
      audiences: ['api://AzureADTokenExchange'],
    };
    const { sandbox } = tenant({
      applications: [application(1, { federatedIdentityCredentials: [credential] })],
      servicePrincipals: [principal(1)],
    });
    const now = Date.now() / 1000;
    const claims = { iss: credential.issuer, sub: credential.subject, aud: credential.audiences[0], exp: now + 300 };
    const attempt = (more: object) =>
      tokenRequest(sandbox, { client_id: id('d', 1), client_assertion: jwt({ ...claims, ...more }) });
    expect((await attempt({})).status).toBe(200);
    expect((await attempt({ iss: 'https://other' })).body.error_codes).toEqual([70021]);
    expect((await attempt({ sub: claims.sub.toUpperCase() })).body.error_codes).toEqual([700213]);
    expect((await attempt({ aud: 'api://other' })).body.error_codes).toEqual([700212]);
    expect((await attempt({ exp: now - 5 })).body.error_codes).toEqual([700024]);
  });

  it('checks the signature of issuers whose keys it was given', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const credential = {
      name: 'main',
      issuer: 'https://issuer',
      subject: 's',
      audiences: ['api://AzureADTokenExchange'],
    };
    const { sandbox } = tenant(
      {
        applications: [application(1, { federatedIdentityCredentials: [credential] })],
        servicePrincipals: [principal(1)],
      },
      { jwks: { 'https://issuer': [publicKey.export({ format: 'jwk' })] } },
    );
    const claims = { iss: 'https://issuer', sub: 's', aud: 'api://AzureADTokenExchange', exp: Date.now() / 1000 + 300 };
    const text = [{ alg: 'RS256' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signed = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
    expect((await tokenRequest(sandbox, { client_id: id('d', 1), client_assertion: signed })).status).toBe(200);
    expect(
      (await tokenRequest(sandbox, { client_id: id('d', 1), client_assertion: jwt(claims, { alg: 'RS256' }) })).body
        .error_codes,
    ).toEqual([50013]);
  });

  it('takes the secret that addPassword made, until it is removed', async () => {
    const { sandbox, call } = tenant({ applications: [application(1)], servicePrincipals: [principal(1)] });
    const { body } = await call('POST', `/applications/${id('c', 1)}/addPassword`, {});
    const attempt = () => tokenRequest(sandbox, { client_id: id('d', 1), client_secret: body.secretText });
    expect((await attempt()).status).toBe(200);
    expect((await call('POST', `/applications/${id('c', 1)}/removePassword`, { keyId: body.keyId })).status).toBe(204);
    expect((await attempt()).status).toBe(401);
  });
});

describe('$batch', () => {
  const get = (number: number, url: string, more: object = {}) => ({ id: String(number), method: 'GET', url, ...more });

  it('answers each request by itself, in any order, with 424 where a dependency failed', async () => {
    const { call } = tenant({ users: [user(1)], groups: [group(1)] });
    const { status, body } = await call('POST', '/$batch', {
      requests: [
        get(1, `/users/${id('a', 1)}`),
        get(2, `/users/${id('a', 9)}`),
        get(3, '/groups', { dependsOn: ['2'] }),
        {
          id: '4',
          method: 'PATCH',
          url: `/users/${id('a', 1)}`,
          headers: { 'Content-Type': 'application/json' },
          body: { city: 'Berlin' },
        },
        get(5, `/users/${id('a', 1)}?$select=city`, { dependsOn: ['4'] }),
        get(6, '/v1.0/users'),
      ],
    });
    expect(status).toBe(200);
    const byId = new Map(body.responses.map((each: { id: string }) => [each.id, each]));
    expect(['1', '2', '3', '4', '5', '6'].map((key) => (byId.get(key) as { status: number }).status)).toEqual([
      200, 404, 424, 204, 200, 400,
    ]);
    expect(byId.get('5')).toMatchObject({ body: { city: 'Berlin' } });
    expect(byId.get('4')).not.toHaveProperty('body');
  });

  it('refuses 21 requests, ids that repeat, circles, bodies without their type, and batches within', async () => {
    const { call } = tenant();
    const attempt = async (requests: object[]) => (await call('POST', '/$batch', { requests })).status;
    expect(await attempt(Array.from({ length: 20 }, (_, index) => get(index, '/users')))).toBe(200);
    expect(await attempt(Array.from({ length: 21 }, (_, index) => get(index, '/users')))).toBe(400);
    expect(
      await attempt([
        { ...get(1, '/users'), id: 'a' },
        { ...get(1, '/users'), id: 'A' },
      ]),
    ).toBe(400);
    expect(await attempt([get(1, '/users', { dependsOn: ['2'] }), get(2, '/users', { dependsOn: ['1'] })])).toBe(400);
    expect(await attempt([{ id: '1', method: 'POST', url: '/users', body: {} }])).toBe(400);
    const nested = await call('POST', '/$batch', {
      requests: [
        { id: '1', method: 'POST', url: '/$batch', headers: { 'Content-Type': 'application/json' }, body: {} },
      ],
    });
    expect(nested.body.responses[0].status).toBe(400);
  });

  it('throttles each of its requests by itself', async () => {
    const { clock } = handClock();
    const { call } = tenant({ users: [user(1)] }, { clock, throttling: { resourceUnits: 10 } });
    const { status, body } = await call('POST', '/$batch', {
      requests: Array.from({ length: 20 }, (_, index) => get(index, `/users/${id('a', 1)}`)),
    });
    expect(status).toBe(200);
    const throttled = body.responses.filter((each: { status: number }) => each.status === 429);
    expect(throttled).toHaveLength(10);
    expect(Number(throttled[0].headers['Retry-After'])).toBeGreaterThan(0);
  });
});

describe('throttling', () => {
  it('counts resource units and says so, and when to come back', async () => {
    const { clock, turn } = handClock();
    const { get } = tenant({ users: [user(1)], groups: [group(1)] }, { clock, throttling: { resourceUnits: 10 } });
    expect((await get('/users')).headers.get('x-ms-resource-unit')).toBe('2');
    expect((await get('/users?$select=id')).headers.get('x-ms-resource-unit')).toBe('1');
    expect((await get(`/groups/${id('b', 1)}/members`)).headers.get('x-ms-resource-unit')).toBe('3');
    await get('/users');
    expect((await get(`/users/${id('a', 1)}`)).headers.get('x-ms-throttle-limit-percentage')).toBe('0.90');
    const refused = await get('/users');
    expect([refused.status, refused.body.error.code]).toEqual([429, 'TooManyRequests']);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    turn(wait * 1000);
    expect((await get('/users')).status).toBe(200);
  });

  it('gives Conditional Access one request a second, and no Retry-After', async () => {
    const { clock, turn } = handClock();
    const { get } = tenant({}, { clock, throttling: { conditionalAccessPerSecond: 1 } });
    expect((await get('/identity/conditionalAccess/policies')).status).toBe(200);
    const refused = await get('/identity/conditionalAccess/namedLocations');
    expect(refused.status).toBe(429);
    expect(refused.headers.has('retry-after')).toBe(false);
    turn(1000);
    expect((await get('/identity/conditionalAccess/namedLocations')).status).toBe(200);
  });

  it('has a quota of its own for writes', async () => {
    const { clock } = handClock();
    const { call } = tenant({ users: [user(1)] }, { clock, throttling: { writes: 2 } });
    const write = () => call('PATCH', `/users/${id('a', 1)}`, { city: 'x' });
    expect([(await write()).status, (await write()).status, (await write()).status]).toEqual([204, 204, 429]);
  });
});

describe('replicas that lag', () => {
  it('answer in turns with the new and the old, until all have caught up', async () => {
    const { clock, turn } = handClock();
    const { call, get } = tenant({ users: [user(1, { city: 'old' })] }, { clock, replicaLagMs: 10_000, replicas: 2 });
    turn(60_000);
    await call('PATCH', `/users/${id('a', 1)}`, { city: 'new' });
    const read = async () => (await get(`/users/${id('a', 1)}?$select=city`)).body.city;
    expect(new Set([await read(), await read(), await read(), await read()])).toEqual(new Set(['old', 'new']));
    turn(10_001);
    expect(new Set([await read(), await read()])).toEqual(new Set(['new']));
  });

  it('do not know fresh objects, in reads, links, and as applications of service principals', async () => {
    const { clock, turn } = handClock();
    const { call, get } = tenant({ groups: [group(1)] }, { clock, replicaLagMs: 10_000, replicas: 2 });
    const made = await call('POST', '/applications', { displayName: 'fresh' });
    const statuses = new Set<number>();
    for (let attempt = 0; attempt < 4; attempt++) statuses.add((await get(`/applications/${made.body.id}`)).status);
    expect(statuses).toEqual(new Set([200, 404]));
    const messages: string[] = [];
    let status = 0;
    for (let attempt = 0; attempt < 4 && status !== 201; attempt++) {
      const answer = await call('POST', '/servicePrincipals', { appId: made.body.appId });
      status = answer.status;
      if (status !== 201) messages.push(answer.body.error.message);
    }
    expect(status).toBe(201);
    turn(10_001);
    expect((await get(`/servicePrincipals(appId='${made.body.appId}')`)).status).toBe(200);
    expect(messages.every((message) => message.includes('does not reference a valid application object'))).toBe(true);
  });

  it('still show what was deleted, and links as they were', async () => {
    const { clock, turn } = handClock();
    const { call, get } = tenant(
      { users: [user(1)], groups: [group(1, { links: { members: [`users/${id('a', 1)}`] } })] },
      { clock, replicaLagMs: 10_000, replicas: 2 },
    );
    turn(60_000);
    await call('DELETE', `/groups/${id('b', 1)}/members/${id('a', 1)}/$ref`);
    const seen = new Set<number>();
    for (let attempt = 0; attempt < 4; attempt++)
      seen.add((await get(`/groups/${id('b', 1)}/members`)).body.value.length);
    expect(seen).toEqual(new Set([0, 1]));
  });
});

describe('what changes by itself', () => {
  it('is in noise properties and the order of arrays, and in nothing else', async () => {
    const { clock, turn } = handClock();
    const mails = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}@x.org`);
    const { get } = tenant({ users: [user(1, { otherMails: mails, city: 'Berlin' })] }, { clock });
    const read = async () =>
      (await get(`/users/${id('a', 1)}?$select=otherMails,city,lastPasswordChangeDateTime`)).body;
    const orders = new Set<string>();
    const stamps = new Set<string>();
    for (let attempt = 0; attempt < 5; attempt++) {
      const body = await read();
      turn(1000);
      orders.add(body.otherMails.join());
      stamps.add(body.lastPasswordChangeDateTime);
      expect([body.city, body.otherMails.toSorted()]).toEqual(['Berlin', mails]);
    }
    expect(orders.size).toBeGreaterThan(1);
    expect(stamps.size).toBe(5);
  });
});

describe('faults', () => {
  let listening: Listening | undefined;
  afterEach(async () => {
    await listening?.close();
    listening = undefined;
  });

  /** The same over a real socket, where connections can really break. */
  async function served(rule: FaultRule) {
    const sandbox = createSandbox({ seeds: [seedObjects({ users: [user(1)] })], throttling: false });
    const fault = sandbox.faults.add(rule);
    listening = await sandbox.listen();
    const { graphUrl, env } = listening;
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${graphUrl}/v1.0${path}`, {
        ...init,
        headers: { authorization: `Bearer ${env.DRIFTLINE_ACCESS_TOKEN}`, 'content-type': 'application/json' },
      });
    return { sandbox, fault, ask };
  }

  it('break the connection before the answer, and in the middle of it', async () => {
    const { ask, fault } = await served({ match: { path: /users/ }, fault: { kind: 'reset' } });
    await expect(ask('/users')).rejects.toThrow();
    expect(fault.fired()).toBe(1);
    expect((await ask('/users')).status).toBe(200);
    await listening?.close();
    const middle = await served({ fault: { kind: 'reset', when: 'midBody' } });
    const response = await middle.ask('/users');
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('hang until the client gives up', async () => {
    const { ask } = await served({ fault: { kind: 'hang' }, times: 2 });
    await expect(ask('/users', { signal: AbortSignal.timeout(50) })).rejects.toThrow();
  });

  it.each(['beforeHeaders', 'midBody'] as const)('hang until then without a port, too: %s', async (when) => {
    const { sandbox } = tenant({ users: [user(1)] });
    sandbox.faults.add({ fault: { kind: 'hang', when } });
    const client = new AbortController();
    const ask = async () => {
      const headers = { authorization: `Bearer ${sandbox.token()}` };
      const request = new Request('http://graph.test/v1.0/users', { headers, signal: client.signal });
      return (await sandbox.handler(request)).text();
    };
    const asked = expect(ask()).rejects.toThrow('enough');
    await collectGarbage();
    client.abort(new Error('enough'));
    await asked;
  });

  it('drip, cut, empty and replace the answer', async () => {
    const { ask, sandbox } = await served({ fault: { kind: 'drip', pieces: 3, everyMs: 1 } });
    expect(JSON.parse(await (await ask('/users')).text()).value).toHaveLength(1);
    const texts: Record<string, (text: string) => void> = {
      truncated: (text) => expect(() => JSON.parse(text)).toThrow(),
      html: (text) => expect(text).toContain('<html>'),
      empty: (text) => expect(text).toBe(''),
      noValue: (text) => expect(text).toBe('{}'),
    };
    for (const [kind, check] of Object.entries(texts)) {
      sandbox.faults.add({ fault: { kind: kind as 'html' } });
      check(await (await ask('/users')).text());
    }
  });

  it('answer with a status of one’s own, only from the n-th request on, as often as said', async () => {
    const { sandbox, get } = tenant({ users: [user(1)] });
    sandbox.faults.add({
      match: { method: 'GET', path: /\/users/, nth: 2 },
      fault: { kind: 'status', status: 503, code: 'ServiceUnavailable', headers: { 'Retry-After': '2' } },
      times: 2,
    });
    const statuses = [];
    for (let attempt = 0; attempt < 5; attempt++) statuses.push((await get('/users')).status);
    expect(statuses).toEqual([200, 503, 503, 200, 200]);
  });

  it('let a write take effect before they hide it', async () => {
    const { sandbox, get, call } = tenant({ users: [user(1)] });
    const patch = () => call('PATCH', `/users/${id('a', 1)}`, { city: 'Berlin' });
    const city = async () => (await get(`/users/${id('a', 1)}?$select=city`)).body.city;
    sandbox.faults.add({ match: { method: 'PATCH' }, fault: { kind: 'status', status: 500 } });
    expect([(await patch()).status, await city()]).toEqual([500, null]);
    sandbox.faults.add({ match: { method: 'PATCH' }, fault: { kind: 'status', status: 504, tookEffect: true } });
    expect([(await patch()).status, await city()]).toEqual([504, 'Berlin']);
    sandbox.faults.add({ match: { method: 'DELETE' }, fault: { kind: 'reset', tookEffect: true } });
    await expect(call('DELETE', `/users/${id('a', 1)}`)).rejects.toThrow();
    expect(await city()).toBeUndefined();
  });

  it('send the client somewhere else', async () => {
    const { sandbox, get } = tenant({ users: [user(1)] });
    sandbox.faults.add({ fault: { kind: 'nextLink', to: 'self' } });
    expect((await get('/users')).body['@odata.nextLink']).toBe('http://graph.test/v1.0/users');
    sandbox.faults.add({ fault: { kind: 'nextLink', to: 'https://evil.example/v1.0/users' } });
    expect((await get('/users')).body['@odata.nextLink']).toBe('https://evil.example/v1.0/users');
    sandbox.faults.add({ fault: { kind: 'redirect', to: 'https://evil.example/' } });
    expect((await get('/users')).headers.get('location')).toBe('https://evil.example/');
  });

  it('reach single requests of a batch, and the token endpoint', async () => {
    const { sandbox, call } = tenant({ users: [user(1)] });
    sandbox.faults.add({
      match: { path: /\/users/ },
      fault: { kind: 'status', status: 429, headers: { 'Retry-After': '1.5' } },
    });
    const { body } = await call('POST', '/$batch', { requests: [{ id: '1', method: 'GET', url: '/users' }] });
    expect(body.responses[0]).toMatchObject({ status: 429, headers: { 'Retry-After': '1.5' } });
    sandbox.faults.add({ match: { authority: true }, fault: { kind: 'status', status: 503 } });
    expect((await tokenRequest(sandbox, { client_id: firstApp.appId, client_secret: firstApp.secret })).status).toBe(
      503,
    );
  });
});

describe('writes at the same time', () => {
  it('to one object are refused where the knob says so, and to two they are not', async () => {
    const { call } = tenant({ users: [user(1), user(2)] }, { latencyMs: 20, refuseConcurrentWrites: true });
    const patch = async (number: number) => (await call('PATCH', `/users/${id('a', number)}`, { city: 'x' })).status;
    expect(await Promise.all([patch(1), patch(1), patch(2)])).toEqual([204, 409, 204]);
    expect(await patch(1)).toBe(204);
  });
});

describe('the log of requests', () => {
  it('says what was asked, what came of it, and whether it wrote', async () => {
    const { sandbox, get, call } = tenant({ users: [user(1)] });
    await get('/users');
    await call('PATCH', `/users/${id('a', 1)}`, { city: 'x' });
    await call('PATCH', `/users/${id('a', 1)}`, { city: 'x' });
    await call('POST', '/$batch', { requests: [{ id: '1', method: 'DELETE', url: `/users/${id('a', 1)}` }] });
    expect(sandbox.requests.map(({ method, status, wrote, inBatch }) => [method, status, wrote, inBatch])).toEqual([
      ['GET', 200, false, false],
      ['PATCH', 204, true, false],
      ['PATCH', 204, false, false],
      ['POST', 200, false, false],
      ['DELETE', 204, true, true],
    ]);
  });
});
