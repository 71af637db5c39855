// The time limit on what is asked of others: it ends what hangs, however often garbage was collected meanwhile.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { within } from '../../src/action/within.ts';
import { collectGarbage } from '../support/garbage.ts';

let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/whole') response.end('whole');
    else if (request.url === '/half') response.writeHead(200, { 'content-length': '1000' }).write('half');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const text = (path: string) => async (signal: AbortSignal) => (await fetch(`${origin}${path}`, { signal })).text();

describe('a limited request', () => {
  it('gives what it got in time', async () => {
    expect(await within(10_000, new AbortController().signal, text('/whole'))).toBe('whole');
  });

  it.each(['/never', '/half'])('ends when the time is up: %s', async (path) => {
    const asked = expect(within(300, new AbortController().signal, text(path))).rejects.toThrow('within 0.3 seconds');
    await collectGarbage();
    await asked;
  });

  it.each(['/never', '/half'])('ends with the run: %s', async (path) => {
    const run = new AbortController();
    const asked = expect(within(60_000, run.signal, text(path))).rejects.toThrow('enough');
    await collectGarbage();
    run.abort(new Error('enough'));
    await asked;
  });
});
