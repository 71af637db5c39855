// The bundle, as the runner starts it: the same bytes each time, and a whole run with GitHub's OIDC and no secret at all.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { firstApp } from '../../src/sandbox/index.ts';
import { readOutputs, stepEnvironment } from '../support/action.ts';
import { type Journey, startJourney } from '../support/action-journey.ts';
import { temporaryFolder } from '../support/driftline.ts';

// Journeys start many processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const root = resolve(import.meta.dirname, '../..');
let folder: string;
let digest: string;
let stage: Journey;

/** As the runner unpacks a release: action.yml and package.json at the top, the bundle below. */
beforeAll(async () => {
  folder = realpathSync(temporaryFolder('driftline-release'));
  for (const name of ['action.yml', 'package.json']) copyFileSync(join(root, name), join(folder, name));
  digest = bundleInto(join(folder, 'bundle'));
  stage = await startJourney({ 'driftline.yaml': 'kinds: [namedLocations]\n' });
});

afterAll(() => stage.end());

function bundleInto(target: string): string {
  return execFileSync(process.execPath, [join(root, '.ci/bundle.mjs'), target], { encoding: 'utf8' });
}

/** Starts the step's program by what action.yml says, and waits for its end. */
function start(inputs: Record<string, string>, env: Record<string, string | undefined>) {
  const { environment, folder: files } = stepEnvironment(stage.server, inputs, { env });
  const { runs } = parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as { runs: { main: string; using: string } };
  expect(runs.using).toBe('node24');
  const child = spawn(process.execPath, [join(folder, runs.main)], { env: environment, cwd: files });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (log += data.toString('utf8')));
  const ended = new Promise<{ status: number | null; log: string; outputs: Record<string, string> }>((done) => {
    child.on('close', (status) => done({ status, log, outputs: readOutputs(files) }));
  });
  return { child, ended };
}

describe('the bundle', () => {
  it('is the same bytes from the same sources', () => {
    expect(bundleInto(join(temporaryFolder(), 'again'))).toBe(digest);
  });

  it('names no folder of the machine that it was made on', () => {
    for (const name of execFileSync('ls', [join(folder, 'bundle')], { encoding: 'utf8' })
      .trim()
      .split('\n'))
      expect(readFileSync(join(folder, 'bundle', name), 'utf8'), name).not.toContain(root);
  });

  it("takes a snapshot with the job's own identity, and says no token", async () => {
    const { DRIFTLINE_GRAPH_URL, DRIFTLINE_AUTHORITY_URL, AZURE_TENANT_ID } = stage.env;
    const application = `/applications(appId='${firstApp.appId}')`;
    const credential = await stage.graph('POST', `${application}/federatedIdentityCredentials`, {
      name: 'driftline-schedule',
      issuer: 'https://token.actions.githubusercontent.com',
      subject: `repo:${stage.server.repository}:ref:refs/heads/main`,
      audiences: ['api://AzureADTokenExchange'],
    });
    expect(credential.status).toBe(201);
    const { ended } = start(
      { command: 'snapshot', 'tenant-id': AZURE_TENANT_ID!, 'client-id': firstApp.appId },
      { DRIFTLINE_GRAPH_URL, DRIFTLINE_AUTHORITY_URL, ...stage.server.oidc },
    );
    const { status, log, outputs } = await ended;
    expect(log).not.toContain('::error');
    expect(status).toBe(0);
    expect(outputs.commit).toBe(stage.server.git('rev-parse', 'main'));
    for (const secret of [stage.server.token, 'oidc-canary', 'eyJ']) expect(log).not.toContain(secret);
  });

  it('ends with the status of the command line where something is wrong', async () => {
    expect(await start({ command: 'destroy' }, {}).ended).toMatchObject({ status: 7 });
  });

  it('killed at any request leaves the branch at the old commit or the new one, and the next run succeeds', async () => {
    const { server } = stage;
    for (const request of [1, 3, 5, 6]) {
      const before = server.git('rev-parse', 'main');
      const { child, ended } = start({ command: 'snapshot' }, stage.env);
      let seen = 0;
      server.fault = (method) => {
        if (method === 'GIT') seen += 1;
        if (seen === request) child.kill('SIGKILL');
        return undefined;
      };
      await ended;
      server.fault = undefined;
      const after = server.git('rev-parse', 'main');
      if (after !== before) expect(server.git('rev-parse', `${after}^`)).toBe(before);
      server.git('fsck', '--strict');
      expect((await stage.run({ command: 'snapshot' })).status).toBe(0);
    }
  });
});
