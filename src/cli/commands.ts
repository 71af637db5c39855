// The commands of the command line, in the order in which --help lists them; each is loaded when it is asked for.
import type { Command } from './command.ts';

export interface ListedCommand {
  /** The command as yargs has it: `show <commit> <object>`. */
  readonly command: string;
  readonly describe: string;
  readonly load: () => Promise<Command>;
}

export const commands: readonly ListedCommand[] = [
  {
    command: 'snapshot',
    describe: 'Read the tenant and commit it',
    load: async () => (await import('./snapshot.ts')).snapshotCommand,
  },
  {
    command: 'log',
    describe: 'The snapshots, newest first',
    load: async () => (await import('./log.ts')).logCommand,
  },
  {
    command: 'show <commit> <object>',
    describe: 'One object as it was',
    load: async () => (await import('./show.ts')).showCommand,
  },
  {
    command: 'diff [from] [to]',
    describe: 'What differs between two commits, or a commit and the living tenant',
    load: async () => (await import('./diff.ts')).diffCommand,
  },
  {
    command: 'history <object>',
    describe: 'The life of one object through all snapshots',
    load: async () => (await import('./history.ts')).historyCommand,
  },
  {
    command: 'plan <commit>',
    describe: 'What a recovery to a commit would do; changes nothing',
    load: async () => (await import('./plan.ts')).planCommand,
  },
  {
    command: 'apply [plan]',
    describe: 'Carry out a saved plan',
    load: async () => (await import('./apply.ts')).applyCommand,
  },
  {
    command: 'recover <commit>',
    describe: 'Put a commit back into the tenant: plan, show, ask, apply, look again',
    load: async () => (await import('./recover.ts')).recoverCommand,
  },
  {
    command: 'undo [run]',
    describe: 'Take a recovery back: the state before it is the goal of another one',
    load: async () => (await import('./recover.ts')).undoCommand,
  },
  {
    command: 'runs [run]',
    describe: 'The recoveries so far, or what came of one',
    load: async () => (await import('./runs.ts')).runsCommand,
  },
  {
    command: 'drill <commit>',
    describe: 'Rehearse a recovery in a sandbox; touches nothing in the tenant',
    load: async () => (await import('./drill.ts')).drillCommand,
  },
  {
    command: 'init',
    describe: 'Write driftline.yaml, .gitattributes and (--github) workflows, and say how to register the app',
    load: async () => (await import('./init.ts')).initCommand,
  },
  {
    command: 'doctor',
    describe: 'Check Node, git, configuration, credentials, permissions, clock and repository',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    command: 'permissions',
    describe: 'The least permissions for the kinds chosen, and scripts that grant them',
    load: async () => (await import('./permissions.ts')).permissionsCommand,
  },
  {
    command: 'verify',
    describe: 'Look for damage and tampering in the repository',
    load: async () => (await import('./verify.ts')).verifyCommand,
  },
  {
    command: 'maintain',
    describe: 'Pack the repository and keep its commit graph, so that it stays small and quick',
    load: async () => (await import('./maintain.ts')).maintainCommand,
  },
  {
    command: 'tenants',
    describe: 'The tenants of a repository with several (tenants/*/driftline.yaml), as a job matrix',
    load: async () => (await import('./tenants.ts')).tenantsCommand,
  },
  {
    command: 'serve',
    describe: 'Serve the recovery API of Microsoft Graph and a portal over this history',
    load: async () => (await import('./serve.ts')).serveCommand,
  },
  {
    command: 'sandbox',
    describe: 'Serve a tenant of its own on this machine, for demos, tests and drills',
    load: async () => (await import('./sandbox.ts')).sandboxCommand,
  },
  {
    command: 'demo',
    describe: 'Show the main job on the embedded sandbox tenant',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
];
