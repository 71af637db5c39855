// Maintenance: a repository's folder in; its packs joined and its commit graph kept up, so that it stays small and quick.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../model/problem.ts';
import { Git, promisorOf } from './git.ts';
import { findPlace } from './place.ts';

/** What a repository's packs come to. */
export interface PackedSize {
  readonly packs: number;
  readonly bytes: number;
}

export interface Maintenance {
  readonly before: PackedSize;
  readonly after: PackedSize;
}

/**
 * Joins packs and loose objects, and writes the commit graph with the paths that each commit changed, by which `log` of one object is quick.
 * `full`: everything is packed anew, against all that is alike. Objects that no ref reaches are kept: they may be of a capture that is under way. Problem `usage` where there is no repository.
 */
export async function maintainRepository(
  root: string,
  { full = false }: { readonly full?: boolean } = {},
): Promise<Maintenance> {
  const place = findPlace(root);
  if (place === undefined) {
    throw new Problem({
      kind: 'usage',
      summary: 'There is no Git repository',
      detail: 'Give a folder that is one with --repo.',
      subject: root,
    });
  }
  const git = new Git(place, { identity: { name: 'Driftline', email: 'driftline@localhost' } });
  const packs = join(place.commonDir, 'objects', 'pack');
  const before = await packedSize(packs);
  // Geometric: small packs are joined often and large ones seldom, so that a daily run costs what the day brought. Git cannot do it in a clone
  // without blobs.
  const how = full || (await promisorOf(git)) !== undefined ? ['-a', '--keep-unreachable'] : ['--geometric=2'];
  await git.run(['repack', '-d', '-l', '-q', ...how]);
  await git.run(['commit-graph', 'write', '--reachable', '--changed-paths', '--no-progress']);
  return { before, after: await packedSize(packs) };
}

async function packedSize(folder: string): Promise<PackedSize> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.pack'));
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0),
  );
  return { packs: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
