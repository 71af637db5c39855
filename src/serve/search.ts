// Search: a commit and a piece of text in, the objects whose names or ids hold it out; one commit's names are kept at a time.
import { displayNameOf } from '../model/entity.ts';
import { graphIdOf } from '../model/graph-id.ts';
import type { Kinds } from '../model/kind.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { Repository } from '../model/repository.ts';

export interface FoundObject {
  readonly ref: Ref;
  readonly kind: string;
  readonly type: string;
  readonly id: string;
  readonly displayName: string;
}

interface Named extends FoundObject {
  /** All texts that are looked through, in lower case. */
  readonly text: string;
}

/** What a person may know an object by, beside its name and id. */
const searched = ['userPrincipalName', 'mail', 'appId', 'mailNickname', 'clientId', 'resourceId', 'principalId'];

export class Search {
  readonly #repository: Repository;
  readonly #kinds: Kinds;
  #known: { readonly commit: string; readonly objects: Promise<readonly Named[]> } | undefined;

  constructor(repository: Repository, kinds: Kinds) {
    this.#repository = repository;
    this.#kinds = kinds;
  }

  /** The objects of a commit that hold the text, in the order of kinds and keys; all of them for no text. */
  async find(commit: string, text: string, kind: string | undefined): Promise<readonly FoundObject[]> {
    if (this.#known?.commit !== commit) {
      const objects = this.#read(commit);
      this.#known = { commit, objects };
      objects.catch(() => {
        this.#known = undefined;
      });
    }
    const wanted = text.trim().toLowerCase();
    const objects = await this.#known!.objects;
    return objects.filter((object) => (kind === undefined || object.kind === kind) && object.text.includes(wanted));
  }

  async #read(commit: string): Promise<readonly Named[]> {
    const objects: Named[] = [];
    const scope = { kinds: [...this.#kinds.keys()] };
    for await (const { entity } of this.#repository.entities(this.#repository.files(commit, scope))) {
      const kind = this.#kinds.get(kindOf(entity.ref));
      if (kind === undefined) continue;
      const displayName = displayNameOf(kind, entity);
      const id = graphIdOf(kind, keyOf(entity.ref)) ?? keyOf(entity.ref);
      const more = searched.map((name) => entity.attributes[name]).filter((value) => typeof value === 'string');
      const text = [displayName, entity.ref, id, ...more].join('\n').toLowerCase();
      objects.push({ ref: entity.ref, kind: kind.name, type: kind.type, id, displayName, text });
    }
    return objects;
  }
}
