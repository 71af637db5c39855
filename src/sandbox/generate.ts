// Sizes in, a tenant of that many objects out, each computed from its number when it is asked for.
import { guidOf } from './random.ts';
import type { LinkSource } from './relations.ts';
import { joinedId } from './rules/directory/identifiers.ts';
import type { Seed } from './seed.ts';
import type { Source } from './table.ts';
import type { GraphObject } from './types.ts';

export interface Sizes {
  readonly users?: number;
  readonly groups?: number;
  /** Members of each group. Default 10. */
  readonly membersPerGroup?: number;
  readonly applications?: number;
  /** One delegated grant each, from one application's service principal to the first. */
  readonly grants?: number;
  /** One assignment of a user to the only role of an application each. */
  readonly assignments?: number;
}

/** Any odd number gives each index a hash of its own, and back. */
const factor = 0x9e3779b1;
const inverse = modularInverse(factor);

function modularInverse(odd: number): number {
  let found = odd;
  for (let step = 0; step < 5; step++) found = Math.imul(found, 2 - Math.imul(odd, found));
  return found >>> 0;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hexOf = (word: number) =>
  (hexOfByte[word >>> 24] as string) +
  hexOfByte[(word >>> 16) & 0xff] +
  hexOfByte[(word >>> 8) & 0xff] +
  hexOfByte[word & 0xff];

/** GUIDs that tell their number: the first eight digits are the index, mixed; the rest says the type. */
function ids(type: string): { of(index: number): string; index(id: string): number | undefined } {
  const tail = guidOf(`generated ${type}`).slice(8);
  return {
    of: (index) => hexOf(Math.imul(index, factor)) + tail,
    index: (id) =>
      id.endsWith(tail) && id.length === 36 ? Math.imul(Number.parseInt(id.slice(0, 8), 16), inverse) >>> 0 : undefined,
  };
}

const [users, groups, applications, principals, appIds] = [
  'users',
  'groups',
  'applications',
  'servicePrincipals',
  'appIds',
].map(ids) as [Ids, Ids, Ids, Ids, Ids];
type Ids = ReturnType<typeof ids>;

const departments = ['Sales', 'Finance', 'Engineering', 'Support', 'Legal', 'Marketing'];
const cities = ['Berlin', 'Hamburg', 'Vienna', 'Zurich', 'Prague'];
const pick = <Item>(items: readonly Item[], index: number): Item => items[index % items.length] as Item;

function source(
  type: string,
  count: number,
  key: Ids,
  at: (index: number) => GraphObject,
  find?: Source['find'],
): Source {
  return {
    type,
    count,
    at,
    idAt: (index) => key.of(index),
    indexOf: (id) => {
      const index = key.index(id);
      return index !== undefined && index < count ? index : undefined;
    },
    find: find ?? (() => []),
  };
}

const isGuest = (index: number) => index % 10 === 9;

function user(index: number): GraphObject {
  const name = `person${index}`;
  return {
    id: users.of(index),
    accountEnabled: index % 50 !== 7,
    businessPhones: [`+49 30 ${1_000_000 + index}`],
    city: pick(cities, index),
    companyName: 'Contoso',
    country: 'DE',
    createdDateTime: '2022-05-01T08:00:00Z',
    department: pick(departments, index),
    displayName: `Person ${index}`,
    employeeId: String(100_000 + index),
    givenName: 'Person',
    identities: [{ signInType: 'userPrincipalName', issuer: 'contoso.com', issuerAssignedId: `${name}@contoso.com` }],
    jobTitle: pick(['Clerk', 'Engineer', 'Lead', 'Analyst'], index),
    mail: `${name}@contoso.com`,
    mailNickname: name,
    otherMails: [],
    preferredLanguage: 'de-DE',
    proxyAddresses: [`SMTP:${name}@contoso.com`],
    surname: String(index),
    usageLocation: 'DE',
    userPrincipalName: `${name}@contoso.com`,
    ...(isGuest(index)
      ? { creationType: 'Invitation', externalUserState: 'Accepted', userType: 'Guest' }
      : { userType: 'Member' }),
  };
}

function group(index: number): GraphObject {
  return {
    id: groups.of(index),
    createdDateTime: '2022-05-01T08:00:00Z',
    description: `Generated group ${index}`,
    displayName: `Group ${index}`,
    groupTypes: [],
    mailEnabled: false,
    mailNickname: `group${index}`,
    securityEnabled: true,
  };
}

const role = {
  allowedMemberTypes: ['User'],
  description: 'Reader',
  displayName: 'Reader',
  id: guidOf('generated role'),
  isEnabled: true,
  value: 'Reader',
};

function application(index: number): GraphObject {
  return {
    id: applications.of(index),
    appId: appIds.of(index),
    createdDateTime: '2022-05-01T08:00:00Z',
    displayName: `Application ${index}`,
    signInAudience: 'AzureADMyOrg',
    appRoles: [role],
    api: {
      acceptMappedClaims: null,
      knownClientApplications: [],
      requestedAccessTokenVersion: 2,
      oauth2PermissionScopes: [],
      preAuthorizedApplications: [],
    },
    identifierUris: [],
    publicClient: { redirectUris: [] },
    spa: { redirectUris: [] },
    web: {
      homePageUrl: null,
      logoutUrl: null,
      redirectUris: [`https://app${index}.contoso.com/signin`],
      redirectUriSettings: [],
      implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
    },
    info: { logoUrl: null, marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null },
  };
}

function principal(index: number, tenantId: string): GraphObject {
  return {
    id: principals.of(index),
    accountEnabled: true,
    appId: appIds.of(index),
    appOwnerOrganizationId: tenantId,
    appRoleAssignmentRequired: false,
    displayName: `Application ${index}`,
    servicePrincipalType: 'Application',
  };
}

/** Numbers `from`, `from + step`, … below a bound: which of a generated collection point at one object. */
function everyNth(from: number, step: number, count: number): number[] {
  const found: number[] = [];
  for (let index = from; index < count && step > 0; index += step) found.push(index);
  return found;
}

/** A deterministic tenant; nothing of it is held in memory, whatever its size. */
export function generate(sizes: Sizes, tenantId: string): Seed {
  const count = { users: 0, groups: 0, membersPerGroup: 10, applications: 0, grants: 0, assignments: 0, ...sizes };
  const byAppId = (property: string, value: string): number[] | undefined => {
    if (property !== 'appId') return undefined;
    const index = appIds.index(value.toLowerCase());
    return index !== undefined && index < count.applications ? [index] : [];
  };
  const sources: Source[] = [
    source('user', count.users, users, user, (property, value) => {
      if (property !== 'userPrincipalName') return undefined;
      const index = Number(/^person(\d+)@contoso\.com$/i.exec(value)?.[1] ?? Number.NaN);
      return index < count.users ? [index] : [];
    }),
    source('group', count.groups, groups, group),
    source('application', count.applications, applications, application, byAppId),
    source('servicePrincipal', count.applications, principals, (index) => principal(index, tenantId), byAppId),
    grantSource(count),
    assignmentSource(count),
  ];
  return { objects: [], sources: sources.filter((each) => each.count > 0), linkSources: links(count), tenantId };
}

type Counts = Required<Sizes>;

/** Two GUIDs in base64url. */
const grantIdLength = 43;

/** Grant `index`: from application `index mod n` to the service principal `index div n`, for all users. */
function grantSource(count: Counts): Source {
  const of = (index: number): [string, string] => [
    principals.of(index % count.applications),
    principals.of(Math.floor(index / count.applications) % count.applications),
  ];
  const at = (index: number): GraphObject => {
    const [clientId, resourceId] = of(index);
    return {
      id: joinedId(clientId, resourceId),
      clientId,
      resourceId,
      principalId: null,
      consentType: 'AllPrincipals',
      scope: 'User.Read openid',
    };
  };
  const guid = (bytes: Buffer): string => {
    const own = Buffer.from(bytes);
    own.subarray(0, 4).reverse();
    return own.subarray(0, 4).toString('hex');
  };
  const number = (hex: string) => Math.imul(Number.parseInt(hex, 16), inverse) >>> 0;
  return {
    type: 'oAuth2PermissionGrant',
    count: count.applications > 0 ? count.grants : 0,
    at,
    idAt: (index) => at(index).id,
    indexOf: (id) => {
      if (id.length !== grantIdLength) return undefined;
      const bytes = Buffer.from(id, 'base64url');
      const [client, resource] = [number(guid(bytes.subarray(0, 16))), number(guid(bytes.subarray(16)))];
      const index = client + resource * count.applications;
      return index < count.grants && at(index).id === id ? index : undefined;
    },
    find: (property, value) => {
      const index = principals.index(value.toLowerCase());
      if (property === 'principalId' || index === undefined) return [];
      if (property === 'clientId') return everyNth(index, count.applications, count.grants);
      if (property !== 'resourceId') return undefined;
      const first = index * count.applications;
      return everyNth(first, 1, Math.min(count.grants, first + count.applications));
    },
  };
}

/** Assignment `index`: user `index mod u` on application `index mod n`. */
function assignmentSource(count: Counts): Source {
  const key = ids('assignments');
  const at = (index: number): GraphObject => ({
    id: key.of(index),
    appRoleId: role.id,
    createdDateTime: '2022-05-01T08:00:00Z',
    principalId: users.of(index % count.users),
    principalType: 'User',
    resourceId: principals.of(index % count.applications),
  });
  const find = (property: string, value: string): number[] | undefined => {
    const [list, size] = property === 'principalId' ? [users, count.users] : [principals, count.applications];
    if (property !== 'principalId' && property !== 'resourceId') return undefined;
    const index = list.index(value.toLowerCase());
    return index === undefined || index >= size ? [] : everyNth(index, size, count.assignments);
  };
  const served = count.users > 0 && count.applications > 0 ? count.assignments : 0;
  return source('appRoleAssignment', served, key, at, find);
}

/** Group `g` has the users `g·m … g·m + m − 1`, round the end; the first of them owns it. User `u`'s manager is user `u div 10`, who also sponsors guests. */
function links(count: Counts): LinkSource[] {
  const { users: total, groups: groupCount, membersPerGroup } = count;
  if (total === 0) return [];
  const size = Math.min(membersPerGroup, total);
  const groupIndex = (id: string) => within(groups.index(id), groupCount);
  const userIndex = (id: string) => within(users.index(id), total);
  const members = (index: number) => Array.from({ length: size }, (_, at) => users.of((index * size + at) % total));
  const holding = (user: number): string[] => {
    const found: string[] = [];
    // Group g begins at g·m mod u: those that begin at most m − 1 before the user hold it.
    for (let g = 0; g < groupCount; g++)
      if ((user - ((g * size) % total) + total) % total < size) found.push(groups.of(g));
    return found;
  };
  const reports = (index: number) =>
    everyNth(Math.max(1, index * 10), 1, Math.min(total, index * 10 + 10)).map(users.of);
  const known = <Value>(index: number | undefined, make: (index: number) => Value): Value | undefined =>
    index === undefined ? undefined : make(index);
  return [
    {
      relation: 'members',
      targets: (id) => known(groupIndex(id), members),
      owners: (id) => known(userIndex(id), holding) ?? [],
    },
    {
      relation: 'owners',
      targets: (id) => known(groupIndex(id), (index) => members(index).slice(0, 1)),
      owners: () => [],
    },
    {
      relation: 'manager',
      targets: (id) => known(userIndex(id), (index) => (index === 0 ? [] : [users.of(Math.floor(index / 10))])),
      owners: (id) => known(userIndex(id), reports) ?? [],
    },
    {
      relation: 'sponsors',
      targets: (id) => known(userIndex(id), (index) => (isGuest(index) ? [users.of(Math.floor(index / 10))] : [])),
      owners: (id) =>
        known(userIndex(id), (index) => reports(index).filter((report) => isGuest(users.index(report)!))) ?? [],
    },
  ];
}

function within(index: number | undefined, count: number): number | undefined {
  return index !== undefined && index < count ? index : undefined;
}
