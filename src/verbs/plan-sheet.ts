// A plan as a sheet, so that the renderers that say a difference say a recovery too; made from the saved plan alone.

import { diffEntities } from '../diff/index.ts';
import { canonicalEntity } from '../model/canonical.ts';
import { graphIdOf } from '../model/graph-id.ts';
import { grouped } from '../model/grouped.ts';
import { compareText, isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import type { AccessClass, Kind, Kinds } from '../model/kind.ts';
import { minuteText } from '../model/moment.ts';
import type { Plan, Refusal, Step } from '../model/plan.ts';
import { keyOf, kindOf, type Ref } from '../model/ref.ts';
import type { ReportAttribute, ReportLink } from '../model/report.ts';
import { accessMeanings, sinceText } from '../plan/index.ts';
import { type Closing, count, type Notice, type Sheet, type SheetItem, type Sign } from '../report/index.ts';

/** Refusals of one reason that are said one by one; the rest is counted, and `--format json` has all. */
const mostLines = 12;

/** The plan as the renderers take it. */
export function planSheet(plan: Plan, kinds: Kinds): Sheet {
  const counted = census(plan, kinds);
  return {
    title: 'Recovery plan',
    facts: facts(plan),
    notices: notices(plan, counted),
    actionHeading: 'Recovery does',
    items: items(plan, kinds),
    closing: () => closing(plan, counted),
  };
}

/** What is said of all steps and refusals together, found in one walk through each. */
interface Census {
  /** Steps by kind and action. */
  readonly steps: ReadonlyMap<string, ReadonlyMap<Step['action'], number>>;
  readonly waves: number;
  /** Of each class of access that is given, how many steps give it, and the youngest of them. */
  readonly access: ReadonlyMap<AccessClass, { readonly count: number; readonly youngest?: Step }>;
  /** Refusals of each reason: the first ones, and how many there are. */
  readonly refused: ReadonlyMap<Refusal['reason'], { readonly count: number; readonly lines: readonly string[] }>;
  readonly refusedByKind: ReadonlyMap<string, number>;
}

function census(plan: Plan, kinds: Kinds): Census {
  const steps = new Map([...kinds.keys()].map((name) => [name, new Map<Step['action'], number>()]));
  const waves = new Set<number>();
  const access = new Map<AccessClass, { count: number; youngest?: Step }>();
  for (const step of plan.steps) {
    waves.add(step.wave);
    const actions = steps.get(kindOf(step.ref));
    actions?.set(step.action, (actions.get(step.action) ?? 0) + 1);
    for (const one of step.access) {
      const given = access.get(one) ?? { count: 0 };
      const younger = step.since !== undefined && !(given.youngest && given.youngest.since!.at >= step.since.at);
      access.set(one, { ...given, count: given.count + 1, ...(younger ? { youngest: step } : {}) });
    }
  }
  const refused = new Map<Refusal['reason'], { count: number; lines: readonly string[] }>();
  const refusedByKind = new Map<string, number>();
  for (const refusal of plan.refusals) {
    const { count: before, lines } = refused.get(refusal.reason) ?? { count: 0, lines: [] };
    const more = before < mostLines ? [...lines, refusalLine(refusal)] : lines;
    refused.set(refusal.reason, { count: before + 1, lines: more });
    const { kind } = refusal;
    if (kind !== undefined) refusedByKind.set(kind, (refusedByKind.get(kind) ?? 0) + 1);
  }
  return { steps, waves: waves.size, access, refused, refusedByKind };
}

function facts(plan: Plan): [string, string][] {
  return [
    ['Tenant', `${plan.tenant.displayName} (${plan.tenant.tenantId}, ${plan.tenant.cloud})`],
    ['Goal', `${plan.goal.revision} (${plan.goal.commit.slice(0, 12)}), ${minuteText(plan.goal.at)}`],
    ['Read', minuteText(plan.live.at)],
    ['Scope', plan.scope.refs?.join(', ') ?? plan.scope.kinds?.join(', ') ?? 'everything'],
    ...(plan.reason === undefined ? [] : [['Why', plan.reason] as [string, string]]),
    ['Plan', plan.digest.slice(0, 12)],
  ];
}

function notices(plan: Plan, { access, refused }: Census): Notice[] {
  const found: Notice[] = [];
  if (plan.blockers.length > 0)
    found.push({ tone: 'warning', heading: 'This plan may not be applied', lines: plan.blockers.map(refusalLine) });
  if (access.size > 0)
    found.push({
      tone: 'warning',
      heading: 'It gives access',
      lines: [...access].map(
        ([one, given]) => `${one}, ${count(given.count, 'step')}: ${accessMeanings[one]}${youngestText(given)}`,
      ),
    });
  if (plan.warnings.length > 0) found.push({ tone: 'warning', heading: 'Know this first', lines: plan.warnings });
  for (const [reason, { count: all, lines }] of refused) {
    const rest = all > mostLines ? [`and ${all - mostLines} more; --format json has all of them`] : [];
    found.push({ tone: 'plain', heading: `Not done: ${reasonHeadings[reason]}`, lines: [...lines, ...rest] });
  }
  if (plan.unrepaired.length > 0)
    found.push({
      tone: 'warning',
      heading: 'References that stay broken',
      lines: plan.unrepaired.map(
        ({ displayName, ref, path, target, because }) => `${displayName} (${ref}), ${path} to ${target}: ${because}`,
      ),
    });
  return found;
}

function youngestText({ count: steps, youngest }: { readonly count: number; readonly youngest?: Step }): string {
  if (youngest === undefined) return '';
  const since = sinceText(youngest.since!);
  return steps === 1 ? `; ${since}` : `; the youngest, ${youngest.displayName}: ${since}`;
}

const reasonHeadings: Readonly<Record<Refusal['reason'], string>> = {
  synced: 'mastered on-premises',
  dynamic: 'follows from a membership rule',
  readOnly: 'read-only in Graph',
  createOnly: 'can be set only at creation',
  secret: 'secrets cannot be put back',
  notWritable: 'objects that are never written',
  incomplete: 'not read completely',
  unknownValue: 'shows values that this version does not know',
  protected: 'protected by driftline.yaml',
  own: 'what Driftline itself runs as',
  access: 'gives access, and was not allowed to',
  young: 'gives access, and came after the time that was given',
  missing: 'points to what is not there',
  lastOwner: 'the last owner of a group stays',
  new: 'came after the commit, and is left alone',
  hardDelete: 'could be deleted only for good',
  newCredential: 'secrets and certificates that came after the commit, and are left alone',
  notCreatable: 'cannot be made anew',
  notDeletable: 'cannot be deleted',
  reportOnly: 'left in report-only mode',
  threshold: 'too large a part of a kind',
  lockOut: 'would lock people out',
  noEmergencyAccount: 'no emergency account is named',
};

function refusalLine({ displayName, ref, path, because, flag }: Refusal): string {
  const what = displayName === undefined ? '' : `${displayName}${path === undefined ? '' : `, ${path}`} (${ref}): `;
  return `${what}${because}${flag === undefined ? '' : ` [${flag}]`}`;
}

async function* items(plan: Plan, kinds: Kinds): AsyncGenerator<SheetItem> {
  for (const { item } of plannedItems(plan, kinds)) yield item;
}

/** What a plan does to each object, as an item of a sheet and in its steps: by kind in the order of the rows, then by ref. */
export function* plannedItems(
  plan: Plan,
  kinds: Kinds,
): Generator<{ readonly item: SheetItem; readonly steps: readonly Step[] }> {
  const refused = new Map<Ref, number>();
  for (const { ref } of plan.refusals) if (ref !== undefined) refused.set(ref, (refused.get(ref) ?? 0) + 1);
  for (const steps of stepsByObject(plan, kinds)) {
    const { ref } = steps[0]!;
    yield { item: itemOf(ref, steps, kinds.get(kindOf(ref))!, kinds, refused.get(ref) ?? 0), steps };
  }
}

/** What has no row is left out. */
function stepsByObject({ steps }: Plan, kinds: Kinds): Iterable<readonly Step[]> {
  if (steps.byObject !== undefined) return steps.byObject();
  const place = new Map([...kinds.keys()].map((name, at) => [name, at]));
  const order = (ref: Ref, other: Ref) =>
    place.get(kindOf(ref))! - place.get(kindOf(other))! || compareText(ref, other);
  return [...grouped(steps, ({ ref }) => ref)]
    .filter(([ref]) => kinds.has(kindOf(ref)))
    .sort(([ref], [other]) => order(ref, other))
    .map(([, own]) => own);
}

function itemOf(ref: Ref, steps: readonly Step[], kind: Kind, kinds: Kinds, refused: number): SheetItem {
  const sign = signOf(steps);
  return {
    sign,
    section: kind.name,
    name: steps[0]!.displayName,
    type: kind.type,
    ref,
    id: graphIdOf(kind, keyOf(ref)) ?? keyOf(ref),
    action: actionWords[sign],
    because: [
      steps.length === 1 ? `step ${steps[0]!.id}` : count(steps.length, 'step'),
      ...(refused === 0 ? [] : [`${count(refused, 'change')} refused`]),
    ].join('; '),
    marks: [],
    access: [...new Set(steps.flatMap((step) => step.access))],
    attributes: steps.flatMap((step) => attributesOf(step, kind)),
    links: steps.flatMap((step) => linksOf(step, kinds)),
  };
}

const actionWords: Readonly<Record<Sign, string>> = {
  '+': 'create',
  '~': 'update',
  '-': 'delete',
  '^': 'restore',
  '*': 'recreate',
};

function signOf(steps: readonly Step[]): Sign {
  if (steps.some(({ action }) => action === 'restore')) return '^';
  if (steps.some(({ action }) => action === 'recreate')) return '*';
  return steps.some(({ action }) => action === 'delete') ? '-' : '~';
}

/** What a step changes, path by path. */
function attributesOf(step: Step, kind: Kind): ReportAttribute[] {
  const [before, after] = sides(step);
  const entity = (attributes: JsonObject) =>
    canonicalEntity(kind, { ref: step.ref, attributes: readable(attributes) as JsonObject, links: {} });
  return [...(diffEntities(kind, entity(before), entity(after))?.attributes ?? [])];
}

function sides(step: Step): [JsonObject, JsonObject] {
  switch (step.action) {
    case 'update':
      return [step.before, step.after];
    case 'recreate':
      return [{}, step.after];
    case 'action':
      return [{ [step.attribute]: step.before }, { [step.attribute]: step.after }];
    case 'createItem':
    case 'updateItem':
    case 'deleteItem': {
      const of = (item: JsonObject | undefined) => ({ [step.attribute]: item === undefined ? [] : [item] });
      return [of(step.before), of(step.after === undefined ? undefined : { ...step.before, ...step.after })];
    }
    default:
      return [{}, {}];
  }
}

/** Placeholders in words. */
function readable(value: Json): Json {
  if (isArray(value)) return value.map(readable);
  if (!isObject(value)) return value;
  if (typeof value.$new === 'string') return `(new id of ${value.$new})`;
  if (isArray(value.$text)) return value.$text.map((piece) => String(readable(piece))).join('');
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, readable(member)]));
}

function linksOf(step: Step, kinds: Kinds): ReportLink[] {
  if (step.action !== 'link' && step.action !== 'unlink') return [];
  const target = kindOf(step.target);
  return [
    {
      link: step.link,
      operation: step.action === 'link' ? 'add' : 'remove',
      target: step.target,
      targetName: step.targetName ?? keyOf(step.target),
      targetType: kinds.get(target)?.type ?? target,
      ...(step.properties === undefined ? {} : { properties: step.properties as Readonly<Record<string, string>> }),
    },
  ];
}

function closing(plan: Plan, { steps, waves, refusedByKind }: Census): Closing {
  const kinds = [...steps.keys()].filter((kind) => steps.get(kind)!.size > 0 || refusedByKind.has(kind));
  const of = (kind: string, actions: readonly Step['action'][]) =>
    actions.reduce((sum, action) => sum + (steps.get(kind)!.get(action) ?? 0), 0);
  const sentences = [
    plan.steps.length === 0
      ? 'Nothing to do.'
      : `${count(plan.steps.length, 'step')} for ${count(plan.objects.length, 'object')}, in ${count(waves, 'wave')}.`,
  ];
  if (plan.refusals.length > 0) sentences.push(`${count(plan.refusals.length, 'change')} refused.`);
  return {
    sentences,
    headings: ['Kind', 'Restore', 'Recreate', 'Update', 'Link', 'Unlink', 'Delete', 'Refused'],
    rows: kinds.map(
      (kind) =>
        [
          kind,
          of(kind, ['restore']),
          of(kind, ['recreate']),
          of(kind, ['update', 'action', 'createItem', 'updateItem', 'deleteItem']),
          of(kind, ['link']),
          of(kind, ['unlink', 'prune']),
          of(kind, ['delete']),
          refusedByKind.get(kind) ?? 0,
        ] as const,
    ),
  };
}
