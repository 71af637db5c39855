// Oracles of recoveries that do not go by Driftline's own reading: the sandbox's truth, what it was sent, and who could still sign in (trust.md 1.2).
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { openJournal } from '../../src/apply/index.ts';
import type { IdMap } from '../../src/model/plan.ts';
import type { JournalLine } from '../../src/model/run.ts';
import type { Json, Sandbox, Store } from '../../src/sandbox/index.ts';
import { servedTypes } from '../../src/sandbox/rules/index.ts';

/** What changes by itself, or cannot come back with an object that is made anew; and the ids that Graph gives to what lives inside an object. */
const byNature =
  /^[a-zA-Z]+DateTime$|^(id|appId|securityIdentifier)$|^(federatedIdentityCredentials|combinationConfigurations)\.id$/;
const types = [...servedTypes().values()];

/**
 * The tenant as it is: a line per object and link end, under the ids of now. Values that no recovery brings back are left out, so that what
 * was made anew equals what was there.
 */
export function truthOf({ store }: Pick<Sandbox, 'store'>, ids: IdMap = {}): string[] {
  const lines: string[] = [];
  const entries = Object.entries(ids);
  // An id may have been given anew more than once, and may stand inside a longer text.
  const now = (text: string): string =>
    text.length < 36 ? text : entries.reduce((said, [was, is]) => said.replaceAll(was, is), text);
  // What lies between two objects is known by these, and comes back under another id.
  for (const { type, ends } of types)
    for (const object of store.list(type))
      lines.push(`${type} ${ends === undefined ? now(object.id) : ''} ${JSON.stringify(settled(object, '', now))}`);
  for (const relation of store.relations())
    for (const { type } of types)
      for (const { id } of store.list(type)) {
        const targets = store.targets(relation, id);
        if (targets.length > 0) lines.push(`${now(id)} ${relation} ${targets.map(now).sort().join(' ')}`);
      }
  return lines.sort();
}

/** Sorted, without what is empty and what {@link byNature} leaves out. */
function settled(value: Json, path: string, now: (text: string) => string): Json {
  if (typeof value === 'string') return now(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => settled(item, path, now));
    return items.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => !byNature.test(`${path}${name}`) && !isEmpty(member))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, settled(member, `${path}${name}.`, now)]),
  );
}

function isEmpty(value: Json): boolean {
  return value === null || (typeof value === 'object' && Object.values(value).every(isEmpty));
}

/** Lines that are in one truth and not in the other, with what side they are on. */
export function differences(expected: readonly string[], found: readonly string[]): string[] {
  const [one, other] = [new Set(expected), new Set(found)];
  return [
    ...expected.filter((line) => !other.has(line)).map((line) => `missing: ${line}`),
    ...found.filter((line) => !one.has(line)).map((line) => `too much: ${line}`),
  ];
}

/** Has one of the accounts a way in: enabled, and excluded from every enabled policy that blocks? (P14) */
export function hasWayIn(store: Store, accounts: readonly string[]): boolean {
  const blocking = [...store.list('conditionalAccessPolicy')].filter(({ state, grantControls }) => {
    const controls = (grantControls as { builtInControls?: string[] } | null)?.builtInControls ?? [];
    return state === 'enabled' && controls.includes('block');
  });
  const holds = (group: string, id: string, seen = new Set<string>()): boolean =>
    !seen.has(group) &&
    // A group in the bin keeps its members and excludes nobody.
    store.get('group', group) !== undefined &&
    store.targets('members', group).some((member) => member === id || holds(member, id, new Set([...seen, group])));
  return accounts.some((id) => {
    if (store.get('user', id)?.accountEnabled !== true) return false;
    return blocking.every(({ conditions }) => {
      const users = (conditions as { users?: Record<string, string[]> }).users ?? {};
      return users.excludeUsers?.includes(id) || users.excludeGroups?.some((group) => holds(group, id));
    });
  });
}

/** Watches a recovery from outside: what is sent to the tenant, what is in the journal by then, and who can sign in after it. */
export class Witness {
  readonly violations: string[] = [];
  /** Everything that was sent, as `METHOD path`. */
  readonly sent: string[] = [];
  readonly #accounts: readonly string[];
  readonly #noted = new Set<string>();
  #store: Store | undefined;
  #sequence = 0;

  constructor(accounts: readonly string[]) {
    this.#accounts = accounts;
  }

  watch({ store }: Sandbox): void {
    this.#store = store;
    this.#sequence = store.lastSequence();
  }

  async before(request: Request): Promise<void> {
    if (request.method === 'GET') return;
    const { pathname, search } = new URL(request.url);
    const path = `${pathname}${search}`.replace(/^\/(v1\.0|beta)/, '');
    if (path.startsWith('/$batch')) {
      const { requests } = (await request.clone().json()) as { requests: { method: string; url: string }[] };
      for (const { method, url } of requests) this.#sees(method, url);
    } else this.#sees(request.method, path);
  }

  #sees(method: string, path: string): void {
    if (method === 'GET' || /getByIds/.test(path)) return;
    const call = `${method} ${path}`;
    this.sent.push(call);
    // P10: nothing is sent that the journal does not hold; P13: nothing leaves a bin for good.
    if (!this.#noted.has(call)) this.violations.push(`P10: ${call} was sent and is not in the journal`);
    if (method === 'DELETE' && /deletedItems/.test(path)) this.violations.push(`P13: ${call}`);
  }

  after(): void {
    const store = this.#store!;
    const sequence = store.lastSequence();
    if (sequence === this.#sequence) return;
    this.#sequence = sequence;
    if (!hasWayIn(store, this.#accounts))
      this.violations.push(`P14: nobody has a way in after ${this.sent.at(-1) ?? 'nothing'}`);
  }

  /** A journal that tells this witness what is in it. It is not synced: whoever dies in these tests leaves the system running. */
  journal(): typeof openJournal {
    return async (path) => {
      const file = openSync(path, 'a');
      writeSync(file, '\n');
      return {
        append: async (lines: readonly JournalLine[]) => {
          writeSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
          for (const line of lines) if (line.line === 'intent') this.#noted.add(`${line.method} ${line.path}`);
        },
        close: async () => closeSync(file),
      };
    };
  }
}

/** The lines of a journal that are whole. */
export function journalLines(path: string): JournalLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine);
}
