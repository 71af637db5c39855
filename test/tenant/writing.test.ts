// Writing through the port: sent once, 429 waited out, everything uncertain said to be unknown, quota and lanes kept.
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/model/json.ts';
import type { GraphRequest } from '../../src/model/tenant.ts';
import type { TenantOptions } from '../../src/tenant/index.ts';
import { FakeGraph, type FakeOptions, type FakeRequest, guid, open, refusal } from './fake-graph.ts';

const patch = (at: number, more: Partial<GraphRequest> = {}): GraphRequest => ({
  method: 'PATCH',
  version: 'v1.0',
  path: `/users/${guid('a', at)}`,
  body: { jobTitle: 'x' },
  lane: 'directory',
  ...more,
});

function writing(fault?: FakeOptions['fault'], options: Partial<TenantOptions> = {}) {
  const fake = new FakeGraph({ objects: {}, ...(fault ? { fault } : {}) });
  const opened = open(fake, options);
  return { ...opened, fake, writer: opened.writer() };
}

describe('one write', () => {
  it('is sent as it is, and its answer given back', async () => {
    const { writer, fake } = writing(() => ({
      status: 201,
      headers: { 'request-id': 'r1' },
      body: { id: guid('a', 9) },
    }));
    const answer = await writer.send(
      patch(1, { method: 'POST', path: '/users', headers: { Prefer: 'create-if-missing' } }),
    );
    expect(answer).toEqual({ outcome: 'answered', status: 201, body: { id: guid('a', 9) }, requestId: 'r1' });
    expect(fake.requests[0]).toMatchObject({ method: 'POST', path: 'users', body: { jobTitle: 'x' } });
    expect(fake.requests[0]!.headers.Prefer).toBe('create-if-missing');
  });

  it('is not repeated after a server error, whose outcome is unknown', async () => {
    for (const status of [500, 502, 503, 504]) {
      const { writer, fake } = writing(() => refusal(status, 'ServiceUnavailable'));
      expect(await writer.send(patch(1))).toMatchObject({
        outcome: 'unknown',
        because: expect.stringContaining(String(status)),
      });
      expect(fake.requests).toHaveLength(1);
    }
  });

  it('is answered where Graph refuses it', async () => {
    for (const status of [400, 403, 404, 409, 412, 501]) {
      const { writer, fake } = writing(() => refusal(status, 'Request_BadRequest'));
      expect(await writer.send(patch(1))).toMatchObject({ outcome: 'answered', status });
      expect(fake.requests).toHaveLength(1);
    }
  });

  it('waits out throttling, and says when there is no time for that', async () => {
    const soon = writing(({ number }) => (number === 1 ? refusal(429, '', '', { 'Retry-After': '10' }) : undefined));
    expect(await soon.writer.send(patch(1))).toEqual({ outcome: 'answered', status: 204 });
    expect(soon.time.elapsed).toBeGreaterThanOrEqual(10_000);
    const late = writing(() => refusal(429, '', '', { 'Retry-After': '86400' }));
    expect(await late.writer.send(patch(1))).toMatchObject({
      outcome: 'answered',
      status: 429,
      body: { error: { message: expect.stringContaining('2026-11-24') } },
    });
  });

  it('is sent again where it was certainly not sent', async () => {
    const refusedOnce = Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    });
    const { writer, fake } = writing(({ number }) => (number === 1 ? refusedOnce : undefined));
    expect(await writer.send(patch(1))).toMatchObject({ outcome: 'answered', status: 204 });
    expect(fake.requests).toHaveLength(2);
  });

  it('is unknown where the answer cannot be read', async () => {
    const { writer } = writing(() => new Response('{"id":"', { status: 201 }));
    expect(await writer.send(patch(1, { method: 'POST', path: '/users' }))).toMatchObject({ outcome: 'unknown' });
  });

  it('goes to no path that leaves the version', async () => {
    const { writer, fake } = writing();
    for (const path of ['/users/../../beta/users/x', '/users/x#y', '/../me', '//evil.example/x/..'])
      await expect(writer.send(patch(1, { path })), path).rejects.toThrow(RangeError);
    expect(fake.requests).toEqual([]);
  });
});

describe('a batch of writes', () => {
  const inBatch =
    (fault: (request: FakeRequest) => ReturnType<NonNullable<FakeOptions['fault']>>) => (request: FakeRequest) =>
      request.inBatch ? fault(request) : undefined;

  it('gives the answers in the order of the requests', async () => {
    const { writer, fake } = writing(
      inBatch(({ path }) => (path.endsWith('2') ? refusal(404, 'Request_ResourceNotFound') : undefined)),
    );
    const answers = await writer.sendBatch([patch(1), patch(2), patch(3, { body: { jobTitle: 'y' } })]);
    expect(answers.map((answer) => answer.outcome === 'answered' && answer.status)).toEqual([204, 404, 204]);
    const batch = fake.requests[0]!.body as { requests: JsonObject[] };
    expect(batch.requests[2]).toEqual({
      id: '3',
      method: 'PATCH',
      url: `/users/${guid('a', 3)}`,
      headers: { 'Content-Type': 'application/json' },
      body: { jobTitle: 'y' },
    });
  });

  it('sends only the throttled ones again', async () => {
    const tries = new Map<string, number>();
    const { writer, fake, time } = writing(
      inBatch(({ path }) => {
        tries.set(path, (tries.get(path) ?? 0) + 1);
        return path.endsWith('2') && tries.get(path) === 1 ? refusal(429, '', '', { 'Retry-After': '30' }) : undefined;
      }),
    );
    const answers = await writer.sendBatch([patch(1), patch(2), patch(3)]);
    expect(answers).toEqual(Array(3).fill({ outcome: 'answered', status: 204 }));
    expect([...tries.values()]).toEqual([1, 2, 1]);
    expect(fake.requests.filter(({ path }) => path === '$batch')).toHaveLength(2);
    expect(time.elapsed).toBeGreaterThanOrEqual(30_000);
  });

  it('is unknown for what is missing, for server errors, and as a whole when the answer is lost', async () => {
    const missing = writing(({ path }) =>
      path === '$batch' ? { status: 200, body: { responses: [{ id: '1', status: 204 }] } } : undefined,
    );
    expect((await missing.writer.sendBatch([patch(1), patch(2)])).map(({ outcome }) => outcome)).toEqual([
      'answered',
      'unknown',
    ]);
    const broken = writing(inBatch(({ path }) => (path.endsWith('1') ? refusal(500, 'x') : undefined)));
    expect((await broken.writer.sendBatch([patch(1), patch(2)])).map(({ outcome }) => outcome)).toEqual([
      'unknown',
      'answered',
    ]);
    const lost = writing(() => refusal(504, 'x'));
    expect((await lost.writer.sendBatch([patch(1), patch(2)])).map(({ outcome }) => outcome)).toEqual([
      'unknown',
      'unknown',
    ]);
    expect(lost.fake.requests).toHaveLength(1);
  });

  it('takes 20 requests of one version', async () => {
    const { writer } = writing();
    await expect(writer.sendBatch(Array.from({ length: 21 }, (_, at) => patch(at)))).rejects.toThrow(RangeError);
    await expect(writer.sendBatch([patch(1), patch(2, { version: 'beta' })])).rejects.toThrow(RangeError);
    expect(await writer.sendBatch([])).toEqual([]);
  });
});

describe('quotas', () => {
  it('stays under the write quota in every window, and uses it', async () => {
    const sent: { at: number; writes: number }[] = [];
    const { writer, time } = writing(({ path, body }) => {
      if (path === '$batch') sent.push({ at: time.now(), writes: (body as { requests: Json[] }).requests.length });
      return undefined;
    });
    const batches = 450;
    for (let batch = 0; batch < batches; batch += 1)
      await writer.sendBatch(Array.from({ length: 20 }, (_, at) => patch(at)));
    for (const { at } of sent) {
      const inWindow = sent
        .filter((other) => other.at > at - 150_000 && other.at <= at)
        .reduce((sum, { writes }) => sum + writes, 0);
      expect(inWindow).toBeLessThanOrEqual(3000);
    }
    expect(time.elapsed).toBeLessThanOrEqual((1.2 * batches * 20 * 150_000) / 3000);
  });

  it('sends writes of Conditional Access one by one, a second apart', async () => {
    const starts: number[] = [];
    const { writer, time } = writing(({ path }) => {
      if (path.startsWith('identity/')) starts.push(time.now());
      return undefined;
    });
    const requests = [1, 2, 3].map((at) =>
      patch(at, { path: `/identity/conditionalAccess/policies/${guid('f', at)}`, lane: 'conditionalAccess' }),
    );
    expect(await writer.sendBatch(requests)).toHaveLength(3);
    expect(Math.min(starts[1]! - starts[0]!, starts[2]! - starts[1]!)).toBeGreaterThanOrEqual(1000);
  });

  it('slows down when Graph says how much of the limit is used, before it refuses', async () => {
    const { reader, time } = open(
      new FakeGraph({
        objects: {},
        fault: () => ({ status: 200, headers: { 'x-ms-throttle-limit-percentage': '1.2' }, body: { value: [] } }),
      }),
    );
    await reader.resolve(Array.from({ length: 2500 }, (_, at) => guid('a', at)));
    expect(time.elapsed).toBeGreaterThanOrEqual(10_000);
  });
});
