// Recall: a snapshot that knows objects again gives the tree of one that makes all of them, whatever has become of its notes.
import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { keyOf } from '../../src/model/ref.ts';
import type { Recognition } from '../../src/model/tenant.ts';
import { createSandbox, type SandboxOptions } from '../../src/sandbox/index.ts';
import { Recall } from '../../src/verbs/recall.ts';
import { companySeed } from '../support/company-seeded.ts';
import { driftline, temporaryFolder } from '../support/driftline.ts';
import { event, events } from '../support/events.ts';
import { readerOf } from '../support/reader.ts';
import { seeded } from '../support/seeded.ts';
import { VirtualTime } from '../tenant/virtual-time.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const read = ['users', 'groups', 'applications', 'servicePrincipals', 'oauth2PermissionGrants'];

async function company(options: SandboxOptions = {}) {
  const sandbox = createSandbox({ seeds: [companySeed()], throttling: false, ...options });
  const { env, close } = await sandbox.listen();
  ends.push(close);
  const snapshot = async (repo: string, ...more: string[]) => {
    const words = ['snapshot', '--repo', repo, '--format', 'json', ...read.flatMap((kind) => ['--kind', kind])];
    const ran = await driftline([...words, ...more], { env });
    return JSON.parse(ran.out) as { tree: string; counts: object; coverage: Record<string, { status: string }> };
  };
  return { sandbox, snapshot, whole: async () => (await snapshot(temporaryFolder('whole'))).tree };
}

const folderOf = (repo: string) => join(repo, '.git/driftline/recall');
const notesOf = (repo: string) => readdirSync(folderOf(repo)).sort();
const noteOf = (repo: string, kind: string) =>
  join(folderOf(repo), notesOf(repo).find((name) => name.endsWith(`.${kind}`))!);

describe('a snapshot that knows objects again', () => {
  it('gives the tree that making all of them gives, whatever has happened (a law)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(event, { maxLength: 4 }), { minLength: 1, maxLength: 3 }), async (days) => {
        const { sandbox, snapshot, whole } = await company();
        const repo = temporaryFolder('recall');
        await snapshot(repo);
        for (const happened of days) {
          for (const [name, one, other] of happened) events[name]!(sandbox, one, other);
          expect((await snapshot(repo)).tree).toBe(await whole());
        }
      }),
      seeded(3),
    );
  }, 240_000);

  it('believes no note that was cut, spoilt, mixed up or taken away', async () => {
    const { sandbox, snapshot, whole } = await company();
    const repo = temporaryFolder('recall');
    await snapshot(repo);
    const note = () => noteOf(repo, 'users');
    const harm: Readonly<Record<string, () => void>> = {
      cut: () => truncateSync(note(), 16 * 5 + 7),
      spoilt: () => writeFileSync(note(), readFileSync(note()).reverse()),
      'mixed up': () => writeFileSync(note(), readFileSync(noteOf(repo, 'groups'))),
      'written to': () => appendFileSync(note(), 'somebody was here'),
      'taken away': () => rmSync(folderOf(repo), { recursive: true }),
    };
    for (const [at, [name, harmed]] of Object.entries(harm).entries()) {
      harmed();
      events.rename!(sandbox, at, at);
      events.promote!(sandbox, 2 * at, 3 * at);
      expect((await snapshot(repo)).tree, name).toBe(await whole());
    }
  });

  it('puts back what somebody has changed in the branch, although it comes as it came', async () => {
    const { snapshot, whole } = await company();
    const repo = temporaryFolder('recall');
    await snapshot(repo);
    const [file] = readdirSync(join(repo, 'state/users'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.yaml'),
    );
    appendFileSync(join(repo, 'state/users', file!), 'zzz: by hand\n');
    execFileSync('git', ['-C', repo, 'commit', '--quiet', '--all', '-m', 'By hand']);
    const { tree, counts } = await snapshot(repo);
    expect(counts).toEqual({ added: 0, changed: 1, removed: 0 });
    expect(tree).toBe(await whole());
  });

  it('makes an object again of which a part had to be asked for by itself, because its list may have been cut', async () => {
    const { sandbox, snapshot, whole } = await company();
    const { store } = sandbox;
    const repo = temporaryFolder('recall');
    const federate = (last: string) => {
      const [application] = store.list('application');
      const federatedIdentityCredentials = Array.from({ length: 25 }, (_, at) => ({
        ...{ id: `f${at}`, name: `job-${at}`, issuer: 'https://issuer.example', audiences: ['api://exchange'] },
        subject: at === 24 ? last : `of ${at}`,
      }));
      store.put('application', { ...application!, federatedIdentityCredentials });
    };
    federate('before');
    await snapshot(repo);
    federate('after');
    const { tree, counts } = await snapshot(repo);
    expect(counts).toEqual({ added: 0, changed: 1, removed: 0 });
    expect(tree).toBe(await whole());
  });

  it('makes an object again that a page tells of twice, once as it was', async () => {
    const { sandbox, snapshot, whole } = await company();
    const repo = temporaryFolder('recall');
    await snapshot(repo);
    sandbox.faults.add({
      match: { path: /^\/v1\.0\/users\?\$select=id,/ },
      times: 1,
      fault: {
        kind: 'rewrite',
        change: (body) => {
          const { value, ...around } = body as { value: object[] };
          return { ...around, value: [...value, { ...value[0], jobTitle: 'Of another moment' }] };
        },
      },
    });
    expect((await snapshot(repo)).tree).toBe(await whole());
  });
});

describe('a reader', () => {
  it('gives entities of those objects only that come otherwise than they came, and says what they were made of', async () => {
    const { sandbox } = await company();
    const reader = readerOf(sandbox, new VirtualTime());
    const pages = async (kind: string, recognizes: Recognition['recognizes']) => {
      const entities = new Map<string, string | undefined>();
      const recognized: string[] = [];
      for await (const page of reader.readPages!(kinds.get(kind)!, { recognition: { recognizes } })) {
        for (const [at, { ref }] of page.entities.entries()) entities.set(keyOf(ref), page.contents?.[at]);
        recognized.push(...(page.recognized ?? []));
      }
      return { entities, recognized };
    };
    for (const kind of ['users', 'groups', 'applications']) {
      const first = await pages(kind, () => false);
      expect(first.entities.size).toBeGreaterThan(0);
      expect([...first.entities.values()]).not.toContain(undefined);
      const known = (key: string, content: string) => first.entities.get(key) === content;
      const second = await pages(kind, known);
      expect(second.entities.size).toBe(0);
      expect(second.recognized.sort()).toEqual([...first.entities.keys()].sort());
      const change = { users: 'promote', groups: 'join', applications: 'federate' }[kind]!;
      events[change]!(sandbox, 4, 14);
      const third = await pages(kind, known);
      expect(third.entities.size, kind).toBe(1);
      expect(third.recognized).toHaveLength(first.entities.size - 1);
    }
    await reader.close();
  });
});

describe('its notes', () => {
  it('are digests that nobody else may read, one for each object that needed nothing more', async () => {
    const { sandbox, snapshot } = await company();
    const repo = temporaryFolder('recall');
    await snapshot(repo);
    expect(notesOf(repo).map((name) => name.split('.').at(-1))).toEqual(['applications', 'groups', 'users']);
    expect(statSync(noteOf(repo, 'users')).mode & 0o777).toBe(0o600);
    expect(statSync(noteOf(repo, 'users')).size).toBe(16 * [...sandbox.store.list('user')].length);
    const before = readFileSync(noteOf(repo, 'users'));
    await snapshot(repo);
    expect(readFileSync(noteOf(repo, 'users')).equals(before)).toBe(true);
  });

  it('know content again for the same file, version, cloud and permissions, and for no other', async () => {
    const repository = { privateFolder: temporaryFolder('recall') };
    const identity = { tenantId: 't', displayName: 'T', cloud: 'global', permissions: ['User.Read.All'] };
    const options = { repository, identity, version: '1', kind: kinds.get('users')! };
    const ref = 'users/1' as const;
    const recall = (await Recall.open(options))!;
    await recall.note([{ ref, attributes: {}, links: {} }], ['content'], () => 'blob');
    await recall.save();
    await recall.close();
    const knows = async (more: object, content = 'content', blob: string | undefined = 'blob') => {
      const opened = (await Recall.open({ ...options, ...more }))!;
      await opened.close();
      return opened.recognition(() => blob).recognizes('1', content);
    };
    expect(await knows({})).toBe(true);
    expect(await knows({}, 'other content')).toBe(false);
    expect(await knows({}, 'content', 'other blob')).toBe(false);
    expect(await knows({ version: '2' })).toBe(false);
    expect(await knows({ identity: { ...identity, cloud: 'usgov' } })).toBe(false);
    expect(await knows({ identity: { ...identity, permissions: [] } })).toBe(false);
    expect(await Recall.open({ ...options, kind: kinds.get('servicePrincipals')! })).toBeUndefined();
    expect(await Recall.open({ ...options, kind: kinds.get('namedLocations')! })).toBeUndefined();
  });
});
