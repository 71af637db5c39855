// Adding a kind is adding one row: a toy kind runs through snapshot, diff and show with no other change, on a server that is not our sandbox.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Kind } from '../../src/model/kind.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';

const toys = {
  name: 'toys',
  type: 'toy',
  path: '/toys',
  version: 'v1.0',
  lane: 'directory',
  key: 'id',
  sharded: false,
  select: false,
  attributes: { displayName: {}, colours: {}, wheels: { key: ['position'] }, wornOutBy: { noise: true } },
  links: {},
  deletion: { mode: 'hard' },
  creation: 'post',
  permissions: { read: ['Toy.Read.All'], write: ['Toy.ReadWrite.All'] },
} as const satisfies Kind;

const kinds = new Map<string, Kind>([['toys', toys]]);
const one = '11111111-1111-4111-8111-111111111111';
const two = '22222222-2222-4222-8222-222222222222';
const three = '33333333-3333-4333-8333-333333333333';

let stock: object[] = [];
let server: Server;
let env: Record<string, string>;
const repo = temporaryFolder('toys');

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const value =
      path === '/v1.0/organization'
        ? [{ id: '99999999-9999-4999-8999-999999999999', displayName: 'Toy Works' }]
        : path === '/v1.0/toys'
          ? stock
          : undefined;
    response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value === undefined ? { error: { code: 'NotFound', message: path } } : { value }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  env = {
    DRIFTLINE_GRAPH_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    DRIFTLINE_ACCESS_TOKEN: 'a token that Driftline cannot read',
  };
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('a toy kind', () => {
  it('is snapshot, shown and compared by its row alone', async () => {
    stock = [
      {
        id: one,
        displayName: 'Car',
        colours: ['red', 'blue'],
        wheels: [{ position: 'left', size: 3 }],
        wornOutBy: 'Ada',
      },
      { id: two, displayName: 'Ball' },
    ];
    const first = await driftline(['snapshot', '--repo', repo, '--format', 'json'], { env, kinds });
    expect(first.notes).toBe('');
    expect(first.status).toBe(0);
    expect(JSON.parse(first.out)).toMatchObject({
      counts: { added: 2, changed: 0, removed: 0 },
      coverage: { toys: { status: 'complete', count: 2 } },
    });

    stock = [
      { id: three, displayName: 'Kite' },
      {
        id: one,
        displayName: 'Car',
        colours: ['blue', 'green'],
        wheels: [{ position: 'left', size: 4 }],
        wornOutBy: 'Bob',
      },
    ];
    const second = await driftline(['snapshot', '--repo', repo, '--format', 'json'], { env, kinds });
    expect(JSON.parse(second.out)).toMatchObject({ counts: { added: 1, changed: 1, removed: 1 } });

    const shown = await driftline(['show', 'HEAD~1', `toys/${one}`, '--repo', repo], { env, kinds });
    expect(shown.out).toBe(
      `id: ${one}\ndisplayName: Car\ncolours:\n  - blue\n  - red\nwheels:\n  - position: left\n    size: 3\n`,
    );

    const diff = await driftline(['diff', 'HEAD~1', 'HEAD', '--repo', repo, '--format', 'json'], { env, kinds });
    expect(JSON.parse(diff.out).changes).toMatchObject([
      {
        ref: `toys/${one}`,
        operation: 'update',
        attributes: [
          { path: 'colours', added: ['green'], removed: ['red'] },
          { path: 'wheels[left].size', before: 3, after: 4 },
        ],
      },
      { ref: `toys/${two}`, operation: 'delete' },
      { ref: `toys/${three}`, operation: 'create' },
    ]);
  });
});
