/** What nothing on the screen waits for, started behind the first draw. */
import { listenForDrafts } from '../lib/kept-drafts.js';
import { listenForAttention } from './attention.js';
import { listenForInvites } from './invited.js';
import { tellInRows } from '../sidebar/told.js';
// Wanted at a touch, perhaps when there is no connection any more.
import '../dialogs/switcher.js';
import '../timeline/actions.js';

/** @param {import('./types.js').PageApp} app @param {AbortSignal} signal */
export function startBehind(app, signal) {
  listenForAttention(app, signal);
  listenForDrafts(app, signal);
  listenForInvites(app, signal);
  tellInRows(app, signal);
}
