/** Keyboard shortcuts, fetched beside the first load. Single keys work outside text fields only and can be turned off. */
import { prefs } from '../lib/prefs.js';

/** @param {import('./types.js').PageApp} app @param {AbortSignal} signal */
export function listenForKeys(app, signal) {
  document.addEventListener('keydown', (event) => pressed(app, event), { signal });
}

/** @param {import('./types.js').PageApp} app @param {KeyboardEvent} event */
function pressed(app, event) {
  if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openDialog(app, 'switcher');
    return;
  }
  if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault();
    app.querySelector('chat-sidebar')?.step(event.key === 'ArrowUp' ? -1 : 1);
    return;
  }
  if (event.key === 'Escape' && !inField(event.target)) {
    app.querySelector('textarea')?.focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target) || !prefs().shortcuts) return;
  const act = SINGLE[event.key];
  if (!act) return;
  event.preventDefault();
  act(app);
}

/** @type {Record<string, (app: import('./types.js').PageApp) => void>} */
const SINGLE = {
  '?': (app) => openDialog(app, 'shortcuts'),
  '/': (app) => /** @type {HTMLElement|null} */ (app.querySelector('chat-sidebar input'))?.focus(),
  i: (app) => app.route && app.querySelector('chat-conversation')?.toggleDetails(),
};

/** Dialogs are fetched when first wanted. @param {import('./types.js').PageApp} app @param {'switcher'|'shortcuts'|'settings'} name */
export async function openDialog(app, name) {
  const { show } = await import(`../dialogs/${name}.js`);
  show(app);
}

/** @param {EventTarget|null} target */
function inField(target) {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}
