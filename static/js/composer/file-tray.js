/** Files chosen but not yet sent, pictures with words for those who do not see them. Says no before the upload where the server would say it after. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { iconButton } from '../lib/nodes.js';
import { size } from '../lib/size.js';

const PICTURE = /^image\/(?:png|jpeg|gif|webp|avif)$/u;

export class FileTray {
  /** @type {File[]} */ files = [];
  /** @type {Map<File, string>} */ #previews = new Map();
  /** @type {Map<File, string>} */ #words = new Map();

  /** @param {import('../elements/types.js').App} app @param {Element} form @param {() => void} onChange */
  constructor(app, form, onChange) {
    this.app = app;
    this.onChange = onChange;
    this.node = el('ul', { class: 'tray', hidden: true, 'aria-label': t('composer.files') });
    form.prepend(this.node);
  }

  /** @param {File[]} files */
  add(files) {
    const most = this.app.limits.attachment_bytes;
    for (const file of files) {
      if (file.size > most)
        this.app.say(t('composer.tooLarge', { name: file.name, size: size(most) }), { urgent: true });
      else if (file.size === 0) this.app.say(t('composer.emptyFile', { name: file.name }), { urgent: true });
      else this.files.push(file);
    }
    this.#draw();
    if (this.files.length) this.app.say(t('composer.added', { count: this.files.length }), { silent: true });
  }

  /** @param {File} file */
  wordsOf(file) {
    return this.#words.get(file)?.trim() ?? '';
  }

  clear() {
    this.files = [];
    this.#draw();
  }

  #draw() {
    for (const [file, url] of this.#previews) {
      if (this.files.includes(file)) continue;
      URL.revokeObjectURL(url);
      this.#previews.delete(file);
    }
    this.node.hidden = this.files.length === 0;
    fill(
      this.node,
      this.files.map((file) => this.#item(file)),
    );
    this.onChange();
  }

  /** @param {File} file */
  #item(file) {
    const remove = () => {
      this.files = this.files.filter((other) => other !== file);
      this.#draw();
      this.app.querySelector('chat-composer')?.focusText();
    };
    return el(
      'li',
      { class: 'tray__item' },
      this.#preview(file),
      el(
        'span',
        { class: 'file__name' },
        el('bdi', null, file.name),
        el('span', { class: 'muted' }, size(file.size)),
        this.#wordsFor(file),
      ),
      iconButton('close', t('composer.remove', { name: file.name }), { onclick: remove }),
    );
  }

  /** @param {File} file */
  #wordsFor(file) {
    if (!PICTURE.test(file.type)) return null;
    const label = t('composer.describe', { name: file.name });
    const note = (/** @type {Event & {target: HTMLInputElement}} */ event) => this.#words.set(file, event.target.value);
    return el('input', {
      class: 'input tray__words',
      dir: 'auto',
      maxlength: 500,
      'aria-label': label,
      title: label,
      placeholder: t('composer.describeHint'),
      '.value': this.#words.get(file) ?? '',
      oninput: note,
    });
  }

  /** @param {File} file */
  #preview(file) {
    if (!PICTURE.test(file.type)) return icon('file');
    if (!this.#previews.has(file)) this.#previews.set(file, URL.createObjectURL(file));
    const image = el('img', {
      class: 'tray__image',
      alt: '',
      src: this.#previews.get(file),
      onerror: () => image.replaceWith(icon('file')),
    });
    return image;
  }
}
