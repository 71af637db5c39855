// Noted pages: a listing into its pages, of which those that an earlier attempt has noted need not be asked for again.
import type { JsonObject } from '../model/json.ts';
import type { PageNotes } from '../model/tenant.ts';
import { addressOf, followed } from './address.ts';
import type { Graph } from './graph.ts';
import { ExpiredMark, type Listing, type Page, readPages } from './paging.ts';

/** A line of the notes. */
interface Noted {
  /** What the page was asked for. */
  readonly of: string;
  readonly items: readonly JsonObject[];
  /** Where the listing goes on; absent at its end. */
  readonly next?: string;
}

/**
 * As {@link readPages}; each page is noted under the name before it is given, and the reading goes on where the notes end. Notes of another
 * question, and those whose last token does not hold any more, are let go: the listing then begins anew, in another pass.
 */
export async function* notedPages(
  graph: Graph,
  listing: Listing,
  name: string,
  notes: PageNotes | undefined,
): AsyncGenerator<Page> {
  if (notes === undefined) {
    yield* readPages(graph, listing);
    return;
  }
  const of = addressOf(graph.url, listing.version, listing.path);
  let last: Noted | undefined;
  let passes = 0;
  for await (const line of notes.lines(name)) {
    const noted = JSON.parse(line) as Noted;
    if (noted.of !== of) {
      last = undefined;
      break;
    }
    last = noted;
    yield { items: noted.items, pass: 1 };
    passes = 1;
  }
  if (last !== undefined && last.next === undefined) return;
  for (let from = last?.next; ; from = undefined) {
    let pass = from === undefined ? 0 : 1;
    // What goes on is of the pass of the notes; what begins anew is of another one.
    const before = from === undefined ? passes : 0;
    try {
      for await (const page of readPages(graph, from === undefined ? listing : { ...listing, from })) {
        if (page.pass !== pass) await notes.forget(name);
        pass = page.pass;
        // A link that must not be followed is not noted either.
        const next = page.next === undefined ? {} : { next: followed(graph.url, page.next, of) };
        const noted: Noted = { of, items: page.items, ...next };
        await notes.note(name, JSON.stringify(noted));
        yield { ...page, pass: before + page.pass };
      }
      return;
    } catch (error) {
      if (from === undefined || !(error instanceof ExpiredMark)) throw error;
      graph.countRetry(false);
    }
  }
}
