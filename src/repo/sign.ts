// Signing: a key's file in, the options with which git signs or checks a commit by it out; nothing of the machine's own keyrings is used.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Commit } from '../model/commit.ts';
import type { Git } from './git.ts';
import { commitById } from './history.ts';

export interface Signer {
  /** Options before git's verb. */
  readonly options: readonly string[];
  /** The option of `commit-tree` that asks for the signature. */
  readonly sign: string;
  close(): Promise<void>;
}

const none = async () => undefined;

/** A signer by the key in a file: an armored OpenPGP secret key without a passphrase, or else an SSH private key. */
async function openSigner(path: string): Promise<Signer> {
  if (!(await isOpenPgp(path))) return { options: ssh(), sign: `-S${path}`, close: none };
  const { options, close } = await openPgp(path);
  return { options, sign: '-Sdriftline', close };
}

/** What checks signatures against the keys in a file: armored OpenPGP public keys, or ssh-keygen's allowed signers. */
export async function openChecker(path: string): Promise<Omit<Signer, 'sign'>> {
  if (await isOpenPgp(path)) return openPgp(path);
  return { options: [...ssh(), '-c', `gpg.ssh.allowedSignersFile=${path}`], close: none };
}

function ssh(): string[] {
  return ['-c', 'gpg.format=ssh', '-c', 'gpg.ssh.program=ssh-keygen'];
}

async function isOpenPgp(path: string): Promise<boolean> {
  return (await readFile(path, 'latin1').catch(() => '')).includes('-----BEGIN PGP ');
}

/** A keyring that holds this key alone, in a folder of our own; git starts gpg by a script that knows no other. */
async function openPgp(path: string): Promise<Omit<Signer, 'sign'>> {
  const folder = await mkdtemp(join(tmpdir(), 'driftline-gpg-'));
  const ring = join(folder, 'ring');
  await mkdir(ring, { mode: 0o700 });
  await writeFile(join(ring, 'key.asc'), await readFile(path), { mode: 0o600 });
  const program = join(folder, 'gpg');
  const script = [
    '#!/bin/sh',
    'set -e',
    `ring=${quoted(ring)}`,
    '[ -f "$ring/imported" ] || { gpg --homedir "$ring" --batch --quiet --import "$ring/key.asc" 2>/dev/null; : > "$ring/imported"; }',
    // The ring has one key: whose name git asks for does not matter.
    'if [ "$2" = -bsau ]; then set -- "$1" -bsa; fi',
    'exec gpg --homedir "$ring" --batch --no-tty --pinentry-mode loopback "$@"',
    '',
  ];
  await writeFile(program, script.join('\n'), { mode: 0o700 });
  return {
    options: ['-c', 'gpg.format=openpgp', '-c', `gpg.program=${program}`],
    close: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}

/** The same commit with a signature by the key: another id, with the same tree, parents, message and time. */
export async function signCommit(git: Git, commit: string, key: string): Promise<Commit> {
  const raw = (await git.run(['cat-file', 'commit', commit])).toString('utf8');
  const cut = raw.indexOf('\n\n');
  const field = (name: string) =>
    [...raw.slice(0, cut).matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, value]) => value!);
  const parents = field('parent').flatMap((parent) => ['-p', parent]);
  const at = /(\d+ [-+]\d+)$/.exec(field('committer')[0] ?? '')?.[1];
  const signer = await openSigner(key);
  try {
    const args = [...signer.options, 'commit-tree', field('tree')[0]!, ...parents, signer.sign, '-F', '-'];
    const id = await git.run(args, { input: raw.slice(cut + 2), ...(at === undefined ? {} : { at }) });
    return await commitById(git, id.toString('latin1').trim());
  } finally {
    await signer.close();
  }
}
