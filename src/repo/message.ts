// Commit messages: a snapshot's record into trailers that git understands, and a message's trailers back into the record.
import type { SnapshotRecord } from '../model/commit.ts';
import { type Coverage, coverageStatuses, type KindCoverage } from '../model/coverage.ts';
import type { CommitMessage } from '../model/repository.ts';

const NAME = /^[A-Za-z][A-Za-z0-9-]*$/;
const TRAILER = /^([A-Za-z][A-Za-z0-9-]*): (.*)$/;
const COUNTS = /^added=(\d+) changed=(\d+) removed=(\d+)$/;
const COVERAGE = /^([A-Za-z][A-Za-z0-9]*) ([a-z]+) (\d+)(?: (.+))?$/;
const NOTE = /^([A-Za-z][A-Za-z0-9-]*) (.*)$/;
/** What must not stand in a trailer as it is: ends of lines, controls, what a reviewer does not see, space at either end, which is trimmed away, and the escape itself. */
const UNSAFE =
  /[\\\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]|^\s|\s$/g;
const ESCAPE = /\\(?:\\|u([0-9a-f]{4}))/g;

/** The whole text of a commit's message: one line of subject, the body, and the record as the last paragraph. */
export function messageText(message: CommitMessage): string {
  const parts = [oneLine(message.subject)];
  const body = message.body?.replace(/\r\n?/g, '\n').trim();
  if (body) parts.push(body);
  if (message.record !== undefined) parts.push(trailersOf(message.record).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function trailersOf(record: SnapshotRecord): string[] {
  const { added, changed, removed } = record.counts;
  return [
    trailer('Tenant', record.tenantId),
    trailer('Started', record.startedAt),
    trailer('Finished', record.finishedAt),
    trailer('Version', record.version),
    trailer('Counts', `added=${added} changed=${changed} removed=${removed}`),
    ...Object.entries(record.coverage).map(([kind, { status, count, reason }]) => {
      if (!NAME.test(kind)) throw new RangeError(`not a kind's name: ${kind}`);
      return `Driftline-Kind: ${kind} ${status} ${count}${reason ? ` ${escaped(reason)}` : ''}`;
    }),
    ...Object.entries(record.notes ?? {}).map(([name, text]) => {
      if (!NAME.test(name)) throw new RangeError(`not a note's name: ${name}`);
      return `Driftline-Note: ${name} ${escaped(text)}`;
    }),
  ];
}

function trailer(name: string, text: string): string {
  return `Driftline-${name}: ${escaped(text)}`;
}

/**
 * The record that a message's last paragraph holds. Undefined where there is none, or where the paragraph is not wholly made of
 * trailers, lacks one of ours or says one twice: then it is not what a snapshot wrote.
 */
export function recordOf(message: string): SnapshotRecord | undefined {
  const paragraphs = message.trimEnd().split(/\n{2,}/);
  if (paragraphs.length < 2) return undefined;
  const ours: (readonly [string, string])[] = [];
  for (const line of paragraphs.at(-1)!.split('\n')) {
    const found = TRAILER.exec(line);
    if (found === null) return undefined;
    if (found[1]!.startsWith('Driftline-')) ours.push([found[1]!.slice('Driftline-'.length), found[2]!]);
  }
  const single = (name: string): string | undefined => {
    const values = ours.filter(([found]) => found === name);
    return values.length === 1 ? unescaped(values[0]![1]) : undefined;
  };
  const [tenantId, startedAt, finishedAt, version] = ['Tenant', 'Started', 'Finished', 'Version'].map(single);
  const counts = COUNTS.exec(single('Counts') ?? '');
  const coverage = coverageOf(ours);
  if (!tenantId || !startedAt || !finishedAt || !version || counts === null || coverage === undefined) return undefined;
  if (Number.isNaN(Date.parse(startedAt)) || Number.isNaN(Date.parse(finishedAt))) return undefined;
  const notes = ours.flatMap(([name, text]) => {
    const found = name === 'Note' ? NOTE.exec(text) : null;
    return found === null ? [] : [[found[1]!, unescaped(found[2]!)] as const];
  });
  return {
    tenantId,
    startedAt,
    finishedAt,
    version,
    coverage,
    counts: { added: Number(counts[1]), changed: Number(counts[2]), removed: Number(counts[3]) },
    ...(notes.length > 0 && { notes: Object.fromEntries(notes) }),
  };
}

function coverageOf(trailers: readonly (readonly [string, string])[]): Coverage | undefined {
  const coverage: [string, KindCoverage][] = [];
  for (const [name, text] of trailers) {
    if (name !== 'Kind') continue;
    const found = COVERAGE.exec(text);
    const status = coverageStatuses.find((known) => known === found?.[2]);
    if (found === null || status === undefined) return undefined;
    const reason = found[4];
    coverage.push([
      found[1]!,
      { status, ...(reason !== undefined && { reason: unescaped(reason) }), count: Number(found[3]) },
    ]);
  }
  return Object.fromEntries(coverage);
}

function escaped(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === '\\' ? '\\\\' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (whole, code: string | undefined) =>
    code === undefined ? whole[1]! : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function oneLine(text: string): string {
  const line = text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ').trim();
  return line === '' ? 'Snapshot' : line;
}
