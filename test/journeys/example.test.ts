// The example state is what a snapshot of the invented company gives; run with UPDATE_STATE=1 it is written anew.
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createSandbox, exampleState } from '../../src/sandbox/index.ts';
import { buildCompany } from '../support/company.ts';
import { companySeed, tenantId } from '../support/company-seeded.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';

/** The day on which the company was made: dates in the state do not move. */
const made = Date.UTC(2026, 8, 1, 8);

it('the example state is a snapshot of the invented company', async () => {
  const sandbox = createSandbox({ tenantId, seeds: [companySeed()], clock: () => made, throttling: false });
  const { graphUrl, env, close } = await sandbox.listen();
  try {
    await buildCompany({ graphUrl, token: sandbox.token(undefined, 10 ** 9) });
    const repo = temporaryFolder('example');
    const ran = await driftline(['snapshot', '--repo', repo], { env });
    expect(ran.notes).toBe('');
    expect(ran.status).toBe(0);
    const state = join(repo, 'state');
    if (process.env.UPDATE_STATE === '1') {
      rmSync(exampleState, { recursive: true, force: true });
      cpSync(state, exampleState, { recursive: true });
    }
    const files = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.yaml'))
        .sort();
    expect(files(state)).toEqual(files(exampleState));
    for (const path of files(state))
      expect(readFileSync(join(state, path), 'utf8'), path).toBe(readFileSync(join(exampleState, path), 'utf8'));
  } finally {
    await close();
  }
}, 120_000);
