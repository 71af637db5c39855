// Settling: reads objects until what was written shows, several times in a row, because replicas answer by turns (reference 1.9).
import { NotComplete } from '../model/coverage.ts';
import type { Entity } from '../model/entity.ts';
import type { Kind } from '../model/kind.ts';
import type { SettlePolicy } from '../model/run.ts';
import type { TenantReader } from '../model/tenant.ts';

export interface SettleParts {
  readonly reader: TenantReader;
  readonly policy: SettlePolicy;
  readonly now: () => Date;
  /** Waits so many milliseconds; rejects when the run is stopped. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/**
 * Reads the objects of one kind until `shows` holds for each, `policy.confirmations` reads in a row. Gives each object as it was last read
 * (absent: it is not there) and whether it showed what was expected before the time was up.
 */
export async function settle(
  { reader, policy, now, sleep }: SettleParts,
  kind: Kind,
  keys: readonly string[],
  shows: (key: string, entity: Entity | undefined) => boolean,
): Promise<ReadonlyMap<string, { readonly entity: Entity | undefined; readonly shown: boolean }>> {
  const deadline = now().getTime() + policy.patience;
  const results = new Map<string, { entity: Entity | undefined; shown: boolean }>();
  const good = new Map<string, number>();
  let open = [...new Set(keys)];
  for (let round = 0; open.length > 0; round += 1) {
    if (round > 0) await sleep(Math.min(policy.pause * 2 ** Math.max(0, round - policy.confirmations), 15_000));
    let halved = false;
    const found = await reader.readObjects(kind, open).catch((error) => {
      halved = true;
      return notYet(error);
    });
    const late = now().getTime() >= deadline;
    open = open.filter((key) => {
      const entity = found.get(key);
      const shown = !halved && shows(key, entity);
      good.set(key, shown ? (good.get(key) ?? 0) + 1 : 0);
      results.set(key, { entity, shown: shown && good.get(key)! >= policy.confirmations });
      return !(shown && good.get(key)! >= policy.confirmations) && !late;
    });
  }
  return results;
}

/** A replica that has an object and not yet what belongs to it answers in halves: that shows nothing. */
function notYet(error: unknown): ReadonlyMap<string, Entity> {
  if (error instanceof NotComplete && (error.status === 'partial' || error.status === 'failed')) return new Map();
  throw error;
}
