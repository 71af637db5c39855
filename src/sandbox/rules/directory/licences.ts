// Licences to add and to remove in, a user's or group's licences changed out (reference 3.1, Update).
import { type ActionRule, badRequest, type GraphObject, type GraphRecord } from '../../types.ts';

/** `POST …/assignLicense`; a user needs a usage location first. `status`: 200 for users, 202 for groups. */
export function assignLicense(status: number): ActionRule {
  return {
    method: 'POST',
    run(object, body, { store }) {
      const { addLicenses, removeLicenses } = body;
      if (!Array.isArray(addLicenses) || !Array.isArray(removeLicenses)) {
        throw badRequest("A value is required for parameters 'addLicenses' and 'removeLicenses'.");
      }
      const type = status === 200 ? 'user' : 'group';
      if (type === 'user' && addLicenses.length > 0 && typeof object.usageLocation !== 'string') {
        throw badRequest('License assignment cannot be done for user with invalid usage location.');
      }
      const held = (object.assignedLicenses ?? []) as GraphRecord[];
      const missing = removeLicenses.find((skuId) => !held.some((licence) => licence.skuId === skuId));
      if (missing !== undefined) throw badRequest(`User does not have a corresponding license ${String(missing)}.`);
      const added = addLicenses as GraphRecord[];
      const kept = held.filter(
        ({ skuId }) => !removeLicenses.includes(skuId ?? null) && !added.some((licence) => licence.skuId === skuId),
      );
      const licences = [
        ...kept,
        ...added.map(({ skuId, disabledPlans }) => ({ skuId: skuId ?? null, disabledPlans: disabledPlans ?? [] })),
      ];
      const after: GraphObject = { ...object, assignedLicenses: licences };
      if (type === 'user') after.licenseAssignmentStates = states(object, licences, store.timestamp());
      store.put(type, after, ['assignedLicenses', 'licenseAssignmentStates']);
      return { status, body: { id: object.id, assignedLicenses: licences } };
    },
  };
}

/** Rows of groups stay as they are; each direct licence has one row of its own. */
function states(user: GraphObject, licences: readonly GraphRecord[], now: string): GraphRecord[] {
  const inherited = ((user.licenseAssignmentStates ?? []) as GraphRecord[]).filter(
    (row) => (row.assignedByGroup ?? null) !== null,
  );
  const direct = licences.map(({ skuId, disabledPlans }) => ({
    skuId: skuId ?? null,
    disabledPlans: disabledPlans ?? [],
    assignedByGroup: null,
    state: 'Active',
    error: 'None',
    lastUpdatedDateTime: now,
  }));
  return [...inherited, ...direct];
}
