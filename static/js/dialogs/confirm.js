/** Asks before something that cannot be taken back. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { showDialog } from './dialog.js';

/**
 * @param {{title: string, text: string, action: string, more?: Node|null}} words `more` stands under the text @param {Node} near where the dialog belongs
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action, more }, near) {
  return new Promise((resolve) => {
    const answer = (/** @type {boolean} */ yes) => () => {
      resolve(yes);
      dialog.close();
    };
    const dialog = showDialog(
      title,
      [
        el('p', null, text),
        more ?? [],
        el(
          'div',
          { class: 'cluster dialog__actions' },
          el(
            'button',
            { class: 'button', type: 'button', autofocus: true, onclick: answer(false) },
            t('dialog.cancel'),
          ),
          el('button', { class: 'button button--danger', type: 'button', onclick: answer(true) }, action),
        ),
      ],
      'dialog--small',
      near,
    );
    dialog.addEventListener('close', () => resolve(false));
  });
}
