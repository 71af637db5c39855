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
      const held = type === 'user' ? statesOf(object).filter(isDirect) : listOf(object.assignedLicenses);
      const missing = removeLicenses.find((skuId) => !held.some((licence) => licence.skuId === skuId));
      if (missing !== undefined) throw badRequest(`User does not have a corresponding license ${String(missing)}.`);
      const added = addLicenses as GraphRecord[];
      const kept = held.filter(
        ({ skuId }) => !removeLicenses.includes(skuId ?? null) && !added.some((licence) => licence.skuId === skuId),
      );
      const direct = [...kept, ...added].map(licenceOf);
      const after: GraphObject =
        type === 'user' ? licensed(object, direct, store.timestamp()) : { ...object, assignedLicenses: direct };
      store.put(type, after, ['assignedLicenses', 'licenseAssignmentStates']);
      return { status, body: { id: object.id, assignedLicenses: after.assignedLicenses ?? [] } };
    },
  };
}

function listOf(value: unknown): GraphRecord[] {
  return Array.isArray(value) ? (value as GraphRecord[]) : [];
}

function statesOf(user: GraphObject): GraphRecord[] {
  return listOf(user.licenseAssignmentStates);
}

/** Only rows without a group are direct assignments (reference 3.1). */
function isDirect({ assignedByGroup }: GraphRecord): boolean {
  return (assignedByGroup ?? null) === null;
}

function licenceOf({ skuId, disabledPlans }: GraphRecord): GraphRecord {
  return { skuId: skuId ?? null, disabledPlans: disabledPlans ?? [] };
}

/** Rows of groups stay as they are; each direct licence has one row of its own, and a licence is held once, whoever assigned it. */
function licensed(user: GraphObject, direct: readonly GraphRecord[], now: string): GraphObject {
  const inherited = statesOf(user).filter((row) => !isDirect(row));
  const rows = direct.map((licence) => ({
    ...licence,
    assignedByGroup: null,
    state: 'Active',
    error: 'None',
    lastUpdatedDateTime: now,
  }));
  const bySku = new Map([...inherited, ...direct].map((row) => [row.skuId, licenceOf(row)]));
  return { ...user, assignedLicenses: [...bySku.values()], licenseAssignmentStates: [...inherited, ...rows] };
}
