// Values: attribute and link changes as HTML, before and after side by side, with the names of what ids point to.

import { html } from 'hono/html';
import { grouped } from '../../model/grouped.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import { keyOf } from '../../model/ref.ts';
import type { ReportAttribute, ReportLink } from '../../model/report.ts';
import { type Html, named, objectPath, shown } from './words.ts';

const longestValue = 8_000;
/** Items of one set, or targets of one link, that are shown. */
const mostItems = 500;

/** A value as a person reads it: a text as it is, anything else as indented JSON; ids with the names that are known. */
export function valueHtml(value: Json | undefined, names: ReportAttribute['names'] = {}): Html {
  if (value === undefined) return html`<span class="quiet">not set</span>`;
  if (typeof value === 'string')
    return html`<span class="mono">${value === '' ? '""' : shown(value, longestValue)}</span>${nameOf(value, names)}`;
  if (!isObject(value) && !isArray(value)) return html`<span class="mono">${String(value)}</span>`;
  const text = JSON.stringify(value, null, 2);
  const known = Object.entries(names).filter(([id]) => text.includes(id));
  // Line ends of our own indentation are shown as such; those inside values are escaped by JSON.
  return html`<pre>${text
    .split('\n')
    .map((line) => shown(line, longestValue))
    .join('\n')}</pre>
${known.map(([id, name]) => html`<div class="quiet"><code>${shown(id)}</code> is ${named(name)}</div>`)}`;
}

function nameOf(value: string, names: NonNullable<ReportAttribute['names']>): Html | '' {
  if (Object.hasOwn(names, value)) return html` (${named(names[value]!)})`;
  const inside = Object.entries(names).filter(([id]) => value.includes(id));
  return inside.length === 0
    ? ''
    : html`${inside.map(([id, name]) => html`<div class="quiet"><code>${shown(id)}</code> is ${named(name)}</div>`)}`;
}

/** One attribute, before and after. Of a set only what came and what went. */
export function attributeHtml(change: ReportAttribute, words: readonly [string, string]): Html {
  const { path, added = [], removed = [], names } = change;
  const [before, after] =
    added.length + removed.length > 0
      ? [itemsHtml(removed, names), itemsHtml(added, names)]
      : [valueHtml(change.before, names), valueHtml(change.after, names)];
  const set = added.length + removed.length > 0;
  return html`<div class="attribute"><h3>${shown(path)}</h3><div class="sides">
<div class="side ${set && removed.length === 0 ? 'none' : 'before'}"><small>${set ? `Only ${words[0].toLowerCase()}` : words[0]}</small>${before}</div>
<div class="side ${set && added.length === 0 ? 'none' : 'after'}"><small>${set ? `Only ${words[1].toLowerCase()}` : words[1]}</small>${after}</div></div></div>`;
}

function itemsHtml(items: readonly Json[], names: ReportAttribute['names']): Html {
  if (items.length === 0) return html`<span class="quiet">nothing</span>`;
  const more = items.length > mostItems ? html`<li>… and ${items.length - mostItems} more</li>` : '';
  return html`<ul class="plain">${items.slice(0, mostItems).map((item) => html`<li>${valueHtml(item, names)}</li>`)}${more}</ul>`;
}

/** The links of one object by name: who came, who went. */
export function linksHtml(links: readonly ReportLink[], words: readonly [string, string], commit?: string): Html {
  return html`${[...grouped(links, ({ link }) => link)].map(([name, list]) => {
    const of = (operation: ReportLink['operation']) => list.filter((link) => link.operation === operation);
    const [removed, added] = [of('remove'), of('add')];
    return html`<div class="attribute"><h3>${shown(name)} <span class="added">+${added.length}</span> <span class="removed">−${removed.length}</span></h3><div class="sides">
<div class="side ${removed.length === 0 ? 'none' : 'before'}"><small>Only ${words[0].toLowerCase()}</small>${targetsHtml(removed, commit)}</div>
<div class="side ${added.length === 0 ? 'none' : 'after'}"><small>Only ${words[1].toLowerCase()}</small>${targetsHtml(added, commit)}</div></div></div>`;
  })}`;
}

function targetsHtml(links: readonly ReportLink[], commit: string | undefined): Html {
  if (links.length === 0) return html`<span class="quiet">nobody</span>`;
  const more = links.length > mostItems ? html`<li>… and ${links.length - mostItems} more</li>` : '';
  const items = links.slice(0, mostItems).map(({ target, targetName, targetType, properties = {}, names = {} }) => {
    const said = Object.entries(properties).map(
      ([name, value]) => `${name} ${Object.hasOwn(names, value) ? `${names[value]} (${value})` : value}`,
    );
    return html`<li><a href="${objectPath(target, commit)}">${named(targetName)}</a> <span class="quiet">${shown(targetType)} <code>${shown(keyOf(target))}</code>${said.map((text) => html`, ${shown(text)}`)}</span></li>`;
  });
  return html`<ul class="plain">${items}${more}</ul>`;
}
