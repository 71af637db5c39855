// Moments as people write and read them: a day or a time in UTC into the instant that is meant, and an instant into such a time.
import { Problem } from './problem.ts';

const DAY = /^(\d{4}-\d{2}-\d{2})$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z$/;
const dayLength = 86_400_000;

/**
 * The last instant that a text means, in milliseconds: of a day (`2026-11-20`, `yesterday`, `today`) its last second, of a time
 * (`2026-11-20T14:00Z`) itself. Undefined where it is neither; NaN where it is no day there is.
 */
export function momentOf(text: string, now: Date): number | undefined {
  const today = now.toISOString().slice(0, 10);
  const day =
    text === 'today'
      ? today
      : text === 'yesterday'
        ? new Date(Date.parse(today) - 1).toISOString().slice(0, 10)
        : DAY.exec(text)?.[1];
  if (day !== undefined) return Date.parse(`${day}T00:00:00Z`) + dayLength - 1000;
  return MOMENT.test(text) ? Date.parse(text) : undefined;
}

/** The same as ISO 8601 with milliseconds. Problem `usage`, about what is named, where the text is no moment. */
export function requireMoment(subject: string, text: string, now: Date): string {
  const moment = momentOf(text, now);
  if (moment !== undefined && !Number.isNaN(moment)) return new Date(moment).toISOString();
  throw new Problem({
    kind: 'usage',
    summary: 'Not a time',
    detail: `${JSON.stringify(text.slice(0, 80))} is neither a day (2026-11-20, yesterday) nor a time in UTC (2026-11-20T14:00Z).`,
    subject,
  });
}

/** An ISO 8601 instant to the minute, as reports say it: `2026-11-20 14:00 UTC`. */
export function minuteText(at: string): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}
