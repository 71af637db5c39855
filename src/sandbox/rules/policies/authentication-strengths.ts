// The rules of authenticationStrengthPolicy: the three built-in ones, the combinations there are, and the configurations of single combinations (reference 3.9).
import type { ChildRule, Context, EntityType, GraphObject, GraphRecord, Json, Reader } from '../../types.ts';
import { GraphError } from '../../types.ts';
import { policiesThatName } from './conditional-access-references.ts';
import { stringsOf } from './conditional-access-shape.ts';
import { refusal } from './refusals.ts';

/** What satisfies multifactor authentication: the answer of `authenticationStrength/combinations` but for the single factors. */
const multifactor = [
  'windowsHelloForBusiness',
  'fido2',
  'x509CertificateMultiFactor',
  'deviceBasedPush',
  'temporaryAccessPassOneTime',
  'temporaryAccessPassMultiUse',
  'password,microsoftAuthenticatorPush',
  'password,softwareOath',
  'password,hardwareOath',
  'password,sms',
  'password,voice',
  'federatedMultiFactor',
  'microsoftAuthenticatorPush,federatedSingleFactor',
  'softwareOath,federatedSingleFactor',
  'hardwareOath,federatedSingleFactor',
  'sms,federatedSingleFactor',
  'voice,federatedSingleFactor',
];
const singleFactor = ['x509CertificateSingleFactor', 'sms', 'password', 'federatedSingleFactor', 'email', 'qrCodePin'];
const catalogue = [...multifactor, ...singleFactor];

/** The same combination whatever the blanks and the order of its parts. */
const asSet = (combination: string) =>
  combination
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .sort()
    .join();
const published = new Map(catalogue.map((combination) => [asSet(combination), combination]));

const builtIns: readonly [string, string, string, readonly string[]][] = [
  [
    '00000000-0000-0000-0000-000000000002',
    'Multifactor authentication',
    'Combinations of methods that satisfy strong authentication, such as a password + SMS',
    multifactor,
  ],
  [
    '00000000-0000-0000-0000-000000000003',
    'Passwordless MFA',
    'Passwordless methods that satisfy strong authentication, such as Passwordless sign-in with the Microsoft Authenticator',
    multifactor.slice(0, 4),
  ],
  [
    '00000000-0000-0000-0000-000000000004',
    'Phishing-resistant MFA',
    'Phishing-resistant, Passwordless methods for the strongest authentication, such as a FIDO2 security key',
    multifactor.slice(0, 3),
  ],
];

/** Custom strengths that a tenant can have (reference 3.9). */
const mostCustom = 15;

const combinationConfigurations: ChildRule = {
  type: 'authenticationCombinationConfiguration',
  key: 'id',
  inline: true,
  methods: ['list', 'get', 'create', 'update', 'delete'],
  derived: ['fido2CombinationConfiguration', 'x509CertificateCombinationConfiguration'],
  readOnly: ['id'],
  check(child, before, owner) {
    refuseBuiltIn(owner);
    checkConfiguration(child, stringsOf(owner, 'allowedCombinations'));
    if (before && before['@odata.type'] !== child['@odata.type']) {
      throw refusal(1214, "The '@odata.type' of a combination configuration cannot be changed.", '@odata.type');
    }
  },
  remove(_child, owner) {
    refuseBuiltIn(owner);
    return undefined;
  },
};

export const authenticationStrengthPolicies: EntityType = {
  type: 'authenticationStrengthPolicy',
  path: 'policies/authenticationStrengthPolicies',
  aliases: ['identity/conditionalAccess/authenticationStrength/policies'],
  methods: ['list', 'get', 'create', 'update', 'delete'],
  readOnly: ['id', 'createdDateTime', 'modifiedDateTime', 'requirementsSatisfied'],
  createOnly: ['policyType', 'allowedCombinations', 'combinationConfigurations'],
  notClearable: ['displayName'],
  notFoundCode: 'ResourceNotFound',
  permissions: {
    read: ['Policy.Read.AuthenticationMethod', 'Policy.Read.ConditionalAccess', 'Policy.Read.All'],
    write: ['Policy.ReadWrite.ConditionalAccess', 'Policy.ReadWrite.AuthenticationMethod'],
  },
  children: { combinationConfigurations },
  actions: {
    updateAllowedCombinations: { method: 'POST', run: updateAllowedCombinations },
    usage: { method: 'GET', run: usage },
  },
  builtIn: () =>
    builtIns.map(([id, displayName, description, allowedCombinations]) => ({
      id,
      createdDateTime: '2021-12-01T00:00:00Z',
      modifiedDateTime: '2021-12-01T00:00:00Z',
      displayName,
      description,
      policyType: 'builtIn',
      requirementsSatisfied: 'mfa',
      allowedCombinations: [...allowedCombinations],
      combinationConfigurations: [],
    })),
  defaults: (_body, { store }) => ({
    description: '',
    policyType: 'custom',
    createdDateTime: store.timestamp(),
    modifiedDateTime: store.timestamp(),
    combinationConfigurations: [],
  }),
  checkCreate(body, { store }) {
    if (typeof body.displayName !== 'string' || body.displayName === '') {
      throw refusal(
        1210,
        "A value is required for property 'displayName' of resource 'AuthenticationStrengthPolicy'.",
        'displayName',
      );
    }
    if (body.policyType !== undefined && body.policyType !== 'custom') {
      throw refusal(1211, 'Only custom authentication strengths can be created.', 'policyType');
    }
    const custom = [...store.list('authenticationStrengthPolicy')].filter(
      (strength) => strength.policyType === 'custom',
    );
    if (custom.length >= mostCustom)
      throw refusal(
        1212,
        `The tenant already has ${mostCustom} custom authentication strengths, the most it can have.`,
      );
    const combinations = canonical(stringsOf(body, 'allowedCombinations'));
    for (const child of childrenOf(body)) checkConfiguration(child, combinations);
  },
  checkUpdate: refuseBuiltIn,
  checkDelete(strength, context) {
    refuseBuiltIn(strength);
    const using = policiesThatName(strength.id, context).map((policy) => `'${policy.displayName}' (${policy.id})`);
    if (using.length > 0) {
      throw new GraphError(
        409,
        'Conflict',
        `1218: The authentication strength '${strength.displayName}' cannot be deleted: it is used by the Conditional Access policies ${using.join(', ')}.`,
      );
    }
  },
  settle(after, before, { store }) {
    if (after.policyType === 'builtIn') return after;
    const allowedCombinations = canonical(stringsOf(after, 'allowedCombinations'));
    return {
      ...after,
      allowedCombinations,
      requirementsSatisfied: allowedCombinations.every((each) => multifactor.includes(each)) ? 'mfa' : 'none',
      combinationConfigurations: childrenOf(after).map((child) => ({ ...child, id: child.id ?? store.newId() })),
      ...(before ? { modifiedDateTime: store.timestamp() } : {}),
    };
  },
};

/** The whole strength with its configurations, as a policy's grantControls show it; null when it has gone. */
export function expandedStrength(id: string, reader: Reader): Json {
  const strength = reader.get('authenticationStrengthPolicy', id);
  return strength ? { combinationConfigurations: [], ...strength } : null;
}

function childrenOf(strength: GraphRecord): GraphRecord[] {
  const children = strength.combinationConfigurations;
  return Array.isArray(children) ? (children as GraphRecord[]) : [];
}

function refuseBuiltIn(strength: GraphRecord): void {
  if (strength.policyType === 'builtIn')
    throw refusal(1213, `The built-in authentication strength '${strength.displayName}' cannot be changed or deleted.`);
}

/** The combinations in their published spelling; refuses an empty list and an unknown one. */
function canonical(combinations: readonly string[]): string[] {
  if (combinations.length === 0)
    throw refusal(1215, "'allowedCombinations' must have at least one combination.", 'allowedCombinations');
  const spelled = combinations.map((combination) => {
    const known = published.get(asSet(combination));
    if (!known)
      throw refusal(
        1216,
        `'${combination}' is not an allowed combination of authentication methods.`,
        'allowedCombinations',
      );
    return known;
  });
  return [...new Set(spelled)];
}

function checkConfiguration(child: GraphRecord, allowed: readonly string[]): void {
  const kind = String(child['@odata.type']).split('.').at(-1);
  const applies = stringsOf(child, 'appliesToCombinations');
  const wrong = applies.find((combination) => !allowed.some((each) => asSet(each) === asSet(combination)));
  if (applies.length === 0 || wrong !== undefined) {
    throw refusal(
      1217,
      `'appliesToCombinations' must name combinations that 'allowedCombinations' has, which '${wrong ?? ''}' is not.`,
      'appliesToCombinations',
    );
  }
  const method = kind === 'fido2CombinationConfiguration' ? /^fido2$/ : /^x509Certificate/;
  const other = applies.find((combination) => !method.test(combination));
  if (other !== undefined) throw refusal(1217, `A ${kind} cannot apply to '${other}'.`, 'appliesToCombinations');
}

/** `POST …/updateAllowedCombinations` (reference 3.9): replaces the list whole, answers what it was and who is affected. */
function updateAllowedCombinations(strength: GraphObject, body: GraphRecord, context: Context) {
  refuseBuiltIn(strength);
  const previousCombinations = stringsOf(strength, 'allowedCombinations');
  const currentCombinations = canonical(stringsOf(body, 'allowedCombinations'));
  for (const child of childrenOf(strength)) checkConfiguration(child, currentCombinations);
  const requirementsSatisfied = currentCombinations.every((each) => multifactor.includes(each)) ? 'mfa' : 'none';
  const modifiedDateTime = context.store.timestamp();
  context.store.put(
    'authenticationStrengthPolicy',
    { ...strength, allowedCombinations: currentCombinations, requirementsSatisfied, modifiedDateTime },
    ['allowedCombinations'],
  );
  return {
    status: 200,
    body: {
      '@odata.type': '#microsoft.graph.updateAllowedCombinationsResult',
      previousCombinations,
      currentCombinations,
      conditionalAccessReferences: policiesThatName(strength.id, context).map((policy) => policy.id),
      additionalInformation: '',
    },
  };
}

/** `GET …/usage` (reference 3.9): the policies that use the strength, by whether they ask for multifactor authentication. */
function usage(strength: GraphObject, _body: GraphRecord, context: Context) {
  const policies = policiesThatName(strength.id, context);
  return {
    status: 200,
    body: strength.requirementsSatisfied === 'mfa' ? { mfa: policies, none: [] } : { mfa: [], none: policies },
  };
}
