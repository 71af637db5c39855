// Reports: what this folder gives to the rest of the house.
export {
  csvField,
  hasMixedScripts,
  htmlText,
  inertInLog,
  jsonText,
  markdownText,
  terminalText,
  visible,
} from './escape.ts';
