// Jobs as they change, by a stream: what it says and to whom, what bounds it, and the pages that are drawn on by it, or by asking where it breaks.
import { afterEach, describe, expect, it } from 'vitest';
import { eventStream, JobEvents } from '../../src/serve/events.ts';
import { launch, noBrowser, shot, watchedPage } from './browser.ts';
import { type Loose, type Place, seedStory, servePlace } from './place.ts';

const free = { withoutEmergencyAccount: true };

/** The messages of a stream, as they come. */
async function* messages(response: Response): AsyncGenerator<Loose> {
  let text = '';
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) if (block.startsWith('data: ')) yield JSON.parse(block.slice(6));
  }
}

describe('the stream of events', () => {
  let place: Place | undefined;
  afterEach(() => place?.close());
  const headers = { authorization: '' };
  const open = (path: string, more: Record<string, string> = {}) =>
    place!.server.fetch(
      new Request(`${place!.server.origin}${path}`, {
        headers: { host: new URL(place!.server.origin).host, ...headers, ...more },
      }),
    );
  const start = async (options: Parameters<typeof servePlace>[0] = {}) => {
    place = await servePlace({ localToken: true, ...options });
    headers.authorization = `Bearer ${place.server.token}`;
    return place;
  };

  it('says what a job is doing until it is over', async () => {
    // Slow enough to be read in several of the times in which changes are gathered, of which only the last is told.
    const { hold, call, server } = await start({ latencyMs: 100 });
    const release = hold();
    const { body } = await call('POST', '/api/previews', { from: 'HEAD' });
    const other = (await call('POST', '/api/previews', { from: 'HEAD', kinds: ['users'] })).body;
    const stream = await open(`/api/events?job=${body.id}`);
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const seen: Loose[] = [];
    for await (const message of messages(stream)) {
      if (seen.length === 0) release();
      seen.push(message);
      if (message.status === 'successful') break;
    }
    expect(seen[0]).toMatchObject({ id: body.id, status: 'loadingData' });
    expect(seen.some(({ progress }) => /^reading /.test(progress?.text ?? ''))).toBe(true);
    expect(seen.every(({ id }) => id === body.id)).toBe(true);
    await server.jobs.settled(other.id);
  });

  it('is for those who are known, and for no page of somebody else', async () => {
    await start();
    expect((await open('/api/events', { authorization: '' })).status).toBe(401);
    for (const foreign of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ] as Record<string, string>[])
      expect((await open('/api/events', foreign)).status).toBe(403);
    expect((await open('/api/events?job=99999999-9999-4999-8999-999999999999')).status).toBe(404);
    const head = new Request(`${place!.server.origin}/api/events`, {
      method: 'HEAD',
      headers: { host: new URL(place!.server.origin).host, ...headers },
    });
    expect((await place!.server.fetch(head)).status).toBe(405);
  });

  it('has so many listeners and no more, and forgets those that have gone', async () => {
    await start();
    // Over the wire, where a closed tab is a closed connection.
    for (let at = 0; at < 5; at += 1) {
      const gone = new AbortController();
      const stream = await fetch(`${place!.server.origin}/api/events`, { headers, signal: gone.signal });
      expect(stream.status).toBe(200);
      gone.abort();
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    const streams = [];
    let answer = await open('/api/events');
    while (answer.status === 200 && streams.length < 1_000) {
      streams.push(answer);
      answer = await open('/api/events');
    }
    expect(streams.length).toBe(200);
    expect(answer.status).toBe(503);
    await Promise.all(streams.map(({ body }) => body!.cancel()));
    const next = await open('/api/events');
    expect(next.status).toBe(200);
    await next.body!.cancel();
  });

  it('ends by itself, and gives a slow reader the newest state and not every one', async () => {
    const events = new JobEvents();
    let done = 0;
    const source = {
      events,
      job: () => ({ id: 'a', status: 'running' as const }),
      progress: () => ({ text: '', done, total: 100_000 }),
    };
    const stream = eventStream(source, ['a'], undefined, { gather: 5, beat: 10, life: 300 });
    for (done = 0; done < 100_000; done += 1) events.tell('a');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const seen: Loose[] = [];
    for await (const message of messages(stream)) seen.push(message);
    expect(seen.length).toBeLessThan(10);
    expect(seen.at(-1).progress.done).toBe(100_000);
    for (let at = 0; at < 300; at += 1) events.listen(() => undefined)();
  });
});

describe.skipIf(noBrowser !== undefined)(
  `pages that go on by themselves${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    it.each(['by the stream', 'by asking, where the stream breaks'])('%s', async (way) => {
      const place = await servePlace({ allowRecover: true });
      const browser = await launch();
      try {
        await seedStory(place);
        const { page, context, troubles } = await watchedPage(browser);
        const asked: string[] = [];
        page.on('request', (request) => asked.push(new URL(request.url()).pathname));
        if (way !== 'by the stream') await context.route('**/api/events*', (route) => route.abort());
        await page.goto(place.server.link()!);
        await page.getByRole('heading', { name: 'Snapshots' }).waitFor();
        const plan = await place.job('/api/plans', { goal: 'HEAD', options: free });
        let release: () => void = () => undefined;
        const held = new Promise<void>((done) => {
          release = done;
        });
        place.beforeWrite(() => held);
        await page.goto(`${place.server.origin}/jobs/${plan.id}`);
        await page.getByLabel('Type these 8 characters').fill(plan.plan!.digest.slice(0, 8));
        await page.getByRole('button', { name: 'Start the recovery' }).click();
        await page.getByRole('heading', { name: 'Recovering' }).waitFor();
        const list = await context.newPage();
        await list.goto(`${place.server.origin}/jobs`);
        await list.getByText('In progress').waitFor();
        await page.bringToFront();
        asked.length = 0;
        release();
        await page.getByRole('heading', { name: 'Done, and looked at again' }).waitFor();
        expect(await page.title()).toContain('Completed');
        await list.bringToFront();
        await list.getByText('In progress').waitFor({ state: 'detached' });
        expect(asked.includes(`/api/jobs/${plan.id}`)).toBe(way !== 'by the stream');
        expect(troubles.filter((text) => !text.includes('ERR_FAILED'))).toEqual([]);
        await shot(page, 'live-done');
      } finally {
        await browser.close();
        await place.close();
      }
    });

    it('shows steps, and those that were not done, while a recovery is under way', async () => {
      const place = await servePlace({ allowRecover: true });
      const browser = await launch();
      try {
        const { page, context, troubles } = await watchedPage(browser);
        await page.goto(place.server.link()!);
        await page.getByRole('heading', { name: 'Snapshots' }).waitFor();
        const plan = await place.job('/api/previews', { from: 'HEAD' });
        const { jobs } = place.server;
        const progress = { text: 'done: update A', done: 3, total: 10, failures: ['refused: update <b>B</b>'] };
        const running = { ...plan, status: 'running' as const, completedAt: null };
        await jobs.store.put(running);
        const usual = jobs.progress.bind(jobs);
        jobs.progress = (id) => (id === plan.id ? progress : usual(id));
        await page.goto(`${place.server.origin}/jobs/${plan.id}`);
        await page.getByText('3 of 10 steps; done: update A').first().waitFor();
        await page.getByText('refused: update <b>B</b>').waitFor();
        expect(await page.locator('[role=status][aria-live=polite]').innerText()).toContain('3 of 10 steps');
        await shot(page, 'live');
        progress.done = 4;
        jobs.events.tell(plan.id);
        await page.getByText('4 of 10 steps').first().waitFor();
        await jobs.store.put(plan);
        await page.getByRole('heading', { name: 'No differences' }).waitFor();
        expect(troubles).toEqual([]);
        await context.close();
      } finally {
        await browser.close();
        await place.close();
      }
    });
  },
);
