/** `:smi` offers 😄 while one types: arrows choose, Enter or Tab takes, Escape leaves. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { findEmoji } from '../lib/emoji.js';

const MOST = 6;
const NAME = /(?:^|\s):([a-z_]{2,20})$/u;

export class EmojiCompletion {
  /** @type {import('../lib/emoji.js').Emoji[]} */ #found = [];
  #at = 0;

  /** @param {import('../elements/chat-composer.js').ChatComposer} composer @param {HTMLTextAreaElement} text @param {HTMLElement} place */
  constructor(composer, text, place) {
    this.composer = composer;
    this.text = text;
    this.place = place;
  }

  /** The name before the caret as the text stands now: the text goes on while this file is being fetched. */
  get #typed() {
    return NAME.exec(this.text.value.slice(0, this.text.selectionStart))?.[1] ?? '';
  }

  look() {
    const typed = this.#typed;
    const found = typed ? findEmoji(typed).slice(0, MOST) : [];
    if (!found.length) return this.close();
    this.#found = found;
    this.#at = 0;
    this.#draw();
  }

  close() {
    if (!this.#found.length) return;
    this.#found = [];
    fill(this.place);
    for (const name of ['aria-activedescendant', 'aria-controls']) this.text.removeAttribute(name);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was ours */
  key(event) {
    if (!this.#found.length) return false;
    if (!this.#typed) {
      // The caret went elsewhere.
      this.close();
      return false;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.#at = (this.#at + step + this.#found.length) % this.#found.length;
      this.#draw();
    } else if (event.key === 'Enter' || event.key === 'Tab') this.#take(this.#found[this.#at].emoji);
    else if (event.key === 'Escape') this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  /** The text keeps the focus. @param {Event} event @param {string} emoji */
  #pressed(event, emoji) {
    event.preventDefault();
    this.#take(emoji);
  }

  /** @param {string} emoji */
  #take(emoji) {
    const end = this.text.selectionStart;
    const begin = end - this.#typed.length - 1;
    this.close();
    this.composer.insert(`${emoji} `, begin, end);
  }

  #draw() {
    const options = this.#found.map(({ emoji, names }, at) =>
      el(
        'li',
        {
          class: 'completion__option',
          role: 'option',
          id: `emoji-${at}`,
          'aria-selected': String(at === this.#at),
          onmousedown: (/** @type {Event} */ event) => this.#pressed(event, emoji),
        },
        el('span', { 'aria-hidden': 'true' }, emoji),
        ` ${names[0].replaceAll('_', ' ')}`,
      ),
    );
    fill(
      this.place,
      el(
        'ul',
        { class: 'completion', role: 'listbox', id: 'emoji-options', 'aria-label': t('emoji.suggestions') },
        options,
      ),
    );
    this.text.setAttribute('aria-controls', 'emoji-options');
    this.text.setAttribute('aria-activedescendant', `emoji-${this.#at}`);
  }
}
