// The directory's audit log: a question into pages of entries, the newest first, each read for what it names (reference 1.16).
import { type AuditEntry, type AuditQuestion, auditLog, auditPermission, type Initiator } from '../model/audit.ts';
import { NotComplete } from '../model/coverage.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import { quoted, withQuery } from './addressing.ts';
import { isLicence, statusText } from './answer.ts';
import type { Graph } from './graph.ts';
import { readPages } from './paging.ts';
import { isFatal, Refused, shapeProblem } from './problems.ts';

const path = '/auditLogs/directoryAudits';

/**
 * Pages of entries, the newest first; an entry may come twice. Throws NotComplete where the log may not, or cannot, be read.
 * `granted`: the application permissions in the token, undefined where it does not say.
 */
export async function* readAudits(
  graph: Graph,
  question: AuditQuestion,
  granted: readonly string[] | undefined,
): AsyncGenerator<readonly AuditEntry[]> {
  const query = { $filter: encodeURIComponent(filterOf(question)), $orderby: 'activityDateTime%20desc', $top: 1000 };
  const listing = { version: 'v1.0', path: withQuery(path, query), lane: 'audit', about: auditLog } as const;
  try {
    for await (const { items } of readPages(graph, { ...listing, entitySet: 'directoryAudits' }))
      yield items.map(entryOf);
  } catch (error) {
    throw notComplete(error, granted);
  }
}

function filterOf({ from, to, id, activity }: AuditQuestion): string {
  return [
    `activityDateTime ge ${from} and activityDateTime le ${to}`,
    ...(id === undefined ? [] : [`targetResources/any(t: t/id eq ${quoted(id)})`]),
    ...(activity === undefined ? [] : [`startswith(activityDisplayName,${quoted(activity)})`]),
  ].join(' and ');
}

function entryOf(raw: JsonObject): AuditEntry {
  const [id, at] = [text(raw.id), text(raw.activityDateTime)];
  if (id === undefined || at === undefined || Number.isNaN(Date.parse(at)))
    throw shapeProblem('an entry of the audit log has no id or no time', `GET ${path}`);
  const said = { resultReason: text(raw.resultReason), correlationId: text(raw.correlationId) };
  return {
    id,
    activityDateTime: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(at) ? at : new Date(at).toISOString(),
    activityDisplayName: text(raw.activityDisplayName)?.trim() ?? '',
    initiatedBy: initiatorOf(raw.initiatedBy),
    result: text(raw.result) ?? 'unknown',
    ...present(said),
    about: [...namesIn(raw.targetResources)],
  };
}

function initiatorOf(value: Json | undefined): Initiator {
  const { user, app } = isObject(value) ? value : {};
  if (isObject(user)) return { user: texts(user, 'id', 'displayName', 'userPrincipalName', 'ipAddress') };
  return isObject(app) ? { app: texts(app, 'appId', 'displayName', 'servicePrincipalId') } : {};
}

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/**
 * The ids of the targets, and those in `Group.ObjectID` and the like, by which the entry of a member names its group. Their values are JSON
 * in JSON, of more than one form; an id in it looks the same in each.
 */
function namesIn(targets: Json | undefined): Set<string> {
  const found = new Set<string>();
  for (const target of items(targets)) {
    const id = text(target.id);
    if (id !== undefined) found.add(id.toLowerCase());
    for (const { displayName, oldValue, newValue } of items(target.modifiedProperties))
      if (text(displayName)?.endsWith('.ObjectID'))
        for (const [other] of `${text(oldValue) ?? ''} ${text(newValue) ?? ''}`.matchAll(guid))
          found.add(other.toLowerCase());
  }
  return found;
}

function items(value: Json | undefined): readonly JsonObject[] {
  return isArray(value) ? value.filter(isObject) : [];
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts<Name extends string>(from: JsonObject, ...names: Name[]): { readonly [name in Name]?: string } {
  return present(Object.fromEntries(names.map((name) => [name, text(from[name])]))) as { [name in Name]?: string };
}

function present(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function notComplete(error: unknown, granted: readonly string[] | undefined): unknown {
  if (!(error instanceof Problem) || isFatal(error)) return error;
  if (!(error instanceof Refused))
    return new NotComplete('failed', auditLog, `${error.detail} (${error.subject ?? path})`, error);
  const said = `Graph answers ${statusText(error.answer)} to GET ${path}`;
  if (isLicence(error.answer))
    return new NotComplete(
      'unlicensed',
      auditLog,
      `The tenant has no Microsoft Entra ID P1 or P2, which this needs: ${said}.`,
    );
  if (error.answer.status !== 403) return new NotComplete('failed', auditLog, `${said}.`);
  const advice =
    granted === undefined || granted.includes(auditPermission)
      ? `It needs ${auditPermission}, and of a user a role that may read the log.`
      : `The token lacks ${auditPermission}. Grant it to the app registration and give admin consent.`;
  return new NotComplete('forbidden', auditLog, `${said}. ${advice}`);
}
