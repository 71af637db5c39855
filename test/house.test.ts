// The rules of the house (docs/design.md), kept by machine: who may import whom, who may touch the world, how files begin and how long they are.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'src');

interface File {
  /** Path below src, with forward slashes. */
  readonly path: string;
  /** First folder below src, or '' for the files at its top. */
  readonly folder: string;
  readonly text: string;
  /** The text without comments, so that a word in a comment breaks no rule. */
  readonly code: string;
  /** What it imports: a path below src, or the name of a package. */
  readonly imports: readonly string[];
}

const files: File[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => {
    const path = name.replaceAll('\\', '/');
    const text = readFileSync(join(source, name), 'utf8');
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
    const imports = [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target = '']) =>
      target.startsWith('.') ? relative(source, resolve(source, dirname(path), target)).replaceAll('\\', '/') : target,
    );
    return { path, folder: path.includes('/') ? path.slice(0, path.indexOf('/')) : '', text, code, imports };
  });
const written = files.filter(({ path }) => !path.endsWith('.generated.ts'));

/** Says each offence with its reason, so that who breaks a rule learns why it is there. */
function nobody(offences: readonly string[], reason: string): void {
  expect(offences, reason).toEqual([]);
}

function inside(...folders: string[]): File[] {
  return written.filter(({ folder }) => folders.includes(folder));
}

function local(file: File): string[] {
  return file.imports.filter((target) => target.endsWith('.ts'));
}

describe('the house', () => {
  it('is found by this test', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(100);
  });

  it('keeps the model to itself', () => {
    nobody(
      inside('model').flatMap((file) =>
        file.imports
          .filter((target) => !target.startsWith('model/') && target !== 'node:crypto')
          .map((target) => `${file.path} imports ${target}`),
      ),
      'model/ is the words that all share: it imports nothing outside itself, but for digests, which touch no world',
    );
  });

  it('lets thinkers and doors know only the model and themselves', () => {
    nobody(
      inside('kinds', 'repo', 'tenant', 'diff', 'plan', 'apply', 'report').flatMap((file) =>
        local(file)
          .filter((target) => !target.startsWith('model/') && !target.startsWith(`${file.folder}/`))
          .map((target) => `${file.path} imports ${target}`),
      ),
      'kinds repo tenant diff plan apply report import only model/ and themselves; verbs/ brings them together',
    );
  });

  it('enters folders by their front door', () => {
    const rooms = ['kinds', 'repo', 'tenant', 'diff', 'plan', 'apply', 'report', 'sandbox', 'serve'];
    nobody(
      written.flatMap((file) =>
        local(file)
          .filter((target) => {
            const room = target.slice(0, Math.max(0, target.indexOf('/')));
            return rooms.includes(room) && room !== file.folder && target !== `${room}/index.ts`;
          })
          .map((target) => `${file.path} imports ${target}`),
      ),
      'a folder is entered by its index.ts, so that what lies behind can change',
    );
  });

  it('keeps the sandbox a witness of its own', () => {
    nobody(
      inside('sandbox').flatMap((file) =>
        local(file)
          .filter((target) => !target.startsWith('sandbox/'))
          .map((target) => `${file.path} imports ${target}`),
      ),
      'a sandbox that copies our tables proves nothing',
    );
    nobody(
      written
        .filter(
          ({ folder, imports }) =>
            !['sandbox', 'cli', 'verbs'].includes(folder) && imports.some((target) => target.startsWith('sandbox/')),
        )
        .map(({ path }) => path),
      'only the commands and verbs that open the sandbox know of it',
    );
  });

  it('keeps the verbs from the insides of the doors', () => {
    nobody(
      inside('verbs').flatMap((file) =>
        local(file)
          .filter((target) => target.startsWith('cli/') || target.startsWith('serve/'))
          .map((target) => `${file.path} imports ${target}`),
      ),
      'verbs take data and give data; the faces call them, never the other way',
    );
  });

  it('ends the process in one place', () => {
    nobody(
      written
        .filter(({ path, code }) => !/(^|\/)main\.ts$/.test(path) && /process\s*\.\s*(exit\b|exitCode)/.test(code))
        .map(({ path }) => path),
      'process.exit only in the two programs: main.ts, and action/main.ts',
    );
  });

  it('calls other programs in one place', () => {
    nobody(
      written
        .filter(
          ({ path, imports }) =>
            path !== 'repo/git.ts' && imports.some((target) => /^(node:)?child_process$/.test(target)),
        )
        .map(({ path }) => path),
      'git only in repo/git.ts, and no other program at all',
    );
  });

  it('speaks HTTP only at the doors', () => {
    nobody(
      written
        .filter(
          ({ folder, code, imports }) =>
            !['tenant', 'sandbox', 'serve', 'action'].includes(folder) &&
            (/(?<![.\w]|async )fetch\(/.test(code) ||
              imports.some((target) => /^(node:)?(https?|net|tls)$|^undici$/.test(target))),
        )
        .map(({ path }) => path),
      'HTTP only in tenant/, and the servers in serve/ and sandbox/',
    );
  });

  it('hands clock, dice and environment to those who think', () => {
    nobody(
      inside('model', 'kinds', 'diff', 'plan', 'apply', 'report')
        .filter(({ code }) => /Date\.now\(|new Date\(\)|Math\.random\(|process\.env|randomUUID|randomBytes/.test(code))
        .map(({ path }) => path),
      'model kinds diff plan apply report are given the time, chance and environment, so that they can be tested',
    );
  });

  it('loads what only some commands need when they need it', () => {
    const atOnce = (file: File) =>
      [...file.code.matchAll(/^(?:import|export) (?!type\b)[^;]*?from '([^']+)'/gm)].map(([, target = '']) => target);
    const seldom = ['ora', 'cli-table3', 'simple-git', '@azure/identity'];
    nobody(
      written.flatMap((file) =>
        atOnce(file)
          .filter((target) => seldom.includes(target) || (file.folder === 'cli' && target.startsWith('../')))
          .filter((target) => !/^\.\.\/(model\/|(version|workplace)\.ts$)/.test(target))
          .map((target) => `${file.path} imports ${target}`),
      ),
      'every command pays for what is imported at once, also the one that a person waits for at a prompt: import() it where it is used',
    );
  });

  it('opens every file with one sentence', () => {
    nobody(
      written.filter(({ text }) => !/^(#!.*\n)?\/\/ \S.*[.]\n(?!\/\/)/.test(text)).map(({ path }) => path),
      'a file opens with one sentence: what it takes, what it gives',
    );
  });

  it('keeps files to a size that one can hold in mind', () => {
    nobody(
      written
        .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
        .filter(({ lines }) => lines > 420)
        .map(({ path, lines }) => `${path}: ${lines} lines`),
      'files up to about 400 lines',
    );
  });

  it('has no drawer for what has no place', () => {
    nobody(
      files.filter(({ path }) => /(^|\/)(utils?|helpers?|misc|common)(\/|\.|-)/i.test(path)).map(({ path }) => path),
      'no utils and no helpers: a thing that has no name of its own is not understood yet',
    );
  });
});
