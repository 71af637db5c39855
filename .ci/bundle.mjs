// Bundles the Action into bundle/ (or the folder that is named), the same bytes from the same sources on every machine; prints the bundle's digest.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = resolve(process.argv[2] ?? join(root, 'bundle'));

rmSync(folder, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { action: 'src/action/main.ts' },
  outdir: folder,
  bundle: true,
  splitting: true,
  // Flat, for src/version.ts finds package.json one folder up.
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // Its CommonJS build, loaded when it is needed, would have no named exports in a bundle.
  alias: { '@microsoft/microsoft-graph-client': '@microsoft/microsoft-graph-client/lib/es/src/index.js' },
  // Packages in CommonJS ask for Node's own modules by require.
  banner: {
    js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});

const digest = createHash('sha256');
for (const name of readdirSync(folder).sort()) {
  const bytes = readFileSync(join(folder, name));
  digest.update(`${name} ${bytes.length}\n`).update(bytes);
}
process.stdout.write(`${digest.digest('hex')}\n`);
