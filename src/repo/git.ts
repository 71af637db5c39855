// The git program: arguments in, bytes out; nothing else in Driftline starts it, and nothing of the user's settings reaches it but by push.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Problem } from '../model/problem.ts';
import type { Place } from './place.ts';

export const objectId = /^[0-9a-f]{40}$/;
/** The tree without files, which git knows without having it. */
export const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
export const noObject = '0'.repeat(40);

/**
 * Settings that hold whatever the repository's own configuration says (trust.md 1.6, 2.3): no hook, monitor, pager, signature check, helper or
 * transport of somebody else's choosing is started by a command that only touches objects and refs; what is committed is on the disk.
 */
const settings: readonly string[] = Object.entries({
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.fsync': 'committed',
  'core.protectHFS': 'true',
  'core.protectNTFS': 'true',
  'core.quotePath': 'false',
  'core.attributesFile': '/dev/null',
  'core.commitGraph': 'true',
  'core.compression': '1',
  'credential.helper': '',
  'diff.orderFile': '/dev/null',
  'diff.ignoreSubmodules': 'none',
  'gc.auto': '0',
  'gpg.program': '/dev/null',
  'log.showSignature': 'false',
  'log.mailmap': 'false',
  'maintenance.auto': 'false',
  'protocol.allow': 'never',
}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** In a clone without blobs, git fetches the old ones that are read, by these transports alone. */
const lazySettings: readonly string[] = ['https', 'http', 'file'].flatMap((name) => [
  '-c',
  `protocol.${name}.allow=always`,
]);

const inherited = ['PATH', 'SYSTEMROOT', 'TEMP', 'TMP', 'TMPDIR', 'LD_LIBRARY_PATH', 'GIT_EXEC_PATH'];
const inheritedForFetch = [
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'NO_PROXY',
  'no_proxy',
  'GIT_SSL_CAINFO',
];

/** simple-git refuses to start with one of these in the environment unless it is named (engineering 1.5). */
const GUARDED = /^(?:git|(?:editor|visual|pager|prefix|ssh_askpass)$)/i;
const inheritedForPush = [
  ...['GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_SSH_VARIANT', 'GIT_ASKPASS'],
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'GIT_EXEC_PATH', 'SSH_ASKPASS'],
];
const pushTimeout = 600_000;

const longestError = 4000;

export interface Identity {
  readonly name: string;
  readonly email: string;
}

export interface GitOptions {
  readonly identity: Identity;
  /** The remote from which missing blobs may be fetched: the repository is a clone without blobs. */
  readonly promisor?: string;
}

/** A running git: write to it, read from it, and be told how it ended. */
export interface GitProcess {
  readonly pid: number;
  /** Resolves when there is room for more; throws the Problem of a git that has ended. */
  write(data: Uint8Array | string): Promise<void>;
  /** No more is written. */
  end(): void;
  readonly stdout: AsyncIterable<Buffer> & ChildProcessWithoutNullStreams['stdout'];
  /** Resolves once it has ended well; throws a Problem `failed` that says what git said. */
  readonly done: Promise<void>;
  kill(): void;
}

/** The git program at work in one repository. */
export class Git {
  readonly place: Place;
  readonly #options: GitOptions;

  constructor(place: Place, options: GitOptions) {
    this.place = place;
    this.#options = options;
  }

  /** Starts git. `index`: it works on the checked-out folder's index, so it must know the folder. */
  start(
    args: readonly string[],
    { index = false, at }: { readonly index?: boolean; readonly at?: string } = {},
  ): GitProcess {
    const { place } = this;
    const { promisor, identity } = this.#options;
    const lazy = promisor === undefined ? [] : [...lazySettings, '-c', `remote.${promisor}.uploadpack=git-upload-pack`];
    const folder = index ? place.workTree! : place.gitDir;
    const child = spawn('git', ['--no-pager', ...settings, ...lazy, ...args], {
      cwd: folder,
      env: {
        ...pick(promisor === undefined ? inherited : [...inherited, ...inheritedForFetch]),
        ...fixedEnvironment,
        GIT_NO_LAZY_FETCH: promisor === undefined ? '1' : '0',
        GIT_DIR: place.gitDir,
        // Always said: `core.worktree` of the repository's own configuration would move what paths are relative to.
        GIT_WORK_TREE: folder,
        GIT_AUTHOR_NAME: identity.name,
        GIT_AUTHOR_EMAIL: identity.email,
        GIT_COMMITTER_NAME: identity.name,
        GIT_COMMITTER_EMAIL: identity.email,
        ...(at !== undefined && { GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at }),
      },
      windowsHide: true,
    });
    return watch(child, args);
  }

  /** Runs git to its end and gives what it said. Problem `failed` where it ends badly. A long input may come in parts. */
  async run(
    args: readonly string[],
    options: {
      readonly input?: string | Uint8Array | Generator<string>;
      readonly index?: boolean;
      readonly at?: string;
    } = {},
  ): Promise<Buffer> {
    const process = this.start(args, options);
    const chunks: Buffer[] = [];
    const { input = '' } = options;
    const writing = (async () => {
      for (const part of typeof input === 'string' || input instanceof Uint8Array ? [input] : input)
        await process.write(part);
      process.end();
    })();
    const reading = (async () => {
      for await (const chunk of process.stdout) chunks.push(chunk);
    })();
    const [, , ended] = await Promise.allSettled([writing, reading, process.done]);
    if (ended.status === 'rejected') throw ended.reason;
    return Buffer.concat(chunks);
  }

  /** As {@link run}, but undefined where git ends badly: for questions to which that is an answer. */
  async ask(args: readonly string[], options: { readonly index?: boolean } = {}): Promise<string | undefined> {
    try {
      return (await this.run(args, options)).toString('utf8').replace(/\n$/, '');
    } catch (error) {
      if (error instanceof GitFailure) return undefined;
      throw error;
    }
  }

  /** What git says, piece by piece as it comes; git is ended when nobody reads on. */
  async *stream(
    args: readonly string[],
    options: { readonly index?: boolean } = {},
  ): AsyncGenerator<Buffer, void, undefined> {
    const process = this.start(args, options);
    process.end();
    let whole = false;
    try {
      yield* process.stdout;
      whole = true;
    } finally {
      if (!whole) process.kill();
      await process.done.catch((error: unknown) => {
        if (whole) throw error;
      });
    }
  }

  /** The fields of NUL-separated output as UTF-8, many at a time: one by one would cost more than reading them. */
  async *fieldsTogether(
    args: readonly string[],
    options: { readonly index?: boolean } = {},
  ): AsyncGenerator<string[], void, undefined> {
    let rest: Buffer | undefined;
    for await (const chunk of this.stream(args, options)) {
      const buffer = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      const end = buffer.lastIndexOf(0);
      if (end !== -1) yield buffer.toString('utf8', 0, end).split('\0');
      rest = buffer.subarray(end + 1);
    }
    if (rest !== undefined && rest.length > 0) yield [rest.toString('utf8')];
  }

  /** The fields of NUL-separated output, one after another. */
  async *fields(
    args: readonly string[],
    options: { readonly index?: boolean } = {},
  ): AsyncGenerator<string, void, undefined> {
    for await (const fields of this.fieldsTogether(args, options)) yield* fields;
  }

  /**
   * Runs git by simple-git in the same folder, for what speaks to other repositories, and gives what it said: that is done as the user would do it,
   * with the user's own settings and credentials, but asks nothing at a terminal and runs no hook.
   */
  async remote(args: readonly string[]): Promise<string> {
    const { simpleGit } = await import('simple-git');
    const guarded = Object.keys(process.env).filter((name) => GUARDED.test(name) && !inheritedForPush.includes(name));
    const git = simpleGit({
      baseDir: this.place.workTree ?? this.place.gitDir,
      config: ['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'protocol.ext.allow=never'],
      allowEnvironment: ['GIT_TERMINAL_PROMPT', ...inheritedForPush],
      unsafe: {
        allowUnsafeHooksPath: true,
        allowUnsafeFsMonitor: true,
        allowUnsafeProtocolOverride: true,
        // The user's own environment may say how to sign in; what the repository says is not asked.
        allowUnsafeSshCommand: true,
        allowUnsafeAskPass: true,
        allowUnsafeConfigPaths: true,
        allowUnsafeExec: true,
      },
      timeout: { block: pushTimeout },
    }).env({ ...without(process.env, guarded), GIT_TERMINAL_PROMPT: '0' });
    return git.raw([...args]);
  }
}

const fixedEnvironment = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_LITERAL_PATHSPECS: '1',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** git ended with a status other than 0. */
export class GitFailure extends Problem {
  readonly said: string;
  /** It did not end by itself. */
  readonly bySignal: boolean;

  constructor(args: readonly string[], ended: string, said: string) {
    const verb = args.find((arg) => !arg.startsWith('-')) ?? '';
    super({
      kind: 'failed',
      summary: 'Git failed',
      detail: `git ${verb} ended with ${ended}. It said: ${said === '' ? 'nothing' : said}`,
    });
    this.said = said;
    this.bySignal = ended.startsWith('signal');
  }
}

/** Version of the git program, such as `2.39.5`. Problem `usage` where there is none. */
export async function gitVersion(): Promise<string> {
  const process = watch(spawn('git', ['--version'], { env: { ...pick(inherited), LC_ALL: 'C' }, windowsHide: true }), [
    '--version',
  ]);
  process.end();
  let said = '';
  for await (const chunk of process.stdout) said += chunk.toString('utf8');
  await process.done;
  return /\d+(?:\.\d+)+/.exec(said)?.[0] ?? said.trim();
}

/** The remote that has the blobs which a partial clone left there; undefined in a whole repository. */
export async function promisorOf(git: Git): Promise<string | undefined> {
  const said = await git.ask(['config', '--local', '--get-regexp', '^remote\\..*\\.promisor$', '^true$']);
  return /^remote\.([A-Za-z0-9._-]+)\.promisor/.exec(said ?? '')?.[1];
}

/** Makes an empty repository with this branch in a folder. */
export async function initialize(folder: string, branch: string): Promise<void> {
  const args = ['init', '--quiet', '--template=', '--object-format=sha1', `--initial-branch=${branch}`, '--', folder];
  const process = watch(
    spawn('git', [...settings, ...args], {
      cwd: folder,
      env: { ...pick(inherited), ...fixedEnvironment },
      windowsHide: true,
    }),
    args,
  );
  process.end();
  process.stdout.resume();
  await process.done;
}

function without(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

function pick(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function watch(child: ChildProcessWithoutNullStreams, args: readonly string[]): GitProcess {
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < longestError) said += text;
  });
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? withoutGit(error) : error));
    child.on('close', (status, signal) => {
      if (status === 0) resolve();
      else reject(new GitFailure(args, signal === null ? `status ${status}` : `signal ${signal}`, oneLine(said)));
    });
  });
  // Whoever needs the end waits for it; an end that nobody waits for must not end the whole program.
  done.catch(() => undefined);
  // EPIPE comes before git has said why it ended; `done` says it.
  child.stdin.on('error', () => undefined);
  const early = () => done.then(() => Promise.reject(new GitFailure(args, 'status 0 too early', oneLine(said))));
  return {
    pid: child.pid ?? 0,
    stdout: child.stdout,
    done,
    async write(data) {
      if (child.stdin.destroyed || child.exitCode !== null) return early();
      if (!child.stdin.write(data))
        await Promise.race([once(child.stdin, 'drain').catch(early), done.then(() => undefined)]);
    },
    end: () => child.stdin.end(),
    kill: () => child.kill('SIGKILL'),
  };
}

function withoutGit(cause: Error): Problem {
  return new Problem({
    kind: 'usage',
    summary: 'Git is not installed',
    detail: 'Driftline keeps the history with the git program, and there is none in PATH. Install git 2.36 or later.',
    cause,
  });
}

function oneLine(text: string): string {
  return text
    .replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g, ' ')
    .trim()
    .slice(0, longestError);
}
