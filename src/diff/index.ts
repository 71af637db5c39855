// Differences: what this folder gives to the rest of the house.
export { applyChange } from './apply.ts';
export { diffEntities } from './entities.ts';
export { applyIgnore, type Considered, requireInForce } from './ignore.ts';
