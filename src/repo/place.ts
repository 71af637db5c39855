// Where a repository is: a folder in, its git directory and working folder out, found without asking git, so that no configuration is heeded.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface Place {
  /** Absolute path of the git directory of this checkout. */
  readonly gitDir: string;
  /** Absolute path of the git directory that holds the objects and refs; another one in a linked worktree. */
  readonly commonDir: string;
  /** Absolute path of the checked-out folder; undefined in a bare repository. */
  readonly workTree?: string;
}

/** The repository that a folder is in or is, looking upwards as git does; undefined where there is none. */
export function findPlace(folder: string): Place | undefined {
  if (!existsSync(folder)) return undefined;
  for (let at = realpathSync(folder); ; at = dirname(at)) {
    const dot = join(at, '.git');
    const gitDir = existsSync(dot) ? followed(dot) : undefined;
    if (gitDir !== undefined && isGitDirectory(gitDir)) return { gitDir, commonDir: commonOf(gitDir), workTree: at };
    if (isGitDirectory(at)) return { gitDir: at, commonDir: at };
    if (dirname(at) === at) return undefined;
  }
}

/** `.git` is the directory itself, or in linked worktrees and submodules a file that names it. */
function followed(dot: string): string | undefined {
  if (statSync(dot).isDirectory()) return dot;
  const named = /^gitdir: (.+?)\r?\n?$/.exec(readFileSync(dot, 'utf8'))?.[1];
  return named === undefined ? undefined : resolve(dirname(dot), named);
}

function isGitDirectory(path: string): boolean {
  if (!existsSync(join(path, 'HEAD'))) return false;
  const common = commonOf(path);
  return existsSync(join(common, 'objects')) && existsSync(join(common, 'refs'));
}

function commonOf(gitDir: string): string {
  const file = join(gitDir, 'commondir');
  return existsSync(file) ? resolve(gitDir, readFileSync(file, 'utf8').trim()) : gitDir;
}
