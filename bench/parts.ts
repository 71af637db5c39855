// The parts of a first snapshot that nobody can avoid, each measured by itself on the same data: parse, emit, hash, fast-import.

import { spawn } from 'node:child_process';
import { hash as digest } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { kinds } from '../src/kinds/index.ts';
import { emitYaml } from '../src/repo/index.ts';
import { openReader } from '../src/tenant/index.ts';
import { cpuUsed, type Measure, runProgram } from './measure.ts';
import type { SandboxProcess } from './processes.ts';

export interface Parts {
  /** Milliseconds of CPU. */
  readonly parse: number;
  readonly emit: number;
  readonly hash: number;
  readonly fastImport: Pick<Measure, 'wall' | 'cpu'>;
  readonly objects: number;
}

/** Reads the tenant once, timing each part alone; the stream of blobs goes to a file, from which git then reads it. */
export async function measureParts(
  { graphUrl, env }: Pick<SandboxProcess, 'graphUrl' | 'env'>,
  folder: string,
): Promise<Parts> {
  const spent = { parse: 0, emit: 0, hash: 0 };
  const timed = <Result>(part: keyof typeof spent, work: () => Result): Result => {
    const before = process.cpuUsage();
    const result = work();
    const { user, system } = process.cpuUsage(before);
    spent[part] += (user + system) / 1000;
    return result;
  };
  const reader = openReader({
    cloud: 'global',
    graphUrl,
    credentials: {},
    accessToken: env.DRIFTLINE_ACCESS_TOKEN,
    environment: {},
    fetch: async (...request) => {
      const response = await fetch(...request);
      const text = await response.text();
      timed('parse', () => JSON.parse(text));
      return new Response(text, response);
    },
  });
  const file = join(folder, 'stream');
  const stream = createWriteStream(file);
  const paths: string[] = [];
  for (const kind of kinds.values()) {
    for await (const entities of reader.read(kind)) {
      const texts = timed('emit', () => entities.map((entity) => emitYaml(kind, entity)));
      const ids = timed('hash', () => texts.map((text) => blobId(text)));
      for (const [at, text] of texts.entries()) {
        if (!stream.write(`blob\ndata ${Buffer.byteLength(text)}\n${text}\n`)) await once(stream, 'drain');
        const key = entities[at]!.ref.slice(kind.name.length + 1);
        const shard = kind.sharded ? `${key.slice(0, 2)}/${key.slice(2, 3)}/` : '';
        paths.push(`M 100644 ${ids[at]} state/${kind.name}/${shard}${key}.yaml\n`);
      }
    }
  }
  await reader.close();
  stream.write('commit refs/heads/main\ncommitter bench <bench@example.com> 0 +0000\ndata 0\n');
  for (const path of paths) if (!stream.write(path)) await once(stream, 'drain');
  stream.end('\ndone\n');
  await once(stream, 'close');
  return { ...spent, fastImport: await fastImport(file, folder), objects: paths.length };
}

function blobId(text: string): string {
  return digest('sha1', Buffer.concat([Buffer.from(`blob ${Buffer.byteLength(text)}\0`), Buffer.from(text)]));
}

/** What git alone takes for the stream; what feeding it costs this process is not git's. */
async function fastImport(file: string, folder: string): Promise<Pick<Measure, 'wall' | 'cpu'>> {
  const repository = join(folder, 'repository');
  await runProgram('git', ['init', '--quiet', '--bare', repository], folder);
  const words = ['-c', 'core.compression=1', 'fast-import', '--quiet', '--done', '--depth=0', '--force'];
  const before = cpuUsed().programs;
  const start = performance.now();
  const git = spawn('git', ['-C', repository, ...words], { stdio: ['pipe', 'ignore', 'inherit'] });
  const closed = once(git, 'close');
  await pipeline(createReadStream(file), git.stdin);
  await closed;
  return { wall: performance.now() - start, cpu: cpuUsed().programs - before };
}
