// The jobs of the server: made, worked on, cancelled, confirmed; previews side by side, recoveries one at a time; what a dead process left is taken up.
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { JsonObject } from '../../model/json.ts';
import type { PlanOptions } from '../../model/plan.ts';
import { planBlocked } from '../../model/plan.ts';
import { Problem } from '../../model/problem.ts';
import type { Scope } from '../../model/scope.ts';
import type { Context } from '../context.ts';
import { JobEvents } from '../events.ts';
import { conflict, Failure, notFound } from '../failure.ts';
import { localId, type Principal } from '../principal.ts';
import { makeReport, type Work } from './preview.ts';
import {
  type Job,
  type JobProblem,
  type JobProgress,
  type JobSide,
  type JobType,
  noTotals,
  terminal,
} from './record.ts';
import {
  appliedTotals,
  carryOut,
  failuresOf,
  makePlan,
  plannedTotals,
  planRef,
  requireDigest,
  type Secret,
  writePlan,
} from './recovery.ts';
import { type ChangeEntry, readChanges, type StoredChange } from './results.ts';
import { JobStore } from './store.ts';
import { Turns } from './turns.ts';

export interface NewJob {
  readonly type: JobType;
  readonly from: JobSide;
  readonly to?: JobSide;
  readonly snapshot?: string;
  readonly scope: Scope;
  readonly filter?: JsonObject;
  readonly by: Principal;
  readonly reason?: string;
  readonly actors?: true;
  readonly options?: PlanOptions;
  readonly undoes?: string;
  readonly resumes?: string;
  /** Start the plan as soon as it is made, without anybody looking at it, as the native service does. */
  readonly atOnce?: boolean;
}

interface Running {
  readonly controller: AbortController;
  progress: JobProgress;
  readonly done: Promise<void>;
}

const stopped: JobProblem = {
  summary: 'The server was stopped',
  detail: 'It ended before this was done. Nothing more is done by itself; start it again where it is needed.',
};

function needsAnother(): Failure {
  return new Failure(
    403,
    'Authorization_RequestDenied',
    'Whoever planned a recovery cannot start it here (serve.twoPersons): another Backup Administrator must confirm it. Both must have signed in or come with a token; a session of this machine names nobody.',
  );
}

/** Reports that are made at the same time: any number may be asked for, but they share Graph's quotas with everybody else. */
const mostReports = 4;

export class Jobs {
  readonly store: JobStore;
  /** Told of every job that is put, and of what it is doing. */
  readonly events = new JobEvents();
  readonly #context: Context;
  readonly #running = new Map<string, Running>();
  readonly #secrets = new Map<string, Secret[]>();
  /** The one recovery that writes, or is about to. */
  #recovery: string | undefined;
  #closing = false;
  readonly #reports = new Turns(mostReports);

  constructor(context: Context) {
    this.#context = context;
    this.store = new JobStore(join(context.repository.privateFolder, 'jobs'), (id) => this.events.tell(id));
  }

  /** Takes up what is there: previews begin again, a planned recovery goes on waiting, one that was under way is said to be abandoned. */
  async open(): Promise<void> {
    await this.store.open();
    await this.#clear();
    for (const job of this.store.all()) {
      if (terminal.has(job.status)) continue;
      if (job.type !== 'recovery') this.#start(job, (work) => this.#report(work));
      else if (job.status !== 'initialized') await this.#end(job, { status: 'abandoned', problem: stopped });
    }
  }

  /** Stops what is under way. Previews go on with the next process; a recovery's run can be resumed. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { controller } of this.#running.values()) controller.abort(new Error('the server is stopped'));
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Forgets what is over, or waits, for longer than jobs are kept. */
  async #clear(): Promise<void> {
    const oldest = this.#context.now().getTime() - this.#context.settings.keepDays * 86_400_000;
    for (const job of this.store.all()) {
      const still = !terminal.has(job.status) && job.status !== 'initialized';
      if (!still && Date.parse(job.completedAt ?? job.createdAt) < oldest) await this.#forget(job);
    }
  }

  async #forget(job: Job): Promise<void> {
    if (job.type === 'recovery') await this.#context.repository.forget(planRef(job.id));
    await this.store.remove(job.id);
  }

  /** Failure 404 for a job that is not there, or not of the types asked for. */
  get(id: string, ...types: readonly JobType[]): Job {
    const job = this.store.get(id);
    if (job === undefined || (types.length > 0 && !types.includes(job.type)))
      throw notFound(`There is no job ${JSON.stringify(id.slice(0, 80))}.`);
    return job;
  }

  progress(id: string): JobProgress | undefined {
    return this.#running.get(id)?.progress;
  }

  /** The jobs that are worked on, by their ids. */
  underWay(): string[] {
    return [...this.#running.keys()];
  }

  /** Resolves when nothing works on the job any more. */
  async settled(id: string): Promise<Job> {
    await this.#running.get(id)?.done;
    return this.get(id);
  }

  index(id: string): Promise<readonly ChangeEntry[]> {
    return this.store.index(id);
  }

  changes(id: string, entries: readonly ChangeEntry[]): Promise<StoredChange[]> {
    return readChanges(this.store.folder(id), entries);
  }

  /** Makes a job and begins it. Conflict where it would write, and another one does. */
  async create(asked: NewJob): Promise<Job> {
    const { by, atOnce = false, ...rest } = asked;
    const writes = asked.type === 'recovery' && (atOnce || asked.resumes !== undefined);
    const job: Job = {
      ...rest,
      id: randomUUID(),
      status: asked.type === 'recovery' ? 'calculating' : asked.to === undefined ? 'loadingData' : 'calculating',
      createdAt: this.#context.now().toISOString(),
      completedAt: null,
      by: { id: by.id, name: by.name },
      totals: noTotals,
      ...(asked.type === 'compare' ? { rules: this.#rules() } : {}),
    };
    // Taken before anything is awaited: of a hundred that come together one gets it.
    if (writes) this.#take(job.id);
    try {
      await this.#clear();
      await this.store.put(job);
    } catch (error) {
      this.#release(job.id);
      throw error;
    }
    if (job.type !== 'recovery') this.#start(job, (work) => this.#report(work));
    else if (job.resumes !== undefined) this.#start(job, (work) => this.#apply(work));
    else this.#start(job, (work) => this.#plan(work, atOnce));
    return job;
  }

  /** The report between two commits, made already or begun now: it depends on nothing but them and the ignore rules in force. */
  async comparison(from: JobSide, to: JobSide, by: Principal): Promise<Job> {
    const rules = this.#rules();
    const same = (job: Job) =>
      job.type === 'compare' &&
      job.rules === rules &&
      // What the audit log said depends on when it was asked.
      job.actors === undefined &&
      job.from.commit === from.commit &&
      job.to?.commit === to.commit &&
      job.scope.kinds === undefined &&
      job.scope.refs === undefined &&
      (job.status === 'successful' || !terminal.has(job.status));
    return this.store.all().find(same) ?? this.create({ type: 'compare', from, to, scope: {}, by });
  }

  /** One text for the ignore rules of today. */
  #rules(): string {
    const { ignore } = this.#context.configuration;
    const today = ignore.some(({ until }) => until !== undefined) ? this.#context.now().toISOString().slice(0, 10) : '';
    return createHash('sha256')
      .update(JSON.stringify([ignore, today]))
      .digest('hex')
      .slice(0, 12);
  }

  /** Begins what was planned. Refused without the digest, or, with approval by two, to the one who planned it; conflict while another writes. */
  async confirm(id: string, typed: string, by: Principal, reason: string | undefined): Promise<Job> {
    const job = this.get(id, 'recovery');
    if (job.status !== 'initialized') throw conflict(`The job is ${job.status}: only one that waits can be started.`);
    const plan = await this.store.plan(id);
    if (plan === undefined) throw conflict('The plan is not there any more. Plan it again.');
    if (plan.blockers.length > 0) throw planBlocked(plan);
    requireDigest(plan, typed);
    if (!this.mayConfirm(job, by)) throw needsAnother();
    this.#take(id);
    const confirmed: Job = {
      ...this.get(id),
      status: 'running',
      confirmedBy: { id: by.id, name: by.name },
      ...(reason === undefined || job.reason !== undefined ? {} : { reason }),
    };
    try {
      await this.store.put(confirmed);
    } catch (error) {
      this.#release(id);
      throw error;
    }
    this.#start(confirmed, (work) => this.#apply(work));
    return confirmed;
  }

  /**
   * May this principal start what was planned? With approval by two, both are people of the tenant, and not the same one: a session of this
   * machine names nobody, and whoever has one may also sign in.
   */
  mayConfirm({ by: planner }: Job, by: Pick<Principal, 'id'>): boolean {
    if (!this.#context.settings.twoPersons) return true;
    return planner.id !== by.id && planner.id !== localId && by.id !== localId;
  }

  /** Abandons a job; what a recovery has done by then stays. Conflict where it is over already. */
  async cancel(id: string): Promise<Job> {
    const job = this.get(id);
    if (terminal.has(job.status)) throw conflict(`The job is ${job.status} already.`);
    const running = this.#running.get(id);
    if (running === undefined) return this.#end(job, { status: 'abandoned' });
    running.controller.abort(new Error('cancelled'));
    if (job.type !== 'recovery') await running.done;
    return this.get(id);
  }

  /** Passwords that the job made, told once. */
  takeSecrets(id: string): readonly Secret[] {
    const secrets = this.#secrets.get(id) ?? [];
    this.#secrets.delete(id);
    return secrets;
  }

  hasSecrets(id: string): boolean {
    return this.#secrets.has(id);
  }

  #take(id: string): void {
    if (this.#recovery !== undefined)
      throw conflict('A recovery job is in progress. Wait until it has ended, then start this one.');
    this.#recovery = id;
  }

  #release(id: string): void {
    if (this.#recovery === id) this.#recovery = undefined;
  }

  #start(job: Job, work: (work: Work) => Promise<void>): void {
    const controller = new AbortController();
    const running: Running = {
      controller,
      progress: { text: '', done: 0, total: 0 },
      done: Promise.resolve().then(() =>
        work({
          context: this.#context,
          job,
          signal: controller.signal,
          progress: (progress) => {
            running.progress = progress;
            this.events.tell(job.id);
          },
        })
          .catch((error) => this.#failed(job.id, error, controller.signal))
          .catch(this.#context.onError)
          .finally(() => {
            this.#running.delete(job.id);
            this.#release(job.id);
          }),
      ),
    };
    this.#running.set(job.id, running);
  }

  async #failed(id: string, error: unknown, signal: AbortSignal): Promise<void> {
    const job = this.get(id);
    if (signal.aborted) {
      if (this.#closing && job.type !== 'recovery') return;
      await this.#end(job, { status: 'abandoned', ...(this.#closing ? { problem: stopped } : {}) });
      return;
    }
    if (!(error instanceof Problem)) this.#context.onError(error);
    const { summary, detail, subject } =
      error instanceof Problem
        ? error
        : { summary: 'Something went wrong that Driftline does not know', detail: String(error), subject: undefined };
    const problem = { summary, detail, ...(subject === undefined ? {} : { subject }) };
    await this.#end(job, { status: 'failed', problem });
  }

  async #end(job: Job, change: Partial<Job>): Promise<Job> {
    const ended: Job = { ...job, ...change, completedAt: this.#context.now().toISOString() };
    // The plan is kept for the record; what it was made from is not needed any more.
    if (job.type === 'recovery') await this.#context.repository.forget(planRef(job.id)).catch(this.#context.onError);
    await this.store.put(ended);
    return ended;
  }

  async #report(work: Work): Promise<void> {
    const { signal, progress } = work;
    const leave = await this.#reports.take(signal, () =>
      progress({ text: 'waiting for other reports', done: 0, total: 0 }),
    );
    try {
      const writer = await this.store.writer(work.job.id);
      const made = await makeReport(work, writer).finally(() => writer.close());
      await this.#end(this.get(work.job.id), { ...made, status: 'successful' });
    } finally {
      leave();
    }
  }

  async #plan(work: Work, atOnce: boolean): Promise<void> {
    const { id } = work.job;
    const { plan } = await makePlan(work);
    work.signal.throwIfAborted();
    await this.store.putPlan(id, plan);
    const writer = await this.store.writer(id);
    await writePlan(plan, this.#context.kinds, writer).finally(() => writer.close());
    const planned: Job = {
      ...this.get(id),
      totals: plannedTotals(plan, work.job.totals),
      scope: plan.scope,
      plan: {
        digest: plan.digest,
        steps: plan.steps.length,
        refusals: plan.refusals.length,
        blockers: plan.blockers.length,
      },
    };
    if (plan.steps.length === 0 && plan.blockers.length === 0) {
      const totals = { ...planned.totals, objectsModified: 0, linksModified: 0, failed: plan.refusals.length };
      await this.#end(planned, { status: 'successful', totals });
    } else if (!atOnce) await this.store.put({ ...planned, status: 'initialized' });
    else if (plan.blockers.length > 0) {
      await this.store.put(planned);
      throw planBlocked(plan);
    } else {
      const running: Job = { ...planned, status: 'running', confirmedBy: planned.by };
      await this.store.put(running);
      await this.#apply({ ...work, job: running });
    }
  }

  async #apply(work: Work): Promise<void> {
    const { id } = work.job;
    const plan = work.job.resumes === undefined ? await this.store.plan(id) : undefined;
    if (work.job.resumes === undefined && plan === undefined) throw new Error('the plan of a confirmed job is there');
    const applied = await carryOut(work, plan, (secret) => {
      this.#secrets.set(id, [...(this.#secrets.get(id) ?? []), secret]);
    });
    const { record } = applied;
    const writer = await this.store.writer(id);
    await writePlan(applied.plan, this.#context.kinds, writer, failuresOf(record, applied.plan)).finally(() =>
      writer.close(),
    );
    if (plan === undefined) await this.store.putPlan(id, applied.plan);
    const nothing = record.counts.done === 0 && applied.plan.steps.length > 0;
    await this.#end(this.get(id), {
      status: record.status === 'interrupted' ? 'abandoned' : nothing ? 'failed' : 'successful',
      totals: appliedTotals(applied, plannedTotals(applied.plan, this.get(id).totals)),
      run: { id: record.id, status: record.status, counts: record.counts, writes: record.writes },
    });
  }
}
