// The commands of the command line, in the order in which --help lists them.
import { applyCommand } from './apply.ts';
import type { Command } from './command.ts';
import { demoCommand } from './demo.ts';
import { diffCommand } from './diff.ts';
import { doctorCommand } from './doctor.ts';
import { historyCommand } from './history.ts';
import { initCommand } from './init.ts';
import { logCommand } from './log.ts';
import { permissionsCommand } from './permissions.ts';
import { planCommand } from './plan.ts';
import { recoverCommand, undoCommand } from './recover.ts';
import { runsCommand } from './runs.ts';
import { sandboxCommand } from './sandbox.ts';
import { showCommand } from './show.ts';
import { snapshotCommand } from './snapshot.ts';
import { tenantsCommand } from './tenants.ts';
import { verifyCommand } from './verify.ts';

export const commands: readonly Command[] = [
  snapshotCommand,
  logCommand,
  showCommand,
  diffCommand,
  historyCommand,
  planCommand,
  applyCommand,
  recoverCommand,
  undoCommand,
  runsCommand,
  initCommand,
  doctorCommand,
  permissionsCommand,
  verifyCommand,
  tenantsCommand,
  sandboxCommand,
  demoCommand,
];
