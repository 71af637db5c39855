// Links between objects by relation name, each in both directions; generated links are computed until somebody changes them.

/** Links of a generated tenant: a pure function of the id, so that a million of them cost nothing. */
export interface LinkSource {
  readonly relation: string;
  /** Undefined where the object is none that this source knows. */
  targets(owner: string): readonly string[] | undefined;
  owners(target: string): readonly string[];
}

const none: readonly string[] = [];

/** Raw links: an end that is soft-deleted is still in here, and whoever reads leaves it out. */
export class Relations {
  private readonly forward = new Map<string, Map<string, Set<string>>>();
  private readonly backward = new Map<string, Map<string, Set<string>>>();
  private readonly sources = new Map<string, LinkSource[]>();

  copy(): Relations {
    const copy = new Relations();
    for (const side of ['forward', 'backward'] as const)
      for (const [relation, ends] of this[side])
        copy[side].set(relation, new Map([...ends].map(([id, others]) => [id, new Set(others)])));
    for (const [relation, sources] of this.sources) copy.sources.set(relation, sources);
    return copy;
  }

  addSource(source: LinkSource): void {
    this.sources.set(source.relation, [...(this.sources.get(source.relation) ?? []), source]);
  }

  targets(relation: string, owner: string): readonly string[] {
    const own = this.forward.get(relation)?.get(owner);
    return own ? [...own] : this.generated(relation, owner);
  }

  owners(relation: string, target: string): readonly string[] {
    const found = new Set(this.backward.get(relation)?.get(target) ?? none);
    for (const source of this.sources.get(relation) ?? []) {
      for (const owner of source.owners(target)) if (this.linked(relation, owner, target)) found.add(owner);
    }
    return [...found];
  }

  linked(relation: string, owner: string, target: string): boolean {
    const own = this.forward.get(relation)?.get(owner);
    return own ? own.has(target) : this.generated(relation, owner).includes(target);
  }

  link(relation: string, owner: string, target: string): void {
    this.own(relation, owner).add(target);
    entry(entry(this.backward, relation, newMap), target, newSet).add(owner);
  }

  unlink(relation: string, owner: string, target: string): void {
    this.own(relation, owner).delete(target);
    this.backward.get(relation)?.get(target)?.delete(owner);
  }

  /** Every relation that anything was ever linked by. */
  names(): string[] {
    return [...new Set([...this.forward.keys(), ...this.sources.keys()])];
  }

  private own(relation: string, owner: string): Set<string> {
    return entry(entry(this.forward, relation, newMap), owner, () => new Set(this.generated(relation, owner)));
  }

  private generated(relation: string, owner: string): readonly string[] {
    for (const source of this.sources.get(relation) ?? []) {
      const targets = source.targets(owner);
      if (targets) return targets;
    }
    return none;
  }
}

const newMap = () => new Map<string, Set<string>>();
const newSet = () => new Set<string>();

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
