// Lists: what can be walked any number of times and knows its length, however its items are kept.

/** A list of items; an array is one. */
export interface List<Item> extends Iterable<Item> {
  readonly length: number;
}
