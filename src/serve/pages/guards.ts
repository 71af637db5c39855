// Guards: what a plan may do beyond the ordinary, as boxes to tick; and the words of the command line for it, as those of the boxes.
import { html } from 'hono/html';
import { type AccessClass, accessClasses } from '../../model/kind.ts';
import type { PlanFlag, PlanOptions } from '../../model/plan.ts';
import { accessMeanings } from '../../plan/index.ts';
import type { Office } from '../office.ts';
import type { Html } from './words.ts';

interface Guard {
  readonly words: string;
  readonly more: string;
  /** Means nothing where a run is undone. */
  readonly forward?: boolean;
}

const guards: Readonly<Record<PlanFlag, Guard>> = {
  deleteNew: {
    words: 'Also delete what came after the snapshot',
    more: 'Softly, where Microsoft Entra ID has a recycle bin for it: it stays there for 30 days.',
    forward: true,
  },
  hardDelete: {
    words: 'Also delete it where no recycle bin takes it back',
    more: 'Such a deletion is for good.',
    forward: true,
  },
  allowMassChange: {
    words: 'Also change a large part of a kind',
    more: 'More than the thresholds of driftline.yaml allow.',
  },
  reportOnlyFirst: {
    words: 'Put Conditional Access policies back in report-only mode',
    more: 'A person enables them afterwards.',
  },
  removeCredentials: {
    words: 'Take away secrets and certificates that came after the snapshot',
    more: 'Nobody can put them back; whoever uses them is cut off.',
  },
  dropMissing: {
    words: 'Leave out references to objects that are gone',
    more: 'Instead of refusing the object that holds them.',
  },
  withoutEmergencyAccount: {
    words: 'Write to Conditional Access without an emergency account',
    more: 'driftline.yaml names none, so nothing watches over a lock-out.',
  },
};

const notAfterWords = 'Of what gives access, only what was there at';
const accessWords = 'Changes that give access, each class by name';

/** The boxes of a form that asks for a plan, or for an undo; ticked are those that `chosen` has. */
export function guardFields({ context }: Office, undo: boolean, chosen?: Partial<PlanOptions>): Html {
  const { allowAccess: always, emergencyAccounts } = context.configuration;
  const shown = Object.entries(guards).filter(
    ([name, { forward }]) =>
      !(undo && forward) && !(name === 'withoutEmergencyAccount' && emergencyAccounts.length > 0),
  );
  const ticked = (on: boolean | undefined) => (on === true ? html` checked` : '');
  const access = (name: AccessClass) =>
    always.includes(name) ? html` checked disabled` : ticked(chosen?.allowAccess?.includes(name));
  const opened = chosen?.notAfter !== undefined || chosen?.allowAccess?.some((name) => !always.includes(name));
  return html`<fieldset><legend>Guards</legend>
${shown.map(([name, { words, more }]) => html`<label class="check"><input type="checkbox" name="options.${name}"${ticked(chosen?.[name as keyof typeof guards])}><span>${words}<small>${more}</small></span></label>`)}</fieldset>
<details${opened ? html` open` : ''}><summary>${accessWords}</summary><fieldset><legend>May give access</legend>
${accessClasses.map((name) => html`<label class="check"><input type="checkbox" name="options.allowAccess" value="${name}" data-list${access(name)}><span><code>${name}</code><small>${accessMeanings[name]}${always.includes(name) ? ' (always allowed by driftline.yaml)' : ''}</small></span></label>`)}</fieldset>
<label>${notAfterWords} <input name="options.notAfter" size="20" placeholder="2026-11-20T14:00Z" value="${chosen?.notAfter ?? ''}"></label></details>`;
}

/** The flags of the command line at the end of a plan's line; what looks like one before that is a name that somebody chose. */
const flagged = /\s*\[(--[^[\]]+)\]$/;

/** The lines of a plan, and what ticks would let them through: the boxes that stand for the flags, said once where they are all the same. */
export function boxWords(lines: readonly string[]): { readonly lines: readonly string[]; readonly hint?: string } {
  const hints = new Set(lines.flatMap((line) => hintOf(flagged.exec(line)?.[1] ?? '') ?? []));
  const said = lines.map((line) =>
    line.replace('; --format json has all of them', '; the objects below are all of them'),
  );
  if (hints.size === 1) return { lines: said.map(withoutFlags), hint: [...hints][0]! };
  return { lines: said.map((line) => line.replace(flagged, (_, flags: string) => ` ${hintOf(flags) ?? ''}`)) };
}

/** A line without the flags that it names. */
export function withoutFlags(line: string): string {
  return line.replace(flagged, '');
}

function hintOf(flags: string): string | undefined {
  return flags === '' ? undefined : `To let it through: ${boxesOf(flags)}.`;
}

function boxesOf(flags: string): string {
  const boxes = flags.split(/\s+(?=--)/).map((text) => {
    const [, flag = '', value = ''] = /^--([a-z-]+)(.*)$/.exec(text) ?? [];
    if (flag === 'allow-access') return `“${accessWords}”,${value}`;
    if (flag === 'not-after') return `“${notAfterWords}”${value}`;
    const name = flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return Object.hasOwn(guards, name) ? `“${guards[name as keyof typeof guards].words}”` : `--${flag}`;
  });
  return boxes.join('; ');
}
