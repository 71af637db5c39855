// What fakes cannot say, said by raw sockets: resets in mid-body, slow drips, cut gzip, a redirect to a honeypot that must see nothing.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { openReader, openWriter, type TenantOptions } from '../../src/tenant/index.ts';
import { realTime } from '../../src/tenant/time.ts';
import { all, guid, tokenOf } from './fake-graph.ts';

const servers: { close: () => void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers the n-th request (from 1) as told; returns its address and what it was asked. */
async function serve(answer: (socket: Socket, number: number) => void) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      requests.push(text);
      text = '';
      answer(socket, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Real timers for time-outs, no waiting between attempts. */
const hasty = { ...realTime, sleep: async () => {} };

function options(graphUrl: string, more: Partial<TenantOptions> = {}): TenantOptions {
  return {
    cloud: 'global',
    graphUrl,
    credentials: {},
    accessToken: tokenOf(),
    environment: {},
    time: hasty,
    attemptTimeout: 300,
    ...more,
  };
}

const policy = JSON.stringify({ id: 'authorizationPolicy', allowInvitesFrom: 'everyone' });
const read = (graphUrl: string, more: Partial<TenantOptions> = {}) =>
  all(openReader(options(graphUrl, more)).read(kinds.get('authorizationPolicy')!));

function whole(socket: Socket, body: Buffer | string = policy, headers = ''): void {
  socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n`,
  );
  socket.write(body);
}

describe('the wire', () => {
  it('carries a plain answer over http on loopback, with the token', async () => {
    const { url, requests } = await serve((socket) => whole(socket));
    expect(await read(url)).toHaveLength(1);
    expect(requests[0]).toMatch(/^GET \/v1\.0\/policies\/authorizationPolicy HTTP/);
    expect(requests[0]).toMatch(/authorization: Bearer eyJ/i);
  });

  it('row 7: repeats a request whose answer is reset, before or within it', async () => {
    const { url, requests } = await serve((socket, number) => {
      if (number === 1) socket.resetAndDestroy();
      else if (number === 2) {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n${policy}`);
        setTimeout(() => socket.resetAndDestroy(), 20);
      } else if (number === 3) socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n${policy}`);
      else whole(socket);
    });
    expect(await read(url)).toHaveLength(1);
    expect(requests).toHaveLength(4);
  });

  it('row 8: gives up on a hang and on a drip', async () => {
    const drips: NodeJS.Timeout[] = [];
    const { url, requests } = await serve((socket, number) => {
      if (number === 1) return;
      if (number > 2) return whole(socket);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n');
      drips.push(setInterval(() => socket.write(' '), 20));
    });
    expect(await read(url)).toHaveLength(1);
    expect(requests).toHaveLength(3);
    for (const drip of drips) clearInterval(drip);
  });

  it('row 9: does not believe a body that just ends', async () => {
    const { url, requests } = await serve((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"value":[{"id":"'),
    );
    await expect(read(url)).rejects.toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('no complete JSON'),
    });
    expect(requests).toHaveLength(6);
  });

  it('row 10: notices a cut gzip, and stops at a gzip bomb', async () => {
    const body = gzipSync(`{"id":"authorizationPolicy","displayName":"${'x'.repeat(5000)}"}`);
    const cut = await serve((socket) =>
      whole(socket, body.subarray(0, body.length - 20), 'content-encoding: gzip\r\n'),
    );
    await expect(read(cut.url)).rejects.toMatchObject({ status: 'failed' });
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    const { url, requests } = await serve((socket) => whole(socket, bomb, 'content-encoding: gzip\r\n'));
    await expect(read(url, { byteCap: 1_000_000, attemptTimeout: 10_000 })).rejects.toMatchObject({
      detail: expect.stringContaining('larger than'),
    });
    expect(requests).toHaveLength(1);
  });

  it('row 23: a honeypot behind a redirect or a link sees nothing', async () => {
    let visits = 0;
    const honeypot = createHttpServer((_, response) => {
      visits += 1;
      response.end(policy);
    });
    await new Promise<void>((resolve) => honeypot.listen(0, '127.0.0.1', resolve));
    servers.push(honeypot);
    const trap = `http://127.0.0.1:${(honeypot.address() as AddressInfo).port}`;
    const redirecting = await serve((socket) =>
      socket.end(
        `HTTP/1.1 302 Found\r\nlocation: ${trap}/v1.0/policies/authorizationPolicy\r\ncontent-length: 0\r\n\r\n`,
      ),
    );
    await expect(read(redirecting.url)).rejects.toThrow(/redirects/);
    const page = JSON.stringify({ value: [], '@odata.nextLink': `${trap}/v1.0/groups?$skiptoken=x` });
    const linking = await serve((socket) => whole(socket, page));
    await expect(all(openReader(options(linking.url)).read(kinds.get('groups')!))).rejects.toThrow(/another server/);
    expect(visits).toBe(0);
  });

  it('says that a server cannot be reached', async () => {
    const { url } = await serve(() => {});
    servers.splice(0)[0]!.close();
    await expect(read(url)).rejects.toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('stops at once when the run is stopped', async () => {
    const stop = new AbortController();
    const { url } = await serve(() => stop.abort());
    await expect(read(url, { signal: stop.signal })).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('does not know what became of a write whose answer is lost, and sends it once', async () => {
    const { url, requests } = await serve((socket) => socket.resetAndDestroy());
    const writer = openWriter(options(url));
    const answer = await writer.send({
      method: 'PATCH',
      version: 'v1.0',
      path: `/users/${guid('a', 1)}`,
      body: { jobTitle: 'x' },
      lane: 'directory',
    });
    expect(answer).toMatchObject({ outcome: 'unknown' });
    expect(requests).toHaveLength(1);
  });
});
