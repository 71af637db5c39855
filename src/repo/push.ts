// Push: the branch to a remote, fast-forward only; what counts is the remote's ref, read again afterwards.
import { Problem } from '../model/problem.ts';
import { objectId } from './git.ts';
import { readRef } from './refs.ts';
import type { Store } from './store.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]*$/;
const URL_OR_PATH =
  /^(?:https:\/\/|http:\/\/|ssh:\/\/|file:\/\/|\/|\.{1,2}\/|[A-Za-z]:[\\/]|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:)/;

/**
 * Pushes the branch to a remote, given by name or URL. Problems: `conflict` where the remote has commits that the branch has not,
 * `failed` where git cannot reach it or is refused, `usage` for what is no remote. No URL is ever said with the credentials in it.
 */
export async function pushBranch(store: Store, remote: string): Promise<void> {
  const { git, branch } = store;
  const shown = withoutCredentials(remote);
  if (!NAME.test(remote) && !URL_OR_PATH.test(remote)) {
    throw new Problem({
      kind: 'usage',
      summary: 'Not a remote',
      detail:
        'Give the name of a remote (`git remote`), or a URL that begins with https://, ssh://, file:// or a path.',
      subject: shown,
    });
  }
  const tip = await readRef(git, branch);
  if (tip === undefined) {
    throw new Problem({
      kind: 'usage',
      summary: 'There is nothing to push',
      detail: 'The branch has no commits yet. Take a snapshot first.',
      subject: branch,
    });
  }
  let failure: unknown;
  const before = await remoteTip(store, remote, shown);
  if (before === tip) return;
  try {
    // A full refspec without `+`: git itself refuses what is no fast-forward.
    await git.remote(['push', '--quiet', '--no-verify', remote, `${tip}:${branch}`]);
  } catch (error) {
    failure = error;
  }
  const after = await remoteTip(store, remote, shown);
  if (after === tip) return;
  if (after !== undefined && !(await isAncestor(store, after, tip))) {
    throw new Problem({
      kind: 'conflict',
      summary: 'The remote has commits that are not here',
      detail: `Its ${branch} is at ${after}, which the local branch does not contain. Nothing is overwritten: fetch and merge or rebase, then push again. The snapshot itself is committed here.`,
      subject: shown,
    });
  }
  throw cannot('push to', shown, failure);
}

/** Where the remote's branch is, read over the wire; undefined where it has none. */
async function remoteTip({ git, branch }: Store, remote: string, shown: string): Promise<string | undefined> {
  try {
    const said = await git.remote(['ls-remote', '--quiet', '--refs', remote, branch]);
    const id = said.split(/\s/, 1)[0]!;
    return objectId.test(id) ? id : undefined;
  } catch (error) {
    throw cannot('read', shown, error);
  }
}

/** Is a commit of the remote part of ours? One that is not even here is not. */
async function isAncestor({ git }: Store, ancestor: string, commit: string): Promise<boolean> {
  return (await git.ask(['merge-base', '--is-ancestor', ancestor, commit])) !== undefined;
}

function cannot(verb: string, shown: string, cause: unknown): Problem {
  const said = withoutCredentials(cause instanceof Error ? cause.message : String(cause ?? 'nothing'))
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 1000);
  return new Problem({
    kind: 'failed',
    summary: 'The remote could not be reached',
    detail: `Git could not ${verb} it and said: ${said} The commits are safe in this repository. Check the address, the network and git's credentials, and push again.`,
    subject: shown,
  });
}

/** A text without the user names, passwords and tokens that URLs in it carry. */
export function withoutCredentials(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1***@')
    .replace(/([?&](?:sig|token|access_token)=)[^&\s]+/gi, '$1***');
}
