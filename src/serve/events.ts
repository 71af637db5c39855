// Events: changes of jobs in, a stream of server-sent events out; bounded in listeners, in speed and in length.
import { Failure } from './failure.ts';
import type { Job, JobProgress } from './jobs/record.ts';

/** Streams at the same time; whoever comes later polls. */
const mostListeners = 200;

type Listener = (id: string) => void;

/** Tells of each job that changed, by its id. */
export class JobEvents {
  readonly #listeners = new Set<Listener>();

  tell(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }

  /** Gives what stops it. Failure 503 where too many listen. */
  listen(listener: Listener): () => void {
    if (this.#listeners.size >= mostListeners)
      throw new Failure(
        503,
        'serviceNotAvailable',
        'Too many watch already: ask for the job itself, every few seconds.',
      );
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export interface EventSourceOf {
  readonly events: JobEvents;
  /** A job as it is now; undefined where there is none any more. */
  job(id: string): Pick<Job, 'id' | 'status'> | undefined;
  progress(id: string): JobProgress | undefined;
}

export interface EventLimits {
  /** Milliseconds in which changes are gathered: a job may take hundreds of steps in them. */
  readonly gather: number;
  /** Milliseconds of silence after which a proxy may take the stream for dead. */
  readonly beat: number;
  /** Milliseconds after which a stream ends; the browser comes again, and is looked at again: its session may have ended. */
  readonly life: number;
}

const usual: EventLimits = { gather: 200, beat: 15_000, life: 300_000 };

/**
 * A stream of `{ id, status, progress }`: first of the jobs named, then of each that changes; of all jobs where `only` is undefined. A
 * reader that is slow gets the newest state of each job and not every state. Failure 503 as {@link JobEvents.listen}.
 */
export function eventStream(
  source: EventSourceOf,
  first: readonly string[],
  only: string | undefined,
  { gather, beat, life }: EventLimits = usual,
): Response {
  const waiting = new Set(first);
  let stop = () => {};
  const body = new ReadableStream<string>(
    {
      start(controller) {
        let gathering: NodeJS.Timeout | undefined;
        const send = (text: string) => controller.enqueue(text);
        const flush = () => {
          gathering = undefined;
          if ((controller.desiredSize ?? 0) <= 0) return gatherOn();
          for (const id of waiting) {
            const job = source.job(id);
            if (job !== undefined)
              send(`data: ${JSON.stringify({ id, status: job.status, progress: source.progress(id) ?? null })}\n\n`);
          }
          waiting.clear();
        };
        const gatherOn = () => {
          gathering ??= setTimeout(flush, gather).unref();
        };
        const unlisten = source.events.listen((id) => {
          if (only !== undefined && id !== only) return;
          waiting.add(id);
          gatherOn();
        });
        const heart = setInterval(() => (controller.desiredSize ?? 0) > 0 && send(': still here\n\n'), beat).unref();
        const end = setTimeout(() => {
          stop();
          controller.close();
        }, life).unref();
        stop = () => {
          unlisten();
          clearTimeout(gathering);
          clearInterval(heart);
          clearTimeout(end);
        };
        send('retry: 2000\n\n');
        flush();
      },
      cancel: () => stop(),
    },
    { highWaterMark: 64 },
  );
  return new Response(body.pipeThrough(new TextEncoderStream()), {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
  });
}
