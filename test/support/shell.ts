// A shell in which az, gh and what they stand before are written down instead of done, for trying what a page tells a person to type.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { temporaryFolder } from './driftline.ts';
import type { GitHubServer } from './github-server.ts';

const root = resolve(import.meta.dirname, '../..');

export interface Call {
  readonly program: string;
  readonly words: readonly string[];
  readonly input: string;
}

export interface Shell {
  readonly folder: string;
  /** Runs bash until the first command that fails; throws what that said. */
  run(script: string, folder?: string): Promise<void>;
  /** What was called, in order. */
  calls(): readonly Call[];
}

/** `answers` are what a program prints, by the begin of its words; `gh repo create … --clone` makes a clone of the server's repository. */
export function openShell(server: GitHubServer, answers: Readonly<Record<string, string>>): Shell {
  const folder = temporaryFolder('driftline-guide');
  const [programs, log] = [join(folder, 'programs'), join(folder, 'calls')];
  mkdirSync(programs);
  for (const program of ['az', 'gh', 'sleep'])
    write(
      join(programs, program),
      `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'note.mjs')}' ${program} "$@"\n`,
    );
  write(join(programs, 'driftline'), `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/main.js')}' "$@"\n`);
  writeFileSync(join(folder, 'note.mjs'), noteTaker(log, answers));
  const authorization = Buffer.from(`x-access-token:${server.token}`).toString('base64');
  const environment = {
    PATH: [programs, process.env.PATH].join(delimiter),
    HOME: folder,
    REMOTE: `${server.serverUrl}/${server.repository}.git`,
    AUTHORIZATION: `Authorization: Basic ${authorization}`,
    GIT_AUTHOR_NAME: 'Alex Person',
    GIT_AUTHOR_EMAIL: 'alex@example.com',
    GIT_COMMITTER_NAME: 'Alex Person',
    GIT_COMMITTER_EMAIL: 'alex@example.com',
  };
  return {
    folder,
    run: (script, inside = folder) =>
      new Promise((done, failed) => {
        // Not in one go: the remote that is pushed to answers in this process.
        const options = { cwd: inside, env: environment };
        execFile('bash', ['-euo', 'pipefail', '-c', script], options, (error, _, said) =>
          error === null ? done() : failed(new Error(`${script}\nended with ${error.code}: ${said}`)),
        );
      }),
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Call)
        : [],
  };
}

function write(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

function noteTaker(log: string, answers: Readonly<Record<string, string>>): string {
  return `
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
const [program, ...words] = process.argv.slice(2);
const input = words.includes('--input') ? readFileSync(0, 'utf8') : '';
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ program, words, input }) + '\\n');
const line = [program, ...words].join(' ');
for (const [begin, answer] of Object.entries(${JSON.stringify(answers)})) if (line.startsWith(begin)) console.log(answer);
if (line.startsWith('gh repo create') && words.includes('--clone')) {
  const folder = words[2].split('/')[1];
  execFileSync('git', ['init', '--quiet', folder]);
  const git = (...more) => execFileSync('git', ['-C', folder, ...more]);
  git('remote', 'add', 'origin', process.env.REMOTE);
  git('config', 'http.extraHeader', process.env.AUTHORIZATION);
}
`;
}
