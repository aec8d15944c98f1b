/** Keyboard shortcuts. Single keys work outside text fields only and can be turned off. */
import { prefs } from '../lib/prefs.js';

/** @param {import('./types.js').PageApp} app @param {AbortSignal} signal */
export function listenForKeys(app, signal) {
  document.addEventListener('keydown', (event) => pressed(app, event), { signal });
}

/**
 * Keys of an input method belong to it: Enter and Escape mean the words that are being composed, and nothing of ours.
 * @param {EventTarget} root nothing inside gets them @param {AbortSignal} [signal]
 */
export function leaveToInputMethods(root, signal) {
  const leave = (/** @type {Event} */ event) => {
    const { isComposing, keyCode, key } = /** @type {KeyboardEvent} */ (event);
    if (!isComposing && keyCode !== 229) return;
    event.stopImmediatePropagation();
    // Dialogs close and search fields empty themselves by it.
    if (key === 'Escape') event.preventDefault();
  };
  root.addEventListener('keydown', leave, { capture: true, signal });
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
  if (event.key === '?') {
    event.preventDefault();
    openDialog(app, 'shortcuts');
  } else if (event.key === '/') {
    event.preventDefault();
    /** @type {HTMLElement|null} */ (app.querySelector('chat-sidebar input'))?.focus();
  }
}

/** Dialogs are fetched when first wanted. @param {import('./types.js').PageApp} app @param {'switcher'|'shortcuts'|'settings'} name */
export async function openDialog(app, name) {
  const { show } = await import(`../dialogs/${name}.js`);
  show(app);
}

/** @param {EventTarget|null} target */
function inField(target) {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}
