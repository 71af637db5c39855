// The rules of conditionalAccessPolicy: what a write must say, what a read shows, and its recycle bin (reference 3.7).
import type { Context, EntityType, GraphObject, GraphRecord } from '../../types.ts';
import { GraphError } from '../../types.ts';
import { expandedStrength } from './authentication-strengths.ts';
import { checkConsistency, checkRequired } from './conditional-access-checks.ts';
import { checkReferences } from './conditional-access-references.ts';
import { asMeant, isRecord, settled } from './conditional-access-shape.ts';

export const conditionalAccessPolicies: EntityType = {
  type: 'conditionalAccessPolicy',
  path: 'identity/conditionalAccess/policies',
  aliases: ['policies/conditionalAccessPolicies'],
  kind: 'conditionalAccessPolicies',
  methods: ['list', 'get', 'create', 'update', 'delete'],
  readOnly: ['id', 'createdDateTime', 'modifiedDateTime', 'deletedDateTime', 'templateId'],
  notClearable: ['displayName', 'state', 'conditions'],
  refusedOptions: ['$expand'],
  bin: 'conditionalAccess',
  notFoundCode: 'ResourceNotFound',
  permissions: {
    read: ['Policy.Read.All', 'Policy.Read.ConditionalAccess'],
    write: [['Policy.ReadWrite.ConditionalAccess', 'Policy.Read.All', 'Application.Read.All']],
  },
  readBody: (body) => asMeant('conditionalAccessPolicy', body),
  defaults: (_body, { store }) => ({
    templateId: null,
    description: null,
    createdDateTime: store.timestamp(),
    modifiedDateTime: null,
  }),
  checkCreate(body, context) {
    checkRequired(body);
    check(body, body, undefined, context);
  },
  checkUpdate(before, patch, after, context) {
    check(patch, after, before, context);
  },
  checkRestore(object, _body, context) {
    checkSecurityDefaults(object, context);
  },
  settle: (after, before, { store }) => ({
    ...after,
    ...settled(after),
    ...(before ? { modifiedDateTime: store.timestamp() } : {}),
  }),
  present(object, context) {
    const grant = object.grantControls;
    if (!isRecord(grant)) return {};
    const strength = isRecord(grant.authenticationStrength) ? String(grant.authenticationStrength.id) : undefined;
    return {
      grantControls: {
        ...grant,
        'authenticationStrength@odata.context': `https://graph.microsoft.com/${context.version}/$metadata#identity/conditionalAccess/policies('${object.id}')/grantControls/authenticationStrength/$entity`,
        authenticationStrength: strength === undefined ? null : expandedStrength(strength, context.reader),
      },
    };
  },
};

/** `named` is the body, whose ids must exist; `whole` is what the policy would become. */
function check(named: GraphRecord, whole: GraphRecord, before: GraphObject | undefined, context: Context): void {
  const policy = settled(whole);
  checkConsistency(policy, before);
  checkReferences(settled(named), context.reader);
  checkSecurityDefaults(policy, context);
}

/** Security defaults and enabled policies exclude each other (reference 3.13). */
function checkSecurityDefaults(policy: GraphRecord, { store }: Context): void {
  const [defaults] = [...store.list('identitySecurityDefaultsEnforcementPolicy')];
  if (policy.state === 'enabled' && defaults?.isEnabled === true) {
    throw new GraphError(
      400,
      'BadRequest',
      '1038: Security Defaults is enabled in the tenant. You must disable Security defaults before enabling a Conditional Access policy.',
    );
  }
}
