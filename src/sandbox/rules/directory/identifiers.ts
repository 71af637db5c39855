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
  // .NET turns the bytes of the first three parts round itself; those of the other two are still to be turned.
  const one = word(id.slice(0, 8));
  const two = word(id.slice(14, 18) + id.slice(9, 13));
  const three = turned(word(id.slice(19, 23) + id.slice(24, 28)));
  return `S-1-12-1-${one}-${two}-${three}-${turned(word(id.slice(28)))}`;
}

const word = (hex: string) => Number.parseInt(hex, 16);

/** A word with its four bytes the other way round. */
function turned(value: number): number {
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
