// Assets: the address of a file that the pages use in, the file out; there are these and no others, so no path of the machine is ever read.
import { createHash } from 'node:crypto';
import { script } from './script.ts';
import { style } from './style.ts';

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5c8a"/><path d="M8 22c5 0 5-12 10-12 3 0 4 3 6 3" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/><circle cx="8" cy="22" r="2.6" fill="#fff"/><circle cx="24" cy="13" r="2.6" fill="#7fd6a4"/></svg>`;

const files: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  'portal.js': { type: 'text/javascript; charset=utf-8', text: script },
  'portal.css': { type: 'text/css; charset=utf-8', text: style },
  'icon.svg': { type: 'image/svg+xml', text: icon },
};

const digests = Object.fromEntries(
  Object.entries(files).map(([name, { text }]) => [name, createHash('sha256').update(text).digest('hex').slice(0, 12)]),
);

/** The address of a file; it changes with its content, so that a browser may keep it. */
export function assetPath(name: keyof typeof files & string): string {
  return `/assets/${digests[name]}/${name}`;
}

/** The file at an address, undefined where there is none. */
export function assetFor(path: string): Response | undefined {
  const [, digest, name] = /^\/assets\/([0-9a-f]{12})\/([a-z.]+)$/.exec(path) ?? [];
  const file = name !== undefined && Object.hasOwn(files, name) && digests[name] === digest ? files[name] : undefined;
  if (file === undefined) return undefined;
  return new Response(file.text, {
    headers: { 'content-type': file.type, 'cache-control': 'public, max-age=31536000, immutable' },
  });
}
