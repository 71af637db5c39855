// The example state, planted in a sandbox and read again by driftline, is the example state: seed and snapshot say the same.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSandbox, exampleState } from '../../src/sandbox/index.ts';
import { driftline } from '../support/driftline.ts';

async function files(folder: string): Promise<Record<string, string>> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const found: Record<string, string> = {};
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    found[relative(folder, path)] = await readFile(path, 'utf8');
  }
  return found;
}

let repo: string;
beforeAll(async () => {
  repo = await mkdtemp(join(tmpdir(), 'driftline-example-'));
});
afterAll(() => rm(repo, { recursive: true, force: true }));

it('the example state comes back from the tenant that it makes, with arrays shuffled, noise, and pages of any size', async () => {
  const sandbox = createSandbox({ throttling: false, pageSize: 7, emptyPages: 0.2 });
  await sandbox.loadSeed(exampleState);
  const { env, close } = await sandbox.listen();
  try {
    const ran = await driftline(['snapshot', '--repo', repo], { env });
    expect(ran.status, ran.notes).toBe(0);
  } finally {
    await close();
  }
  expect(await files(join(repo, 'state'))).toEqual(await files(exampleState));
});
