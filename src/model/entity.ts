// One object of the tenant in canonical form: what one YAML file holds.
import { canonicalText, compareText, type Json, type JsonObject } from './json.ts';
import { type Kind, nameAttributes } from './kind.ts';
import { keyOf, type Ref } from './ref.ts';

/** One end of a relationship; `properties` tell two links to the same target apart (an app role assignment's `appRoleId`). */
export interface Link {
  readonly target: Ref;
  readonly properties?: Readonly<Record<string, string>>;
}

export interface Entity {
  readonly ref: Ref;
  /** Graph's own `@odata.type` where the object is of a derived type (`#microsoft.graph.ipNamedLocation`). */
  readonly type?: string;
  /** Top-level Graph properties by name, canonical: sets sorted, nothing that the kind's row does not list, no `id`. */
  readonly attributes: JsonObject;
  /** Links by name; a link without targets is left out; targets are sorted by {@link linkText}. */
  readonly links: Readonly<Record<string, readonly Link[]>>;
}

/** One text for one link, by which links are compared and sorted. */
export function linkText(link: Link): string {
  return link.properties === undefined ? link.target : `${link.target} ${canonicalText(link.properties)}`;
}

/** The same links, sorted, each once. */
export function sortLinks(links: readonly Link[]): readonly Link[] {
  if (links.length < 2) return links;
  const byText = new Map(links.map((link) => [linkText(link), link]));
  return [...byText.keys()].sort(compareText).map((text) => byText.get(text)!);
}

/** What an object has of a link or of contained objects, as one text to compare; empty where it has none. */
export function besidesText(part: string, { attributes, links }: Pick<Entity, 'attributes' | 'links'>): string {
  const targets = links[part];
  if (targets !== undefined) return targets.length === 0 ? '' : `${part} ${targets.map(linkText).join(' ')}\n`;
  const items = attributes[part];
  return items === undefined ? '' : `${part} ${canonicalText(items)}\n`;
}

/** The name a person knows an object by: the first of the kind's naming attributes that is set, else its key. */
export function displayNameOf(kind: Kind | undefined, entity: Entity): string {
  for (const name of nameAttributes(kind)) {
    const value: Json | undefined = entity.attributes[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return keyOf(entity.ref);
}

/** Is the object mastered on-premises, so that its synced attributes cannot be written in the cloud? (reference 1.13) */
export function isSynced(entity: Entity): boolean {
  return entity.attributes.onPremisesSyncEnabled === true;
}
