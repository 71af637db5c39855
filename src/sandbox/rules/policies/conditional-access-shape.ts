// Takes a Conditional Access policy as a client wrote it, gives it in the one shape that Graph stores and answers (reference 3.7).
import { propertiesOf, property, typeOf } from '../../metadata.ts';
import type { GraphRecord, Json } from '../../types.ts';

/** Members that are always an object, however empty; every other empty object is stored as null. */
const alwaysPresent = new Set(['conditionalAccessApplications', 'conditionalAccessUsers']);

export const isRecord = (value: Json | undefined): value is GraphRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The record at a dotted path of records, empty where there is none. */
export function recordAt(root: GraphRecord, path: string): GraphRecord {
  let value: Json | undefined = root;
  for (const step of path.split('.')) value = isRecord(value) ? value[step] : undefined;
  return isRecord(value) ? value : {};
}

/** The strings of an array member, none where it is absent or null. */
export function stringsOf(record: GraphRecord, name: string): string[] {
  const value = record[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/**
 * The policy with every member of its complex values filled in: absent collections are `[]`, absent values null, an
 * object without content is null, enumeration members in their published spelling. Giving it its own answer changes nothing.
 */
export function settled(policy: GraphRecord): GraphRecord {
  const grant = policy.grantControls;
  return {
    ...policy,
    conditions: completed('conditionalAccessConditionSet', isRecord(policy.conditions) ? policy.conditions : {}),
    grantControls: isRecord(grant) ? settledGrant(grant) : null,
    sessionControls: isRecord(policy.sessionControls) ? settledSession(policy.sessionControls) : null,
  };
}

/** A strength is kept as `{id}` alone, whether it was sent expanded, as an id or by `@odata.bind`; reads expand it again. */
function settledGrant(grant: GraphRecord): GraphRecord | null {
  const { 'authenticationStrength@odata.bind': bind, authenticationStrength: strength, ...controls } = grant;
  const bound = typeof bind === 'string' ? /([0-9a-f-]{36})'?\)?$/i.exec(bind)?.[1] : undefined;
  const id = bound ?? (isRecord(strength) && typeof strength.id === 'string' ? strength.id : undefined);
  const all = completed('conditionalAccessGrantControls', controls);
  const whole: GraphRecord = { ...all, authenticationStrength: id === undefined ? null : { id } };
  return isEmpty({ ...whole, operator: null }) ? null : whole;
}

/** A control that is switched off, and `false` where only `true` says something, are the same as none. */
function settledSession(session: GraphRecord): GraphRecord | null {
  const controls: GraphRecord = completed('conditionalAccessSessionControls', session);
  for (const [name, control] of Object.entries(controls)) {
    if (control === false || (isRecord(control) && control.isEnabled === false)) controls[name] = null;
  }
  const frequency = controls.signInFrequency;
  if (isRecord(frequency)) {
    controls.signInFrequency = {
      ...frequency,
      authenticationType: frequency.authenticationType ?? 'primaryAndSecondaryAuthentication',
      frequencyInterval: frequency.frequencyInterval ?? 'timeBased',
    };
  }
  return isEmpty(controls) ? null : controls;
}

/**
 * The body as Conditional Access means it: names of properties in any case, and an empty collection where an object
 * belongs as null (both stand in policies that people have posted for years).
 */
export function asMeant(typeName: string, body: GraphRecord): GraphRecord {
  const properties = propertiesOf(typeName);
  const names = new Map([...properties.keys()].map((name) => [name.toLowerCase(), name]));
  const meant: GraphRecord = {};
  for (const [sent, value] of Object.entries(body)) {
    const name = names.get(sent.toLowerCase()) ?? sent;
    const info = properties.get(name);
    if (info?.kind !== 'complex' || info.collection) meant[name] = value;
    else if (isRecord(value)) meant[name] = asMeant(info.type, value);
    else meant[name] = Array.isArray(value) && value.length === 0 ? null : value;
  }
  return meant;
}

/** Every member that the metadata knows, the given ones in canonical form, annotations but the type of a derived one left out. */
function completed(typeName: string, value: GraphRecord): GraphRecord {
  const annotated = value['@odata.type'];
  const derived = typeof annotated === 'string' && typeOf(annotated) ? annotated : undefined;
  const whole: GraphRecord = derived ? { '@odata.type': derived } : {};
  const owner = derived ?? typeName;
  for (const [name, info] of propertiesOf(owner)) {
    if (info.kind === 'entity') continue;
    const given = value[name];
    if (given === undefined || given === null) whole[name] = info.collection ? [] : null;
    else
      whole[name] = Array.isArray(given)
        ? given.map((item) => settledValue(owner, name, item))
        : settledValue(owner, name, given);
    if (alwaysPresent.has(info.type)) whole[name] = completed(info.type, isRecord(given) ? given : {});
  }
  return whole;
}

function settledValue(owner: string, name: string, value: Json): Json {
  const info = property(owner, name);
  if (info?.kind === 'enum' && typeof value === 'string') return settledMember(value, info.members ?? [], info.flags);
  if (info?.kind !== 'complex' || !isRecord(value)) return value;
  const whole = completed(info.type, value);
  return isEmpty(whole) ? null : whole;
}

/** `All` → `all`; flags without blanks in the published order; no flag at all is null. */
function settledMember(value: string, members: readonly string[], flags: boolean): Json {
  const spelled = (part: string) =>
    members.find((member) => member.toLowerCase() === part.trim().toLowerCase()) ?? part;
  if (!flags) return spelled(value);
  const parts = value.split(',').map(spelled);
  const set = members.filter((member) => parts.includes(member) && member !== 'none');
  return set.length === 0 ? null : set.join(',');
}

/** True where nothing is said: null, an empty collection, or an object of such; the name of a derived type does say something. */
function isEmpty(value: Json): boolean {
  if (value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object') return false;
  return Object.entries(value).every(([name, item]) => (name === '@odata.type' ? false : isEmpty(item)));
}
