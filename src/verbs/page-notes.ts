// Page notes: what a first snapshot has read in bulk, line by line in a private file, so that another attempt need not ask for it again.
import { hash } from 'node:crypto';
import { appendFileSync, createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kind } from '../model/kind.ts';
import type { Repository } from '../model/repository.ts';
import type { PageNotes } from '../model/tenant.ts';

const folderOf = (repository: Repository) => join(repository.privateFolder, 'first');

/**
 * The notes of a kind whose reading began so; those of another beginning are let go. They bear page tokens and ids of the tenant, so nobody but us
 * may read them.
 */
export function openPageNotes(repository: Repository, kind: Kind, beginning: string): PageNotes {
  const head = hash('sha256', beginning);
  const folder = folderOf(repository);
  const pathOf = (name: string) => join(folder, `${kind.name}.${name}.ndjson`);
  /** Files that end with a whole line and are of this beginning. */
  const sound = new Set<string>();
  const forget = async (name: string): Promise<void> => {
    await mkdir(folder, { recursive: true });
    const file = await open(pathOf(name), 'w', 0o600);
    await file.writeFile(`${head}\n`);
    await file.close();
    sound.add(name);
  };
  return {
    async *lines(name) {
      let whole = 0;
      let first = true;
      for await (const line of linesOf(pathOf(name))) {
        if (first && line !== head) return;
        whole += Buffer.byteLength(line) + 1;
        if (!first) yield line;
        first = false;
      }
      if (first) return;
      // A run that died in the middle of a line left the beginning of one.
      const file = await open(pathOf(name), 'r+');
      await file.truncate(whole);
      await file.close();
      sound.add(name);
    },
    async note(name, line) {
      if (!sound.has(name)) await forget(name);
      // At once: there is a note for every page, and handing each to another thread costs five times as much as writing it.
      appendFileSync(pathOf(name), `${line}\n`);
    },
    forget,
  };
}

/** Lets go of all notes of kinds. */
export async function forgetPageNotes(repository: Repository, kinds: readonly Kind[]): Promise<void> {
  const files = await readdir(folderOf(repository)).catch(() => []);
  const gone = files.filter((file) => kinds.some(({ name }) => file.startsWith(`${name}.`)));
  await Promise.all(gone.map((file) => rm(join(folderOf(repository), file), { force: true })));
}

/** The lines of a file that end; none where there is no file. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8');
        rest = [];
        from = end + 1;
      }
      rest.push(chunk.subarray(from));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
