// Requests in, their cost and the refusal of those that are too many out, by the budgets of reference 1.7.
import type { GraphRequest } from './request.ts';
import { GraphError } from './types.ts';

export interface ThrottlingOptions {
  /** ResourceUnits that reads may cost in 10 seconds, per application; 0: no limit. Default 8,000 (a large tenant). */
  readonly resourceUnits?: number;
  /** Writes in 2 minutes 30 seconds, per application; 0: no limit. Default 3,000. */
  readonly writes?: number;
  /** Requests a second to Conditional Access for the whole tenant; 0: no limit. Graph has 1; default 10, which is fast. */
  readonly conditionalAccessPerSecond?: number;
  /** Requests in 10 seconds to the audit log, per application; 0: no limit. Default 5, as Graph's. */
  readonly auditLogs?: number;
}

/** A bucket that is refilled evenly. */
class Bucket {
  private level: number;
  private last: number | undefined;
  readonly size: number;
  private readonly perMs: number;

  constructor(size: number, windowMs: number) {
    this.size = size;
    this.level = size;
    this.perMs = size / windowMs;
  }

  /** Takes the cost, or says how many milliseconds until there is enough. */
  take(cost: number, now: number): number {
    this.level = Math.min(this.size, this.level + (now - (this.last ?? now)) * this.perMs);
    this.last = now;
    if (this.level < Math.min(cost, this.size)) return (Math.min(cost, this.size) - this.level) / this.perMs;
    this.level -= cost;
    return 0;
  }

  get used(): number {
    return 1 - this.level / this.size;
  }
}

/** Costs of reads beside the default of 1 (reference 1.7), by path. */
const costs: readonly [RegExp, number][] = [
  [/^directoryObjects\/getByIds/i, 3],
  [/^groups\/[^/]+\/transitiveMembers/i, 5],
  [/^groups\/[^/]+\/members/i, 3],
  [/\/(memberOf|transitiveMemberOf|ownedObjects|licenseDetails)/i, 2],
  [/^servicePrincipals\/[^/]+\/appRoleAssignments/i, 2],
  [/^oauth2PermissionGrants/i, 2],
  [/^applications(\/delta|\?|$)/i, 2],
  [/^users(\/delta|\?|$)/i, 2],
];

const isRead = (request: GraphRequest) => request.method === 'GET' || /getByIds/i.test(request.target);

/** ResourceUnits of a request, with the modifiers of `$select`, `$expand` and a small `$top`. */
function costOf(request: GraphRequest): number {
  if (!isRead(request)) return 1;
  const base = costs.find(([path]) => path.test(request.target))?.[1] ?? 1;
  const select = request.query.has('$select') ? -1 : 0;
  const expand = request.query.has('$expand') ? 1 : 0;
  const top = request.query.get('$top');
  const small = top !== undefined && Number(top) < 20 ? -1 : 0;
  return Math.max(1, base + select + expand + small);
}

export class Throttle {
  private readonly options: Required<ThrottlingOptions>;
  private readonly clock: () => number;
  private readonly tenant: { readonly tenantId: string };
  private readonly units = new Map<string, Bucket>();
  private readonly writes = new Map<string, Bucket>();
  private readonly audits = new Map<string, Bucket>();
  private readonly conditionalAccess: Bucket | undefined;

  constructor(options: ThrottlingOptions | false, clock: () => number, tenant: { readonly tenantId: string }) {
    const wanted =
      options === false ? { resourceUnits: 0, writes: 0, conditionalAccessPerSecond: 0, auditLogs: 0 } : options;
    this.options = {
      resourceUnits: wanted.resourceUnits ?? 8000,
      writes: wanted.writes ?? 3000,
      conditionalAccessPerSecond: wanted.conditionalAccessPerSecond ?? 10,
      auditLogs: wanted.auditLogs ?? 5,
    };
    this.clock = clock;
    this.tenant = tenant;
    const rate = this.options.conditionalAccessPerSecond;
    this.conditionalAccess = rate > 0 ? new Bucket(Math.max(1, rate), (1000 * Math.max(1, rate)) / rate) : undefined;
  }

  /** Headers that every answer to this request bears; throws 429 where a budget is used up. */
  admit(request: GraphRequest, appId: string): Record<string, string> {
    const cost = costOf(request);
    const now = this.clock();
    if (/^identity\/conditionalAccess/i.test(request.target)) {
      if ((this.conditionalAccess?.take(1, now) ?? 0) > 0) throw tooMany({});
      return { 'x-ms-resource-unit': String(cost) };
    }
    const write = !isRead(request);
    const [buckets, size, window] = /^auditLogs\b/i.test(request.target)
      ? [this.audits, this.options.auditLogs, 10_000]
      : write
        ? [this.writes, this.options.writes, 150_000]
        : [this.units, this.options.resourceUnits, 10_000];
    if (size <= 0) return { 'x-ms-resource-unit': String(cost) };
    const bucket = buckets.get(appId) ?? new Bucket(size, window);
    buckets.set(appId, bucket);
    const wait = bucket.take(cost, now);
    const scope = {
      'x-ms-resource-unit': String(cost),
      'x-ms-throttle-scope': `Tenant_Application/ReadWrite/${appId}/${this.tenant.tenantId}`,
    };
    if (wait > 0) {
      throw tooMany({
        ...scope,
        'Retry-After': (Math.ceil(wait / 100) / 10).toString(),
        'x-ms-throttle-information': write ? 'WriteLimitExceeded' : 'ResourceUnitLimitExceeded',
      });
    }
    if (bucket.used < 0.8) return { 'x-ms-resource-unit': String(cost) };
    return { ...scope, 'x-ms-throttle-limit-percentage': Math.min(1.8, bucket.used).toFixed(2) };
  }
}

function tooMany(headers: Record<string, string>): GraphError {
  return new GraphError(429, 'TooManyRequests', 'Please retry again later.', { headers });
}
