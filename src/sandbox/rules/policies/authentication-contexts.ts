// The rules of authenticationContextClassReference: ids c1 to c99, made by the first PATCH (reference 3.10).
import type { EntityType } from '../../types.ts';
import { GraphError } from '../../types.ts';
import { policiesThatName } from './conditional-access-references.ts';
import { refusal } from './refusals.ts';

export const authenticationContexts: EntityType = {
  type: 'authenticationContextClassReference',
  path: 'identity/conditionalAccess/authenticationContextClassReferences',
  methods: ['list', 'get', 'update', 'upsert', 'delete'],
  readOnly: [],
  notClearable: ['displayName', 'isAvailable'],
  refusedOptions: ['$count', '$skip', '$top', '$select', '$expand'],
  notFoundCode: 'ResourceNotFound',
  permissions: { read: ['AuthenticationContext.Read.All'], write: ['AuthenticationContext.ReadWrite.All'] },
  defaults: () => ({ description: null, isAvailable: false }),
  checkCreate(body) {
    if (typeof body.displayName !== 'string' || body.displayName === '') {
      throw refusal(
        1311,
        "A value is required for property 'displayName' of resource 'AuthenticationContextClassReference'.",
        'displayName',
      );
    }
  },
  settle(after) {
    if (!/^c[1-9][0-9]?$/.test(after.id)) {
      throw refusal(1310, `'${after.id}' is not the id of an authentication context: they are c1 to c99.`, 'id');
    }
    return after;
  },
  checkDelete(reference, context) {
    if (reference.isAvailable === true) {
      throw refusal(
        1313,
        `The authentication context '${reference.id}' is published to apps. Set 'isAvailable' to false before deleting it.`,
      );
    }
    const using = policiesThatName(reference.id, context).map((policy) => `'${policy.displayName}' (${policy.id})`);
    if (using.length > 0) {
      throw new GraphError(
        409,
        'Conflict',
        `1314: The authentication context '${reference.id}' cannot be deleted: it is used by the Conditional Access policies ${using.join(', ')}.`,
      );
    }
  },
};
