// Applying: what this folder gives to the rest of the house.
export { type JournalState, openJournal, readJournal } from './journal.ts';
export { leftovers } from './verify.ts';
export { type Guard, type WalkOptions, type WalkResult, walk } from './walk.ts';
export { alreadySo } from './write.ts';
