// Sign-in of people: the whole way to an issuer and back, every way in which it can be forged, and what a signed-in person may then do.
import type { JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults, launch, noBrowser, shot, watchedPage } from './browser.ts';
import { administrator, type Issuer, reader, second, startIssuer } from './issuer.ts';
import { type Called, type Place, seedStory, servePlace } from './place.ts';

const ada: JWTPayload = { oid: administrator, name: 'Ada', roles: ['Backup.Administrator'] };
const grace: JWTPayload = { oid: second, name: 'Grace', roles: ['Backup.Administrator'] };
const rita: JWTPayload = { oid: reader, name: 'Rita', roles: ['Backup.Reader'] };

describe('sign-in of people', () => {
  let issuer: Issuer;
  let place: Place;
  let clock = 0;

  beforeAll(async () => {
    issuer = await startIssuer();
    place = await servePlace({
      configuration: `${issuer.signInConfiguration}  twoPersons: true\n`,
      now: () => new Date(Date.now() + clock),
    });
  });
  afterEach(() => {
    clock = 0;
  });
  afterAll(async () => {
    await place?.close();
    await issuer?.close();
  });

  const cookiesOf = ({ headers }: Called) =>
    headers
      .getSetCookie()
      .map((line) => line.split(';')[0]!)
      .filter((pair) => !pair.endsWith('='));
  /** To the issuer, and back to the address that it names; the cookie is what the browser keeps meanwhile. */
  const away = async (person: JWTPayload, page = '/') => {
    issuer.person = person;
    const begun = await place.raw(`/signin?page=${encodeURIComponent(page)}`);
    expect(begun.status).toBe(302);
    const answer = await fetch(begun.headers.get('location')!, { redirect: 'manual' });
    const back = new URL(answer.headers.get('location')!);
    return { begun, back, cookie: cookiesOf(begun)[0]! };
  };
  const finish = (back: URL, cookie: string) => place.raw(back.pathname + back.search, { headers: { cookie } });
  const as = async (person: JWTPayload) => {
    const { back, cookie } = await away(person);
    const done = await finish(back, cookie);
    expect(done.status, done.text).toBe(302);
    return cookiesOf(done)[0]!;
  };
  const own = () => ({
    origin: place.server.origin,
    'content-type': 'application/json',
    'x-driftline': '1',
    'sec-fetch-site': 'same-origin',
  });
  const post = (path: string, cookie: string, body: unknown = {}) =>
    place.raw(path, { method: 'POST', headers: { ...own(), cookie }, body: JSON.stringify(body) });

  it('offers itself to whoever is not known, and comes back to the page that was asked for', async () => {
    const door = await place.raw('/runs?x=1');
    expect(door.status).toBe(401);
    expect(door.text).toContain('href="/signin?page=%2Fruns%3Fx%3D1"');
    const { begun, back, cookie } = await away(rita, '/runs?x=1');
    const sent = new URL(begun.headers.get('location')!);
    expect(sent.searchParams.get('code_challenge_method')).toBe('S256');
    expect(sent.searchParams.get('redirect_uri')).toBe(`${place.server.origin}/signin/callback`);
    expect(sent.searchParams.get('state')).not.toBe(sent.searchParams.get('nonce'));
    expect(begun.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax; Max-Age=600/);
    expect(cookie).not.toContain(sent.searchParams.get('state')!);
    const done = await finish(back, cookie);
    expect(done.headers.get('location')).toBe('/runs?x=1');
    expect(done.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax; Max-Age=3600/);
    const me = await place.raw('/api/me', { headers: { cookie: cookiesOf(done)[0]! } });
    expect(me.body).toMatchObject({ id: reader, name: 'Rita', role: 'reader', via: 'session' });
    const log = await place.raw('/api/audit', { headers: { cookie: await as(ada) } });
    expect(log.body.value).toContainEqual(
      expect.objectContaining({ path: '/signin/callback', who: expect.objectContaining({ id: reader }) }),
    );
  });

  it.each(['https://evil.example/', '//evil.example/x', '/\\evil.example', 'javascript:alert(1)', '/signin?page=x'])(
    'leads nobody to %s',
    async (page) => {
      const { back, cookie } = await away(rita, page);
      expect((await finish(back, cookie)).headers.get('location')).toBe('/');
    },
  );

  it('opens no session for what was forged, replayed, late, or of somebody else', async () => {
    const change = async (deed: (back: URL) => void, person = ada) => {
      const { back, cookie } = await away(person);
      deed(back);
      return finish(back, cookie);
    };
    const other = await away(ada);
    const cases: [string, Promise<Called>, number][] = [
      ['another state', change((back) => back.searchParams.set('state', 'x')), 401],
      ['no state', change((back) => back.searchParams.delete('state')), 401],
      ['no code', change((back) => back.searchParams.delete('code')), 401],
      ['another code', change((back) => back.searchParams.set('code', 'x')), 401],
      [
        'the code of another sign-in',
        change((back) => back.searchParams.set('code', other.back.searchParams.get('code')!)),
        401,
      ],
      ['no cookie', away(ada).then(({ back }) => finish(back, '')), 401],
      ['the cookie of another sign-in', away(ada).then(({ back }) => finish(back, other.cookie)), 401],
      [
        'a cookie that somebody made',
        away(ada).then(({ back, cookie }) => finish(back, `${cookie.split('=')[0]}=eyJ.a.b.c.d`)),
        401,
      ],
      [
        'an error of the issuer',
        change((back) => {
          back.searchParams.delete('code');
          back.searchParams.set('error', 'access_denied');
          back.searchParams.set('error_description', 'AADSTS50105: not assigned <img src=x>\r\nTrace ID: 3');
        }),
        401,
      ],
    ];
    const claims: [string, JWTPayload, number][] = [
      ['another nonce', { ...ada, nonce: 'x' }, 401],
      ['no nonce', { ...ada, nonce: undefined as never }, 401],
      ['another tenant', { ...ada, tid: reader }, 401],
      ['another issuer', { ...ada, iss: `${issuer.issuer}x` }, 401],
      ['another audience', { ...ada, aud: reader }, 401],
      ['several audiences', { ...ada, aud: [reader, 'x'] }, 401],
      ['an end that is past', { ...ada, exp: Math.floor(Date.now() / 1000) - 3_600 }, 401],
      ['a token that says nobody', { ...ada, oid: undefined }, 401],
      ['a token of an application', { ...ada, idtyp: 'app', azp: second }, 401],
      ['roles as a text', { ...ada, roles: 'Backup.Administrator' }, 401],
      ['no role', { ...ada, roles: [] }, 403],
      ['roles that are not there', { ...ada, roles: undefined }, 403],
    ];
    // One after the other: the issuer has one person in mind.
    for (const [name, answer, status] of cases) check(name, await answer, status);
    for (const [name, person, status] of claims) check(name, await change(() => undefined, person), status);
    function check(name: string, answer: Called, status: number) {
      expect(answer.status, `${name}: ${answer.text}`).toBe(status);
      expect(cookiesOf(answer), name).toEqual([]);
      expect(answer.text, name).not.toContain('<img src=x');
    }
    const { back, cookie } = await away(ada);
    expect((await finish(back, cookie)).status).toBe(302);
    const again = await finish(back, cookie);
    check('a code for the second time', again, 401);
    expect(again.text).toContain('already redeemed');
    expect(again.text).not.toContain('Trace ID');
  });

  it('ends with its hour, and when somebody signs out', async () => {
    const cookie = await as(ada);
    const me = (value: string) => place.raw('/api/me', { headers: { cookie: value } });
    clock = 59 * 60_000;
    expect((await me(cookie)).status).toBe(200);
    clock = 61 * 60_000;
    expect((await me(cookie)).status).toBe(401);
    clock = 0;
    const next = await as(ada);
    const out = await place.raw('/session', { method: 'DELETE', headers: { ...own(), cookie: next } });
    expect(out.status).toBe(204);
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await me(next)).status).toBe(401);
  });

  it('lets a Reader write nothing, and nobody by a page of somebody else', async () => {
    const cookie = await as(rita);
    const denied = await post('/api/plans', cookie, { goal: 'HEAD' });
    expect(denied.status).toBe(403);
    expect(denied.body.error.message).not.toContain('--allow-recover');
    const mine = await as(ada);
    const foreign = { ...own(), origin: 'https://evil.example', cookie: mine };
    const body = '{"goal":"HEAD"}';
    expect((await place.raw('/api/plans', { method: 'POST', headers: foreign, body })).status).toBe(403);
    const bare = { cookie: mine, 'content-type': 'application/json' };
    expect((await place.raw('/api/plans', { method: 'POST', headers: bare, body })).status).toBe(403);
  });

  it('tells two persons apart: who planned does not start, whatever browser they sign in with', async () => {
    const { group } = await seedStory(place);
    const made = await post('/api/plans', await as(ada), { goal: 'HEAD', ids: [`groups/${group}`] });
    expect(made.status, made.text).toBe(202);
    const planned = await place.server.jobs.settled(made.body.id);
    const digest = planned.plan!.digest.slice(0, 8);
    const again = await post(`/api/jobs/${planned.id}/confirm`, await as(ada), { digest });
    expect(again.status).toBe(403);
    const page = (cookie: string) => place.raw(`/jobs/${planned.id}`, { headers: { cookie } });
    expect((await page(await as(ada))).text).toContain('It waits for a second person');
    const other = await as(grace);
    expect((await page(other)).text).toContain('Type these 8 characters');
    expect((await post(`/api/jobs/${planned.id}/confirm`, other, { digest })).status).toBe(202);
    expect(await place.server.jobs.settled(planned.id)).toMatchObject({
      status: 'successful',
      by: { id: administrator, name: 'Ada' },
      confirmedBy: { id: second, name: 'Grace' },
    });
  });

  it('takes a session of this machine for no person: whoever has one may also sign in', async () => {
    const link = await servePlace({
      configuration: `${issuer.signInConfiguration}  twoPersons: true\n`,
      allowRecover: true,
    });
    const { group } = await seedStory(link);
    const plan = await link.job('/api/plans', { goal: 'HEAD', ids: [`groups/${group}`] });
    issuer.person = ada;
    const begun = await link.raw('/signin');
    const answer = await fetch(begun.headers.get('location')!, { redirect: 'manual' });
    const back = new URL(answer.headers.get('location')!);
    const done = await link.raw(back.pathname + back.search, { headers: { cookie: cookiesOf(begun)[0]! } });
    const headers = { ...own(), origin: link.server.origin, cookie: cookiesOf(done)[0]! };
    const body = JSON.stringify({ digest: plan.plan!.digest.slice(0, 8) });
    const started = await link.raw(`/api/jobs/${plan.id}/confirm`, { method: 'POST', headers, body });
    expect(started.status).toBe(403);
    expect(started.body.error.message).toContain('names nobody');
    await link.close();
  });

  it('says what is wrong where Entra ID does not know the server, or cannot be asked', async () => {
    issuer.secret = 'a secret that the server was not given';
    const { back, cookie } = await away(ada);
    const refused = await finish(back, cookie);
    issuer.secret = undefined;
    expect(refused.status).toBe(502);
    expect(refused.text).toContain('AADSTS7000218');
    expect(refused.text).toContain('DRIFTLINE_SIGN_IN_SECRET');
    const other = await away(ada);
    issuer.down = true;
    const busy = await finish(other.back, other.cookie);
    issuer.down = false;
    expect(busy.status).toBe(502);
    expect(busy.text).toContain('could not be asked');
    const late = await away({ ...ada, exp: Math.floor(Date.now() / 1000) - 3_600 });
    expect((await finish(late.back, late.cookie)).text).toContain('the clock of this server is wrong');
    const nowhere = issuer.signInConfiguration.replaceAll(issuer.url, 'http://localhost:9');
    const lonely = await servePlace({ configuration: nowhere, snapshots: false, onError: () => undefined });
    const answer = await lonely.raw('/signin');
    await lonely.close();
    expect(answer.status).toBe(502);
    expect(answer.text).toContain('could not be asked');
  });

  it('proves itself by the secret of its registration, which is written nowhere', async () => {
    const secret = 'canary-5d1f8c';
    issuer.secret = secret;
    const errors: unknown[] = [];
    const other = await servePlace({
      configuration: issuer.signInConfiguration,
      signInSecret: secret,
      onError: (error) => errors.push(error),
    });
    issuer.person = ada;
    const begun = await other.raw('/signin');
    const answer = await fetch(begun.headers.get('location')!, { redirect: 'manual' });
    const back = new URL(answer.headers.get('location')!);
    const done = await other.raw(back.pathname + back.search, { headers: { cookie: cookiesOf(begun)[0]! } });
    expect(done.status).toBe(302);
    const settings = await other.raw('/api/settings', { headers: { cookie: cookiesOf(done)[0]! } });
    expect(settings.text + begun.headers.get('location') + JSON.stringify(errors)).not.toContain(secret);
    issuer.secret = undefined;
    await other.close();
  });

  it('is not offered where the session could be read on its way, or nothing says who may come', async () => {
    const plain = issuer.signInConfiguration.replace('serve:', 'serve:\n  url: http://driftline.test');
    for (const configuration of [plain, 'serve:\n  signIn: true\n'])
      await expect(servePlace({ configuration, snapshots: false })).rejects.toMatchObject({ kind: 'refused' });
    const closed = await servePlace({ configuration: issuer.configuration, snapshots: false });
    expect((await closed.raw('/signin')).status).toBe(401);
    await closed.close();
    const behind = issuer.signInConfiguration.replace('serve:', 'serve:\n  url: https://driftline.test');
    const secure = await servePlace({ configuration: behind, snapshots: false });
    const begun = await secure.raw('/signin', { headers: { host: 'driftline.test' } });
    expect(begun.headers.get('set-cookie')).toMatch(
      /^__Host-driftline-signin=.*; Path=\/; HttpOnly; SameSite=Lax; .*Secure$/,
    );
    expect(new URL(begun.headers.get('location')!).searchParams.get('redirect_uri')).toBe(
      'https://driftline.test/signin/callback',
    );
    await secure.close();
  });
});

describe.skipIf(noBrowser !== undefined)(
  `sign-in in a browser${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    it('goes to another site and back to the page of the link, and out again', async () => {
      const issuer = await startIssuer();
      const place = await servePlace({ configuration: issuer.signInConfiguration });
      const browser = await launch();
      try {
        issuer.person = ada;
        const { page, troubles } = await watchedPage(browser);
        await page.goto(`${place.server.origin}/coverage`);
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
        await shot(page, 'sign-in-microsoft');
        await page.getByRole('link', { name: 'Sign in with Microsoft' }).click();
        await page.getByRole('link', { name: 'Go on' }).click();
        await page.getByRole('heading', { name: 'Coverage and permissions' }).waitFor();
        expect(await page.locator('.who').innerText()).toContain('Ada');
        // A link that another site holds finds the session.
        await page.goto(`${issuer.url}/nowhere`);
        await page.evaluate(`location.assign(${JSON.stringify(`${place.server.origin}/runs`)})`);
        await page.getByRole('heading', { name: 'Runs' }).waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        issuer.person = { ...rita, roles: [] };
        await page.getByRole('link', { name: 'Sign in with Microsoft' }).click();
        await page.getByRole('link', { name: 'Go on' }).click();
        await page.getByRole('heading', { name: 'Not allowed' }).waitFor();
        await page.getByText('has no role here').waitFor();
        await page.getByRole('link', { name: 'Sign in again' }).waitFor();
        await shot(page, 'sign-in-no-role');
        expect(troubles).toEqual([]);
      } finally {
        await browser.close();
        await place.close();
        await issuer.close();
      }
    });
  },
);
