// The rules of namedLocation and its two kinds: address ranges and countries (reference 3.8).
import { isIPv4, isIPv6 } from 'node:net';
import type { EntityType, GraphRecord } from '../../types.ts';
import { GraphError } from '../../types.ts';
import { policiesThatName } from './conditional-access-references.ts';
import { isRecord, stringsOf } from './conditional-access-shape.ts';
import { refusal } from './refusals.ts';

const ipRanges = '#microsoft.graph.ipNamedLocation';
const countries = '#microsoft.graph.countryNamedLocation';

export const namedLocations: EntityType = {
  type: 'namedLocation',
  path: 'identity/conditionalAccess/namedLocations',
  methods: ['list', 'get', 'create', 'update', 'delete'],
  derived: ['ipNamedLocation', 'countryNamedLocation'],
  readOnly: ['id', 'createdDateTime', 'modifiedDateTime', 'deletedDateTime'],
  notClearable: ['displayName'],
  refusedOptions: ['$expand'],
  bin: 'conditionalAccess',
  notFoundCode: 'ResourceNotFound',
  permissions: {
    read: ['Policy.Read.All', 'Policy.Read.ConditionalAccess'],
    write: [['Policy.ReadWrite.ConditionalAccess', 'Policy.Read.All']],
  },
  defaults(body, { store }) {
    const stamp = store.timestamp();
    const own: GraphRecord =
      body['@odata.type'] === countries
        ? { countryLookupMethod: 'clientIpAddress', includeUnknownCountriesAndRegions: false }
        : { isTrusted: false };
    return { ...own, createdDateTime: stamp, modifiedDateTime: stamp };
  },
  checkCreate(body, { store }) {
    if (typeof body.displayName !== 'string' || body.displayName === '') {
      throw refusal(1112, "A value is required for property 'displayName' of resource 'NamedLocation'.", 'displayName');
    }
    if (store.count('namedLocation') >= 195)
      throw refusal(1119, 'The tenant already has 195 named locations, the most it can have.');
    checkContent(body);
  },
  checkUpdate(before, patch, after) {
    if (patch['@odata.type'] !== undefined && patch['@odata.type'] !== before['@odata.type']) {
      throw refusal(
        1113,
        `A named location of the type '${before['@odata.type']}' cannot become '${patch['@odata.type']}'.`,
        '@odata.type',
      );
    }
    checkContent(after);
  },
  settle: (after, before, { store }) => ({ ...after, ...(before ? { modifiedDateTime: store.timestamp() } : {}) }),
  checkDelete(location, context) {
    if (location.isTrusted === true) {
      throw refusal(
        1117,
        `The named location '${location.displayName}' is trusted and cannot be deleted. Set 'isTrusted' to false first.`,
      );
    }
    const using = policiesThatName(location.id, context).map((policy) => `'${policy.displayName}' (${policy.id})`);
    if (using.length > 0) {
      throw new GraphError(
        409,
        'Conflict',
        `1118: The named location '${location.displayName}' cannot be deleted: it is used by the Conditional Access policies ${using.join(', ')}.`,
      );
    }
  },
};

function checkContent(location: GraphRecord): void {
  if (location['@odata.type'] === ipRanges) {
    const ranges = Array.isArray(location.ipRanges) ? location.ipRanges : [];
    if (ranges.length === 0) throw refusal(1114, "'ipRanges' must have at least one range.", 'ipRanges');
    if (ranges.length > 2000) throw refusal(1115, "'ipRanges' can have at most 2000 ranges.", 'ipRanges');
    for (const range of ranges) checkRange(isRecord(range) ? range : {});
  } else {
    const codes = stringsOf(location, 'countriesAndRegions');
    if (codes.length === 0 && location.includeUnknownCountriesAndRegions !== true) {
      throw refusal(1114, "'countriesAndRegions' must have at least one country.", 'countriesAndRegions');
    }
    const wrong = codes.find((code) => !/^[A-Z]{2}$/.test(code));
    if (wrong) throw refusal(1116, `'${wrong}' is not a two-letter country code of ISO 3166-2.`, 'countriesAndRegions');
  }
}

/** A range says its version by `@odata.type`, and is smaller than a /8 (reference 3.8). */
function checkRange(range: GraphRecord): void {
  const refuse = (words: string) => refusal(1116, words, 'ipRanges');
  const type = range['@odata.type'];
  const isAddress =
    type === '#microsoft.graph.iPv4CidrRange' ? isIPv4 : type === '#microsoft.graph.iPv6CidrRange' ? isIPv6 : undefined;
  if (!isAddress) throw refuse("A range must say its '@odata.type': iPv4CidrRange or iPv6CidrRange.");
  const [address = '', length = ''] = String(range.cidrAddress).split('/');
  const bits = isAddress === isIPv4 ? 32 : 128;
  if (!isAddress(address) || !/^\d+$/.test(length) || Number(length) > bits) {
    throw refuse(`'${range.cidrAddress}' is not an address range in CIDR notation.`);
  }
  if (Number(length) <= 8)
    throw refuse(`The range '${range.cidrAddress}' is too large: the prefix must be longer than 8 bits.`);
}
