// Serve: a workplace and its settings in, a running server out: Microsoft's recovery API over our history, our own API, and the portal.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { Problem } from '../model/problem.ts';
import type { Workplace } from '../workplace.ts';
import { Audit } from './audit.ts';
import type { Context } from './context.ts';
import { isLoopback } from './guard.ts';
import { Jobs } from './jobs/jobs.ts';
import { Office } from './office.ts';
import { localId, type Principal } from './principal.ts';
import { type Address, createApp } from './server.ts';
import { Sessions } from './sessions.ts';
import { type ServeSettings, serveSettings } from './settings.ts';
import { signIn } from './sign-in.ts';
import { proveVerifier, tokenVerifier } from './tokens.ts';

export type { Job } from './jobs/record.ts';
export type { Role, ServeSettings } from './settings.ts';

export interface ServeOptions {
  readonly workplace: Workplace;
  readonly version: string;
  readonly now: () => Date;
  /** Another way to wait than the machine's, for tests. */
  readonly sleep?: Context['sleep'];
  /** Over driftline.yaml. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Sessions of this machine may recover. */
  readonly allowRecover?: boolean;
  /** Also take a bearer token made at the start, for scripts on this machine. */
  readonly localToken?: boolean;
  /** The secret of the registration that people sign in by, where it has one. */
  readonly signInSecret?: string | undefined;
  /** Told of each new one-time link. */
  readonly onLink?: (link: string) => void;
  readonly onError?: (error: unknown) => void;
}

export interface Serving {
  /** Where it is reached. */
  readonly origin: string;
  /** The one-time link of the moment; absent where people come with tokens. */
  link(): string | undefined;
  /** For scripts on this machine, where it was asked for. */
  readonly token?: string;
  /** One request, without the port. */
  fetch(request: Request): Promise<Response>;
  readonly jobs: Jobs;
  close(): Promise<void>;
}

/**
 * Starts the server. Problems: `usage` for settings that are not valid, `refused` for another address than loopback without tokens, `failed`
 * where it does not judge tokens rightly or the port is taken, `conflict` where another server works on the repository.
 */
export async function startServer(options: ServeOptions): Promise<Serving> {
  const settings = serveSettings(options.workplace.configuration);
  const host = options.host ?? settings.host;
  const local = isLoopback(host);
  if (!local && settings.tokens === undefined) throw needsTokens(host);
  if (settings.tokens !== undefined) await proveVerifier(settings.tokens);
  if (settings.signIn) requireSafeSignIn(settings, local);
  const repository = await options.workplace.openRepository();
  const closing: (() => Promise<unknown>)[] = [() => repository.close()];
  try {
    const lock = await repository.lock('serve');
    closing.unshift(() => lock.release());
    const context: Context = {
      repository,
      kinds: options.workplace.kinds,
      configuration: options.workplace.configuration,
      settings,
      version: options.version,
      now: options.now,
      sleep:
        options.sleep ??
        ((milliseconds, signal) => wait(milliseconds, undefined, signal === undefined ? {} : { signal })),
      openReader: (onProgress) => options.workplace.openReader(onProgress),
      openWriter: () => options.workplace.openWriter(),
      allowRecover: options.allowRecover ?? false,
      onError: options.onError ?? (() => undefined),
    };
    const jobs = new Jobs(context);
    const audit = new Audit(join(repository.privateFolder, 'audit.jsonl'));
    const office = new Office({ context, jobs, audit, local });
    await jobs.open();
    closing.unshift(() => jobs.close());
    return await listening(options, settings, { office, host, closing });
  } catch (error) {
    for (const close of closing) await close();
    throw error;
  }
}

async function listening(
  options: ServeOptions,
  settings: ServeSettings,
  {
    office,
    host,
    closing,
  }: { readonly office: Office; readonly host: string; readonly closing: (() => Promise<unknown>)[] },
): Promise<Serving> {
  const secure = settings.tls !== undefined;
  const address: Address = {
    host,
    port: options.port ?? settings.port,
    ...(settings.url === undefined ? {} : { url: settings.url }),
    secure: secure || settings.url?.startsWith('https:') === true,
  };
  const sessions = new Sessions(options.now);
  const script = options.localToken === true && office.local ? localToken(office.context.allowRecover) : undefined;
  let link: string | undefined;
  const renew = () => {
    if (!office.local) return;
    link = `${originOf(address)}/#link=${sessions.newLink()}`;
    options.onLink?.(link);
  };
  const app = createApp({
    office,
    address,
    sessions,
    ...knowing(settings, options.signInSecret),
    ...(script === undefined ? {} : { localToken: script.accept }),
    onLinkUsed: renew,
  });
  const servers = await bind(app.fetch as Parameters<typeof getRequestListener>[0], settings, address);
  closing.unshift(() => Promise.all(servers.map(shut)));
  renew();
  return {
    origin: originOf(address),
    link: () => link,
    ...(script === undefined ? {} : { token: script.token }),
    fetch: async (request) => app.fetch(request),
    jobs: office.jobs,
    async close() {
      for (const close of closing) await close();
    },
  };
}

function originOf({ url, host, port, secure }: Address): string {
  return url ?? `${secure ? 'https' : 'http'}://${isLoopback(host) ? '127.0.0.1' : host}:${port}`;
}

/** How people and scripts of the tenant are known, where driftline.yaml says so. */
function knowing({ tokens, signIn: people }: ServeSettings, secret: string | undefined) {
  if (tokens === undefined) return {};
  const verify = tokenVerifier(tokens);
  return people ? { verify, signIn: signIn(tokens, verify, secret) } : { verify };
}

/** Problem `refused` for a sign-in that there are no tokens for, or whose session would travel where others can read it. */
function requireSafeSignIn({ tokens, url, tls }: ServeSettings, local: boolean): void {
  const secure = tls !== undefined || url?.startsWith('https:') === true;
  const here = local && (url === undefined || isLoopback(new URL(url).hostname));
  if (tokens !== undefined && (secure || here)) return;
  throw new Problem({
    kind: 'refused',
    summary: 'People cannot sign in safely',
    detail:
      tokens === undefined
        ? 'serve.signIn needs serve.tokens, which names the registration and its roles. Nothing is served. See docs/server.md.'
        : 'serve.signIn needs https: an https serve.url where a proxy speaks it, or serve.tls. Entra ID sends nobody back to http but on this machine. Nothing is served. See docs/server.md.',
    subject: 'serve.signIn',
  });
}

function needsTokens(host: string): Problem {
  return new Problem({
    kind: 'refused',
    summary: 'Without tokens the server is for this machine alone',
    detail: `${host} can be reached by others, and driftline.yaml says nothing of tokens (serve.tokens), by which it would know them. Nothing is served. See docs/server.md.`,
    subject: host,
  });
}

/** A token that only this process knows, compared by digests. It is no more than a session: recoveries are confirmed by hand. */
function localToken(allowRecover: boolean) {
  const token = randomBytes(32).toString('base64url');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const principal: Principal = {
    id: localId,
    name: 'a script on this machine',
    role: allowRecover ? 'administrator' : 'reader',
    via: 'session',
    application: false,
  };
  const accept = (text: string) => (timingSafeEqual(digest(text), digest(token)) ? principal : undefined);
  return { token, accept };
}

/** The certificate and key, read and tried. Problem `usage` where they are not there, or not a pair. */
async function pemFiles({
  certificate,
  key,
}: NonNullable<ServeSettings['tls']>): Promise<{ cert: Buffer; key: Buffer }> {
  try {
    const files = { cert: await readFile(certificate), key: await readFile(key) };
    createSecureContext(files);
    return files;
  } catch (cause) {
    throw new Problem({
      kind: 'usage',
      summary: 'The certificate of the server cannot be used',
      detail: `serve.tls.certificate and serve.tls.key of driftline.yaml must be two PEM files that belong together: ${(cause as Error).message}. Nothing is served.`,
      subject: certificate,
      cause,
    });
  }
}

/** Listens; on loopback under both of its addresses, with one port. */
async function bind(
  fetch: Parameters<typeof getRequestListener>[0],
  settings: ServeSettings,
  address: Address,
): Promise<Server[]> {
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  const files = settings.tls && (await pemFiles(settings.tls));
  const make = (): Server =>
    files === undefined ? createHttp(listener) : (createHttps(files, listener) as unknown as Server);
  const first = make();
  address.port = await listen(first, address.port, isLoopback(address.host) ? '127.0.0.1' : address.host);
  if (!isLoopback(address.host)) return [first];
  const second = make();
  // A machine without IPv6 has the one address only.
  return listen(second, address.port, '::1').then(
    () => [first, second],
    () => [first],
  );
}

/** Why a server cannot listen, and what to do. */
const listenTroubles: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'Another program has this port, perhaps another driftline serve. Choose another one with --port, or none: then any free one is taken.',
  EACCES: 'The operating system does not let this user have this port. Choose one above 1023 with --port.',
  EADDRNOTAVAIL: 'This machine has no such address. Look at --host, or serve.host in driftline.yaml.',
  ENOTFOUND: 'No machine has this name. Look at --host, or serve.host in driftline.yaml.',
};

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Problem({
          kind: 'failed',
          summary: 'The server cannot listen',
          detail: `${listenTroubles[(cause as NodeJS.ErrnoException).code ?? ''] ?? cause.message} Nothing is served.`,
          subject: `${host}:${port}`,
          cause,
        }),
      ),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
