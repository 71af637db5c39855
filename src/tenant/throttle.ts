// Lanes: one per throttling budget of Graph; each bounds how much is asked at once and how fast, and heeds what the answers say (reference 1.7).
import type { Lane } from '../model/kind.ts';
import { instantText, type Time } from './time.ts';

export type LaneName = Lane | 'audit' | 'write';

export interface LaneRules {
  /** Requests at the same time, at most. */
  readonly concurrency: number;
  /** Milliseconds between the starts of two requests. */
  readonly interval?: number;
  /** At most so many units of cost within any window of so many milliseconds. */
  readonly quota?: { readonly cost: number; readonly window: number };
}

/**
 * Conditional Access takes one request a second from all apps together, and its 429 bears no Retry-After. Writes: 3,000 in 150 seconds for one
 * app in one tenant, of which a tenth is left for others; at half a second each, eight at a time use the rest up. The audit log: 5 in 10
 * seconds. Reads: about four at a time.
 */
export function laneRules(concurrency = 4): Readonly<Record<LaneName, LaneRules>> {
  return {
    directory: { concurrency },
    policies: { concurrency: Math.min(2, concurrency) },
    conditionalAccess: { concurrency: 1, interval: 1050 },
    audit: { concurrency: 1, quota: { cost: 5, window: 10_000 } },
    write: { concurrency: 2 * concurrency, quota: { cost: 2700, window: 150_000 } },
  };
}

/** Milliseconds in which Graph counts the ResourceUnits of reads (reference 1.7). */
const budgetWindow = 10_000;

/** All lanes of one tenant; a reader and a writer of the same tenant may share them. */
export class Throttle {
  readonly #lanes: Readonly<Record<LaneName, TrafficLane>>;

  constructor(time: Time, rules: Readonly<Record<LaneName, LaneRules>> = laneRules()) {
    const lane = (name: LaneName) => new TrafficLane(rules[name], time);
    this.#lanes = {
      directory: lane('directory'),
      policies: lane('policies'),
      conditionalAccess: lane('conditionalAccess'),
      audit: lane('audit'),
      write: lane('write'),
    };
  }

  lane(name: LaneName): TrafficLane {
    return this.#lanes[name];
  }
}

export class TrafficLane {
  readonly #rules: LaneRules;
  readonly #time: Time;
  readonly #waiting: (() => void)[] = [];
  readonly #spent: { at: number; cost: number }[] = [];
  #running = 0;
  #limit: number;
  #calm = 0;
  #pausedUntil = 0;
  #nextStart = 0;
  #spentSum = 0;

  constructor(rules: LaneRules, time: Time) {
    this.#rules = rules;
    this.#time = time;
    this.#limit = rules.concurrency;
  }

  /** How many may run at once just now. */
  get limit(): number {
    return this.#limit;
  }

  /** Waits for a place, the end of a pause, the interval and the quota. Every `enter` is followed by one `leave`. */
  async enter(cost: number, signal: AbortSignal, onWait: (until: number, text: string) => void): Promise<void> {
    if (this.#running < this.#limit) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      for (let until = this.#start(cost); until !== undefined; until = this.#start(cost)) {
        if (until <= this.#pausedUntil) onWait(until, `throttled until ${instantText(until)}`);
        await this.#time.sleep(until - this.#time.now(), signal);
      }
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** Starts now, or says when to look again. */
  #start(cost: number): number | undefined {
    const now = this.#time.now();
    const until = Math.max(this.#pausedUntil, this.#nextStart, this.#quotaAt(cost, now));
    if (until > now) return until;
    this.#nextStart = now + (this.#rules.interval ?? 0);
    if (this.#rules.quota !== undefined) {
      this.#spent.push({ at: now, cost });
      this.#spentSum += cost;
    }
    return undefined;
  }

  /** When the quota's window has room for so much more. */
  #quotaAt(cost: number, now: number): number {
    const { quota } = this.#rules;
    if (quota === undefined) return now;
    while (this.#spent.length > 0 && this.#spent[0]!.at <= now - quota.window)
      this.#spentSum -= this.#spent.shift()!.cost;
    let sum = this.#spentSum;
    for (const { at, cost: spent } of this.#spent) {
      if (sum + cost <= quota.cost) return now;
      sum -= spent;
      if (sum + cost <= quota.cost) return at + quota.window;
    }
    return now;
  }

  leave(): void {
    this.#running -= 1;
    // The place is handed over before its taker wakes, so that nobody can slip in between.
    while (this.#waiting.length > 0 && this.#running < this.#limit) {
      this.#running += 1;
      this.#waiting.shift()!();
    }
  }

  /** Nobody in this lane starts before that instant; fewer at once afterwards. */
  pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#calm = 0;
  }

  /**
   * Heeds `x-ms-throttle-limit-percentage`, which Graph sends from 0.8 of the limit on: slower from there, short waits near the limit, a pause at it;
   * after a while without it, faster again.
   */
  heed(percentage: number | undefined): void {
    if (percentage === undefined || percentage < 0.8) {
      this.#calm += 1;
      if (this.#calm < 20) return;
      this.#calm = 0;
      if (this.#limit < this.#rules.concurrency) this.#limit += 1;
    } else if (percentage >= 1) this.pause(this.#time.now() + 5000);
    else {
      this.#limit = 1;
      this.#calm = 0;
      // Near the limit one request more may be too many: wait until so much of the ten seconds' budget has come back.
      if (percentage >= 0.9)
        this.#pausedUntil = Math.max(this.#pausedUntil, this.#time.now() + (percentage - 0.8) * budgetWindow);
    }
  }
}
