// Takes a running sandbox that was seeded with company-seeded.ts, gives it the invented company Heron Robotics, through plain Graph calls.
import { apps, graphAppRoles } from './company-apps.ts';
import {
  domain,
  emergencyAccounts,
  guests,
  initialDomain,
  licences,
  offices,
  people,
  placeOf,
  syncedPeople,
  syncedTeams,
  teams,
} from './company-people.ts';
import { contexts, locations, methods, policies, strengths } from './company-policies.ts';
import { graphServiceId } from './company-seeded.ts';
import { caller, type Graph } from './graph.ts';

type Body = Record<string, unknown>;

export interface Running {
  /** `http://127.0.0.1:port`: what stands before `/v1.0`. */
  readonly graphUrl: string;
  readonly token: string;
}

/** The calls of one build, and the ids that they gave to the nicknames of the data. */
class Builder {
  readonly ids = new Map<string, string>();
  private readonly graph: Graph;
  private readonly root: string;

  constructor({ graphUrl, token }: Running) {
    this.graph = caller(graphUrl, token);
    this.root = `${graphUrl.replace(/\/$/, '')}/v1.0`;
  }

  id(nick: string): string {
    const id = this.ids.get(nick);
    if (id === undefined) throw new Error(`The company has nobody and nothing called '${nick}'.`);
    return id;
  }

  /** One call, repeated while it is throttled; an answer that is no success is an error with all that was said. */
  async call(method: string, path: string, body?: Body): Promise<Body> {
    for (;;) {
      const answer = await this.graph(method, path, body);
      if (answer.status < 400) return answer.body;
      if (answer.status !== 429) {
        throw new Error(`${method} ${path} → ${answer.status} ${JSON.stringify(answer.body)}\n${JSON.stringify(body)}`);
      }
      const seconds = Number(answer.headers.get('retry-after') ?? 1);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }

  async create(nick: string, path: string, body: Body): Promise<Body> {
    const made = await this.call('POST', path, body);
    this.ids.set(nick, String(made.id));
    return made;
  }

  /** Who makes a group or an application becomes its owner (reference 3.2, 3.3); here only people own things. */
  async disown(path: string): Promise<void> {
    const owners = (await this.call('GET', `${path}/owners`)).value as { '@odata.type': string; id: string }[];
    for (const owner of owners.filter((each) => each['@odata.type'] === '#microsoft.graph.servicePrincipal')) {
      await this.call('DELETE', `${path}/owners/${owner.id}/$ref`);
    }
  }

  link(id: string): Body {
    return { '@odata.id': `${this.root}/directoryObjects/${id}` };
  }
}

/** Builds the company; the ids that it got, by nickname, are the answer. */
export async function buildCompany(running: Running): Promise<ReadonlyMap<string, string>> {
  const builder = new Builder(running);
  for (const [id, nick] of syncedPeople) builder.ids.set(nick, id);
  for (const [id, name] of syncedTeams) builder.ids.set(name.toLowerCase(), id);
  for (const [id, mail] of guests) builder.ids.set(mail, id);
  await buildPeople(builder);
  await buildTeams(builder);
  await buildApps(builder);
  await buildTenantPolicies(builder);
  await buildConditionalAccess(builder);
  return builder.ids;
}

async function buildPeople(builder: Builder): Promise<void> {
  const passwordProfile = { password: 'Only-at-creation-7f3Q', forceChangePasswordNextSignIn: true };
  for (const [index, person] of people.entries()) {
    const { nick, given, surname, title, department, office, left } = person;
    const eastern = /[\u1100-\u11ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]/.test(surname);
    await builder.create(nick, '/users', {
      accountEnabled: !left,
      displayName: eastern ? `${surname} ${given}` : `${given} ${surname}`,
      givenName: given,
      surname,
      jobTitle: title,
      department,
      companyName: 'Heron Robotics',
      employeeId: String(1000 + index),
      employeeType: /intern/i.test(title) ? 'Intern' : 'Employee',
      businessPhones: [`${offices[office].phone}${10 + index}`],
      mail: `${nick}@${domain}`,
      mailNickname: nick,
      preferredLanguage: { GOT: 'sv-SE', KRK: 'pl-PL', NGO: 'ja-JP', AUS: 'en-US' }[office],
      userPrincipalName: `${nick}@${domain}`,
      passwordProfile,
      ...placeOf(office),
    });
  }
  for (const [nick, licence] of licences)
    await builder.call('POST', `/users/${builder.id(nick)}/assignLicense`, {
      addLicenses: [licence],
      removeLicenses: [],
    });
  for (const { nick, displayName } of emergencyAccounts) {
    await builder.create(nick, '/users', {
      accountEnabled: true,
      displayName,
      mailNickname: nick,
      userPrincipalName: `${nick}@${initialDomain}`,
      passwordPolicies: 'DisablePasswordExpiration',
      passwordProfile,
    });
  }
  for (const { nick, manager } of people) {
    if (manager)
      await builder.call('PUT', `/users/${builder.id(nick)}/manager/$ref`, builder.link(builder.id(manager)));
  }
  for (const [id, , , , , sponsor] of guests) {
    await builder.call('POST', `/users/${id}/sponsors/$ref`, builder.link(builder.id(sponsor)));
  }
}

async function buildTeams(builder: Builder): Promise<void> {
  for (const { nick, displayName, description, sort, rule, owners = [] } of teams) {
    const dynamic = sort === 'dynamic';
    const mail = sort === 'microsoft365';
    await builder.create(nick, '/groups', {
      displayName,
      description,
      mailNickname: nick,
      mailEnabled: mail,
      securityEnabled: !mail,
      groupTypes: mail ? ['Unified'] : dynamic ? ['DynamicMembership'] : [],
      ...(mail ? { visibility: 'Private' } : {}),
      ...(sort === 'role' ? { isAssignableToRole: true } : {}),
      ...(dynamic ? { membershipRule: rule, membershipRuleProcessingState: 'On' } : {}),
      ...(owners.length > 0
        ? { 'owners@odata.bind': owners.map((owner) => builder.link(builder.id(owner))['@odata.id']) }
        : {}),
    });
  }
  for (const { nick, members = [] } of teams) {
    await builder.disown(`/groups/${builder.id(nick)}`);
    for (const member of members) {
      const id = builder.id(member.replace(/^#/, ''));
      await builder.call('POST', `/groups/${builder.id(nick)}/members/$ref`, builder.link(id));
    }
  }
}

async function buildApps(builder: Builder): Promise<void> {
  builder.ids.set('graph', graphServiceId);
  for (const { nick, body, identifierUri, owners, service, federated = [], passwords = [] } of apps) {
    const made = await builder.create(nick, '/applications', body);
    const { id } = made;
    const appId = String(made.appId);
    builder.ids.set(`+${nick}`, appId);
    if (identifierUri) {
      await builder.call('PATCH', `/applications/${id}`, { identifierUris: [identifierUri.replace('{appId}', appId)] });
    }
    await builder.create(`~${nick}`, '/servicePrincipals', { appId });
    if (service) await builder.call('PATCH', `/servicePrincipals/${builder.id(`~${nick}`)}`, service);
    for (const owner of owners) {
      await builder.call('POST', `/applications/${id}/owners/$ref`, builder.link(builder.id(owner)));
    }
    await builder.disown(`/applications/${id}`);
    await builder.disown(`/servicePrincipals/${builder.id(`~${nick}`)}`);
    const [first] = owners;
    if (first)
      await builder.call(
        'POST',
        `/servicePrincipals/${builder.id(`~${nick}`)}/owners/$ref`,
        builder.link(builder.id(first)),
      );
    for (const credential of federated)
      await builder.call('POST', `/applications/${id}/federatedIdentityCredentials`, credential);
    for (const passwordCredential of passwords)
      await builder.call('POST', `/applications/${id}/addPassword`, { passwordCredential });
  }
  for (const app of apps) await grant(builder, app);
}

async function grant(
  builder: Builder,
  { nick, granted = [], scopes = [], assigned = [] }: (typeof apps)[number],
): Promise<void> {
  const principalId = builder.id(`~${nick}`);
  for (const permission of granted) {
    const [resource, value] = permission.includes('/')
      ? (permission.split('/') as [string, string])
      : ['graph', permission];
    const resourceId = builder.id(resource === 'graph' ? 'graph' : `~${resource}`);
    const appRoleId =
      resource === 'graph' ? graphAppRoles.find(([, name]) => name === value)?.[0] : roleId(resource, value);
    await builder.call('POST', `/servicePrincipals/${resourceId}/appRoleAssignedTo`, {
      principalId,
      resourceId,
      appRoleId,
    });
  }
  for (const [resource, scope] of scopes) {
    const resourceId = builder.id(resource === 'graph' ? 'graph' : `~${resource}`);
    await builder.call('POST', '/oauth2PermissionGrants', {
      clientId: principalId,
      consentType: 'AllPrincipals',
      resourceId,
      scope,
    });
  }
  for (const entry of assigned) {
    const [who = '', value = ''] = entry.split('|');
    await builder.call('POST', `/servicePrincipals/${principalId}/appRoleAssignedTo`, {
      principalId: builder.id(who),
      resourceId: principalId,
      appRoleId: value === '' ? '00000000-0000-0000-0000-000000000000' : roleId(nick, value),
    });
  }
}

function roleId(nick: string, value: string): string {
  const roles = apps.find((app) => app.nick === nick)?.body.appRoles as { id: string; value: string }[] | undefined;
  const found = roles?.find((role) => role.value === value);
  if (!found) throw new Error(`The app '${nick}' has no role '${value}'.`);
  return found.id;
}

/** Nicknames with their mark in any string of a body, replaced by the ids they got. */
function resolved(builder: Builder, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(builder, item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, name.startsWith('@') ? item : resolved(builder, item)]),
    );
  }
  if (typeof value !== 'string' || !/^[#@=+~][a-z0-9-]+$/.test(value)) return value;
  return builder.id(value.startsWith('#') ? value.slice(1) : value);
}

async function buildTenantPolicies(builder: Builder): Promise<void> {
  const [organization] = (await builder.call('GET', '/organization')).value as { id: string }[];
  await builder.call('PATCH', `/organization/${organization?.id}`, {
    technicalNotificationMails: [`identity@${domain}`],
    securityComplianceNotificationMails: [`security@${domain}`],
    securityComplianceNotificationPhones: ['+46 31 700 1000'],
    privacyProfile: { contactEmail: `privacy@${domain}`, statementUrl: `https://${domain}/privacy` },
  });
  await builder.call('PATCH', '/policies/authorizationPolicy', {
    allowInvitesFrom: 'adminsAndGuestInviters',
    allowedToSignUpEmailBasedSubscriptions: false,
    guestUserRoleId: '2af84b1e-32c8-42b7-82bc-daa82404023b',
    defaultUserRolePermissions: {
      allowedToCreateApps: false,
      allowedToCreateTenants: false,
      permissionGrantPoliciesAssigned: ['ManagePermissionGrantsForSelf.microsoft-user-default-low'],
    },
  });
  await builder.call('PATCH', '/policies/authenticationMethodsPolicy', {
    registrationEnforcement: {
      authenticationMethodsRegistrationCampaign: {
        snoozeDurationInDays: 3,
        state: 'enabled',
        excludeTargets: [{ id: builder.id('ca-emergency-access'), targetType: 'group' }],
        includeTargets: [
          { id: 'all_users', targetType: 'group', targetedAuthenticationMethod: 'microsoftAuthenticator' },
        ],
      },
    },
  });
  const root = '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations';
  for (const [id, body] of Object.entries(methods))
    await builder.call('PATCH', `${root}/${id}`, resolved(builder, body) as Body);
}

async function buildConditionalAccess(builder: Builder): Promise<void> {
  const root = '/identity/conditionalAccess';
  for (const [nick, body] of Object.entries(locations))
    await builder.create(`@${nick}`, `${root}/namedLocations`, body);
  for (const [nick, { body, configuration }] of Object.entries(strengths)) {
    const { id } = await builder.create(`=${nick}`, '/policies/authenticationStrengthPolicies', body);
    await builder.call(
      'POST',
      `/policies/authenticationStrengthPolicies/${id}/combinationConfigurations`,
      configuration,
    );
  }
  for (const [id, body] of Object.entries(contexts)) {
    await builder.call('PATCH', `${root}/authenticationContextClassReferences/${id}`, body);
  }
  for (const body of policies)
    await builder.create(String(body.displayName), `${root}/policies`, resolved(builder, body) as Body);
}
