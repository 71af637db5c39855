// Show: one object as it was in a commit.
import type { Commit } from '../model/commit.ts';
import { Problem } from '../model/problem.ts';
import { keyOf, kindOf, parseRef, type Ref } from '../model/ref.ts';
import type { Repository, StoredEntity } from '../model/repository.ts';

export interface Shown extends StoredEntity {
  readonly commit: Commit;
}

/**
 * The object that `ref` names (`kind/id`, or an id alone) in the commit that `revision` names.
 * Problem `usage` where there is no such commit, or no such object in it, or several kinds have the id.
 */
export async function show(repository: Repository, revision: string, name: string, now: Date): Promise<Shown> {
  const commit = await repository.resolve(revision, now);
  const asked = parseRef(name);
  const refs = asked === undefined ? await refsWithKey(repository, commit.id, name) : [asked];
  if (refs.length > 1)
    throw new Problem({
      kind: 'usage',
      summary: 'More than one object has this id',
      detail: `Say which one: ${refs.join(', ')}.`,
      subject: name,
    });
  const stored = refs[0] === undefined ? undefined : await repository.entity(commit.id, refs[0]);
  if (stored === undefined)
    throw new Problem({
      kind: 'usage',
      summary: 'The commit has no such object',
      detail: `Commit ${commit.id.slice(0, 12)} of ${commit.at} holds no object ${asked === undefined ? 'with this id' : `${keyOf(asked)} of the kind ${kindOf(asked)}`}. driftline log --ref tells when it was there; or name another commit.`,
      subject: name,
    });
  return { ...stored, commit };
}

async function refsWithKey(repository: Repository, commit: string, key: string): Promise<Ref[]> {
  const found: Ref[] = [];
  const lower = key.toLowerCase();
  for await (const { ref } of repository.files(commit)) if (keyOf(ref).toLowerCase() === lower) found.push(ref);
  return found;
}
