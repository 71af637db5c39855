// The layout: what every page of the portal stands in.
import { html } from 'hono/html';
import { assetPath } from '../assets/index.ts';
import type { Office } from '../office.ts';
import type { Principal } from '../principal.ts';
import { type Html, shown } from './words.ts';

export interface Page {
  readonly title: string;
  readonly content: Html;
  readonly status?: number;
}

/** Who looks at a page, at what. */
export interface Viewer {
  readonly office: Office;
  readonly principal: Principal;
  readonly url: URL;
}

const places = [
  ['/', 'Snapshots'],
  ['/compare', 'Compare'],
  ['/objects', 'Objects'],
  ['/recover', 'Recover'],
  ['/jobs', 'Jobs'],
  ['/runs', 'Runs'],
  ['/coverage', 'Coverage'],
  ['/settings', 'Settings'],
] as const;

/** The page as an answer. Without a viewer it has no navigation: nobody is signed in. */
export async function render(page: Page, viewer: Viewer | undefined, tenant: string): Promise<Response> {
  const text = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${shown(page.title)} · Driftline</title>
<link rel="stylesheet" href="${assetPath('portal.css')}">
<link rel="icon" href="${assetPath('icon.svg')}" type="image/svg+xml">
<script src="${assetPath('portal.js')}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top"><div>
<a class="brand" href="/"><img src="${assetPath('icon.svg')}" alt=""> Driftline</a>
${viewer === undefined ? '' : who(viewer, tenant)}
${viewer === undefined ? '' : navigation(viewer)}
</div></header>
<main id="content" tabindex="-1">
<div id="alert" role="alert" tabindex="-1" hidden></div>
${page.content}
</main>
</body>
</html>
`;
  return new Response(String(text), {
    status: page.status ?? 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
}

function who({ principal }: Viewer, tenant: string): Html {
  const role = principal.role === 'administrator' ? 'Backup Administrator' : 'Backup Reader';
  return html`<div class="who"><span><bdi>${shown(tenant)}</bdi></span><span class="badge info">${role}</span><span>${shown(principal.name, 60)}</span>
<form data-send="DELETE" data-then="/" action="/session"><button class="link" type="submit">Sign out</button></form></div>`;
}

function navigation({ url }: Viewer): Html {
  const here = (path: string) =>
    path === '/' ? url.pathname === '/' || url.pathname.startsWith('/snapshots') : url.pathname.startsWith(path);
  return html`<nav class="main" aria-label="Main">${places.map(
    ([path, name]) => html`<a href="${path}"${here(path) ? html` aria-current="page"` : ''}>${name}</a>`,
  )}</nav>`;
}
