// The audit log: what each changing request asked, who asked, why and what came of it, as JSON lines that are only ever appended to.
import { createHash } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { jsonText } from '../model/escape.ts';
import type { Principal } from './principal.ts';

export interface AuditEntry {
  readonly at: string;
  readonly request: string;
  /** `asked` is on the disk before anything is done. */
  readonly phase: 'asked' | 'answered';
  readonly who: Pick<Principal, 'id' | 'name' | 'role' | 'via'> | null;
  readonly method: string;
  readonly path: string;
  readonly why?: string;
  readonly status?: number;
  /** The job that came of it. */
  readonly job?: string;
}

/** Each line bears the SHA-256 of the one before it: a line that is changed or taken out shows. */
export interface AuditLine extends AuditEntry {
  readonly previous: string;
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Audit {
  readonly path: string;
  #last: string | undefined;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Appends a line; resolves when it is on the disk. Lines that come together go there together. */
  append(entry: AuditEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      if (!this.#writing) this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        await this.#flush(together.map(({ entry }) => entry));
        for (const { resolve } of together) resolve();
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#writing = false;
  }

  async #flush(entries: readonly AuditEntry[]): Promise<void> {
    let text = '';
    if (this.#last === undefined) {
      await mkdir(dirname(this.path), { recursive: true });
      const before = await this.#text();
      this.#last = digest(before.split('\n').filter(Boolean).at(-1) ?? '');
      // A line that a killed process began stays a line of its own.
      if (before !== '' && !before.endsWith('\n')) text = '\n';
    }
    let last = this.#last;
    for (const entry of entries) {
      const line = jsonText({ ...entry, previous: last } satisfies AuditLine);
      text += `${line}\n`;
      last = digest(line);
    }
    const file = await open(this.path, 'a', 0o600);
    try {
      await file.write(text);
      await file.sync();
    } finally {
      await file.close();
    }
    this.#last = last;
  }

  async #text(): Promise<string> {
    return readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
  }

  /** The newest lines, newest first. */
  async newest(count: number): Promise<AuditLine[]> {
    const lines = (await this.#text()).split('\n').filter(Boolean).slice(-count).reverse();
    return lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as AuditLine];
      } catch {
        return [];
      }
    });
  }
}

function digest(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}
