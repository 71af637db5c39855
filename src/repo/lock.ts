// Locks: one holder per name among all processes on a repository; the lock of a dead process is taken over, a live one's is a Problem `conflict`.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../model/problem.ts';

/** What a lock file says of its holder. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  /** When the process began, as the system counts it: a pid alone may be another process's by now. */
  readonly began: string;
  readonly host: string;
  readonly at: string;
}

export interface Lock {
  readonly id: string;
  /** Since when the dead holder had it, whose lock this one replaces. */
  readonly deadSince?: Date;
  release(): Promise<void>;
}

const heartbeat = 20_000;
/** A holder that cannot be asked whether it lives (another machine's) is dead after so long without a heartbeat. */
const silence = 300_000;
/** Nobody takes longer to write a lock file. */
const writing = 10_000;
/** How long a child of a killed process may still be putting things in order. */
const patience = 2_000;

const mine = new Set<string>();

/** Takes the lock of a name in a folder. Problem `conflict` where another live process, or another part of this one, has it. */
export async function acquire(folder: string, name: string): Promise<Lock> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.lock`);
  const holder: Holder = {
    id: randomUUID(),
    pid: process.pid,
    began: beganAt(process.pid),
    host: hostname(),
    at: new Date().toISOString(),
  };
  const own = join(folder, `${holder.id}.new`);
  mine.add(holder.id);
  try {
    await clearAside(folder);
    await writeFile(own, JSON.stringify(holder));
    const deadSince = await place(own, path, folder);
    const beat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), heartbeat);
    beat.unref();
    return {
      id: holder.id,
      ...(deadSince !== undefined && { deadSince }),
      async release() {
        clearInterval(beat);
        if (!mine.delete(holder.id)) return;
        if (idIn(await readFile(path, 'utf8').catch(() => '')) === holder.id) await rm(path, { force: true });
      },
    };
  } catch (error) {
    mine.delete(holder.id);
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Removes what processes that were killed while they took a lock have left. */
async function clearAside(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/\.(?:new|dead)$/.test(name)) continue;
    const found = await examine(join(folder, name));
    if (found?.dead) await rm(join(folder, name), { force: true });
  }
}

/** Ids of the live holders of all locks in a folder. */
export async function liveHolders(folder: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.endsWith('.lock')) continue;
    const found = await examine(join(folder, name));
    if (found !== undefined && !found.dead) ids.add(found.holder.id);
  }
  return ids;
}

/**
 * Removes git's own lock files that a killed process of ours has left: those made since it had our lock and still there after its
 * children had time to end. A git of somebody else keeps such a lock for an instant only.
 */
export async function removeLeft(paths: readonly string[], since: Date): Promise<void> {
  const until = Date.now() + patience;
  for (const path of paths) {
    while (existsSync(path) && Date.now() < until) await sleep(50);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs >= since.getTime() - 1_000) await rm(path, { force: true });
  }
}

/** Puts our lock file in place, over a dead holder's if need be; gives since when the dead one had it. */
async function place(own: string, path: string, folder: string): Promise<Date | undefined> {
  let deadSince: Date | undefined;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await link(own, path);
      return deadSince;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const found = await examine(path);
    if (found === undefined) continue;
    if (!found.dead) throw held(found.holder, path);
    // Whoever renames first has it; a lock that somebody has placed in between is put back.
    const aside = join(folder, `${randomUUID()}.dead`);
    await rename(path, aside).catch(() => undefined);
    const taken = idIn(await readFile(aside, 'utf8').catch(() => ''));
    if (taken !== undefined && taken !== found.holder.id) await link(aside, path).catch(() => undefined);
    else deadSince = new Date(found.holder.at);
    await rm(aside, { force: true });
  }
  throw held(undefined, path);
}

async function examine(path: string): Promise<{ readonly holder: Holder; readonly dead: boolean } | undefined> {
  const [text, found] = await Promise.all([
    readFile(path, 'utf8').catch(() => undefined),
    stat(path).catch(() => undefined),
  ]);
  if (text === undefined || found === undefined) return undefined;
  const age = Math.abs(Date.now() - found.mtimeMs);
  const quiet = age > silence;
  const holder = holderIn(text);
  if (holder === undefined)
    // Empty or cut off: being written now, or by a machine that lost its power.
    return { holder: { id: '', pid: 0, began: '', host: '', at: found.mtime.toISOString() }, dead: age > writing };
  if (holder.host !== hostname()) return { holder, dead: quiet };
  if (holder.pid === process.pid && holder.began === beganAt(process.pid))
    return { holder, dead: !mine.has(holder.id) };
  const began = runs(holder.pid) ? beganAt(holder.pid) : undefined;
  return { holder, dead: began === undefined || began !== holder.began || (began === '' && quiet) };
}

function holderIn(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return typeof holder.id === 'string' && Number.isInteger(holder.pid) && !Number.isNaN(Date.parse(holder.at))
      ? holder
      : undefined;
  } catch {
    return undefined;
  }
}

function idIn(text: string): string | undefined {
  return holderIn(text)?.id;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The start time that Linux keeps of a process; empty where the system has no such file or a zombie is all that is left. */
function beganAt(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function held(holder: Holder | undefined, path: string): Problem {
  const who = holder === undefined ? 'Another process' : `Process ${holder.pid} on ${holder.host}, since ${holder.at},`;
  return new Problem({
    kind: 'conflict',
    summary: 'Another run of Driftline is at work',
    detail: `${who} has the lock. Nothing was changed. Run it again when that one has ended; if it has, delete the lock file.`,
    subject: path,
  });
}
