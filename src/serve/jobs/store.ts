// The store of jobs: a folder in the git directory, one folder a job, each record replaced whole; a killed process leaves no half of one.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareText } from '../../model/json.ts';
import type { Plan } from '../../model/plan.ts';
import { parsePlan, printPlan } from '../../plan/index.ts';
import type { Job } from './record.ts';
import { type ChangeEntry, ResultWriter, readIndex } from './results.ts';

/** Indexes of results that are kept in memory; one of 100,000 changes takes about 40 MB. */
const mostIndexes = 4;

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class JobStore {
  readonly #folder: string;
  readonly #jobs = new Map<string, Job>();
  readonly #indexes = new Map<string, Promise<ChangeEntry[]>>();

  readonly #onChange: (id: string) => void;

  constructor(folder: string, onChange: (id: string) => void) {
    this.#folder = folder;
    this.#onChange = onChange;
  }

  /** Reads what is there. A folder without a whole record is what a killed process left: it is removed. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const id of await readdir(this.#folder)) {
      const text = ID.test(id) ? await readFile(join(this.#folder, id, 'job.json'), 'utf8').catch(() => '') : '';
      if (text === '') await rm(join(this.#folder, id), { recursive: true, force: true });
      else this.#jobs.set(id, JSON.parse(text) as Job);
    }
  }

  /** All jobs, newest first. */
  all(): Job[] {
    return [...this.#jobs.values()].sort(
      (left, right) => compareText(right.createdAt, left.createdAt) || compareText(right.id, left.id),
    );
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  folder(id: string): string {
    if (!ID.test(id)) throw new RangeError(`not the id of a job: ${JSON.stringify(id)}`);
    return join(this.#folder, id);
  }

  /** Keeps a record; the one in memory counts at once, the one on the disk when this resolves. */
  async put(job: Job): Promise<void> {
    this.#jobs.set(job.id, job);
    this.#onChange(job.id);
    const folder = this.folder(job.id);
    await mkdir(folder, { recursive: true });
    await replace(folder, 'job.json', JSON.stringify(job));
  }

  async remove(id: string): Promise<void> {
    this.#jobs.delete(id);
    this.#indexes.delete(id);
    await rm(this.folder(id), { recursive: true, force: true });
  }

  writer(id: string): Promise<ResultWriter> {
    this.#indexes.delete(id);
    return ResultWriter.open(this.folder(id));
  }

  /** The index of a finished job's changes. */
  index(id: string): Promise<readonly ChangeEntry[]> {
    const known = this.#indexes.get(id);
    this.#indexes.delete(id);
    const found = known ?? readIndex(this.folder(id));
    found.catch(() => this.#indexes.delete(id));
    this.#indexes.set(id, found);
    if (this.#indexes.size > mostIndexes) this.#indexes.delete([...this.#indexes.keys()][0]!);
    return found;
  }

  async putPlan(id: string, plan: Plan): Promise<void> {
    await replace(this.folder(id), 'plan.json', printPlan(plan));
  }

  /** The plan of a recovery; Problem `refused` where it was changed on the disk. */
  async plan(id: string): Promise<Plan | undefined> {
    const path = join(this.folder(id), 'plan.json');
    const text = await readFile(path, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : parsePlan(text, path);
  }
}

async function replace(folder: string, name: string, text: string | Iterable<string>): Promise<void> {
  const path = join(folder, `${name}.${randomUUID()}.new`);
  const file = await open(path, 'wx', 0o600);
  try {
    await writeFile(file, text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(path, join(folder, name));
}
