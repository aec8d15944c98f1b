/** The button back to the newest message, with how many came meanwhile. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';

export class Jump {
  missed = 0;

  /** @param {() => void} go */
  constructor(go) {
    this.node = el('button', { class: 'jump', type: 'button', hidden: true, onclick: go });
  }

  /** @param {boolean} isAtEnd */
  draw(isAtEnd) {
    if (isAtEnd) this.missed = 0;
    this.node.hidden = isAtEnd;
    const label = this.missed > 0 ? t('room.jumpNew', { count: this.missed }) : t('room.jump');
    if (this.node.getAttribute('aria-label') === label) return;
    this.node.setAttribute('aria-label', label);
    fill(this.node, el('span', { 'aria-hidden': 'true' }, '↓'), this.missed > 0 && el('span', null, label));
  }
}
