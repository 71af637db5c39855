// Coverage as rows of a table: kinds, how many objects, and what was not complete and why.
import type { Coverage } from '../model/coverage.ts';
import { styled, type Terminal } from './terminal.ts';

export const coverageHeadings = ['Kind', 'Objects', 'Coverage', 'Reason'] as const;

/** A row a kind; what is not complete stands out. */
export function coverageRows(terminal: Pick<Terminal, 'colour'>, coverage: Coverage) {
  return Object.entries(coverage).map(([kind, { status, reason, count }]) => [
    kind,
    count,
    { styled: styled(terminal, status === 'complete' ? 'green' : status === 'skipped' ? 'gray' : 'yellow', status) },
    reason ?? '',
  ]);
}
