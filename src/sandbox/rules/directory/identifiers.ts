// GUIDs in, the ids that Graph computes from them out (reference 1.15).

/** The 16 bytes of a GUID as .NET's `Guid.ToByteArray()` orders them. */
export function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** Base64url of several GUIDs: client and resource, and the principal where there is one, make a grant's id. */
export function joinedId(...guids: readonly string[]): string {
  return Buffer.concat(guids.map(guidBytes)).toString('base64url');
}

/** `S-1-12-1-a-b-c-d`: the four little-endian words of an object id. */
export function securityIdentifier(id: string): string {
  const bytes = guidBytes(id);
  return `S-1-12-1-${[0, 4, 8, 12].map((at) => bytes.readUInt32LE(at)).join('-')}`;
}
