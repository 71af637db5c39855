// Previews and comparisons: a job that has its two sides in, its changes on the disk and the record's last words out.
import type { Json, JsonObject } from '../../model/json.ts';
import { pathSteps } from '../../model/path.ts';
import type { ReportChange } from '../../model/report.ts';
import type { TenantReader } from '../../model/tenant.ts';
import { type Difference, diff, live } from '../../verbs/diff.ts';
import type { Context } from '../context.ts';
import type { Job, JobProgress } from './record.ts';
import type { ResultWriter, StoredChange } from './results.ts';

/** Changes whose objects are read together. */
const windowSize = 64;

export interface Work {
  readonly context: Context;
  readonly job: Job;
  readonly signal: AbortSignal;
  readonly progress: (progress: JobProgress) => void;
}

/** Compares, and writes each change with the whole values that differ. Problems as those of the verb diff. */
export async function makeReport(
  { context, job, signal, progress }: Work,
  writer: ResultWriter,
): Promise<Partial<Job>> {
  const { repository, kinds, configuration, now, version } = context;
  let reader: Promise<TenantReader> | undefined;
  const read = new Map<string, number>();
  const total = () => [...read.values()].reduce((sum, count) => sum + count, 0);
  try {
    const difference = await diff({
      repository,
      kinds,
      configuration,
      from: job.from.commit,
      to: job.to?.commit ?? live,
      scope: { kinds: job.scope.kinds, ids: job.scope.refs },
      actors: job.actors,
      reader: () => {
        reader ??= context.openReader(({ waiting }) => {
          if (waiting !== undefined) progress({ text: waiting, done: total(), total: 0 });
        });
        return reader;
      },
      now,
      version,
      onProgress: ({ kind, objects }) => {
        read.set(kind, objects);
        progress({ text: `reading ${kind}`, done: total(), total: 0 });
      },
      signal,
    });
    try {
      let written = 0;
      for await (const change of stored(difference, context)) {
        signal.throwIfAborted();
        await writer.write(change);
        written += 1;
        if (written % windowSize === 0) progress({ text: 'comparing', done: written, total: 0 });
      }
      const summary = difference.summary();
      return {
        header: difference.header,
        summary,
        incomplete: difference.incomplete,
        totals: {
          ...job.totals,
          objects: summary.objects,
          links: summary.links,
          attributes: summary.attributes,
        },
      };
    } finally {
      await difference.close();
    }
  } finally {
    await (await reader?.catch(() => undefined))?.close();
  }
}

async function* stored(difference: Difference, { repository }: Context): AsyncGenerator<StoredChange> {
  let window: ReportChange[] = [];
  const { from, to } = difference.commits;
  const complete = async function* (): AsyncGenerator<StoredChange> {
    const sides = await Promise.all(
      window.map(({ ref, operation }) =>
        Promise.all([
          operation === 'create' ? undefined : repository.entity(from.id, ref),
          operation === 'delete' ? undefined : repository.entity(to.id, ref),
        ]),
      ),
    );
    for (const [at, change] of window.entries()) {
      const [before, after] = sides[at]!;
      yield {
        ...change,
        ...(before === undefined ? {} : { before: wholeValues(change, before.entity.attributes) }),
        ...(after === undefined ? {} : { after: wholeValues(change, after.entity.attributes) }),
      };
    }
    window = [];
  };
  for await (const change of difference.changes) {
    window.push(change);
    if (window.length >= windowSize) yield* complete();
  }
  yield* complete();
}

/** The top-level values that an update touches, whole; all of them where the object came or went. A value that is not there is null. */
function wholeValues(change: ReportChange, attributes: JsonObject): JsonObject {
  if (change.operation !== 'update') return attributes;
  const names = new Set(change.attributes.map(({ path }) => pathSteps(path)[0]?.text ?? path));
  return Object.fromEntries([...names].map((name): [string, Json] => [name, attributes[name] ?? null]));
}
