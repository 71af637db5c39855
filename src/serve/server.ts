// The server: a request in, guarded, known by its token or session, logged where it changes something, and answered by the API or the pages.
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import { apiAnswer } from './api/index.ts';
import { assetFor } from './assets/index.ts';
import { bodyOf } from './body.ts';
import { errorBody, Failure, failureOf } from './failure.ts';
import { answerHeaders, ownOrigin, refuseForeignPage, requireOwnPage } from './guard.ts';
import { nativeAnswer } from './native/index.ts';
import type { Asked, Office } from './office.ts';
import { errorPage, pageAnswer, signInPage } from './pages/index.ts';
import type { Principal } from './principal.ts';
import type { Sessions } from './sessions.ts';
import { callbackPath, type SignIn, signInSeconds } from './sign-in.ts';
import type { Verify } from './tokens.ts';

/** Where the server is reached; the port is known once it listens. */
export interface Address {
  readonly host: string;
  port: number;
  readonly url?: string;
  readonly secure: boolean;
}

export interface ServerParts {
  readonly office: Office;
  readonly address: Address;
  readonly sessions: Sessions;
  /** Judges tokens of Entra ID; absent where none are taken. */
  readonly verify?: Verify;
  /** People sign in by it; absent where they come by a link or with tokens alone. */
  readonly signIn?: SignIn;
  /** The token of a script on this machine, where one was asked for. */
  readonly localToken?: (token: string) => Principal | undefined;
  /** Told when the link was used, so that another can be shown. */
  readonly onLinkUsed: () => void;
}

interface Known {
  readonly principal: Principal;
  readonly by: 'cookie' | 'bearer';
}

type Bindings = { readonly incoming?: { readonly rawHeaders: readonly string[] } };

/** The whole server as a handler of Fetch requests, without a port. */
export function createApp(parts: ServerParts): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  app.all('*', async (context) => {
    const request = context.req.raw;
    const id = randomUUID();
    const twice = (context.env?.incoming?.rawHeaders ?? []).filter(
      (_, at, all) => at % 2 === 0 && all[at]?.toLowerCase() === 'authorization',
    );
    const response = await answer(parts, request, id, getCookie(context), twice.length > 1);
    for (const [name, value] of Object.entries(answerHeaders(parts.address.secure))) response.headers.set(name, value);
    response.headers.set('request-id', id);
    const client = request.headers.get('client-request-id');
    if (client !== null && /^[\w-]{1,64}$/.test(client)) response.headers.set('client-request-id', client);
    if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store');
    return response;
  });
  return app;
}

/** A cookie is for a host and not for a port: two servers on one machine must not take each other's. */
function cookieName({ port, secure }: Address, use: 'session' | 'signin' = 'session'): string {
  return `${secure ? '__Host-driftline' : `driftline-${port}`}${use === 'session' ? '' : `-${use}`}`;
}

interface Cookie {
  readonly value: string;
  readonly seconds: number;
  readonly sameSite: 'Strict' | 'Lax';
  readonly use?: 'signin';
}

function cookieText(address: Address, { value, seconds, sameSite, use }: Cookie): string {
  return `${cookieName(address, use)}=${value}; Path=/; HttpOnly; SameSite=${sameSite}; Max-Age=${seconds}${address.secure ? '; Secure' : ''}`;
}

async function answer(
  parts: ServerParts,
  request: Request,
  id: string,
  cookies: Readonly<Record<string, string>>,
  twoTokens: boolean,
): Promise<Response> {
  const cookie = cookies[cookieName(parts.address)];
  const path = new URL(request.url).pathname;
  const machine = /^\/(v1\.0|beta|api)(\/|$)/.test(path) || path === '/session';
  try {
    const origin = ownOrigin(request.headers.get('host'), parts.address);
    const asset = request.method === 'GET' ? assetFor(path) : undefined;
    if (asset !== undefined) return asset;
    if (twoTokens) throw new Failure(400, 'BadRequest', 'There are two Authorization headers.');
    const url = new URL(request.url);
    const address = new URL(`${url.pathname}${url.search}`, origin);
    if (path === '/session') return await session(parts, request, origin, cookie);
    if (parts.signIn !== undefined && request.method === 'GET') {
      if (path === '/signin') return await beginSignIn(parts, parts.signIn, address);
      if (path === callbackPath) return await finishSignIn(parts, parts.signIn, address, cookies, id);
    }
    const known = await principalOf(parts, request, cookie);
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    if (known === undefined) {
      if (machine || changes)
        throw new Failure(
          401,
          'InvalidAuthenticationToken',
          'There is no access token, and no session, or it has ended.',
        );
      return signInPage(parts.office, address);
    }
    if (changes) refuseForeignPage(request.headers, origin);
    if (changes && known.by === 'cookie') requireOwnPage(request.headers, origin);
    const asked = { method: request.method, url: address, headers: request.headers, principal: known.principal };
    if (!changes) return await dispatch(parts, { ...asked, body: async () => ({}), made: () => undefined }, machine);
    return await changing(parts, request, asked, id);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.status >= 500) parts.office.context.onError(error);
    if (!machine) return errorPage(failure, id, path === '/signin' ? 'signIn' : 'snapshots');
    return failed(parts, failure, request, id);
  }
}

function failed({ office }: ServerParts, failure: Failure, request: Request, id: string): Response {
  const client = request.headers.get('client-request-id') ?? undefined;
  const body = errorBody(failure, id, client, office.context.now());
  return Response.json(body, {
    status: failure.status,
    headers: failure.status === 401 ? { 'www-authenticate': 'Bearer' } : {},
  });
}

async function principalOf(
  { sessions, verify, localToken }: ServerParts,
  request: Request,
  cookie: string | undefined,
): Promise<Known | undefined> {
  const header = request.headers.get('authorization');
  if (header !== null) {
    const [, token] = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? [];
    if (token === undefined)
      throw new Failure(401, 'InvalidAuthenticationToken', 'The Authorization header is not a bearer token.');
    const local = localToken?.(token);
    if (local !== undefined) return { principal: local, by: 'bearer' };
    if (verify === undefined)
      throw new Failure(401, 'InvalidAuthenticationToken', 'The access token is not valid here.');
    return { principal: await verify(token), by: 'bearer' };
  }
  const principal = cookie === undefined ? undefined : sessions.find(cookie);
  return principal === undefined ? undefined : { principal, by: 'cookie' };
}

/** A request that changes something: on the disk before it is done, and again with what came of it. */
async function changing(
  parts: ServerParts,
  request: Request,
  asked: Pick<Asked, 'method' | 'url' | 'headers' | 'principal'>,
  id: string,
): Promise<Response> {
  const { audit, context } = parts.office;
  let body: Promise<Awaited<ReturnType<Asked['body']>>> | undefined;
  let job: string | undefined;
  const read = () => {
    body ??= bodyOf(request);
    return body;
  };
  const { id: who, name, role, via } = asked.principal;
  // A body that cannot be read gives no reason; whoever asks for it says what is wrong with it.
  const why = await read().then(
    ({ reason }) => (typeof reason === 'string' ? reason.slice(0, 1_000) : undefined),
    () => undefined,
  );
  const entry = {
    request: id,
    who: { id: who, name, role, via },
    method: asked.method,
    path: asked.url.pathname,
    ...(why === undefined ? {} : { why }),
  };
  await audit.append({ ...entry, at: context.now().toISOString(), phase: 'asked' });
  let response: Response;
  try {
    response = await dispatch(
      parts,
      {
        ...asked,
        body: read,
        made: (made) => {
          job = made;
        },
      },
      true,
    );
  } catch (error) {
    const failure = failureOf(error);
    if (failure.status >= 500) context.onError(error);
    response = failed(parts, failure, request, id);
  }
  await audit.append({
    ...entry,
    at: context.now().toISOString(),
    phase: 'answered',
    status: response.status,
    ...(job === undefined ? {} : { job }),
  });
  return response;
}

async function dispatch({ office }: ServerParts, asked: Asked, machine: boolean): Promise<Response> {
  const path = asked.url.pathname;
  if (/^\/(v1\.0|beta)\/directory\//.test(path)) return nativeAnswer(office, asked);
  if (path.startsWith('/api/')) return apiAnswer(office, asked);
  if (machine || (asked.method !== 'GET' && asked.method !== 'HEAD'))
    throw new Failure(404, 'ResourceNotFound', 'There is no such address.');
  return pageAnswer(office, asked);
}

/** Sends the browser to Entra ID, with a cookie that must come back with the answer. */
async function beginSignIn({ address }: ServerParts, signIn: SignIn, asked: URL): Promise<Response> {
  const { location, cookie } = await signIn.begin(asked.origin, asked.searchParams.get('page') ?? '/');
  // The answer comes by way of another site, whose requests bear no Strict cookie.
  const set = { value: cookie, seconds: signInSeconds, sameSite: 'Lax', use: 'signin' } as const;
  return new Response(null, {
    status: 302,
    headers: { location: location.href, 'set-cookie': cookieText(address, set) },
  });
}

/** Opens a session for whoever came back from Entra ID; what was begun is over, whatever came of it. */
async function finishSignIn(
  parts: ServerParts,
  signIn: SignIn,
  asked: URL,
  cookies: Readonly<Record<string, string>>,
  id: string,
): Promise<Response> {
  const { office, sessions, address } = parts;
  const { now, settings } = office.context;
  const over = cookieText(address, { value: '', seconds: 0, sameSite: 'Lax', use: 'signin' });
  try {
    const { principal, page } = await signIn.finish(asked, cookies[cookieName(address, 'signin')]);
    const { id: who, name, role, via } = principal;
    await office.audit.append({
      at: now().toISOString(),
      request: id,
      phase: 'answered',
      who: { id: who, name, role, via },
      method: 'GET',
      path: callbackPath,
      status: 302,
    });
    sessions.close(cookies[cookieName(address)] ?? '');
    const seconds = settings.sessionHours * 3_600;
    const value = sessions.open(principal, new Date(now().getTime() + seconds * 1_000));
    // Lax, so that a link in a mail or a chat opens its page; no GET changes the tenant, and what does asks for Origin and a header beside it.
    const session = cookieText(address, { value, seconds, sameSite: 'Lax' });
    const response = new Response(null, { status: 302, headers: { location: page, 'set-cookie': session } });
    response.headers.append('set-cookie', over);
    return response;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.status >= 500) office.context.onError(error);
    const response = await errorPage(failure, id, 'signIn');
    response.headers.append('set-cookie', over);
    return response;
  }
}

/** `POST /session` with the link's secret opens a session; `DELETE /session` ends it. */
async function session(
  parts: ServerParts,
  request: Request,
  origin: string,
  cookie: string | undefined,
): Promise<Response> {
  requireOwnPage(request.headers, origin);
  const { sessions, office, address } = parts;
  const set = (value: string, seconds: number) => cookieText(address, { value, seconds, sameSite: 'Strict' });
  if (request.method === 'DELETE') {
    if (cookie !== undefined) sessions.close(cookie);
    return new Response(null, { status: 204, headers: { 'set-cookie': set('', 0) } });
  }
  if (request.method !== 'POST') throw new Failure(405, 'MethodNotAllowed', 'This address takes POST and DELETE.');
  const { link } = await bodyOf(request);
  const value =
    office.local && typeof link === 'string'
      ? sessions.openByLink(link, office.context.allowRecover ? 'administrator' : 'reader')
      : undefined;
  if (value === undefined)
    throw new Failure(
      401,
      'InvalidAuthenticationToken',
      'The link was used already, or is not of this server. The window in which driftline serve runs shows another one.',
    );
  parts.onLinkUsed();
  return new Response(null, { status: 204, headers: { 'set-cookie': set(value, 43_200) } });
}
