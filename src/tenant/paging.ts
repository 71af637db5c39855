// Paging: a collection's first path into all of its pages, each checked; it ends normally only if the collection was read completely.
import { createHash } from 'node:crypto';
import { isArray, isObject, type JsonObject } from '../model/json.ts';
import { addressOf } from './address.ts';
import { type Answer, isExpiredToken, statusText, succeeded } from './answer.ts';
import type { Graph, ReadRequest } from './graph.ts';
import { type Parted, type Slice, Torn } from './parted.ts';
import { Refused, shapeProblem, Unanswered } from './problems.ts';

export interface Listing extends ReadRequest {
  /** Last segment that `@odata.context` must name where the answer has one: `users`. */
  readonly entitySet?: string;
  /** A delta listing ends with a deltaLink; a page without it and without a nextLink was cut off. */
  readonly delta?: boolean;
  /** Begin at this link and not at the path; where it, or one that comes after it, has expired, {@link ExpiredMark} is thrown. */
  readonly from?: string;
}

/** The link from which a listing was to go on is not known to Graph any more. */
export class ExpiredMark extends Error {}

/** A page, or some objects of one. */
export interface Page {
  readonly items: readonly JsonObject[];
  /** Of what the items are made, and which objects were recognized and are not among them; where the page was taken apart. */
  readonly parted?: Slice;
  /** Grows when the collection had to be read again from its first page; what came in an earlier pass may come again. */
  readonly pass: number;
  /** Of the last page of a delta: from where its changes can be told later. */
  readonly mark?: string;
  /** Where the listing goes on after all objects of the page. */
  readonly next?: string;
}

const maxPasses = 4;
const maxPages = 100_000;
/** How often one page is asked for again because its answer took more than one attempt. */
const maxCleanings = 5;

/** A page token no longer holds; only reading from the first page on can tell what the collection is. */
class ExpiredPage extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('expired page token');
    this.answer = answer;
  }
}

/**
 * All pages of a collection (trust.md 1.4). While one is worked on, the next is fetched. An expired page token restarts the collection, at
 * most three times; pages of two passes are never joined. Throws {@link Refused} or {@link Unanswered} where it is not complete.
 */
export async function* readPages(graph: Graph, listing: Listing): AsyncGenerator<Page> {
  const { recognizer: _, ...plain } = listing;
  let asked: Listing = listing;
  for (let pass = 1; ; pass += 1) {
    try {
      yield* onePass(graph, asked, pass);
      return;
    } catch (error) {
      if (error instanceof Torn) {
        // Read as a whole it is refused and asked for again, or it is as it is.
        asked = plain;
        graph.countRetry(false);
        continue;
      }
      // Why a link is refused hours after it was given hardly matters: what was asked first says more of what is wrong.
      const refused = error instanceof ExpiredPage || (error instanceof Refused && listing.from !== undefined);
      if (!refused) throw error;
      if (listing.from !== undefined) throw new ExpiredMark(statusText(error.answer), { cause: error });
      // A page that was none has made a pass, too.
      if (pass >= maxPasses)
        throw new Unanswered(
          `The page tokens of this collection ran out ${maxPasses} times, the last time with ${statusText(error.answer)}. The tenant may be too busy; run it again later.`,
          `GET ${listing.path.split('?')[0]}`,
          { sent: true, permanent: true },
        );
      graph.countRetry(false);
    }
  }
}

/** All items of a short collection. */
export function readAll(graph: Graph, listing: Listing): Promise<JsonObject[]> {
  return gather(
    readPages(graph, listing),
    () => [] as JsonObject[],
    (items, item) => items.push(item),
  );
}

/** What the items of all pages come to; begun anew where the collection had to be, because pages of two passes are never joined. */
export async function gather<Found>(
  pages: AsyncIterable<Page>,
  none: () => Found,
  add: (found: Found, item: JsonObject) => void,
): Promise<Found> {
  let found = none();
  let pass = 1;
  for await (const page of pages) {
    if (page.pass !== pass) found = none();
    pass = page.pass;
    for (const item of page.items) add(found, item);
  }
  return found;
}

/** As {@link gather}; nothing where the server has no such listing, so that each object must be asked by itself. */
export async function gatherWhereListed<Found>(
  pages: AsyncIterable<Page>,
  none: () => Found,
  add: (found: Found, item: JsonObject) => void,
): Promise<Found> {
  try {
    return await gather(pages, none, add);
  } catch (error) {
    if (error instanceof Refused && notListed.includes(error.answer.status)) return none();
    throw error;
  }
}

/** So Graph refuses a listing that it does not have for a kind. */
const notListed: readonly number[] = [400, 404, 405, 501];

interface CheckedPage {
  readonly items: readonly JsonObject[];
  readonly parted?: Parted | undefined;
  readonly next: string | undefined;
  readonly mark: string | undefined;
}

async function* onePass(graph: Graph, listing: Listing, pass: number): AsyncGenerator<Page> {
  const first = addressOf(graph.url, listing.version, listing.path);
  const subject = `GET ${new URL(first).pathname}`;
  const seen = new Set<string>();
  let ahead: Promise<CheckedPage> | undefined = cleanPage(graph, listing, listing.from, first);
  for (let number = 1; ahead !== undefined; number += 1) {
    const { items, parted, next, mark }: CheckedPage = await ahead;
    ahead = undefined;
    if (next !== undefined) {
      const digest = createHash('sha1').update(next).digest('base64');
      if (seen.has(digest))
        throw shapeProblem('a page links back to an earlier one, so the listing would never end', subject);
      if (number === maxPages) throw shapeProblem(`the listing has more than ${maxPages} pages`, subject);
      seen.add(digest);
      ahead = cleanPage(graph, listing, next, first);
      // The consumer may stop before it comes to this page.
      ahead.catch(() => {});
    }
    const end = { ...(mark !== undefined && { mark }), ...(next !== undefined && { next }) };
    if (parted === undefined) yield { items, pass, ...end };
    else for (const slice of parted.slices) yield { items: slice.items, parted: slice, pass, ...(slice.last && end) };
  }
}

/**
 * One page whose token may be used. A token in an answer that itself took several attempts must not be: the page is asked for again until
 * it comes at the first attempt (reference 1.4).
 */
async function cleanPage(
  graph: Graph,
  listing: Listing,
  link: string | undefined,
  first: string,
): Promise<CheckedPage> {
  for (let cleaning = 0; ; cleaning += 1) {
    const answer = link === undefined ? await graph.read(listing) : await graph.follow(link, first, listing);
    if (!succeeded(answer)) {
      if (isExpiredToken(answer) && (link !== undefined || listing.delta)) throw new ExpiredPage(answer);
      throw new Refused(answer, `GET ${new URL(first).pathname}`);
    }
    const { parted } = answer;
    const page = { ...checkPage(answer, listing, `GET ${new URL(first).pathname}`), parted };
    if (!answer.retried || page.next === undefined) return page;
    if (cleaning === maxCleanings) throw new ExpiredPage(answer);
    graph.countRetry(false);
  }
}

/** The items of a page and where it goes on. Throws {@link Unanswered} for what is not the page asked for (trust.md row 12). */
export function checkPage(
  answer: Pick<Answer, 'body'>,
  listing: Pick<Listing, 'entitySet' | 'delta'>,
  subject: string,
): CheckedPage {
  const { body } = answer;
  if (!isObject(body)) throw shapeProblem('it is no object', subject);
  if (!isArray(body.value))
    throw shapeProblem(
      isObject(body.error) ? 'it is an error with the status of a success' : 'it has no array "value"',
      subject,
    );
  const items = body.value;
  if (!items.every(isObject)) throw shapeProblem('an item of "value" is no object', subject);
  const context = body['@odata.context'];
  if (listing.entitySet !== undefined && typeof context === 'string' && !names(context, listing.entitySet))
    throw shapeProblem(`it says that it lists something else than ${listing.entitySet}`, subject);
  const next = linkIn(body, '@odata.nextLink', subject);
  const delta = linkIn(body, '@odata.deltaLink', subject);
  if (listing.delta && next === undefined && delta === undefined)
    throw shapeProblem('the last page of a delta has no deltaLink', subject);
  return { items: items as readonly JsonObject[], next, mark: delta };
}

function linkIn(body: JsonObject, name: string, subject: string): string | undefined {
  const link = body[name];
  if (link === undefined || link === null || typeof link === 'string') return link ?? undefined;
  throw shapeProblem(`its ${name} is no text`, subject);
}

/** Does `…/$metadata#conditionalAccess/policies(id)` name the set `policies`? Graph writes the path before it in several ways. */
function names(context: string, entitySet: string): boolean {
  const fragment = context.slice(context.indexOf('#') + 1);
  if (fragment.startsWith('Collection(')) return true;
  const segments = fragment.split('/').map((segment) => segment.replace(/\(.*$/, '').toLowerCase());
  return segments.includes(entitySet.toLowerCase());
}
