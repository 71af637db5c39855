// Reports: what this folder gives to the rest of the house.
export { type Action, type Circumstances, type Compared, recoveryAction } from './action.ts';
export { actorLines, actorsNotice } from './actors.ts';
export { type ComposeOptions, compose, composeChanges, type ReportOptions } from './compose.ts';
export { renderCsv, renderJson, renderNdjson } from './data.ts';
export { type HtmlOptions, renderHtml } from './html.ts';
export { commentLimit, type MarkdownOptions, renderMarkdown, summaryLimit } from './markdown.ts';
export { pointerText } from './pointers.ts';
export {
  type Closing,
  count,
  itemOf,
  type Notice,
  type Sheet,
  type SheetItem,
  type Sign,
  sheetOf,
  signWords,
} from './sheet.ts';
export { renderText, type TextOptions } from './text.ts';
