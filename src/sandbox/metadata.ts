// Takes the name of a Graph type and a body, gives what Microsoft's published metadata says about them: properties, kinds, members, and the first thing wrong.
import * as generated from './metadata.generated.ts';
import * as supplement from './metadata-supplement.ts';

/** The two version roots of Graph; beta knows more properties. */
export type Version = 'v1.0' | 'beta';

/** What the metadata says about one property. `members` are those of an enumeration, in the published order. */
export interface PropertyInfo {
  type: string;
  collection: boolean;
  kind: 'primitive' | 'enum' | 'complex' | 'entity';
  members?: readonly string[];
  /** True where one value may be several members joined by commas. */
  flags: boolean;
  nullable: boolean;
  readOnly: boolean;
  /** True where only /beta knows the property. */
  beta: boolean;
}

/** A type with its own (not inherited) properties. */
export interface TypeInfo {
  name: string;
  kind: 'entity' | 'complex';
  base: string | undefined;
  properties: ReadonlyMap<string, PropertyInfo>;
}

/** A body that does not fit its type; the message is in Graph's words, and the server answers it as 400. */
export class InvalidBody extends Error {}

type RawTypes = Record<string, { kind?: string; base?: string; properties: Record<string, string> }>;

const primitives = new Set(['string', 'boolean', 'number', 'dateTimeOffset', 'any']);

const enums = new Map<string, readonly string[]>(Object.entries({ ...generated.enums, ...supplement.enums }));
for (const [name, members] of Object.entries(supplement.laterMembers)) {
  enums.set(name, [...(enums.get(name) ?? []), ...members.filter((member) => !enums.get(name)?.includes(member))]);
}

const entityNames = new Set(generated.relatedEntities);
const raw: { source: RawTypes; beta: boolean }[] = [
  { source: generated.types, beta: false },
  { source: supplement.v1, beta: false },
  { source: supplement.beta, beta: true },
];
for (const { source } of raw) {
  for (const [name, { kind }] of Object.entries(source)) {
    if (kind === 'entity' && !supplement.contained.has(name)) entityNames.add(name);
  }
}

const types = build();
const descendants = new Map<string, string[]>();
for (const type of types.values()) {
  for (let base = type.base; base; base = types.get(base)?.base) {
    descendants.set(base, [...(descendants.get(base) ?? []), type.name]);
  }
}

function build(): Map<string, TypeInfo> {
  const found = new Map<string, TypeInfo & { properties: Map<string, PropertyInfo> }>();
  for (const { source, beta } of raw) {
    for (const [name, { kind, base, properties }] of Object.entries(source)) {
      const type = found.get(name) ?? {
        name,
        kind: kind === 'entity' ? ('entity' as const) : ('complex' as const),
        base,
        properties: new Map<string, PropertyInfo>(),
      };
      found.set(name, type);
      for (const [property, code] of Object.entries(properties)) {
        type.properties.set(property, decode(name, property, code, beta));
      }
    }
  }
  return found;
}

/** `keyCredential[]?!` → a collection of keyCredential, nullable, read-only. */
function decode(owner: string, property: string, code: string, beta: boolean): PropertyInfo {
  const type = code.replace(/[[\]?!]/g, '');
  const members = enums.get(type);
  const describedReadOnly = code.endsWith('!') || (supplement.readOnly[owner]?.includes(property) ?? false);
  return {
    type,
    collection: code.includes('[]'),
    kind: primitives.has(type) ? 'primitive' : members ? 'enum' : entityNames.has(type) ? 'entity' : 'complex',
    ...(members ? { members } : {}),
    flags: supplement.flags.has(type),
    nullable: code.includes('?'),
    readOnly: describedReadOnly && !supplement.writable[owner]?.includes(property),
    beta,
  };
}

/** The bare type name of an `@odata.type` value: `#microsoft.graph.user` → `user`. */
export function bareName(name: string): string {
  return name.replace(/^#?(microsoft\.graph\.)?/i, '');
}

/** The type of that name (with or without `#microsoft.graph.`), or undefined when the sandbox does not know it. */
export function typeOf(name: string): TypeInfo | undefined {
  return types.get(bareName(name));
}

/** The name of the type that this one derives from. */
export function baseOf(name: string): string | undefined {
  return typeOf(name)?.base;
}

/** True where the type takes properties beyond its own (directory extensions). */
export function isOpen(name: string): boolean {
  return supplement.open.has(bareName(name));
}

/** All types derived from this one, at any depth. */
export function derivedOf(name: string): readonly string[] {
  return descendants.get(bareName(name)) ?? [];
}

/** True where `name` is `base` or derives from it. */
export function isA(name: string, base: string): boolean {
  return bareName(name) === bareName(base) || derivedOf(base).includes(bareName(name));
}

/** What is said of a property, looked for in the type and its bases; undefined when unknown to that version. */
export function property(typeName: string, name: string, version: Version = 'beta'): PropertyInfo | undefined {
  for (let type = typeOf(typeName); type; type = type.base ? types.get(type.base) : undefined) {
    const found = type.properties.get(name);
    if (found) return found.beta && version === 'v1.0' ? undefined : found;
  }
  return undefined;
}

/** Every property of a type with its bases, nearest first. */
export function propertiesOf(typeName: string, version: Version = 'beta'): Map<string, PropertyInfo> {
  const all = new Map<string, PropertyInfo>();
  for (let type = typeOf(typeName); type; type = type.base ? types.get(type.base) : undefined) {
    for (const [name, info] of type.properties) {
      if (!all.has(name) && !(info.beta && version === 'v1.0')) all.set(name, info);
    }
  }
  return all;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Graph names the resource in its messages by the type with a capital: `User`. */
const resourceName = (typeName: string): string => typeName.charAt(0).toUpperCase() + typeName.slice(1);

/**
 * Checks a body against its type. Throws InvalidBody with Graph's words for the first unknown property, wrong type or
 * unknown enumeration value; annotations (`x@odata.…`) are let through, `@odata.type` must be the type or derive from it.
 * Beta properties pass: whether the root that was asked takes them is for the server to say.
 */
export function validate(typeName: string, body: unknown): void {
  if (!isObject(body))
    throw new InvalidBody(
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    );
  const annotated = body['@odata.type'];
  const name = typeof annotated === 'string' ? bareName(annotated) : bareName(typeName);
  if (!typeOf(name) || !isA(name, typeName)) {
    throw new InvalidBody(
      `A type named 'microsoft.graph.${name}' could not be resolved by the model or does not derive from 'microsoft.graph.${bareName(typeName)}'.`,
    );
  }
  for (const [key, value] of Object.entries(body)) {
    if (key.includes('@')) continue;
    const info = property(name, key);
    if (info) validateProperty(name, key, info, value);
    else if (!isOpen(name) || !/^extension_[0-9a-f]{32}_\w+$/i.test(key)) {
      throw new InvalidBody(`Could not find a property named '${key}' on type 'microsoft.graph.${name}'.`);
    }
  }
}

function validateProperty(owner: string, key: string, info: PropertyInfo, value: unknown): void {
  const refuse = (): never => {
    throw new InvalidBody(`Invalid value specified for property '${key}' of resource '${resourceName(owner)}'.`);
  };
  // A null collection or a null for a value type is refused further in, by the rules: clearing is theirs to judge.
  if (value === null) return;
  if (info.collection !== Array.isArray(value)) refuse();
  for (const item of Array.isArray(value) ? value : [value]) {
    if (info.kind === 'primitive') {
      if (!fitsPrimitive(info.type, item)) refuse();
    } else if (info.kind === 'enum') {
      if (!fitsEnum(info, item)) refuse();
    } else if (!isObject(item)) refuse();
    else if (typeOf(info.type)) validate(info.type, item);
  }
}

function fitsPrimitive(type: string, value: unknown): boolean {
  if (type === 'any') return true;
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (type === 'dateTimeOffset') return typeof value === 'string' && !Number.isNaN(Date.parse(value));
  return typeof value === type;
}

function fitsEnum(info: PropertyInfo, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  // Services read members in any case; the sentinel stands for what a client could not read and is never a value to write.
  const known = (info.members ?? [])
    .filter((member) => member !== 'unknownFutureValue')
    .map((member) => member.toLowerCase());
  const parts = info.flags ? value.split(',').map((part) => part.trim()) : [value];
  return parts.every((part) => known.includes(part.toLowerCase()));
}

/**
 * What a client of that version sees of a stored value: beta-only properties are left out of v1.0 (reference 3.7), and
 * members after the sentinel read as `unknownFutureValue` unless the client asked for them (reference 1.2).
 */
export function readAs(typeName: string, value: unknown, version: Version, unknownMembers: boolean): unknown {
  if (!isObject(value)) return value;
  const annotated = value['@odata.type'];
  const name = typeof annotated === 'string' && typeOf(annotated) ? bareName(annotated) : typeName;
  const seen: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const info = key.includes('@') ? undefined : property(name, key, 'beta');
    if (info?.beta && version === 'v1.0') continue;
    seen[key] = info ? readProperty(info, item, version, unknownMembers) : item;
  }
  return seen;
}

function readProperty(info: PropertyInfo, value: unknown, version: Version, unknownMembers: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => readProperty(info, item, version, unknownMembers));
  if (info.kind === 'enum') return unknownMembers || typeof value !== 'string' ? value : hideLater(info, value);
  return info.kind === 'primitive' ? value : readAs(info.type, value, version, unknownMembers);
}

function hideLater(info: PropertyInfo, value: string): string {
  const members = info.members ?? [];
  const sentinel = members.indexOf('unknownFutureValue');
  const hidden = (member: string) => sentinel >= 0 && members.indexOf(member) > sentinel;
  if (!info.flags) return hidden(value) ? 'unknownFutureValue' : value;
  const parts = value.split(',').map((part) => part.trim());
  return parts.some(hidden)
    ? [...new Set(parts.map((part) => (hidden(part) ? 'unknownFutureValue' : part)))].join(',')
    : value;
}
