// Takes the rows, gives the page that says of each attribute and link whether it is stored, reported and recovered, and by whom.
import {
  type Attribute,
  type Condition,
  type Contained,
  type Deletion,
  isIrrevocable,
  type Kind,
  type Kinds,
  type LinkKind,
} from '../model/kind.ts';
import { inheritedFact } from '../model/path.ts';

const introduction = `# What is covered

This page is made from the rows in \`src/kinds/\` (\`renderCoverageTable\`), and a test keeps it equal to them. What no row lists is not read,
not stored and not written.

- **Stored and reported**: it stands in the YAML file, and a difference in it is in every report.
- **Recovered**: when a recovery writes it. *Always* means at creation and by an update; *at creation* that Graph takes it only with a new object;
  *never* that it is read-only, or that writing it back needs what no snapshot holds. A class in brackets says what the write may give somebody:
  the recovery needs \`--allow-access\` with that class.
- **Microsoft**: whether Microsoft Entra Backup and Recovery covers it (the list of supported objects and properties of 2026-08-25).

Objects that are synced from on-premises are stored and reported; their attributes are recovered only where the column says *also when synced*.
`;

const deletions: Readonly<Record<Deletion['mode'], string>> = {
  soft: 'A deleted one is in the recycle bin for 30 days and comes back from it with its id.',
  hard: 'A deleted one is gone; a recovery makes it anew.',
  never: 'It cannot be deleted.',
};

/** The whole page `docs/coverage.md`, Markdown with a final newline, from the rows in their order. */
export function renderCoverageTable(kinds: Kinds): string {
  const rows = [...kinds.values()];
  return `${[introduction, renderSummary(rows), ...rows.map(renderKind)].join('\n')}`;
}

function renderSummary(rows: readonly Kind[]): string {
  const lines = rows.map((kind) => {
    const facts = Object.entries(kind.attributes).filter(([path, fact]) => !path.includes('.') && !fact.noise);
    const links = Object.values(kind.links);
    const recovered =
      facts.filter(([path]) => isWritten(kind, path)).length + links.filter((link) => link.write !== 'never').length;
    const native = [...facts.map(([, fact]) => fact), ...links].filter((fact) => fact.native).length;
    return tableRow([link(kind), String(facts.length + links.length), String(recovered), String(native)]);
  });
  const head = ['Kind', 'Attributes and links stored', 'of them recovered', 'of them covered by Microsoft'];
  return `${[tableRow(head), tableRow(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...lines].join('\n')}\n`;
}

function renderKind(kind: Kind): string {
  const head = ['Attribute or link', 'Stored and reported', 'Recovered', 'Microsoft'];
  const attributes = Object.entries(kind.attributes)
    .filter(([path, fact]) => !path.includes('.') || speaks(fact))
    .map(([path, fact]) =>
      tableRow([`\`${path}\``, storedText(fact), recoveredText(kind, path, fact), nativeText(kind, path, fact)]),
    );
  const links = Object.entries(kind.links).map(([name, fact]) =>
    tableRow([`\`${name}\` (link)`, linkStoredText(fact), linkRecoveredText(fact), fact.native ? 'yes' : 'no']),
  );
  return `${[`## ${kind.name}`, '', about(kind), '', tableRow(head), tableRow(head.map(() => '---')), ...attributes, ...links].join('\n')}\n`;
}

function about(kind: Kind): string {
  const { read, write, optional = [] } = kind.permissions;
  const part = optional.map(({ permission, access, for: what }) => `${code(permission)} to ${access} ${what}`);
  const sentences = [
    `Type ${code(kind.type)}, read from ${code(kind.path)} (${kind.version}). ${deletions[kind.deletion.mode]}`,
    `Permissions: ${read.map(code).join(', ')} to read, ${write.map(code).join(', ')} to recover.`,
    part.length === 0 ? '' : `For a part of it: ${part.join('; ')}.`,
    kind.absentIn === undefined ? '' : `Microsoft Graph does not have it in: ${kind.absentIn.join(', ')}.`,
    ...exceptionsOf(kind).map((when) => `Not stored where ${when}: what is marked *with an exception*.`),
    ...(kind.readOnlyWhen ?? []).map((when) => `Never written where ${conditionText(when)}: ${when.because}.`),
    ...(kind.notCreatedWhen ?? []).map((when) => `Never made anew where ${conditionText(when)}: ${when.because}.`),
    kind.native === undefined ? "Microsoft's service does not know it." : `Microsoft calls it \`${kind.native}\`.`,
  ];
  return sentences.filter((sentence) => sentence !== '').join('\n');
}

/** The conditions under which some of the kind's attributes are noise, each once. */
function exceptionsOf(kind: Kind): readonly string[] {
  const texts = Object.values(kind.attributes).flatMap(({ noiseWhen }) =>
    noiseWhen === undefined ? [] : [noiseWhen.map(conditionText).join(' or ')],
  );
  return [...new Set(texts)];
}

/** Has a deeper path something to say in the table? Keys and references alone do not change what is covered. */
function speaks(fact: Attribute): boolean {
  return Boolean(fact.noise ?? fact.write ?? fact.access ?? fact.only);
}

function storedText(fact: Attribute): string {
  if (fact.noise) return 'no: it changes by itself, or copies another';
  const notes = [
    fact.only === undefined ? '' : `only ${fact.only.map(code).join(', ')}`,
    fact.guard === undefined ? '' : `with ${code(fact.guard)}`,
    fact.noiseWhen === undefined ? '' : 'with an exception',
  ].filter((note) => note !== '');
  return ['yes', ...notes].join(', ');
}

function recoveredText(kind: Kind, path: string, fact: Attribute): string {
  if (fact.noise) return '';
  const contained = kind.contained?.find(({ attribute }) => attribute === path);
  const when = contained === undefined ? writeText(kind, path, fact) : containedText(contained);
  const synced = fact.cloudOnly === false && isWritten(kind, path) ? ', also when synced' : '';
  const gives = isWritten(kind, path) && !(contained !== undefined && isIrrevocable(contained));
  return `${when}${synced}${accessText(fact, gives)}`;
}

function writeText(kind: Kind, path: string, fact: Attribute): string {
  const write = inheritedFact(kind, path, 'write') ?? 'always';
  if (write === 'create') return 'at creation';
  if (write === 'action') return `always, by ${code(fact.action ?? '')}`;
  return write;
}

function containedText(contained: Contained): string {
  if (isIrrevocable(contained)) return 'never put back; what came later is taken away with `--remove-credentials`';
  const writes = contained.write.join(', ');
  const others = Object.entries(contained.writeOf ?? {}).map(([type, write]) => `${write.join(', ')} for \`${type}\``);
  return `one by one: ${[writes, ...others].join('; ')}`;
}

function isWritten(kind: Kind, path: string): boolean {
  return inheritedFact(kind, path, 'write') !== 'never';
}

function accessText(fact: Attribute | LinkKind, written: boolean): string {
  if (fact.access === undefined || !written) return '';
  const when = fact.accessWhen === undefined ? '' : ` where ${conditionText(fact.accessWhen)}`;
  return ` (\`${fact.access}\`${when})`;
}

/** Microsoft's list names whole properties: what lies below a covered one is covered. */
function nativeText(kind: Kind, path: string, fact: Attribute): string {
  if (fact.noise) return '';
  return inheritedFact(kind, path, 'native') ? 'yes' : 'no';
}

function linkStoredText(fact: LinkKind): string {
  const notes = [
    fact.existsWhen === undefined ? '' : `where ${fact.existsWhen.map(conditionText).join(' or ')}`,
    fact.absentIn === undefined ? '' : `not in the clouds ${fact.absentIn.join(', ')}`,
    fact.computedWhen === undefined ? '' : `not where ${conditionText(fact.computedWhen)}`,
    fact.hiddenWhen === undefined
      ? ''
      : `where ${conditionText(fact.hiddenWhen)} with ${code(fact.hiddenWhen.permission)}`,
  ].filter((note) => note !== '');
  return ['yes', ...notes].join(', ');
}

function linkRecoveredText(fact: LinkKind): string {
  if (fact.write === 'never') return 'never';
  const synced = fact.cloudOnly === false ? ', also when synced' : '';
  return `always${synced}${accessText(fact, true)}`;
}

function conditionText(condition: Condition): string {
  const { attribute, contains, lacks, equals, and } = condition;
  const says = [
    contains === undefined ? '' : `${code(attribute)} has ${code(contains)}`,
    lacks === undefined ? '' : `${code(attribute)} lacks ${code(lacks)}`,
    equals === undefined ? '' : `${code(attribute)} is ${code(String(equals))}`,
    and === undefined ? '' : conditionText(and),
  ];
  return says.filter((text) => text !== '').join(' and ');
}

function link(kind: Kind): string {
  return `[${kind.name}](#${kind.name.toLowerCase()})`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
