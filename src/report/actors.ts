// Actors: what the audit log says of an object's change as lines for a person; raw texts, which each renderer makes inert.
import { hasMixedScripts } from '../model/escape.ts';
import { minuteText } from '../model/moment.ts';
import type { ReportActor, ReportActors, ReportChange } from '../model/report.ts';

/** One line for each entry, and one for those that are left out. */
export function actorLines({ actors = [], moreActors = 0 }: Pick<ReportChange, 'actors' | 'moreActors'>): string[] {
  const more = `${moreActors} earlier ${moreActors === 1 ? 'entry' : 'entries'} of the audit log`;
  return [...actors.map(actorText), ...(moreActors === 0 ? [] : [`and ${more}`])];
}

/** `by Nora Berg (nora@contoso.example) from 203.0.113.7, 2026-11-24 23:10:05 UTC: Update conditional access policy`. */
function actorText(actor: ReportActor): string {
  const { activityDateTime, activityDisplayName, result, resultReason, run } = actor;
  const time = `${activityDateTime.slice(0, 19).replace('T', ' ')} UTC`;
  const outcome = result === 'success' ? '' : ` (${result}${resultReason === undefined ? '' : `: ${resultReason}`})`;
  const during = run === undefined ? '' : `, during recovery ${run}`;
  return `by ${whoText(actor)}, ${time}: ${activityDisplayName}${outcome}${during}`;
}

function whoText({ initiatedBy: { user, app } }: ReportActor): string {
  if (user !== undefined) {
    const from = user.ipAddress === undefined ? '' : ` from ${user.ipAddress}`;
    return `${named(user.displayName, user.userPrincipalName ?? user.id, 'a user')}${from}`;
  }
  if (app === undefined) return 'somebody whom the log does not name';
  const id =
    app.appId === undefined
      ? app.servicePrincipalId && `service principal ${app.servicePrincipalId}`
      : `application ${app.appId}`;
  return named(app.displayName, id, 'an application');
}

/** A name is what its bearer chose: what identifies him stands behind it. */
function named(name: string | undefined, identity: string | undefined, otherwise: string): string {
  const marked = name !== undefined && hasMixedScripts(name) ? `${name} (mixed scripts)` : name;
  if (marked === undefined) return identity ?? `${otherwise} whom the log does not name`;
  return identity === undefined ? marked : `${marked} (${identity})`;
}

/** What a reader must know of where the lines come from. */
export function actorsNotice({ status, from, to, reason }: ReportActors): {
  readonly heading: string;
  readonly lines: readonly string[];
} {
  if (status !== 'complete' && status !== 'partial')
    return { heading: 'Who made the changes is not known', lines: [reason ?? status] };
  const span = [from, to].map(minuteText).join(' to ');
  return {
    heading: 'Who made the changes',
    lines: [
      `As the tenant's audit log has it, ${span}. Where no “by” stands, it has no entry about the object.`,
      ...(reason === undefined ? [] : [reason]),
    ],
  };
}
