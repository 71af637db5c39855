// The runner's contract: inputs read, outputs and summaries written, and nothing hostile obeyed by the runner.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inputNames, readInputs } from '../../src/action/inputs.ts';
import { cutBytes, Runner, type World } from '../../src/action/runner.ts';

function world(environment: Record<string, string> = {}): { world: World; said: () => string } {
  let said = '';
  return {
    said: () => said,
    world: {
      environment,
      cwd: '/',
      now: () => new Date(0),
      signal: new AbortController().signal,
      random: () => 'unforeseen',
      write: (text) => {
        said += text;
      },
      wait: async () => undefined,
    },
  };
}

/** The commands that GitHub's runner would find in a log, as its two parsers look for them (trust.md finding 5). */
function commandsIn(log: string): string[] {
  return log.split(/\r\n|\r|\n/).flatMap((line) => {
    const second = /^\s*::([^\s:]+)(?:\s[^:]*)?::/u.exec(line)?.[1];
    if (second !== undefined) return [second];
    const first = /##\[([^\s\]]+)/u.exec(line)?.[1];
    return first === undefined ? [] : [first];
  });
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '::',
        '##[',
        ']',
        'set-output name=drift',
        'add-mask',
        '\n',
        '\r',
        '\u2028',
        '%0A',
        '::error::x',
        ' ',
        'é',
        '\u202e',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

describe('the runner', () => {
  it('obeys nothing that a name of the tenant says, in either spelling', () => {
    fc.assert(
      fc.property(hostile, hostile, (title, text) => {
        const { world: one, said } = world();
        const runner = new Runner(one);
        runner.log(text);
        runner.annotate('warning', title, text);
        expect(commandsIn(said())).toEqual(['warning']);
      }),
      { numRuns: 2000 },
    );
  });

  it('would obey the same text written raw, so the test above can fail', () => {
    expect(commandsIn('x ##[set-output name=drift]false')).toEqual(['set-output']);
    expect(commandsIn(' ::add-mask::e')).toEqual(['add-mask']);
  });

  it('shows at most ten annotations of a level, and logs the rest', () => {
    const { world: one, said } = world();
    const runner = new Runner(one);
    for (let count = 0; count < 12; count += 1) runner.annotate('error', 'refused', `number ${count}`);
    expect(said().match(/^::error/gm)).toHaveLength(10);
    expect(said()).toContain('error: refused: number 11');
  });

  it('writes outputs so that a value cannot begin another', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'driftline-output-')), 'output');
    const runner = new Runner(world({ GITHUB_OUTPUT: file }).world);
    runner.output('commit', 'abc\ndrift=true');
    expect(readFileSync(file, 'utf8')).toBe('commit<<driftline-unforeseen\nabc\ndrift=true\ndriftline-unforeseen\n');
    expect(() => runner.output('commit', 'driftline-unforeseen')).toThrow(RangeError);
  });

  it('keeps the summary below what the runner takes, and says that it was cut', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'driftline-summary-')), 'summary');
    const runner = new Runner(world({ GITHUB_STEP_SUMMARY: file }).world);
    const line = `${'ü'.repeat(99)}\n`;
    for (let part = 0; part < 3; part += 1) runner.summary(line.repeat(2500));
    const text = readFileSync(file, 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(text).toContain('The rest does not fit here');
    expect(text).not.toContain('\ufffd');
    expect(cutBytes('short', 100)).toBe('short');
  });
});

describe('the inputs', () => {
  it('are those of action.yml, each of them', () => {
    const action = parse(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8')) as { inputs: object };
    expect(Object.keys(action.inputs)).toEqual(inputNames);
  });

  it('are read as the runner hands them over', () => {
    const inputs = readInputs({
      INPUT_COMMAND: 'drift',
      'INPUT_FAIL-ON-DRIFT': 'true',
      INPUT_KINDS: 'users, groups\n conditionalAccessPolicies',
      'INPUT_ALLOW-ACCESS': 'all',
      'INPUT_NOTIFY-WEBHOOK': 'https://example.com/hook',
    });
    expect(inputs).toMatchObject({ command: 'drift', failOnDrift: true, deleteNew: false, config: 'driftline.yaml' });
    expect(inputs.kinds).toEqual(['users', 'groups', 'conditionalAccessPolicies']);
    expect(inputs.allowAccess).toContain('ownership');
    expect(inputs.notify).toEqual({
      url: 'https://example.com/hook',
      format: 'generic',
      on: ['drift', 'refusal', 'failure', 'coverage'],
    });
  });

  it.each([
    [{}, 'command'],
    [{ INPUT_COMMAND: 'destroy' }, 'command'],
    [{ INPUT_COMMAND: 'drift', 'INPUT_FAIL-ON-DRIFT': 'yes' }, 'fail-on-drift'],
    [{ INPUT_COMMAND: 'drift', INPUT_CONFIG: '../../etc/passwd' }, 'config'],
    [{ INPUT_COMMAND: 'drift', INPUT_CONFIG: '/etc/passwd' }, 'config'],
    [{ INPUT_COMMAND: 'apply', 'INPUT_ALLOW-ACCESS': 'everything' }, 'allow-access'],
  ])('say which one is wrong: %j', (environment, subject) => {
    expect(() => readInputs(environment)).toThrow(expect.objectContaining({ kind: 'usage', subject }));
  });
});
