// A state folder, or objects at hand, in; the tenant that a sandbox begins with out.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { parse } from 'yaml';
import { complete } from './objects.ts';
import type { World } from './options.ts';
import { guidOf } from './random.ts';
import type { LinkSource } from './relations.ts';
import { parseRequest } from './request.ts';
import { contextOf } from './routes.ts';
import { foreignRoles } from './rules/directory/first-party.ts';
import { foreignPart, foreignType } from './rules/directory/service-principals.ts';
import type { Source } from './table.ts';
import type { Caller, Context, EntityType, GraphObject, GraphRecord, Json } from './types.ts';

/** The other end of a link: `kind/key`, or an app role assignment's principal and role. */
export type SeedLink = string | { readonly target: string; readonly appRoleId: string };

/** One object as Driftline's YAML has it: Graph's properties, contained children as arrays, links by relation. */
export interface SeedObject {
  /** The folder: `users`, `conditionalAccessPolicies`, … */
  readonly kind: string;
  /** The file's name without `.yaml`; the id where the properties name none. */
  readonly key: string;
  readonly properties: GraphRecord;
  readonly links?: Readonly<Record<string, readonly SeedLink[]>>;
}

export interface Seed {
  readonly tenantId?: string;
  readonly displayName?: string;
  readonly objects: readonly SeedObject[];
  /** Generated collections: computed page by page, never held. */
  readonly sources?: readonly Source[];
  readonly linkSources?: readonly LinkSource[];
}

/**
 * Reads a `state/` folder: `<kind>/…/<key>.yaml`, one object a file, and `tenant.yaml`.
 * Throws what the file system or the YAML parser says, with the file's name.
 */
export async function readSeed(folder: string): Promise<Seed> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep))
    .sort((one, other) => (one.join('/') < other.join('/') ? -1 : 1));
  const objects: SeedObject[] = [];
  let tenant: GraphRecord = {};
  for (const parts of names) {
    const text = await readFile(join(folder, ...parts), 'utf8');
    let record: GraphRecord;
    try {
      record = (parse(text) ?? {}) as GraphRecord;
    } catch (error) {
      throw new Error(`${parts.join('/')} is not YAML: ${String(error)}`, { cause: error });
    }
    const [kind = '', ...below] = parts;
    if (below.length === 0) {
      if (kind === 'tenant.yaml') tenant = record;
      continue;
    }
    const { links, ...properties } = record;
    const key = (below.at(-1) as string).slice(0, -'.yaml'.length);
    objects.push({ kind, key, properties, links: (links ?? {}) as unknown as Record<string, SeedLink[]> });
  }
  return {
    ...(typeof tenant.tenantId === 'string' ? { tenantId: tenant.tenantId } : {}),
    ...(typeof tenant.displayName === 'string' ? { displayName: tenant.displayName } : {}),
    objects,
  };
}

/** A seed from objects at hand, by kind: `seedObjects({ users: [{ id, displayName, links: { manager: ['users/…'] } }] })`. */
export function seedObjects(kinds: Readonly<Record<string, readonly GraphRecord[]>>, tenantId?: string): Seed {
  const objects = Object.entries(kinds).flatMap(([kind, records]) =>
    records.map((record): SeedObject => {
      const { links, ...properties } = record;
      return {
        kind,
        key: String(properties.id ?? kind),
        properties,
        links: (links ?? {}) as unknown as Record<string, SeedLink[]>,
      };
    }),
  );
  return { objects, ...(tenantId === undefined ? {} : { tenantId }) };
}

/** Nobody: what a seed says was there before. */
const seeder: Caller = { appId: '', servicePrincipalId: '', permissions: new Set(), privileged: true };

function seedContext(world: World): Context {
  const request = parseRequest('POST', new URL('http://sandbox/beta/seed'), { get: () => null }, undefined);
  return { ...contextOf(world, request, seeder), reader: world.store };
}

function kindsOf(world: World): Map<string, EntityType> {
  return new Map([...world.types.values()].map((rules) => [rules.kind ?? rules.path.split('/').at(-1) ?? '', rules]));
}

/** A date that follows from the id, for objects whose seed does not say when they were made. */
function creationDate(id: string): string {
  const days = Number.parseInt(guidOf(id).slice(0, 6), 16) % 1400;
  return new Date(Date.UTC(2021, 2, 1) + days * 86_400_000).toISOString().replace('.000Z', 'Z');
}

/** Puts a seed into the store, as if it had always been there: no delta tells of it. */
export function plant(world: World, seed: Seed): void {
  const { store } = world;
  if (seed.tenantId !== undefined) store.tenantId = seed.tenantId.toLowerCase();
  for (const source of seed.sources ?? []) store.addSource(source);
  for (const source of seed.linkSources ?? []) store.addLinkSource(source);
  store.silently(() => {
    plantBuiltIns(world);
    const context = seedContext(world);
    const kinds = kindsOf(world);
    const order = [...world.types.keys()];
    const known = seed.objects.flatMap((each) => {
      const rules = kinds.get(each.kind);
      return rules ? [{ ...each, rules }] : [];
    });
    known.sort((one, other) => order.indexOf(one.rules.type) - order.indexOf(other.rules.type));
    for (const { rules, key, properties } of known) plantObject(world, context, rules, key, properties);
    if (seed.displayName !== undefined) rename(world, seed.displayName);
    for (const { rules, key, properties, links } of known) {
      const id = idOf(rules, key, properties, context);
      for (const [relation, targets] of Object.entries(links ?? {})) {
        for (const target of targets) plantLink(world, context, relation, id, target);
      }
    }
    for (const { rules, key, properties } of known) {
      if (rules.type === 'servicePrincipal') plantForeign(world, idOf(rules, key, properties, context));
    }
  });
}

/** What exists in every tenant, where the store does not have it yet. */
export function plantBuiltIns(world: World): void {
  for (const rules of world.types.values()) {
    for (const object of rules.builtIn?.(world.store) ?? []) {
      if (rules.type === 'organization' && world.store.count('organization') > 0) continue;
      if (!world.store.get(rules.type, object.id)) world.store.put(rules.type, object);
    }
  }
}

function idOf(rules: EntityType, key: string, properties: GraphRecord, context: Context): string {
  if (rules.identify && rules.ends) return rules.identify(properties, context);
  if (rules.type === 'organization') return context.store.tenantId;
  return typeof properties.id === 'string' ? properties.id : key;
}

function plantObject(world: World, context: Context, rules: EntityType, key: string, properties: GraphRecord): void {
  const { store } = world;
  const id = idOf(rules, key, properties, context);
  if (rules.type === 'organization')
    for (const { id: other } of store.list('organization')) if (other !== id) store.remove('organization', other);
  const before = store.get(rules.type, id);
  const filled = complete(rules, id, { createdDateTime: creationDate(id), ...properties }, context);
  const { createdDateTime, ...rest } = filled;
  const dated = 'createdDateTime' in properties || rules.defaults?.(properties, context).createdDateTime !== undefined;
  const whole: GraphObject = {
    ...before,
    ...(dated ? { ...rest, createdDateTime: createdDateTime ?? null } : rest),
    id,
  };
  for (const [navigation, child] of Object.entries(rules.children ?? {})) {
    whole[navigation] = plantChildren(
      child.key,
      (before?.[navigation] ?? []) as GraphRecord[],
      (whole[navigation] ?? []) as GraphRecord[],
      id,
    );
  }
  // It has always been there: it settles as what it is already, so that nothing of it counts as new (a certificate without its key).
  const object = rules.settle?.(whole, whole, context) ?? whole;
  store.put(rules.type, object);
}

/** Completes and remembers a service of another tenant, so that its roles can be assigned and it can be made again. */
function plantForeign(world: World, id: string): void {
  const { store } = world;
  const principal = store.get('servicePrincipal', id);
  if (!principal || store.find('application', 'appId', String(principal.appId)).length > 0) return;
  const assigned = store.find('appRoleAssignment', 'resourceId', id).map(({ appRoleId }) => String(appRoleId));
  const whole = { ...principal, appRoles: foreignRoles(principal, assigned) };
  store.put('servicePrincipal', whole);
  const part = foreignPart(whole);
  if (part) store.put(foreignType, part);
}

/** Children with what is built in below them, and an id that follows from their owner and key where they have none. */
function plantChildren(
  key: string,
  builtIn: readonly GraphRecord[],
  children: readonly GraphRecord[],
  owner: string,
): Json {
  if (children.length === 0) return [...builtIn];
  return children.map((child) => ({
    ...builtIn.find((each) => String(each[key]).toLowerCase() === String(child[key]).toLowerCase()),
    ...child,
    id: child.id ?? guidOf(`${owner} ${String(child.name ?? JSON.stringify(child))}`),
  }));
}

function rename(world: World, displayName: string): void {
  const [organization] = [...world.store.list('organization')];
  if (organization) world.store.put('organization', { ...organization, displayName });
}

function plantLink(world: World, context: Context, relation: string, owner: string, link: SeedLink): void {
  const { store } = world;
  const target = (typeof link === 'string' ? link : link.target).split('/')[1] ?? '';
  if (typeof link === 'string') {
    store.link(relation, owner, target);
    return;
  }
  const rules = world.types.get('appRoleAssignment') as EntityType;
  const body: GraphRecord = {
    principalId: target,
    resourceId: owner,
    appRoleId: link.appRoleId,
    createdDateTime: creationDate(`${owner} ${target}`),
  };
  const id = rules.identify?.(body, context) ?? store.newId();
  const object: GraphObject = { ...body, id };
  store.put('appRoleAssignment', rules.settle?.(object, undefined, context) ?? object);
}
