// Takes a Conditional Access policy in its settled shape, throws the refusal of the first member that does not go with the others (reference 3.7).
import type { GraphRecord, Json } from '../../types.ts';
import { isRecord, recordAt, stringsOf } from './conditional-access-shape.ts';
import { controlRefusal, refusal, schemaRefusal } from './refusals.ts';

const userActions = new Set(['urn:user:registersecurityinfo', 'urn:user:registerdevice']);

/** Members that may stay where they are but cannot be set anew (reference 3.7 Enums). */
const deprecated: Readonly<Record<string, readonly string[]>> = {
  clientAppTypes: ['easSupported'],
  signInRiskLevels: ['hidden'],
  userRiskLevels: ['hidden'],
  servicePrincipalRiskLevels: ['hidden'],
};

/** Refuses a creation that lacks a required member (reference 3.7 Create); looks at the body as it was sent. */
export function checkRequired(body: GraphRecord): void {
  const conditions = recordAt(body, 'conditions');
  const required: [string, boolean][] = [
    ['displayName', typeof body.displayName === 'string' && body.displayName !== ''],
    ['state', typeof body.state === 'string'],
    ['conditions', isRecord(body.conditions)],
    ['conditions.applications', isRecord(conditions.applications)],
    ['conditions.users', isRecord(conditions.users) || isRecord(conditions.clientApplications)],
    ['conditions.clientAppTypes', stringsOf(conditions, 'clientAppTypes').length > 0],
  ];
  const missing = required.find(([, there]) => !there);
  if (missing) throw schemaRefusal(missing[0]);
}

/** Refuses what does not go together in a settled policy; `before` is the policy as it was, which may keep deprecated values. */
export function checkConsistency(policy: GraphRecord, before: GraphRecord | undefined): void {
  checkDeprecated(policy, before);
  checkApplications(policy);
  checkUsers(policy);
  checkConditions(policy);
  checkGrant(policy);
  checkSession(policy);
  if (policy.grantControls === null && policy.sessionControls === null) {
    throw refusal(1008, "A policy must have at least one of 'grantControls' and 'sessionControls'.", 'grantControls');
  }
}

function checkDeprecated(policy: GraphRecord, before: GraphRecord | undefined): void {
  const conditions = recordAt(policy, 'conditions');
  const earlier = recordAt(before ?? {}, 'conditions');
  for (const [name, values] of Object.entries(deprecated)) {
    const fresh = stringsOf(conditions, name).find(
      (value) => values.includes(value) && !stringsOf(earlier, name).includes(value),
    );
    if (fresh) throw refusal(1015, `'${fresh}' is deprecated and cannot be set in '${name}'.`, `conditions.${name}`);
  }
}

/** A value such as `All` or `None` stands for the whole list, so nothing may stand beside it. */
function checkAlone(record: GraphRecord, name: string, words: readonly string[], path: string): void {
  const values = stringsOf(record, name);
  const word = values.find((value) => words.includes(value));
  if (word && values.length > 1) {
    throw refusal(1014, `'${name}' cannot contain other values beside '${word}'.`, `${path}.${name}`);
  }
}

function checkApplications(policy: GraphRecord): void {
  const path = 'conditions.applications';
  const applications = recordAt(policy, path);
  const named = stringsOf(applications, 'includeApplications').length > 0 || applications.applicationFilter !== null;
  const traffic = isRecord(applications.globalSecureAccess) || isRecord(applications.networkAccess);
  const actions = stringsOf(applications, 'includeUserActions');
  const contexts = stringsOf(applications, 'includeAuthenticationContextClassReferences');
  const targets = [named || traffic, actions.length > 0, contexts.length > 0].filter(Boolean).length;
  if (targets > 1) {
    throw refusal(
      1012,
      "'applications' condition cannot include both 'includeApplications' and 'includeUserActions'/'includeAuthenticationContextClassReferences'. Please remove one of the conditions.",
      path,
    );
  }
  if (targets === 0) {
    throw refusal(
      1010,
      "'applications' condition must say which applications, user actions or authentication contexts it includes.",
      path,
    );
  }
  checkAlone(applications, 'includeApplications', ['All', 'None'], path);
  const unknown = actions.find((action) => !userActions.has(action));
  if (unknown) throw refusal(1013, `'${unknown}' is not a user action.`, `${path}.includeUserActions`);
  checkFilter(applications, 'applicationFilter', path);
}

function checkUsers(policy: GraphRecord): void {
  const path = 'conditions.users';
  const users = recordAt(policy, path);
  const clients = recordAt(policy, 'conditions.clientApplications');
  const people = ['includeUsers', 'includeGroups', 'includeRoles'].some((name) => stringsOf(users, name).length > 0);
  const workloads =
    stringsOf(clients, 'includeServicePrincipals').length > 0 ||
    stringsOf(clients, 'includeAgentIdServicePrincipals').length > 0 ||
    isRecord(clients.servicePrincipalFilter) ||
    isRecord(clients.agentIdServicePrincipalFilter);
  if (!people && !workloads && !isRecord(users.includeGuestsOrExternalUsers)) {
    throw refusal(
      1017,
      "'users' condition must include users, groups, roles or guests, or 'clientApplications' must include service principals.",
      path,
    );
  }
  checkAlone(users, 'includeUsers', ['All', 'None'], path);
  checkFilter(clients, 'servicePrincipalFilter', 'conditions.clientApplications');
  if (stringsOf(recordAt(policy, 'conditions'), 'servicePrincipalRiskLevels').length > 0 && !workloads) {
    throw refusal(
      1018,
      "'servicePrincipalRiskLevels' needs 'clientApplications' that include service principals.",
      'conditions.servicePrincipalRiskLevels',
    );
  }
  for (const name of ['includeGuestsOrExternalUsers', 'excludeGuestsOrExternalUsers'])
    checkGuests(users[name], `${path}.${name}`);
}

function checkGuests(guests: Json | undefined, path: string): void {
  if (!isRecord(guests)) return;
  const { guestOrExternalUserTypes, externalTenants } = guests;
  if (guestOrExternalUserTypes === null) {
    throw refusal(1019, "'externalTenants' can be specified only together with 'guestOrExternalUserTypes'.", path);
  }
  if (!isRecord(externalTenants)) return;
  const type = externalTenants['@odata.type'];
  const members = stringsOf(externalTenants, 'members');
  if (type === '#microsoft.graph.conditionalAccessEnumeratedExternalTenants') {
    if (members.length === 0)
      throw refusal(1021, "'externalTenants' of the enumerated kind must name 'members'.", path);
  } else if (type !== '#microsoft.graph.conditionalAccessAllExternalTenants') {
    throw refusal(
      1020,
      "'externalTenants' must say its '@odata.type': conditionalAccessAllExternalTenants or conditionalAccessEnumeratedExternalTenants.",
      path,
    );
  }
}

function checkFilter(owner: GraphRecord, name: string, path: string): void {
  const filter = owner[name];
  if (isRecord(filter) && (!filter.mode || !filter.rule)) {
    throw refusal(1022, `'${name}' must have both 'mode' and 'rule'.`, `${path}.${name}`);
  }
}

function checkConditions(policy: GraphRecord): void {
  const conditions = recordAt(policy, 'conditions');
  if (stringsOf(conditions, 'clientAppTypes').length === 0) throw schemaRefusal('conditions.clientAppTypes');
  checkAlone(conditions, 'clientAppTypes', ['all'], 'conditions');
  const platforms = recordAt(conditions, 'platforms');
  checkAlone(platforms, 'includePlatforms', ['all'], 'conditions.platforms');
  const excluded = stringsOf(platforms, 'excludePlatforms');
  if (excluded.length > 0 && !stringsOf(platforms, 'includePlatforms').includes('all')) {
    throw refusal(
      1023,
      "'excludePlatforms' can be specified only when 'includePlatforms' is 'all'.",
      'conditions.platforms.excludePlatforms',
    );
  }
  const locations = recordAt(conditions, 'locations');
  checkAlone(locations, 'includeLocations', ['All'], 'conditions.locations');
  if (isRecord(conditions.locations) && stringsOf(locations, 'includeLocations').length === 0) {
    throw refusal(1024, "'locations' condition must have 'includeLocations'.", 'conditions.locations.includeLocations');
  }
  checkFilter(recordAt(conditions, 'devices'), 'deviceFilter', 'conditions.devices');
}

function checkGrant(policy: GraphRecord): void {
  const grant = policy.grantControls;
  if (!isRecord(grant)) return;
  const controls = stringsOf(grant, 'builtInControls');
  const strength = isRecord(grant.authenticationStrength);
  if (grant.operator !== 'AND' && grant.operator !== 'OR') {
    throw refusal(
      1025,
      "'operator' is required with 'grantControls' and must be 'AND' or 'OR'.",
      'grantControls.operator',
    );
  }
  const others =
    controls.length +
    stringsOf(grant, 'termsOfUse').length +
    stringsOf(grant, 'customAuthenticationFactors').length +
    (strength ? 1 : 0);
  if (controls.includes('block') && others > 1) {
    throw controlRefusal('InvalidBlockControl', 'grantControls.builtInControls');
  }
  if (strength && controls.includes('mfa'))
    throw controlRefusal('InvalidAuthenticationStrengthControl', 'grantControls.authenticationStrength');
  if (!controls.includes('passwordChange')) return;
  const conditions = recordAt(policy, 'conditions');
  const fits =
    grant.operator === 'AND' &&
    (controls.includes('mfa') || strength) &&
    stringsOf(conditions, 'userRiskLevels').length > 0 &&
    stringsOf(conditions, 'clientAppTypes').join() === 'all' &&
    stringsOf(recordAt(conditions, 'applications'), 'includeApplications').join() === 'All';
  if (!fits) throw controlRefusal('InvalidPasswordResetControl', 'grantControls.builtInControls');
}

function checkSession(policy: GraphRecord): void {
  const session = recordAt(policy, 'sessionControls');
  const refuse = (name: string, words: string) => refusal(1085, `'${name}' ${words}`, `sessionControls.${name}`);
  const frequency = session.signInFrequency;
  if (isRecord(frequency)) {
    const { frequencyInterval, type, value } = frequency;
    if (frequencyInterval === 'everyTime' && (type !== null || value !== null)) {
      throw refuse('signInFrequency', "with the interval 'everyTime' cannot have 'type' or 'value'.");
    }
    if (frequencyInterval === 'timeBased' && (type === null || typeof value !== 'number')) {
      throw refuse('signInFrequency', "with the interval 'timeBased' must have 'type' and 'value'.");
    }
    const most = type === 'hours' ? 23 : 365;
    if (typeof value === 'number' && (value < 1 || value > most))
      throw refuse('signInFrequency', `must have a value from 1 to ${most}.`);
  }
  const modes: [string, string][] = [
    ['persistentBrowser', 'mode'],
    ['cloudAppSecurity', 'cloudAppSecurityType'],
  ];
  for (const [name, member] of modes) {
    const control = session[name];
    if (isRecord(control) && control[member] === null) throw refuse(name, `must have '${member}'.`);
  }
  const everywhere = stringsOf(recordAt(policy, 'conditions.applications'), 'includeApplications').join() === 'All';
  if (isRecord(session.persistentBrowser) && !everywhere)
    throw refuse('persistentBrowser', "needs the application condition 'All'.");
}
