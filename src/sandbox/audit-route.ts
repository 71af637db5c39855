// Requests below /auditLogs in: the directory's audit log, filtered, newest first, by pages (reference 1.16).
import { parseFilter } from './filter.ts';
import { contextUrl, nextLink } from './listing.ts';
import { need } from './objects.ts';
import type { World } from './options.ts';
import type { GraphRequest } from './request.ts';
import { type Answer, badRequest, type Context, GraphError, type GraphRecord, notFound, unlicensed } from './types.ts';

const path = 'auditLogs/directoryAudits';
const maximumPage = 1000;

/** What `$filter` takes, by the property or what it is part of. */
const filterable = new Set([
  'activityDateTime',
  'activityDisplayName',
  'category',
  'correlationId',
  'initiatedBy',
  'loggedByService',
  'result',
  'targetResources',
]);

/** Answers requests below `/auditLogs`; undefined for every other path. */
export function auditRoute(world: World, context: Context, request: GraphRequest): Answer | undefined {
  const [first = '', second = '', id, ...rest] = request.segments;
  if (first.toLowerCase() !== 'auditlogs') return undefined;
  if (second.toLowerCase() !== 'directoryaudits' || rest.length > 0)
    throw new GraphError(400, 'BadRequest', `Resource not found for the segment '${request.segments.at(-1)}'.`);
  if (request.method !== 'GET')
    throw new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  need(context, ['AuditLog.Read.All']);
  if (world.knobs.unlicensed.includes('directoryAudit')) throw unlicensed();
  if (id === undefined) return list(world, request);
  for (const entry of world.audits.entries())
    if (entry.id === id)
      return { status: 200, body: { '@odata.context': contextUrl(request, path, undefined, true), ...entry } };
  throw notFound(id);
}

function list(world: World, request: GraphRequest): Answer {
  const { query } = request;
  for (const option of ['$expand', '$search', '$count', '$skip'])
    if (query.has(option)) throw badRequest(`Query option '${option}' is not allowed.`);
  const filter = query.has('$filter') ? parseFilter(query.get('$filter') ?? '') : undefined;
  for (const name of filter?.properties ?? [])
    if (!filterable.has(name)) throw badRequest(`Invalid filter clause: '${name}' cannot be filtered by.`);
  const [property, direction = 'asc'] = (query.get('$orderby') ?? 'activityDateTime desc').trim().split(/\s+/);
  if (property !== 'activityDateTime') throw badRequest(`The audit log cannot be sorted by '${property}'.`);
  const found = [...world.audits.entries()].filter((entry) => filter?.matches(entry) ?? true);
  if (direction !== 'asc') found.reverse();
  const of = `${path}?${query.get('$filter') ?? ''}&${direction}`;
  const token = query.get('$skiptoken');
  const from = token === undefined ? 0 : world.pages.read(token, of);
  const limit = Math.min(topOf(query.get('$top')), world.knobs.pageSize ?? maximumPage);
  const empty = world.knobs.emptyPages > 0 && world.dice.number() < world.knobs.emptyPages;
  const next = empty ? from : from + limit;
  const body: GraphRecord = { '@odata.context': contextUrl(request, path) };
  if (next < found.length || empty) body['@odata.nextLink'] = nextLink(request, world.pages.make(of, next));
  body.value = empty ? [] : found.slice(from, next).map((entry) => selected(entry, query.get('$select')));
  return { status: 200, body };
}

function topOf(text: string | undefined): number {
  const top = text === undefined ? maximumPage : Number(text);
  if (Number.isInteger(top) && top >= 1 && top <= maximumPage) return top;
  throw badRequest(`Invalid page size specified: '${text}'. Must be between 1 and ${maximumPage} inclusive.`);
}

function selected(entry: GraphRecord, select: string | undefined): GraphRecord {
  if (select === undefined) return entry;
  const names = ['id', ...select.split(',').map((name) => name.trim())];
  return Object.fromEntries(Object.entries(entry).filter(([name]) => names.includes(name)));
}
