// The ids that Graph computes, against published ones (reference 1.15).
import { describe, expect, it } from 'vitest';
import { joinedId, securityIdentifier } from '../../src/sandbox/rules/directory/identifiers.ts';

describe('computed ids', () => {
  it('are the security identifier that Windows shows for an object id', () => {
    expect(securityIdentifier('73d664e4-0886-4a73-b745-c694da45ddb4')).toBe(
      'S-1-12-1-1943430372-1249052806-2496021943-3034400218',
    );
    expect(securityIdentifier('ffffffff-0001-8000-ffff-fe0000000080')).toBe(
      'S-1-12-1-4294967295-2147483649-16711679-2147483648',
    );
  });

  it('are the id of a grant, from its client and its resource', () => {
    expect(joinedId('263a5b01-03e5-408e-8557-bab681df104c', '1804a6f8-e623-4520-8f40-ba1b0c11c42d')).toBe(
      'AVs6JuUDjkCFV7q2gd8QTPimBBgj5iBFj0C6GwwRxC0',
    );
  });
});
