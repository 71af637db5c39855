// The action: what a recovery to FROM would do about one change, and why it would do nothing, or less than everything.
import type { AttributeChange, Change, LinkChange } from '../model/change.ts';
import type { Entity } from '../model/entity.ts';
import { isObject } from '../model/json.ts';
import { type Contained, holds, isIrrevocable, type Kind } from '../model/kind.ts';
import { inheritedFact, pathSteps } from '../model/path.ts';
import type { RecoveryAction } from '../model/report.ts';

/** A change with the object on both sides. */
export interface Compared {
  readonly kind: Kind;
  readonly change: Change;
  readonly before: Entity | undefined;
  readonly after: Entity | undefined;
}

/** What is known beside the two states. */
export interface Circumstances {
  /** The kind was read completely in FROM: what is not there was not there. */
  readonly fromComplete: boolean;
  /** A deleted object is in the recycle bin; undefined where nobody looked. */
  readonly inBin?: boolean | undefined;
  /** It has been gone for longer than the bin keeps anything. */
  readonly binExpired: boolean;
  /** The tenant's cloud: some have no bin for some kinds (reference 1.1). */
  readonly cloud?: string | undefined;
}

export interface Action {
  readonly action: RecoveryAction;
  readonly because?: string;
}

const onPremises = 'it is synced from on-premises and mastered there';

/** The action for a change, by what the row says of writing, deletion and creation (reference 1.12, 1.13). */
export function recoveryAction(compared: Compared, circumstances: Circumstances): Action {
  const { operation } = compared.change;
  if (operation === 'update') return forUpdated(compared);
  const never = neverWritten(compared);
  if (compared.change.synced) return none(onPremises);
  if (never !== undefined) return none(never);
  return operation === 'create' ? forCreated(compared, circumstances) : forDeleted(compared, circumstances);
}

/** Would Microsoft's own recovery cover the change? It leaves synced objects alone, creates nothing and only deletes softly (native.md 3.1). */
export function isNative({ kind, change }: Compared, action: RecoveryAction): boolean {
  if (kind.native === undefined || change.synced) return false;
  if (change.operation !== 'update') return action === 'restore' || action === 'softDelete';
  return (
    change.attributes.some(({ path }) => inheritedFact(kind, path, 'native') === true) ||
    change.links.some(({ link }) => kind.links[link]?.native === true)
  );
}

function none(because: string): Action {
  return { action: 'none', because };
}

function hasBin(kind: Kind, { cloud }: Circumstances): boolean {
  return kind.deletion.mode === 'soft' && !(cloud !== undefined && kind.deletion.binAbsentIn?.includes(cloud));
}

function forCreated({ kind }: Compared, circumstances: Circumstances): Action {
  if (!circumstances.fromComplete)
    return none('its kind was not read completely in FROM, so it may have been there already');
  if (kind.deletion.mode === 'never') return none('Graph cannot delete it');
  if (hasBin(kind, circumstances)) return { action: 'softDelete' };
  return none('there is no recycle bin for it: a hard deletion would be for good');
}

function forDeleted({ kind, before }: Compared, circumstances: Circumstances): Action {
  if (hasBin(kind, circumstances) && circumstances.inBin !== false && !circumstances.binExpired)
    return circumstances.inBin === true
      ? { action: 'restore' }
      : { action: 'restore', because: 'if it is still in the recycle bin, which keeps it for 30 days; else recreate' };
  const refused = before && kind.notCreatedWhen?.find((condition) => holds(condition, before.attributes));
  if (refused !== undefined) return none(refused.because);
  if (kind.creation === 'never') return none('Graph cannot create it');
  const gone = hasBin(kind, circumstances) ? 'it is no longer in the recycle bin' : 'there is no recycle bin for it';
  return { action: 'recreate', because: kind.key === 'id' ? `${gone}; Graph may give it a new id` : gone };
}

function forUpdated(compared: Compared): Action {
  const { change } = compared;
  const reasons = new Map<string, string[]>();
  let writable = 0;
  const consider = (name: string, reason: string | undefined): void => {
    if (reason === undefined) writable += 1;
    else reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  };
  const never = neverWritten(compared);
  for (const attribute of change.attributes) consider(attribute.path, never ?? attributeStays(compared, attribute));
  for (const link of change.links)
    consider(link.link, isAssignment(compared, link) ? undefined : (never ?? linkStays(compared, link)));
  if (writable === 0) return none([...reasons.keys()].join('; '));
  if (reasons.size === 0) return { action: 'update' };
  const because = [...reasons].map(([reason, names]) => `${[...new Set(names)].join(', ')}: ${reason}`).join('; ');
  return { action: 'update', because: `without ${because}` };
}

function neverWritten({ kind, before, after }: Compared): string | undefined {
  const attributes = (after ?? before)?.attributes ?? {};
  return kind.readOnlyWhen?.find((condition) => holds(condition, attributes))?.because;
}

function isAssignment({ kind }: Compared, { link }: LinkChange): boolean {
  return kind.links[link]?.write === 'assignment';
}

/** Why an attribute cannot be put back, undefined where it can. */
function attributeStays({ kind, change }: Compared, attribute: AttributeChange): string | undefined {
  const { path } = attribute;
  if (path === '@odata.type') return 'the type of an object is fixed when it is created';
  const write = inheritedFact(kind, path, 'write') ?? 'always';
  if (write === 'never') return 'read-only in Graph';
  if (change.synced && inheritedFact(kind, path, 'cloudOnly') !== false) return onPremises;
  if (write === 'create') return 'can be set only when the object is created';
  return containedStays(kind, attribute);
}

/** Objects inside another have requests of their own, and not every sort has all of them (reference 3.11). */
function containedStays(kind: Kind, { path, before, after }: AttributeChange): string | undefined {
  const steps = pathSteps(path);
  const contained = kind.contained?.find(({ attribute }) => attribute === steps[0]?.text);
  if (contained === undefined) return undefined;
  const item = before ?? after;
  const type = steps.length === 2 && isObject(item) ? item['@odata.type'] : undefined;
  const writes = (typeof type === 'string' ? contained.writeOf?.[type] : undefined) ?? contained.write;
  const whole = steps.length <= 2;
  const needed = whole && before === undefined ? 'delete' : whole && after === undefined ? 'create' : 'update';
  if (!writes.includes(needed)) return needed === 'create' ? cannotCome(contained) : `Graph cannot ${needed} it`;
  return needed === 'delete' && isIrrevocable(contained) ? 'taken away only by --remove-credentials' : undefined;
}

function cannotCome(contained: Contained): string {
  return isIrrevocable(contained) ? 'secrets are not stored' : 'Graph cannot create it';
}

function linkStays({ kind, change, before }: Compared, { link }: LinkChange): string | undefined {
  const row = kind.links[link];
  if (row === undefined || row.write === 'never') return 'read-only in Graph';
  if (change.synced && row.cloudOnly !== false) return onPremises;
  if (row.computedWhen !== undefined && before !== undefined && holds(row.computedWhen, before.attributes))
    return 'computed from a rule';
  return undefined;
}
