// The access token and the client secret go to Graph and to nobody else: not into messages, files or commits, whatever goes wrong.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, exampleState, type Fault, type Sandbox } from '../../src/sandbox/index.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';

let sandbox: Sandbox;
let env: Record<string, string>;
let close: () => Promise<void>;

beforeAll(async () => {
  sandbox = createSandbox({ throttling: false });
  await sandbox.loadSeed(exampleState);
  const listening = await sandbox.listen();
  env = { ...listening.env };
  close = listening.close;
});

afterAll(() => close());

const echo = (status: number): Fault => ({
  kind: 'status',
  status,
  headers: { 'www-authenticate': 'Bearer error="TOKEN"' },
  body: JSON.stringify({
    error: { code: 'Echo', message: 'Authorization: Bearer TOKEN', innerError: { headers: 'TOKEN' } },
  }),
});

const faults: Readonly<Record<string, Fault | undefined>> = {
  'nothing goes wrong': undefined,
  'a 401 echoes the request': echo(401),
  'a 403 echoes the request': echo(403),
  'a 500 echoes the request': echo(500),
  'the connection breaks': { kind: 'reset', when: 'midBody' },
  'an HTML page answers': { kind: 'html' },
  'a redirect leads away': { kind: 'redirect', to: 'https://graph.microsoft.com.evil.example/' },
};

function withToken(fault: Fault, token: string): Fault {
  return JSON.parse(JSON.stringify(fault).replaceAll('TOKEN', token));
}

describe.each(Object.entries(faults))('when %s', (_, fault) => {
  it.each([
    ['a token of one’s own', () => ({ ...env })],
    ['a client secret', () => ({ ...env, DRIFTLINE_ACCESS_TOKEN: undefined })],
  ])('no secret is said or written, with %s', async (_sort, environment) => {
    const given = environment();
    const repo = temporaryFolder('secrets');
    sandbox.faults.clear();
    if (fault !== undefined)
      sandbox.faults.add({
        match: { path: /\/groups/ },
        times: Number.POSITIVE_INFINITY,
        fault: withToken(fault, env.DRIFTLINE_ACCESS_TOKEN!),
      });
    const words: string[] = [];
    for (const command of [
      ['snapshot', '--verbose'],
      ['doctor', '--verbose'],
      ['diff', '--verbose'],
    ]) {
      const ran = await driftline([...command, '--repo', repo], { env: given });
      words.push(ran.out, ran.notes);
    }
    const everything = words.join('\n');
    // grep ends with 1 where it finds nothing.
    const { stdout, status } = spawnSync('grep', [
      '-rlaF',
      '-e',
      env.DRIFTLINE_ACCESS_TOKEN!,
      '-e',
      env.AZURE_CLIENT_SECRET!,
      repo,
    ]);
    expect([status, String(stdout)]).toEqual([1, '']);
    expect(everything).not.toContain(env.DRIFTLINE_ACCESS_TOKEN);
    expect(everything).not.toContain(env.AZURE_CLIENT_SECRET);
    // Any other token that the sandbox has issued is a JWT too.
    expect(everything).not.toMatch(/eyJ[\w-]{10,}\.[\w-]{10,}/);
  });
});
