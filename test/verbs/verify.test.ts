// Verify finds what is damaged, forged or out of place in a repository, each single flipped byte of it included.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, exampleState } from '../../src/sandbox/index.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';
import { caller } from '../support/graph.ts';

let sound: string;
let key: string;
let signers: string;
const kinds = 'kinds: [groups, namedLocations]\n';

function git(repo: string, ...words: string[]): string {
  return execFileSync('git', ['-C', repo, ...words], {
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: repo,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Alex',
      GIT_AUTHOR_EMAIL: 'a@example.com',
      GIT_COMMITTER_NAME: 'Alex',
      GIT_COMMITTER_EMAIL: 'a@example.com',
    },
  }).trim();
}

/** Three signed snapshots of a tenant that changes, packed and loose. */
beforeAll(async () => {
  const sandbox = createSandbox({ throttling: false });
  await sandbox.loadSeed(exampleState);
  const { env, close } = await sandbox.listen();
  const graph = caller(env.DRIFTLINE_GRAPH_URL!, env.DRIFTLINE_ACCESS_TOKEN!);
  sound = temporaryFolder('verify');
  const folder = temporaryFolder('verify-key');
  key = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'driftline', '-f', key]);
  signers = join(folder, 'signers');
  writeFileSync(signers, `driftline@users.noreply.github.com ${readFileSync(`${key}.pub`, 'utf8')}`);
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', sound]);
  writeFileSync(join(sound, 'driftline.yaml'), kinds);
  const group = '32b3a2b9-1f9c-4996-a1bb-ea9103833fa3';
  for (const name of ['Passkey pilot', 'Second', 'Third']) {
    await graph('PATCH', `/groups/${group}`, { displayName: name });
    const { status, notes } = await driftline(['snapshot', '--repo', sound], {
      env: { ...env, DRIFTLINE_SIGNING_KEY: key },
    });
    expect(notes).toBe('');
    expect(status).toBe(0);
    if (name === 'Second') git(sound, 'gc', '--quiet');
  }
  await close();
  git(sound, 'pack-refs', '--all');
  git(sound, 'tag', 'accepted');
});

const verify = (repo: string, ...words: string[]) =>
  driftline(['verify', '--repo', repo, '--format', 'json', ...words]);
async function findings(repo: string, ...words: string[]): Promise<{ subject: string; detail: string }[]> {
  const { status, out, notes } = await verify(repo, ...words);
  if (out === '') return [{ subject: 'driftline', detail: notes }];
  const found = JSON.parse(out).findings;
  expect(status).toBe(found.length === 0 ? 0 : 1);
  return found;
}

function copy(): string {
  const repo = temporaryFolder('verify-copy');
  cpSync(sound, repo, { recursive: true });
  return repo;
}

/**
 * Does the file of a loose object unpack to the same bytes? Where its compressed data ends inside a byte, the rest of that byte means nothing: it is
 * no part of the object, and git reads over it.
 */
function saysTheSame(file: string, before: Buffer, after: Buffer): boolean {
  if (!/objects\/[0-9a-f]{2}\/[0-9a-f]{38}$/.test(file)) return false;
  try {
    return inflateSync(after).equals(inflateSync(before));
  } catch {
    return false;
  }
}

/** No findings, after so long that whoever looks must be stuck. */
const hanging = (milliseconds: number) => wait(milliseconds, [] as never[], { ref: false });

describe('verify', () => {
  it('finds a sound repository sound, signatures and anchor included', async () => {
    const anchor = git(sound, 'rev-parse', 'HEAD~1');
    expect(await findings(sound, '--signers', signers, '--anchor', anchor)).toEqual([]);
    const { out } = await driftline(['verify', '--repo', sound]);
    expect(out).toMatch(/^Sound: 3 commits, 3 of them snapshots, with \d+ files\.\n$/);
  });

  it('finds any flipped byte of objects, packs, indexes, refs and state files', async () => {
    const repo = copy();
    const files = (readdirSync(repo, { recursive: true, encoding: 'utf8' }) as string[])
      .map((name) => join(repo, name))
      .filter((path) => statSync(path).isFile() && /\.git\/(objects|refs|HEAD|packed-refs|index)|\/state\//.test(path));
    expect(files.some((path) => path.endsWith('.pack'))).toBe(true);
    const unseen: string[] = [];
    // Every sort of file in turn, not only the many files of the state.
    const byFolder = new Map<string, string[]>();
    for (const path of files) {
      const folder = relative(repo, path).split('/').slice(0, 3).join('/');
      byFolder.set(folder, [...(byFolder.get(folder) ?? []), path]);
    }
    const folders = [...byFolder.values()];
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (whichFile, whichByte, flip) => {
        const path = folders[whichFile % folders.length]!;
        const file = path[Math.floor(whichFile / folders.length) % path.length]!;
        const bytes = readFileSync(file);
        const changed = Buffer.from(bytes);
        changed[whichByte % bytes.length]! ^= flip;
        if (saysTheSame(file, bytes, changed)) return;
        rmSync(file, { force: true });
        writeFileSync(file, changed);
        if ((await Promise.race([findings(repo), hanging(60_000)])).length === 0)
          unseen.push(`${relative(repo, file)} byte ${whichByte % bytes.length} ^ ${flip}`);
        rmSync(file, { force: true });
        writeFileSync(file, bytes);
      }),
      { numRuns: Number(process.env.DRIFTLINE_FLIPS ?? 24) },
    );
    expect(unseen).toEqual([]);
    expect(await findings(repo), 'all is put back').toEqual([]);
  }, 600_000);

  it('goes on after an object that git dies of unpacking', async () => {
    const repo = copy();
    const packs = join(repo, '.git/objects/pack');
    const pack = join(packs, readdirSync(packs).find((name) => name.endsWith('.pack'))!);
    // Each line: id, type, size, size in the pack, offset.
    const blobs = git(repo, 'verify-pack', '-v', pack)
      .split('\n')
      .map((line) => line.split(/\s+/))
      .filter(([, type]) => type === 'blob');
    const [largest] = blobs.sort((left, right) => Number(right[2]) - Number(left[2]));
    const bytes = readFileSync(pack);
    bytes.fill(0xff, Number(largest![4]) + 8, Number(largest![4]) + Number(largest![3]) - 4);
    rmSync(pack, { force: true });
    writeFileSync(pack, bytes);
    const found = JSON.stringify(await findings(repo));
    expect(found).toContain(largest![0]);
    expect(found).toContain('checksum');
  });

  it('finds an object that is gone', async () => {
    const repo = copy();
    git(repo, 'repack', '-adq');
    const packs = join(repo, '.git/objects/pack');
    const pack = readdirSync(packs).find((name) => name.endsWith('.pack'))!;
    const loose = temporaryFolder('loose');
    execFileSync('cp', [join(packs, pack), loose]);
    rmSync(packs, { recursive: true });
    execFileSync('git', ['-C', repo, 'unpack-objects', '-q'], { input: readFileSync(join(loose, pack)) });
    const blob = git(repo, 'rev-parse', 'HEAD:state/coverage.yaml');
    rmSync(join(repo, '.git/objects', blob.slice(0, 2), blob.slice(2)), { force: true });
    expect(JSON.stringify(await findings(repo))).toContain(blob);
  });

  it('finds a file that does not parse, is not canonical, or lies where its key does not say', async () => {
    const repo = copy();
    const [path] = git(repo, 'ls-files', 'state/groups').split('\n');
    const text = readFileSync(join(repo, path!), 'utf8');
    writeFileSync(join(repo, path!), `# a word\n${text}`);
    cpSync(join(repo, path!), join(repo, 'state/groups/00000000-0000-4000-8000-000000000000.yaml'));
    writeFileSync(join(repo, 'state/notes.txt'), 'words');
    writeFileSync(join(repo, 'state/tenant.yaml'), 'tenantId: [');
    git(repo, 'add', '--all');
    git(repo, 'commit', '-qm', 'By hand');
    const found = await findings(repo);
    const of = (part: string) =>
      found
        .filter(({ subject }) => subject.includes(part))
        .map(({ detail }) => detail)
        .join();
    expect(of(path!)).toContain('not written as Driftline writes it');
    expect(of('state/groups/00000000')).toContain('not where Driftline would put');
    expect(of('state/notes.txt')).toContain('not where Driftline would put');
    expect(of('state/tenant.yaml')).not.toBe('');
  });

  it('finds links and executables in the state', async () => {
    const repo = copy();
    const [path] = git(repo, 'ls-files', 'state/groups').split('\n');
    git(repo, 'update-index', '--chmod=+x', path!);
    git(repo, 'commit', '-qm', 'By hand');
    expect((await findings(repo))[0]!.detail).toContain('executable');
  });

  it('finds snapshots that are not in order, of the future, of another tenant, or that lie about their counts', async () => {
    const repo = copy();
    const message = git(repo, 'log', '-1', '--format=%B');
    const make = (text: string, date: string) => {
      const commit = execFileSync('git', ['-C', repo, 'commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', text], {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          GIT_AUTHOR_NAME: 'Driftline',
          GIT_AUTHOR_EMAIL: 'd@example.com',
          GIT_COMMITTER_NAME: 'Driftline',
          GIT_COMMITTER_EMAIL: 'd@example.com',
          GIT_COMMITTER_DATE: date,
        },
      }).trim();
      git(repo, 'update-ref', 'refs/heads/main', commit);
      return commit.slice(0, 12);
    };
    const now = '2026-11-23T23:59:00Z';
    const old = make(message, '2020-01-01T00:00:00Z');
    const future = make(message, '2090-01-01T00:00:00Z');
    const found = await findings(repo);
    const of = (commit: string) =>
      found
        .filter(({ subject }) => subject === commit)
        .map(({ detail }) => detail)
        .join(' | ');
    expect(of(old)).toContain('before the commit that it stands on');
    expect(of(old)).toContain('it holds 0, 0, 0');
    expect(of(future)).toContain('in the future');
    const other = make(
      message.replace(/Driftline-Tenant: .*/, 'Driftline-Tenant: 00000000-0000-4000-8000-000000000000'),
      now,
    );
    expect(await findings(repo).then((list) => list.some(({ subject }) => subject === other))).toBe(true);
  });

  it('finds a snapshot that is not signed, signed by another key, or signed and altered', async () => {
    const repo = copy();
    const tip = git(repo, 'rev-parse', 'HEAD');
    const raw = git(repo, 'cat-file', 'commit', tip);
    const put = (text: string) => {
      const commit = execFileSync('git', ['-C', repo, 'hash-object', '-t', 'commit', '-w', '--stdin'], {
        input: `${text}\n`,
        encoding: 'utf8',
      }).trim();
      git(repo, 'update-ref', 'refs/heads/main', commit);
      return commit.slice(0, 12);
    };
    const unsigned = put(raw.replace(/gpgsig [\s\S]*?-----END SSH SIGNATURE-----\n/, ''));
    expect(await findings(repo, '--signers', signers)).toEqual([
      { subject: unsigned, detail: expect.stringContaining('signature') },
    ]);
    const altered = put(raw.replace(/Driftline-Version: .*/, 'Driftline-Version: 9.9.9'));
    expect(await findings(repo, '--signers', signers)).toEqual([
      { subject: altered, detail: expect.stringContaining('signature') },
    ]);
    const other = join(temporaryFolder(), 'other');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', other]);
    const strangers = `${other}.signers`;
    writeFileSync(strangers, `driftline@users.noreply.github.com ${readFileSync(`${other}.pub`, 'utf8')}`);
    expect((await findings(sound, '--signers', strangers)).length).toBe(3);
  });

  it('believes OpenPGP signatures too, by the keys that it is given and no others', async () => {
    const ring = temporaryFolder('ring');
    const gpg = (...words: string[]) =>
      execFileSync(
        'gpg',
        ['--homedir', ring, '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '', ...words],
        { encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] },
      );
    const made: Record<string, string> = {};
    for (const name of ['Driftline', 'Somebody']) {
      gpg('--quick-generate-key', `${name} <${name}@example.com>`, 'ed25519', 'sign', 'never');
      for (const [sort, option] of [
        ['secret', '--export-secret-keys'],
        ['public', '--export'],
      ] as const) {
        made[`${name} ${sort}`] = join(ring, `${name}.${sort}`);
        writeFileSync(made[`${name} ${sort}`]!, gpg('--armor', option, `${name}@example.com`));
      }
    }
    const repo = temporaryFolder('verify-pgp');
    execFileSync('git', ['init', '--quiet', '--initial-branch=main', repo]);
    writeFileSync(join(repo, 'driftline.yaml'), 'kinds: [namedLocations]\n');
    const sandbox = createSandbox({ throttling: false });
    const { env, close } = await sandbox.listen();
    const { status, notes } = await driftline(['snapshot', '--repo', repo], {
      env: { ...env, DRIFTLINE_SIGNING_KEY: made['Driftline secret'] },
    });
    await close();
    expect(notes).toBe('');
    expect(status).toBe(0);
    expect(await findings(repo, '--signers', made['Driftline public']!)).toEqual([]);
    expect(await findings(repo, '--signers', made['Somebody public']!)).toHaveLength(1);
  });

  it('finds history that was rewritten, by the anchor', async () => {
    const repo = copy();
    const anchor = git(repo, 'rev-parse', 'HEAD');
    git(repo, 'reset', '-q', '--hard', 'HEAD~1');
    expect(await findings(repo)).toEqual([]);
    expect((await findings(repo, '--anchor', anchor))[0]!.detail).toContain('rewritten');
  });

  it('finds a coverage file that is not one, or not true', async () => {
    const repo = copy();
    const path = join(repo, 'state/coverage.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/status: complete/, 'status: splendid'));
    git(repo, 'commit', '-qam', 'By hand');
    expect((await findings(repo)).map(({ subject }) => subject)).toContain('state/coverage.yaml');
  });

  it('says that a branch is gone, and where there is no repository', async () => {
    const repo = copy();
    git(repo, 'update-ref', '-d', 'refs/heads/main');
    expect((await findings(repo)).some(({ detail }) => detail.includes('has no commit'))).toBe(true);
    expect((await verify(temporaryFolder())).status).toBe(7);
    expect(existsSync(join(sound, '.git'))).toBe(true);
  });
});
