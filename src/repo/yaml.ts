// The state's files: bytes in, an entity (or a record's JSON) out, with its canonical form told apart from a person's; and back by yaml-emit.ts.
import { Buffer, isUtf8 } from 'node:buffer';
import { attributeAt, canonicalEntity } from '../model/canonical.ts';
import type { Entity, Link } from '../model/entity.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Kind } from '../model/kind.ts';
import { keyOf, parseRef, type Ref } from '../model/ref.ts';
import { emitObject, emitYaml } from './yaml-emit.ts';
import { guess } from './yaml-fast.ts';
import { brokenFile, readStrict, type StrictYaml, type Where } from './yaml-strict.ts';

/** A file that is not in our own form is read no further than this. */
const largestForeign = 16 * 2 ** 20;

export interface ReadEntity {
  readonly entity: Entity;
  /** The bytes are those that Driftline writes for this entity. */
  readonly canonical: boolean;
}

/**
 * The entity that a file holds, in canonical form. `path` is said in errors. A sound file of a person is read and marked `canonical: false`;
 * Problem `usage` with `path:line:column` for one that is not sound: what yaml-strict.ts refuses, an `id` that is not the file's name,
 * and whatever the kind's row does not list (nothing is dropped in silence).
 */
export function readYaml(
  bytes: Uint8Array,
  file: { readonly kind: Kind; readonly ref: Ref; readonly path: string },
): ReadEntity {
  const text = decode(bytes, file.path);
  const guessed = entityOf(guess(text), file.kind, file.ref);
  if (guessed !== undefined) {
    const entity = canonicalEntity(file.kind, guessed);
    if (emitYaml(file.kind, entity) === text) return { entity, canonical: true };
  }
  refuseLarge(bytes, file.path);
  const strict = readStrict(text, file.path);
  refuseShape(strict, file.kind, file.ref);
  const entity = canonicalEntity(file.kind, entityOf(strict.value, file.kind, file.ref)!);
  return { entity, canonical: emitYaml(file.kind, entity) === text };
}

/** The JSON object that a record's file holds (`tenant.yaml`). Problem `usage` as {@link readYaml}. */
export function readObject(bytes: Uint8Array, path: string): JsonObject {
  const text = decode(bytes, path);
  const guessed = guess(text);
  if (isObject(guessed) && emitObject(guessed) === text) return guessed;
  refuseLarge(bytes, path);
  const strict = readStrict(text, path);
  return isObject(strict.value) ? strict.value : strict.refuse([], 'The file must be a mapping of names to values.');
}

function decode(bytes: Uint8Array, path: string): string {
  if (!isUtf8(bytes)) throw brokenFile(path, 'The file is not UTF-8. Save it as UTF-8.');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function refuseLarge(bytes: Uint8Array, path: string): void {
  if (bytes.byteLength <= largestForeign) return;
  throw brokenFile(
    path,
    `The file is ${bytes.byteLength} bytes long and not as Driftline writes it. Restore it from an earlier commit.`,
  );
}

/** The parts of a parsed file as an entity, undefined where it does not have an entity's shape. Says nothing of attributes yet. */
function entityOf(value: Json | undefined, kind: Kind, ref: Ref): Entity | undefined {
  if (!isObject(value) || value.id !== keyOf(ref)) return undefined;
  const type = Object.hasOwn(value, '@odata.type') ? value['@odata.type'] : undefined;
  if (type !== undefined && typeof type !== 'string') return undefined;
  const links = linksOf(value.links ?? {}, kind);
  if (links === undefined) return undefined;
  const attributes: Record<string, Json> = {};
  for (const name in value) {
    if (identity.has(name)) continue;
    // No row lists it, and assigning it would not make a member.
    if (name === '__proto__') return undefined;
    attributes[name] = value[name]!;
  }
  return { ref, ...(type !== undefined && { type }), attributes, links };
}

const identity: ReadonlySet<string> = new Set(['id', '@odata.type', 'links']);

function linksOf(value: Json, kind: Kind): Record<string, readonly Link[]> | undefined {
  if (!isObject(value)) return undefined;
  const links: Record<string, readonly Link[]> = {};
  for (const [name, targets] of Object.entries(value)) {
    const row = Object.hasOwn(kind.links, name) ? kind.links[name]! : undefined;
    if (row === undefined || !isArray(targets) || (row.single && targets.length > 1)) return undefined;
    const read: Link[] = [];
    for (const target of targets) {
      const link = linkOf(target, row.item?.properties ?? []);
      if (link === undefined) return undefined;
      read.push(link);
    }
    links[name] = read;
  }
  return links;
}

function linkOf(value: Json, known: readonly string[]): Link | undefined {
  if (typeof value === 'string') {
    const target = parseRef(value);
    return target && { target };
  }
  if (!isObject(value) || typeof value.target !== 'string') return undefined;
  const target = parseRef(value.target);
  const { target: _target, ...properties } = value;
  const names = Object.keys(properties);
  if (target === undefined || !names.every((name) => known.includes(name) && typeof properties[name] === 'string'))
    return undefined;
  return names.length === 0 ? { target } : { target, properties: properties as Record<string, string> };
}

/** Says what {@link entityOf} would not take and what {@link canonicalEntity} would drop, each with its place and what to do. */
function refuseShape(file: StrictYaml, kind: Kind, ref: Ref): void {
  const { value } = file;
  if (!isObject(value)) file.refuse([], 'The file must be a mapping of names to values.');
  if (value.id === undefined)
    file.refuse([], `The file has no \`id\`. It must be ${keyOf(ref)}, as the file is named.`);
  if (value.id !== keyOf(ref))
    file.refuse(['id'], `The \`id\` is not ${keyOf(ref)}, as the file is named. Correct it, or rename the file.`);
  if (Object.hasOwn(value, '@odata.type') && typeof value['@odata.type'] !== 'string')
    file.refuse(['@odata.type'], 'The type must be a text.');
  const listed = new Set(Object.keys(kind.attributes).map((path) => path.split('.')[0]!));
  for (const [name, attribute] of Object.entries(value)) {
    if (identity.has(name)) continue;
    if (!listed.has(name))
      file.refuse(
        [name],
        `${kind.type} has no attribute \`${name}\` that Driftline keeps. Correct its name, or remove it.`,
      );
    refuseMembers(file, kind, [name], name, attribute);
  }
  refuseLinks(file, kind, value.links);
}

/** Members below an attribute that the row does not keep: an allow-list, a noise member, an OData annotation. */
function refuseMembers(file: StrictYaml, kind: Kind, where: Where, path: string, value: Json): void {
  const fact = attributeAt(kind, path);
  if (fact.noise) file.refuse(where, `\`${path}\` changes by itself and is not kept. Remove it.`);
  if (isArray(value)) {
    value.forEach((item, at) => {
      refuseMembers(file, kind, [...where, at], path, item);
    });
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const unlisted = name.includes('@')
        ? name !== '@odata.type'
        : fact.only !== undefined && !fact.only.includes(name);
      if (unlisted) file.refuse([...where, name], `\`${path}.${name}\` is not kept. Correct its name, or remove it.`);
      refuseMembers(file, kind, [...where, name], `${path}.${name}`, member);
    }
  }
}

function refuseLinks(file: StrictYaml, kind: Kind, links: Json | undefined): void {
  if (links === undefined) return;
  if (!isObject(links)) file.refuse(['links'], 'Links must be a mapping of link names to lists.');
  for (const [name, targets] of Object.entries(links)) {
    const row = Object.hasOwn(kind.links, name) ? kind.links[name] : undefined;
    if (row === undefined)
      file.refuse(['links', name], `${kind.type} has no link \`${name}\`. Correct its name, or remove it.`);
    if (!isArray(targets))
      file.refuse(['links', name], 'The targets of a link must be a list, also where there is only one.');
    if (row.single && targets.length > 1) file.refuse(['links', name, 1], `\`${name}\` has one target at most.`);
    targets.forEach((target, at) => {
      refuseLink(file, row.item?.properties ?? [], ['links', name, at], target);
    });
  }
}

function refuseLink(file: StrictYaml, properties: readonly string[], where: Where, link: Json): void {
  const target = isObject(link) ? link.target : link;
  if (typeof target !== 'string' || parseRef(target) === undefined) {
    file.refuse(
      where,
      "A target must be a ref such as `groups/7c1e2f…`, or a mapping with `target` and the link's properties.",
    );
  }
  if (!isObject(link)) return;
  for (const [name, property] of Object.entries(link)) {
    if (name === 'target') continue;
    if (!properties.includes(name))
      file.refuse([...where, name], `This link has no property \`${name}\`. Correct its name, or remove it.`);
    if (typeof property !== 'string')
      file.refuse([...where, name], "A link's property must be a text. Put it in quotes.");
  }
}
