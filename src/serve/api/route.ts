// A route of our own API: what it is, and what the tables of routes share.
import type { JsonObject } from '../../model/json.ts';
import { badRequest } from '../failure.ts';
import type { Job } from '../jobs/record.ts';
import type { Asked, Office } from '../office.ts';
import type { Role } from '../settings.ts';
import { type Schema, text } from './schemas.ts';

export interface RouteCall {
  readonly office: Office;
  readonly asked: Asked;
  readonly path: (name: string) => string;
  readonly query: (name: string) => string | undefined;
}

export interface RouteAnswer {
  readonly status?: number;
  readonly location?: string;
  readonly body?: unknown;
  /** In place of a body. */
  readonly stream?: Response;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Path with `{name}` for what is taken out of it. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  /** What a body may hold; anything else in it is refused, for what is misspelt must not come to mean everything. */
  readonly body?: Schema;
  readonly answers: number;
  readonly returns: Schema;
  /** What its answer is, where that is not JSON. */
  readonly media?: string;
  answer(call: RouteCall): Promise<RouteAnswer>;
}

export const reason: Schema = { ...text, description: 'Why; kept in the job, the audit log, the run and the commit' };

/** The schema of a body with these properties and no others. */
export function bodyWith(properties: JsonObject, required: readonly string[]): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** A whole number of a query. Failure 400 for anything else. */
export function numberOf(call: RouteCall, name: string, usual: number, most: number): number {
  const value = call.query(name);
  if (value === undefined) return usual;
  if (!/^\d{1,9}$/.test(value) || Number(value) > most)
    throw badRequest(`${name} must be a whole number up to ${most}.`);
  return Number(value);
}

/** The answer to whoever asked for a job: where it is. */
export function made(job: Job, asked: Asked): RouteAnswer {
  asked.made(job.id);
  return { status: 202, location: `/api/jobs/${job.id}`, body: { ...job, see: `/jobs/${job.id}` } };
}

export const pageQuery = { top: 'Items on the page, up to 999 (default 100)', skip: 'Items to leave out first' };

/** One page of a list, and how long the list is. */
export function paged<Item>(items: readonly Item[], call: RouteCall): { total: number; value: readonly Item[] } {
  const [top, skip] = [numberOf(call, 'top', 100, 999), numberOf(call, 'skip', 0, 999_999_999)];
  return { total: items.length, value: items.slice(skip, skip + top) };
}
