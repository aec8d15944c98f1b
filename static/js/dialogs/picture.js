/** A picture as large as the window allows. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { showDialog } from './dialog.js';

/** @param {{src: string, name: string, words: string, near: Node, download: () => void}} picture */
export function show({ src, name, words, near, download }) {
  const body = [
    el('img', { class: 'viewer__image', src, alt: words }),
    el('button', { class: 'button', type: 'button', onclick: download }, t('message.download', { name })),
  ];
  showDialog(name || t('viewer.title'), body, 'dialog--viewer', near);
}
