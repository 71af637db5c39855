// Support for the repository's tests: temporary folders, git by hand, entities, and one whole capture in a line.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Commit, SnapshotRecord } from '../../src/model/commit.ts';
import type { Entity } from '../../src/model/entity.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { Problem } from '../../src/model/problem.ts';
import { kindOf } from '../../src/model/ref.ts';
import type { Repository } from '../../src/model/repository.ts';
import { openRepository, type RepositoryOptions } from '../../src/repo/index.ts';
import { kinds } from './kinds.ts';

export const identity = { name: 'Test', email: 'test@example.com' };

/** An empty folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'driftline-repo-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What git says when a person runs it in a folder, without that person's settings. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'Ann',
      GIT_AUTHOR_EMAIL: 'ann@example.com',
      GIT_COMMITTER_NAME: 'Ann',
      GIT_COMMITTER_EMAIL: 'ann@example.com',
    },
  }).trimEnd();
}

export async function open(root: string, options: Partial<RepositoryOptions> = {}): Promise<Repository> {
  const repository = await openRepository({ root, statePath: 'state', kinds, create: true, identity, ...options });
  onTestFinished(() => repository.close());
  return repository;
}

/** The n-th user: a GUID that begins with n's hash-like digits, so that shards are used. */
export function userKey(n: number): string {
  const start = ((n * 2654435761) >>> 0).toString(16).padStart(8, '0');
  return `${start}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export function user(n: number, attributes: JsonObject = {}): Entity {
  return { ref: `users/${userKey(n)}`, attributes: { displayName: `User ${n}`, ...attributes }, links: {} };
}

export function users(count: number, attributes: (n: number) => JsonObject = () => ({})): Entity[] {
  return Array.from({ length: count }, (_, n) => user(n, attributes(n)));
}

export function policy(key: string, attributes: JsonObject = {}): Entity {
  return { ref: `policies/${key}`, attributes: { displayName: key, ...attributes }, links: {} };
}

/** A capture of whole kinds: what the entities are of, and those named besides, on top of the branch. */
export async function snapshot(
  repository: Repository,
  entities: readonly Entity[],
  options: {
    readonly at?: string;
    readonly record?: SnapshotRecord;
    readonly subject?: string;
    readonly kinds?: readonly string[];
    readonly files?: Record<string, JsonObject>;
  } = {},
): Promise<Commit> {
  const base = await repository.tip();
  const capture = await repository.capture({ base: base?.id });
  try {
    for (const name of new Set([
      ...(options.kinds ?? ['users', 'policies']),
      ...entities.map(({ ref }) => kindOf(ref)),
    ])) {
      const kind = capture.kind(name);
      await kind.put(entities.filter(({ ref }) => kindOf(ref) === name));
      await kind.complete();
    }
    for (const [path, value] of Object.entries(options.files ?? {})) await capture.file(path, value);
    const commit = await capture.commit({
      subject: options.subject ?? 'Snapshot',
      at: options.at ?? '2026-11-20T10:00:00Z',
      ...(options.record !== undefined && { record: options.record }),
    });
    return commit!;
  } finally {
    await capture.abort();
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The Problem that a promise ends in. */
export async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const found = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (found instanceof Problem) return found;
  throw new Error(`no Problem, but ${String(found)}`, { cause: found });
}
