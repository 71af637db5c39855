// Reading together: many small reads of single objects that are asked for at about the same time, as a few larger ones.
import type { Entity } from '../model/entity.ts';
import type { Kind } from '../model/kind.ts';
import type { TenantReader } from '../model/tenant.ts';

/** Larger reads under way at a time, of each kind; what is asked for meanwhile goes with the next one. */
const atATime = 2;
/** Objects in one larger read: the requests that fill one turn of a lane. */
const mostKeys = 80;

interface Asked {
  readonly keys: readonly string[];
  readonly resolve: (found: ReadonlyMap<string, Entity>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The same reader, but single objects that are asked for while others are being read wait for each other and share `$batch` requests: a
 * recovery looks at each object several times, and asked one by one those looks would take longer than Graph's quota of writes does. Where
 * a larger read fails, each of its parts is read by itself, so that one object's trouble is not another's.
 */
export function readingTogether(reader: TenantReader): TenantReader {
  const waiting = new Map<Kind, Asked[]>();
  const running = new Map<Kind, number>();
  const pump = (kind: Kind): void => {
    const queue = waiting.get(kind) ?? [];
    while (queue.length > 0 && (running.get(kind) ?? 0) < atATime) {
      const taken: Asked[] = [];
      for (let keys = 0; queue.length > 0 && (taken.length === 0 || keys + queue[0]!.keys.length <= mostKeys); ) {
        const next = queue.shift()!;
        taken.push(next);
        keys += next.keys.length;
      }
      running.set(kind, (running.get(kind) ?? 0) + 1);
      void readAll(reader, kind, taken).finally(() => {
        running.set(kind, running.get(kind)! - 1);
        pump(kind);
      });
    }
  };
  return {
    identity: () => reader.identity(),
    read: (kind) => reader.read(kind),
    readObjects: (kind, keys) =>
      new Promise((resolve, reject) => {
        const queue = waiting.get(kind) ?? [];
        waiting.set(kind, queue);
        queue.push({ keys, resolve, reject });
        pump(kind);
      }),
    resolve: (ids) => reader.resolve(ids),
    readDeleted: (kind, keys) => reader.readDeleted(kind, keys),
    probe: (kind) => reader.probe(kind),
    statistics: () => reader.statistics(),
    close: () => reader.close(),
  };
}

/** Reads what several have asked for, and gives each its own. Never rejects: whoever asked is told. */
async function readAll(reader: TenantReader, kind: Kind, asked: readonly Asked[]): Promise<void> {
  const alone = async ({ keys, resolve, reject }: Asked) => {
    await reader.readObjects(kind, keys).then(resolve, reject);
  };
  if (asked.length === 1) return alone(asked[0]!);
  let found: ReadonlyMap<string, Entity>;
  try {
    found = await reader.readObjects(kind, [...new Set(asked.flatMap(({ keys }) => keys))]);
  } catch {
    for (const one of asked) await alone(one);
    return;
  }
  for (const { keys, resolve } of asked)
    resolve(new Map(keys.flatMap((key) => (found.has(key) ? [[key, found.get(key)!] as const] : []))));
}
