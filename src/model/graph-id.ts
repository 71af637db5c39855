// Graph's ids: an object's key into the id that Graph knows it by, and back, where the two are not the same (reference 1.15).
import type { Kind } from './kind.ts';

/** Graph's id of the object with this key; undefined where it does not follow from the key. */
export function graphIdOf(kind: Pick<Kind, 'key' | 'idFrom'>, key: string): string | undefined {
  if (kind.key === 'id') return key;
  if (kind.idFrom === 'guids') return packGuids(key.split('_').filter((part) => part !== 'all'));
  return kind.key.length === 1 ? key : undefined;
}

/** The key of the object that Graph knows by this id; undefined where the id could be none of this kind. */
export function keyOfGraphId(kind: Pick<Kind, 'key' | 'idFrom'>, id: string): string | undefined {
  if (kind.key === 'id') return /^[0-9a-f-]{36}$/i.test(id) ? id.toLowerCase() : id;
  if (kind.idFrom !== 'guids') return kind.key.length === 1 ? id : undefined;
  const guids = unpackGuids(id);
  if (guids === undefined || guids.length > kind.key.length) return undefined;
  return kind.key.map((_, at) => guids[at] ?? 'all').join('_');
}

/** base64url of the GUIDs in .NET's byte order: the first three groups little-endian. */
function packGuids(guids: readonly string[]): string {
  return Buffer.concat(guids.map((guid) => swapped(Buffer.from(guid.replaceAll('-', ''), 'hex')))).toString(
    'base64url',
  );
}

function unpackGuids(id: string): string[] | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) return undefined;
  const bytes = Buffer.from(id, 'base64url');
  if (bytes.length === 0 || bytes.length % 16 !== 0 || bytes.toString('base64url') !== id) return undefined;
  return Array.from({ length: bytes.length / 16 }, (_, at) =>
    swapped(bytes.subarray(at * 16, at * 16 + 16))
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  );
}

function swapped(guid: Buffer): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((at) => guid[at] ?? 0));
}
