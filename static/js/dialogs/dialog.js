/** A modal dialog with a title and a way out; focus goes back to where it came from. */
import { t } from '../i18n/index.js';
import { el } from '../lib/dom.js';
import { iconButton } from '../lib/nodes.js';

/** @param {string} title @param {Node|(Node|Node[])[]} content @param {string} [kind] @param {Node} [near] in whose tree it is to stand */
export function showDialog(title, content, kind = '', near = document) {
  const root = /** @type {Document|ShadowRoot} */ (near.getRootNode());
  const from = /** @type {HTMLElement|null} */ (root.activeElement);
  const dialog = el(
    'dialog',
    { class: `dialog ${kind}`.trim(), 'aria-labelledby': 'dialog-title', onclose: gone, onclick: outside },
    el(
      'header',
      { class: 'dialog__head' },
      el('h2', { id: 'dialog-title' }, title),
      iconButton('close', t('room.close'), { onclick: () => dialog.close() }),
    ),
    el('div', { class: 'dialog__body' }, ...[content].flat()),
  );
  (root === document ? document.body : (root.querySelector('.embed') ?? root)).append(dialog);
  dialog.showModal();
  return dialog;

  function gone() {
    dialog.remove();
    if (from?.isConnected) from.focus();
  }

  /** @param {MouseEvent} event */
  function outside(event) {
    if (event.target === dialog) dialog.close();
  }
}
