// Merging: lists that are each in order into one in the same order, of which no more is held than an item of each.

/** All items in order; of items that compare as equal those of the earlier list come first. */
export function* merged<Item>(
  lists: readonly Iterable<Item>[],
  compare: (left: Item, right: Item) => number,
): Generator<Item> {
  const open = lists.map((list) => list[Symbol.iterator]()).map((items) => ({ items, head: items.next() }));
  for (;;) {
    let least: { items: Iterator<Item>; head: IteratorResult<Item> } | undefined;
    for (const one of open)
      if (one.head.done !== true && (least === undefined || compare(one.head.value, least.head.value) < 0)) least = one;
    if (least === undefined) return;
    yield least.head.value;
    least.head = least.items.next();
  }
}
