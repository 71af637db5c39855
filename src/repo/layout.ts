// Layout: a ref in, the path of its file inside the state folder out, and back; a path that no ref gives has no way back.
import { createHash } from 'node:crypto';
import type { Kind, Kinds } from '../model/kind.ts';
import { isKey, keyOf, kindOf, type Ref } from '../model/ref.ts';

const HEX = /^[0-9a-f]{3}/;
/** Files that hold no object: at the top of the state folder, or records below `runs/`. */
const RECORD = /^(?:runs\/)?[a-z0-9][A-Za-z0-9._-]{0,199}\.yaml$/;
const STATE_PATH = /^[A-Za-z0-9_][A-Za-z0-9._ -]*(?:\/[A-Za-z0-9_][A-Za-z0-9._ -]*)*$/;

/**
 * The path of an object's file, relative to the state folder. Kinds that may grow large are sharded by three hex digits of the key
 * (`users/3f/0/3f0a….yaml`): one folder for all makes every daily commit write one huge tree (engineering 3.3).
 */
export function pathOf(kind: Kind, key: string): string {
  if (!kind.sharded) return `${kind.name}/${key}.yaml`;
  const digits = shardOf(key);
  return `${kind.name}/${digits.slice(0, 2)}/${digits.slice(2)}/${key}.yaml`;
}

/** The path of a ref's file, relative to the state folder. RangeError for a ref whose kind is not among the kinds. */
export function pathOfRef(kinds: Kinds, ref: Ref): string {
  const kind = kinds.get(kindOf(ref));
  if (kind === undefined) throw new RangeError(`no such kind: ${kindOf(ref)}`);
  return pathOf(kind, keyOf(ref));
}

/** The ref that a path inside the state folder is the file of, or undefined where no ref gives exactly this path. */
export function refOf(kinds: Kinds, path: string): Ref | undefined {
  const kind = kinds.get(path.slice(0, path.indexOf('/')));
  if (kind === undefined || !path.endsWith('.yaml')) return undefined;
  const key = path.slice(path.lastIndexOf('/') + 1, -'.yaml'.length);
  return isKey(key) && pathOf(kind, key) === path ? `${kind.name}/${key}` : undefined;
}

/** Is this the path of a file that holds no object (`tenant.yaml`, `coverage.yaml`, `runs/….yaml`)? */
export function isRecordPath(path: string): boolean {
  return RECORD.test(path) && !path.includes('..');
}

/** May this be the path of a state folder: relative, inside the repository, and harmless on every file system? */
export function isStatePath(path: string): boolean {
  return STATE_PATH.test(path) && path.split('/').every((part) => !part.endsWith('.') && !part.endsWith(' '));
}

/** The number of the folder that a key of a sharded kind lies in, below 4096. */
export function shardNumber(key: string): number {
  return Number.parseInt(shardOf(key), 16);
}

function shardOf(key: string): string {
  return (HEX.test(key) ? key : createHash('sha1').update(key).digest('hex')).slice(0, 3);
}
