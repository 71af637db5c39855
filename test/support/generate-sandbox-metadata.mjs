// Takes Microsoft's published TypeScript types of Graph (the package @microsoft/microsoft-graph-types), gives the source text of src/sandbox/metadata.generated.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The entity types that the sandbox serves; everything complex or enumerated below them follows by itself. */
const served = [
  'Application',
  'AppRoleAssignment',
  'AuthenticationCombinationConfiguration',
  'AuthenticationContextClassReference',
  'AuthenticationMethodConfiguration',
  'AuthenticationMethodsPolicy',
  'AuthenticationMethodTarget',
  'AuthenticationStrengthPolicy',
  'AuthorizationPolicy',
  'ConditionalAccessPolicy',
  'Device',
  'DirectoryObject',
  'Domain',
  'Entity',
  'ExtensionProperty',
  'FederatedIdentityCredential',
  'Group',
  'IdentitySecurityDefaultsEnforcementPolicy',
  'NamedLocation',
  'OAuth2PermissionGrant',
  'Organization',
  'OrgContact',
  'ServicePrincipal',
  'User',
];

/** Bases with descendants all over Graph, of which only those named above are wanted. */
const withoutDescendants = new Set(['ConditionalAccessPolicy', 'DirectoryObject', 'Entity', 'PolicyBase']);

const primitives = new Set(['string', 'boolean', 'number', 'any']);

/** "ConditionalAccessPolicy" → "conditionalAccessPolicy": the published types capitalize Graph's names, and change nothing else. */
const graphName = (name) => (primitives.has(name) ? name : name[0].toLowerCase() + name.slice(1));

/** Reads the declaration file line by line: its generator lays every member on one line, or an enumeration over several. */
function parse(text) {
  const global = text.split(/^export namespace \w+/m)[0];
  const enums = new Map();
  for (const [, name, members] of global.matchAll(/^export type (\w+) =\s*((?:\s*\|?\s*"[^"]*")+);/gm)) {
    enums.set(
      name,
      [...members.matchAll(/"([^"]*)"/g)].map((member) => member[1]),
    );
  }
  const types = new Map();
  for (const [, name, base, body] of global.matchAll(
    /^export interface (\w+)(?: extends (\w+))? \{(\}|[\s\S]*?^\})/gm,
  )) {
    const properties = [];
    const member =
      /((?:^ {4}\/\/.*\n|^ {4}\/\*\*[\s\S]*?\*\/\n)?)^ {4}"?([\w@.]+)"?\?: (?:NullableOption<)?([\w.]+)(\[\])?(>)?;/gm;
    for (const [, comment, property, type, collection, nullable] of body.matchAll(member)) {
      properties.push({ property, type, collection: Boolean(collection), nullable: Boolean(nullable), comment });
    }
    types.set(name, { base, properties });
  }
  return { enums, types };
}

/** One property as `type[]?!`: `[]` a collection, `?` nullable, `!` read-only by its published description. */
function encode({ property, type, collection, nullable, comment }) {
  const dated = type === 'string' && /(DateTime|^birthday|HireDate|^hireDate)$/.test(property);
  const description = comment.replace(/\s*\n\s*\*?\s*/g, ' ');
  const readOnly = /\bread-?only\b(?! (for|when|if|in|on)\b)/i.test(description);
  return `${dated ? 'dateTimeOffset' : graphName(type)}${collection ? '[]' : ''}${nullable ? '?' : ''}${readOnly ? '!' : ''}`;
}

/** The names of all types that a body of a served type can hold: bases, complex properties, and their derived types. */
function reachable({ types }) {
  const isEntity = (name) => name === 'Entity' || (types.has(name) && isEntity(types.get(name).base));
  const wanted = new Set();
  const visit = (name) => {
    if (!types.has(name) || wanted.has(name)) return;
    wanted.add(name);
    const { base, properties } = types.get(name);
    visit(base);
    for (const property of properties) if (!isEntity(property.type)) visit(property.type);
    if (withoutDescendants.has(name)) return;
    for (const [other, { base: of }] of types) if (of === name) visit(other);
  };
  for (const name of served) visit(name);
  // Entities inside the policies we serve (targets, passkey profiles) are contained: their bodies come with their owner's.
  for (const name of [...wanted].filter((each) => /^Authentication|MethodConfiguration$/.test(each))) {
    for (const { type } of types.get(name).properties) visit(type);
  }
  return { wanted, isEntity };
}

/** The text of the generated module. */
export function generate(declarations, version) {
  const parsed = parse(declarations);
  const { wanted, isEntity } = reachable(parsed);
  const usedEnums = new Set();
  const lines = [];
  for (const name of [...wanted].sort()) {
    const { base, properties } = parsed.types.get(name);
    for (const { type } of properties) if (parsed.enums.has(type)) usedEnums.add(type);
    const pairs = properties
      .filter(({ type }) => primitives.has(type) || parsed.enums.has(type) || parsed.types.has(type))
      .map((each) => `${JSON.stringify(each.property)}:${JSON.stringify(encode(each))}`);
    const head = `kind:'${isEntity(name) ? 'entity' : 'complex'}'${base ? `,base:'${graphName(base)}'` : ''}`;
    lines.push(`  ${graphName(name)}:{${head},properties:{${pairs.join(',')}}},`);
  }
  const entities = new Set();
  for (const name of wanted) {
    for (const { type } of parsed.types.get(name).properties)
      if (isEntity(type) && !wanted.has(type)) entities.add(graphName(type));
  }
  return [
    `// Data only: the types that the sandbox serves, generated by test/support/generate-sandbox-metadata.mjs from @microsoft/microsoft-graph-types ${version}; do not edit.`,
    '',
    'export const types: Record<string, { kind: string; base?: string; properties: Record<string, string> }> = {',
    ...lines,
    '};',
    '',
    '/** Entity types that are only pointed at by a relation of a served type, and whose own properties are not kept here. */',
    `export const relatedEntities: readonly string[] = ${JSON.stringify([...entities].sort())};`,
    '',
    '/** Members in the published order: those after `unknownFutureValue` are hidden from clients that do not ask for them. */',
    'export const enums: Record<string, readonly string[]> = {',
    ...[...usedEnums].sort().map((name) => `  ${graphName(name)}:${JSON.stringify(parsed.enums.get(name))},`),
    '};',
    '',
  ].join('\n');
}

/** Reads the installed package and gives the module's text. */
export function generateFromPackage() {
  const folder = new URL('../../node_modules/@microsoft/microsoft-graph-types/', import.meta.url);
  const { version } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
  return generate(readFileSync(new URL('microsoft-graph.d.ts', folder), 'utf8').replaceAll('\r\n', '\n'), version);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../../src/sandbox/metadata.generated.ts', import.meta.url), generateFromPackage());
}
