// The OpenAPI document: valid by a library, true of every route's role, and kept by what the routes really answer.
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApi } from '../../src/serve/api/openapi.ts';
import { routes } from '../../src/serve/api/routes.ts';
import { type Called, type Loose, type Place, seedStory, servePlace } from './place.ts';

const document = openApi(routes, '1.2.3') as Loose;
const free = { withoutEmergencyAccount: true };

describe('the OpenAPI document', () => {
  it('is valid, by the schema that the OpenAPI initiative publishes', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('describes every route, once', () => {
    const ids = Object.values<Loose>(document.paths).flatMap((path) =>
      Object.values<Loose>(path).map(({ operationId }) => operationId),
    );
    expect(ids.length).toBe(routes.length);
    expect(new Set(ids).size).toBe(routes.length);
  });
});

describe('the routes of the OpenAPI document', () => {
  let place: Place;
  let reader: Place;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  (formats as unknown as (to: Ajv2020) => void)(ajv);
  ajv.addSchema({ $id: 'https://driftline.test/', ...document });
  const seen = new Set<string>();

  /** What came back is what the document says of this route. */
  const conform = (method: string, path: string, answer: Called) => {
    seen.add(`${method} ${path}`);
    const { responses } = document.paths[path][method.toLowerCase()];
    const { schema } = responses[answer.status].content['application/json'];
    const check = ajv.compile({ $id: `https://driftline.test/?${Math.random()}`, ...rooted(schema) });
    expect(check(answer.body) ? [] : check.errors, `${method} ${path}: ${answer.text.slice(0, 300)}`).toEqual([]);
    return answer.body;
  };
  const rooted = (schema: Loose): Loose =>
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"https://driftline.test/#/components'));
  const call = async (method: string, path: string, address: string, body?: unknown) =>
    conform(method, path, await place.call(method, address, body));

  beforeAll(async () => {
    [place, reader] = await Promise.all([servePlace({ allowRecover: true }), servePlace()]);
  });
  afterAll(async () => {
    await place?.close();
    await reader?.close();
  });

  it('answer as they are described', async () => {
    const story = await seedStory(place);
    await call('GET', '/api/me', '/api/me');
    await call('GET', '/api/settings', '/api/settings');
    await call('GET', '/api/coverage', '/api/coverage');
    const { value } = await call('GET', '/api/snapshots', '/api/snapshots');
    await call('GET', '/api/commits/{revision}', `/api/commits/${value[0].id}`);
    await call('GET', '/api/objects', '/api/objects?q=mobile');
    await call('GET', '/api/objects/{kind}/{key}', `/api/objects/groups/${story.group}`);
    await call('GET', '/api/objects/{kind}/{key}/history', `/api/objects/groups/${story.group}/history`);
    const preview = await call('POST', '/api/previews', '/api/previews', { from: 'HEAD', reason: 'a look' });
    await place.server.jobs.settled(preview.id);
    const job = await call('GET', '/api/jobs/{id}', `/api/jobs/${preview.id}`);
    expect(job.status).toBe('successful');
    const changes = await call('GET', '/api/jobs/{id}/changes', `/api/jobs/${preview.id}/changes`);
    expect(changes.total).toBe(2);
    const asked = await call('POST', '/api/previews', '/api/previews', { from: 'HEAD', actors: true });
    await place.server.jobs.settled(asked.id);
    expect((await call('GET', '/api/jobs/{id}', `/api/jobs/${asked.id}`)).header.actors.status).toBe('partial');
    const entries = await call('GET', '/api/jobs/{id}/changes', `/api/jobs/${asked.id}/changes`);
    expect(entries.value.map(({ actors }: Loose) => actors.length)).toEqual([1, 1]);
    const plan = await call('POST', '/api/plans', '/api/plans', { goal: 'HEAD', options: free });
    const planned = await place.server.jobs.settled(plan.id);
    await call('GET', '/api/jobs/{id}/plan', `/api/jobs/${plan.id}/plan`);
    const digest = planned.plan!.digest.slice(0, 8);
    await call('POST', '/api/jobs/{id}/confirm', `/api/jobs/${plan.id}/confirm`, { digest });
    const done = await place.server.jobs.settled(plan.id);
    await call('GET', '/api/jobs/{id}', `/api/jobs/${plan.id}`);
    await call('POST', '/api/jobs/{id}/passwords', `/api/jobs/${plan.id}/passwords`, {});
    await call('GET', '/api/runs', '/api/runs');
    await call('GET', '/api/runs/{run}', `/api/runs/${done.run!.id}`);
    const undo = await call('POST', '/api/undos', '/api/undos', { run: done.run!.id, options: free });
    await place.server.jobs.settled(undo.id);
    await call('POST', '/api/jobs/{id}/cancel', `/api/jobs/${undo.id}/cancel`, { reason: 'only a try' });
    await call('GET', '/api/jobs', '/api/jobs');
    await call('GET', '/api/audit', '/api/audit');
    const told = routes.filter(({ media }) => media === undefined).map(({ method, path }) => `${method} ${path}`);
    // A run that was stopped is another test's; its answer is the job of all the others.
    expect(told.filter((one) => !seen.has(one))).toEqual(['POST /api/runs/{run}/resume']);
  });

  it('ask for the role that is said of them', async () => {
    for (const { method, path, role } of routes) {
      if (path === '/api/events') continue;
      const answer = await reader.call(method, path.replace(/\{\w+\}/g, 'x'), method === 'GET' ? undefined : {});
      if (role === 'administrator') expect(answer.status, `${method} ${path}`).toBe(403);
      else expect([200, 202, 400, 404], `${method} ${path}`).toContain(answer.status);
      if (answer.status >= 400) {
        const { schema } = document.paths[path][method.toLowerCase()].responses[403].content['application/json'];
        expect(ajv.validate(rooted(schema), answer.body), answer.text).toBe(true);
      }
    }
  });

  it('refuse what is misspelt, for it must not come to mean everything', async () => {
    const before = place.server.jobs.store.all().length;
    for (const { method, path, body } of routes) {
      if (body === undefined) continue;
      const answer = await place.call(method, path.replace(/\{\w+\}/g, 'x'), {
        from: 'HEAD',
        goal: 'HEAD',
        kindz: ['users'],
      });
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
      expect(answer.status, path).toBeLessThan(500);
    }
    const wrong: [string, unknown, string][] = [
      ['/api/previews', { from: 'HEAD', kindz: ['users'] }, '"kindz"'],
      ['/api/previews', { from: 'HEAD', kinds: ['usrs'] }, 'the kinds are users'],
      ['/api/previews', { from: 'nowhere' }, 'nowhere'],
      ['/api/plans', { goal: 'HEAD', options: { deleteNw: true } }, 'the options are deleteNew'],
      ['/api/plans', { goal: 'HEAD', options: { allowAccess: ['all'] } }, 'the classes are'],
    ];
    for (const [path, body, words] of wrong) {
      const answer = await place.call('POST', path, body);
      expect(answer.status, answer.text).toBe(400);
      expect(answer.body.error.message).toContain(words);
    }
    expect(place.server.jobs.store.all().length).toBe(before);
    for (const path of [
      '/api/objects/usrs/x',
      '/api/objects/usrs/x/history',
      '/api/objects?commit=nowhere',
      '/api/commits/nowhere',
    ])
      expect((await place.call('GET', path)).status, path).toBe(404);
  });
});
