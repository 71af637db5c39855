// The office: what the API and the pages share: the jobs, the snapshots, and the rules of who needs to be asked twice.
import type { Commit } from '../model/commit.ts';
import { displayNameOf } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { type PlanOptions, planOptions } from '../model/plan.ts';
import { Problem } from '../model/problem.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { Audit } from './audit.ts';
import type { Context } from './context.ts';
import { notFound } from './failure.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Principal } from './principal.ts';
import { Search } from './search.ts';

/** One request as the parts of the server see it. */
export interface Asked {
  readonly method: string;
  /** With the origin by which the caller reaches the server. */
  readonly url: URL;
  readonly headers: Headers;
  readonly principal: Principal;
  /** The JSON object of the body; empty where there is none. Failure 400, 413 or 415 for anything else. */
  body(): Promise<JsonObject>;
  /** Tells the audit log which job the request was about. */
  made(job: string): void;
}

/** What a person may set for a plan; the rest is said by driftline.yaml. */
export type AskedOptions = Partial<PlanOptions>;

export class Office {
  readonly context: Context;
  readonly jobs: Jobs;
  readonly audit: Audit;
  /** On loopback: sessions come by a link, and `--allow-recover` says what they may do. */
  readonly local: boolean;
  readonly search: Search;
  #known: { readonly tip: string; readonly commits: readonly Commit[] } | undefined;

  constructor(parts: {
    readonly context: Context;
    readonly jobs: Jobs;
    readonly audit: Audit;
    readonly local: boolean;
  }) {
    this.context = parts.context;
    this.jobs = parts.jobs;
    this.audit = parts.audit;
    this.local = parts.local;
    this.search = new Search(parts.context.repository, parts.context.kinds);
  }

  /** Every commit of the branch that records a snapshot, newest first. */
  async snapshots(): Promise<readonly Commit[]> {
    const tip = await this.context.repository.tip();
    if (tip === undefined) return [];
    if (this.#known?.tip === tip.id) return this.#known.commits;
    const commits: Commit[] = [];
    for await (const commit of this.context.repository.log({ from: tip.id }))
      if (commit.snapshot !== undefined) commits.push(commit);
    this.#known = { tip: tip.id, commits };
    return commits;
  }

  /** The commit that a text names. Problem `usage` where it names none. */
  commit(revision: string): Promise<Commit> {
    return this.context.repository.resolve(revision, this.context.now());
  }

  /** The commit that a text names, or the branch's newest. Failure 404 where there is none yet. */
  async newestOr(revision: string | undefined): Promise<Commit> {
    const commit = revision === undefined ? await this.context.repository.tip() : await this.commit(revision);
    if (commit === undefined) throw notFound('There is no snapshot yet. Take one with driftline snapshot.');
    return commit;
  }

  /** The name of the tenant, as the newest commit has it; empty before there is one. */
  async tenantName(): Promise<string> {
    const [newest] = await this.snapshots();
    const file = newest && (await this.context.repository.file(newest.id, 'tenant.yaml'));
    return typeof file?.displayName === 'string' ? file.displayName : '';
  }

  /** The name of an object in a commit, or in the newest one; its key where neither has it. */
  async nameOf(ref: Ref, commit: string | undefined): Promise<string> {
    const { repository, kinds } = this.context;
    for (const id of [commit, (await repository.tip())?.id]) {
      const stored = id === undefined ? undefined : await repository.entity(id, ref);
      if (stored !== undefined) return displayNameOf(kinds.get(kindOf(ref)), stored.entity);
    }
    return keyOf(ref);
  }

  /** The options of a recovery in the native shape: those of driftline.yaml, and never a deletion for good. */
  nativeOptions(): PlanOptions {
    return {
      ...this.context.settings.recovery,
      hardDelete: false,
      allowAccess: this.context.configuration.allowAccess,
    };
  }

  /** The options that a person asked for, over what driftline.yaml always allows; what was not said is not done. */
  planOptions(asked: AskedOptions): PlanOptions {
    return planOptions(asked, this.context.configuration.allowAccess);
  }

  /** Must a recovery that this principal asks for be confirmed by hand before it begins? */
  asksTwice(principal: Principal): boolean {
    return this.context.settings.twoPersons || principal.via === 'session';
  }
}

/** What is read by an address is not there, rather than wrongly asked, where a verb says so: Problem `usage` as failure 404. */
export async function lookUp<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Problem && error.kind === 'usage' && notThere.has(error.summary))
      throw notFound(`${error.summary}. ${error.detail}`);
    throw error;
  }
}

/** Summaries are constant (model/problem.ts). */
const notThere: ReadonlySet<string> = new Set([
  'The commit has no such object',
  'There is no such run',
  'No such object',
  'There is no history yet',
  'No such commit',
]);
