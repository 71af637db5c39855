// Objects: search in a snapshot, one object as it was, and its life through all snapshots.
import { html } from 'hono/html';
import { attributeAt } from '../../model/canonical.ts';
import { displayNameOf, type Entity } from '../../model/entity.ts';
import { graphIdOf } from '../../model/graph-id.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import type { Kind } from '../../model/kind.ts';
import { keyOf, kindOf, type Ref } from '../../model/ref.ts';
import type { Named, Pointer } from '../../model/report.ts';
import { pointerText } from '../../report/index.ts';
import { history } from '../../verbs/history.ts';
import { nameLookup } from '../../verbs/names.ts';
import { badRequest, notFound } from '../failure.ts';
import type { Office } from '../office.ts';
import type { FoundObject } from '../search.ts';
import type { Page, Viewer } from './layout.ts';
import { attributeHtml, linksHtml, valueHtml } from './values.ts';
import {
  count,
  type Html,
  named,
  nothing,
  objectPath,
  operationBadge,
  pager,
  query,
  shortId,
  shown,
  when,
} from './words.ts';

const top = 100;
const historyLimit = 50;
const mostLinks = 1_000;

export async function objectsPage({ office, url }: Viewer): Promise<Page> {
  const asked = url.searchParams.get('commit') || undefined;
  const commit = await office.newestOr(asked);
  const [text, kind] = [url.searchParams.get('q') ?? '', url.searchParams.get('kind') || undefined];
  const skip = Number(url.searchParams.get('skip') ?? 0) || 0;
  const found = await office.search.find(commit.id, text, kind);
  const kinds = [...office.context.kinds.keys()];
  return {
    title: 'Objects',
    content: html`<h1>Objects</h1><p class="lead">All objects of the snapshot of ${when(commit.at)} <a href="/snapshots/${commit.id}"><code>${shortId(commit.id)}</code></a>.</p>
<form class="filters" role="search" method="get" action="/objects"><label>Name, id, address or application id <input type="search" name="q" value="${text}"></label>
<label>Kind <select name="kind"><option value="">all</option>${kinds.map((name) => html`<option${name === kind ? html` selected` : ''}>${name}</option>`)}</select></label>
<label>Snapshot <input name="commit" value="${asked ?? ''}" placeholder="newest" size="14"></label><button type="submit">Search</button></form>
<p role="status">${found.length === 0 ? nothingFound(text, kind) : count(found.length, 'object')}</p>
${found.length === 0 ? '' : tableHtml(found.slice(skip, skip + top), asked)}
${pager('/objects', { q: text, kind, commit: asked }, { skip, top, total: found.length })}`,
  };
}

function nothingFound(text: string, kind: string | undefined): Html {
  const where = kind === undefined ? 'this snapshot' : `${kind} in this snapshot`;
  return text === ''
    ? html`There is nothing of ${where}.`
    : html`Nothing of ${where} has “<bdi>${shown(text, 80)}</bdi>” in its name, id, address or application id. An object that is gone by now is in an older snapshot.`;
}

function tableHtml(found: readonly FoundObject[], asked: string | undefined): Html {
  return html`<div class="scroll" role="region" aria-label="Objects found" tabindex="0"><table class="stack"><caption class="visually-hidden">Objects found</caption><thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Id</th></tr></thead><tbody>
${found.map((object) => html`<tr><th scope="row" class="wide"><a href="${objectPath(object.ref, asked)}">${named(object.displayName)}</a></th><td>${object.type}</td><td class="wide"><code>${shown(object.id)}</code></td></tr>`)}</tbody></table></div>`;
}

export async function objectPage({ office, url }: Viewer, kindName: string, key: string): Promise<Page> {
  const { repository, kinds } = office.context;
  const kind = kinds.get(kindName);
  if (kind === undefined) throw notFound('There is no such kind.');
  const ref: Ref = `${kindName}/${key}`;
  const asked = url.searchParams.get('commit') || undefined;
  const commit = await office.newestOr(asked);
  const stored = await repository.entity(commit.id, ref).catch((error) => {
    if (error instanceof RangeError) throw badRequest('That is not the key of an object.');
    throw error;
  });
  const life = await lifeHtml(office, ref);
  if (stored === undefined && life.entries === 0) throw notFound('No snapshot ever had such an object.');
  const name = stored === undefined ? life.lastName : displayNameOf(kind, stored.entity);
  return {
    title: name,
    content: html`<h1>${named(name)}</h1>
<div class="panel"><dl class="facts"><dt>Type</dt><dd>${kind.type}</dd><dt>Id</dt><dd><code>${shown(graphIdOf(kind, key) ?? key)}</code></dd><dt>File</dt><dd><code>${shown(ref)}</code></dd>
<dt>Snapshot</dt><dd>${when(commit.at)} <a href="/snapshots/${commit.id}"><code>${shortId(commit.id)}</code></a>${asked === undefined ? ' (the newest)' : ''}</dd></dl></div>
${stored === undefined ? html`<div class="notice"><h2>It is not in this snapshot</h2><p>Its history says when it came and when it went.</p></div>` : await entityHtml(office, kind, stored.entity, commit.id, asked)}
<div class="actions"><a class="button" href="/recover${query({ goal: commit.id, ref })}">Recover it to this snapshot</a></div>
<h2>History</h2>${life.content}`,
  };
}

async function entityHtml(
  office: Office,
  kind: Kind,
  entity: Entity,
  commit: string,
  asked: string | undefined,
): Promise<Html> {
  const { repository, kinds } = office.context;
  const names = nameLookup(repository, kinds, [commit]);
  try {
    const pointers: Pointer[] = [];
    for (const [path, value] of Object.entries(entity.attributes)) pointersIn(kind, path, value, pointers);
    const links = Object.entries(entity.links);
    for (const [, targets] of links)
      for (const { target } of targets.slice(0, mostLinks))
        pointers.push({ kind: kindOf(target), by: 'id', value: keyOf(target) });
    const known = await names.find(pointers);
    const said = Object.fromEntries(
      pointers.flatMap((pointer) => {
        const found = known.get(pointerText(pointer));
        return found === undefined ? [] : [[pointer.value, found.displayName]];
      }),
    );
    const namesIn = (value: Json) => {
      const text = JSON.stringify(value);
      return Object.fromEntries(Object.entries(said).filter(([id]) => text.includes(id)));
    };
    return html`<section class="panel"><h2>Attributes</h2><dl class="facts">${Object.entries(entity.attributes).map(([name, value]) => html`<dt>${shown(name)}</dt><dd>${valueHtml(value, namesIn(value))}</dd>`)}</dl></section>
${links.map(([name, targets]) => html`<section class="panel"><h2>${shown(name)} (${targets.length})</h2><ul class="plain">${targets.slice(0, mostLinks).map(({ target, properties }) => linkHtml(target, properties, known, asked))}${targets.length > mostLinks ? html`<li>… and ${targets.length - mostLinks} more</li>` : ''}</ul></section>`)}`;
  } finally {
    await names.close();
  }
}

function linkHtml(
  target: Ref,
  properties: Readonly<Record<string, string>> = {},
  known: ReadonlyMap<string, Named>,
  asked: string | undefined,
): Html {
  const name =
    known.get(pointerText({ kind: kindOf(target), by: 'id', value: keyOf(target) }))?.displayName ?? keyOf(target);
  return html`<li><a href="${objectPath(target, asked)}">${named(name)}</a> <span class="quiet">${kindOf(target)} ${Object.entries(properties).map(([property, value]) => html`${property} <code>${shown(value)}</code> `)}</span></li>`;
}

/** What an attribute points to, by the row. */
function pointersIn(kind: Kind, path: string, value: Json, found: Pointer[]): void {
  if (typeof value === 'string') {
    const { refersTo } = attributeAt(kind, path);
    if (refersTo !== undefined && refersTo.inside === undefined)
      found.push({ kind: refersTo.kind, by: refersTo.by ?? 'id', value });
  } else if (isArray(value)) for (const item of value) pointersIn(kind, path, item, found);
  else if (isObject(value))
    for (const [name, member] of Object.entries(value)) pointersIn(kind, `${path}.${name}`, member, found);
}

async function lifeHtml({ context }: Office, ref: Ref): Promise<{ content: Html; entries: number; lastName: string }> {
  const { repository, kinds, now } = context;
  const life = await history({ repository, kinds, object: ref, limit: historyLimit, now });
  const items: Html[] = [];
  let lastName = keyOf(ref);
  try {
    for await (const { commit, change } of life.entries) {
      if (items.length === 0) lastName = change.displayName;
      const came = change.operation === 'create';
      items.push(html`<li><div class="head"><a href="${objectPath(ref, commit.id)}"><b>${when(commit.at)}</b> <code>${shortId(commit.id)}</code></a> ${operationBadge(change.operation)} <span class="quiet">${count(change.attributes.length, 'attribute')}, ${count(change.links.length, 'link')}</span></div>
${came ? nothing : html`<details><summary>What changed</summary>${change.attributes.map((attribute) => attributeHtml(attribute, ['Before', 'After']))}${linksHtml(change.links, ['Before', 'After'], commit.id)}</details>`}</li>`);
    }
  } finally {
    await life.close();
  }
  return { content: html`<ol class="line">${items}</ol>`, entries: items.length, lastName };
}
