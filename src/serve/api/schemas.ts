// Schemas of what our own API answers, as the OpenAPI document says them; each names what a caller may count on, and there may be more.
import type { JsonObject } from '../../model/json.ts';
import { accessClasses } from '../../model/kind.ts';

/** A JSON schema, as far as the document needs one. */
export type Schema = JsonObject;

export const text: Schema = { type: 'string' };
export const texts: Schema = { type: 'array', items: text };
const number: Schema = { type: 'integer' };
const countOrNull: Schema = { type: ['integer', 'null'] };
const moment: Schema = { type: 'string', format: 'date-time' };
const commitId: Schema = { type: 'string', pattern: '^[0-9a-f]{40}$' };
const person: Schema = needing({ id: text, name: text });

/** An object with all of these properties. */
export function needing(properties: JsonObject): Schema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** An object with all of these properties, and perhaps some of those. */
function having(properties: JsonObject, perhaps: JsonObject): Schema {
  return { type: 'object', properties: { ...properties, ...perhaps }, required: Object.keys(properties) };
}

export function listOf(item: Schema): Schema {
  return { type: 'array', items: item };
}

/** One page of a list, and how long the list is. */
export function pageOf(item: Schema): Schema {
  return needing({ total: number, value: listOf(item) });
}

export function named(name: keyof typeof schemas): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

const side = needing({ commit: commitId, at: moment, revision: text });

export const schemas = {
  error: needing({ error: having({ code: text, message: text }, { innerError: { type: 'object' } }) }),
  job: having(
    {
      id: { type: 'string', format: 'uuid' },
      type: { type: 'string', enum: ['preview', 'compare', 'recovery'] },
      status: {
        type: 'string',
        enum: ['initialized', 'loadingData', 'calculating', 'running', 'successful', 'failed', 'abandoned'],
      },
      from: side,
      scope: { type: 'object', properties: { kinds: texts, refs: texts } },
      createdAt: moment,
      completedAt: { type: ['string', 'null'], format: 'date-time' },
      by: person,
      totals: needing({
        objects: countOrNull,
        links: countOrNull,
        attributes: countOrNull,
        objectsModified: countOrNull,
        linksModified: countOrNull,
        failed: countOrNull,
      }),
    },
    {
      to: side,
      reason: text,
      actors: { type: 'boolean' },
      header: { type: 'object', description: 'What the report is about; in `actors` how the audit log was read' },
      plan: needing({ digest: text, steps: number, refusals: number, blockers: number }),
      confirmedBy: person,
      undoes: text,
      resumes: text,
      run: needing({ id: text, status: text, counts: { type: 'object' }, writes: number }),
      problem: having({ summary: text, detail: text }, { subject: text }),
      see: { ...text, description: 'Its page in the portal' },
    },
  ),
  progress: {
    ...having({ text, done: number, total: number }, { failures: texts }),
    type: ['object', 'null'],
  },
  commit: having(
    { id: commitId, tree: commitId, parents: listOf(commitId), at: moment, author: text, subject: text },
    { snapshot: { type: 'object' } },
  ),
  change: having(
    {
      ref: text,
      kind: text,
      type: text,
      id: text,
      displayName: text,
      operation: { type: 'string', enum: ['create', 'update', 'delete'] },
      recoveryAction: { type: 'string', enum: ['restore', 'recreate', 'update', 'softDelete', 'none'] },
      attributes: listOf({ type: 'object' }),
      links: listOf({ type: 'object' }),
    },
    {
      before: { type: 'object' },
      after: { type: 'object' },
      access: listOf({ type: 'string', enum: accessClasses }),
      failure: text,
      actors: listOf({
        type: 'object',
        description: 'Entries of the audit log, newest first, as driftline diff has them',
      }),
      moreActors: number,
    },
  ),
  found: needing({ ref: text, kind: text, type: text, id: text, displayName: text }),
  run: having(
    { id: text, status: text, before: commitId, goal: commitId, startedAt: moment, finishedAt: moment, writes: number },
    { reason: text, undoes: text, commit: commitId },
  ),
  coverage: {
    type: 'object',
    additionalProperties: having(
      { status: { type: 'string', enum: ['complete', 'partial', 'forbidden', 'unlicensed', 'failed', 'skipped'] } },
      { count: number, reason: text },
    ),
  },
  auditLine: having(
    { at: moment, request: text, phase: { type: 'string', enum: ['asked', 'answered'] }, method: text, path: text },
    { who: { type: ['object', 'null'] }, why: text, status: number, job: text, previous: text },
  ),
} satisfies Record<string, Schema>;
