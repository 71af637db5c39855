// Our own API: a request below /api/ in, JSON out, by the table of routes.
import { Hono } from 'hono';
import type { JsonObject } from '../../model/json.ts';
import { version } from '../../version.ts';
import { badRequest, Failure, failureOf, notFound } from '../failure.ts';
import { type Asked, lookUp, type Office } from '../office.ts';
import { openApi } from './openapi.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';

type Bindings = { readonly office: Office; readonly asked: Asked };

const app = new Hono<{ Bindings: Bindings }>();

app.get('/api/openapi.json', (context) => context.json(openApi(routes, version)));
for (const route of routes)
  app.on(route.method, route.path.replace(/\{(\w+)\}/g, ':$1'), async (context) => {
    const { office, asked } = context.env;
    const {
      status = 200,
      location,
      body,
      stream,
    } = await lookUp(() =>
      route.answer({
        office,
        asked: { ...asked, body: async () => onlyKnown(await asked.body(), route) },
        path: (name) => context.req.param(name) ?? '',
        query: (name) => asked.url.searchParams.get(name) ?? undefined,
      }),
    );
    if (stream !== undefined) return stream;
    return Response.json(body, { status, headers: location === undefined ? {} : { location } });
  });
/** Failure 400 for a property that the route does not know. */
function onlyKnown(body: JsonObject, { body: schema }: Route): JsonObject {
  const known = Object.keys((schema?.properties as JsonObject | undefined) ?? {});
  for (const name of Object.keys(body))
    if (!known.includes(name))
      throw badRequest(
        `There is no property ${JSON.stringify(name.slice(0, 80))} here; ${known.length === 0 ? 'the body is empty' : `there are ${known.join(', ')}`}.`,
      );
  return body;
}

app.notFound((context) => {
  const { pathname } = new URL(context.req.url);
  const known = routes.some(({ path }) => new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname));
  throw known
    ? new Failure(405, 'MethodNotAllowed', 'This address does not take this method.')
    : notFound('There is no such address.');
});
app.onError((error) => {
  throw failureOf(error).status >= 500 ? error : failureOf(error);
});

/** Answers one request; failures are thrown. */
export async function apiAnswer(office: Office, asked: Asked): Promise<Response> {
  return app.fetch(new Request(asked.url, { method: asked.method }), { office, asked });
}
