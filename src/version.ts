// The version of this Driftline, from the package that it was installed as.
import { readFileSync } from 'node:fs';

const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

export const version = manifest.version;
