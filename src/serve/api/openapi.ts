// The OpenAPI document: the table of routes in, the document out; the native API is described by Microsoft, and named here.
import type { JsonObject } from '../../model/json.ts';
import type { Route } from './route.ts';
import { schemas } from './schemas.ts';

/** The document, of OpenAPI 3.1. */
export function openApi(routes: readonly Route[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Driftline',
      version,
      description:
        'What the native shape cannot say. Beside it the server answers Microsoft Graph’s recovery API below /v1.0/directory/recovery and /beta/directory/recovery (https://learn.microsoft.com/graph/api/resources/entrarecoveryservices-recovery).',
    },
    security: [{ bearer: [] }, { session: [] }],
    paths: paths as JsonObject,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        session: { type: 'apiKey', in: 'cookie', name: 'driftline-<port>' },
      },
    },
  };
}

function operation(route: Route): JsonObject {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(
    ([, name]): JsonObject => ({
      name: name!,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }),
  );
  const inQuery = Object.entries(route.query ?? {}).map(
    ([name, description]): JsonObject => ({
      name,
      in: 'query',
      description,
      schema: { type: 'string' },
    }),
  );
  const refused = (description: string): JsonObject => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/error' } } },
  });
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/\/api|[{}]/g, '').replace(/\/(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: route.summary,
    description: `Needs the role Backup ${route.role === 'reader' ? 'Reader' : 'Administrator'}.`,
    parameters: [...inPath, ...inQuery],
    ...(route.body === undefined ? {} : { requestBody: { content: { 'application/json': { schema: route.body } } } }),
    responses: {
      [route.answers]: {
        description: route.answers === 202 ? 'Accepted: a job, at Location' : 'Done',
        content: { [route.media ?? 'application/json']: { schema: route.returns } },
      },
      400: refused('The request is not understood'),
      401: refused('Nobody is signed in'),
      403: refused('The role does not suffice'),
      ...(inPath.length > 0 ? { 404: refused('There is no such thing') } : {}),
      ...(route.method === 'POST' ? { 409: refused('Not now: a recovery is in progress, or the job is over') } : {}),
    },
  };
}
