/** A group's picture in the form: cut to a square and made small here, so that nothing else that a camera writes into it leaves. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { avatar } from '../lib/nodes.js';

const SIDES = [128, 96]; // The smaller one always fits what the server takes.
const MOST_BYTES = 45_000;

export class PictureField {
  /** A data URL; empty: none any more; null: as it is. @type {string|null} */ chosen = null;

  /** @param {import('../client/types.js').Group} group */
  constructor(group) {
    this.group = group;
    this.face = el('div', { class: 'picture-field__face' });
    this.said = el('p', { class: 'field__help', role: 'status', dir: 'auto' });
    this.files = el('input', {
      type: 'file',
      accept: 'image/*',
      class: 'visually-hidden',
      tabindex: '-1',
      'aria-hidden': 'true',
      onchange: () => this.#picked(),
    });
    const choose = () => this.files.click();
    this.open = el('button', { class: 'button', type: 'button', onclick: choose }, t('edit.choosePicture'));
    const remove = () => this.#take('', t('edit.pictureGone'));
    this.remove = el('button', { class: 'button', type: 'button', onclick: remove }, t('edit.removePicture'));
    this.node = el(
      'fieldset',
      { class: 'picture-field' },
      el('legend', null, t('edit.picture')),
      this.face,
      el('div', { class: 'cluster' }, this.files, this.open, this.remove),
      this.said,
    );
    this.#draw();
  }

  #draw() {
    const face = avatar({ ...this.group, avatar: this.chosen === null ? this.group.avatar : null }, 'large');
    if (this.chosen) face.append(el('img', { class: 'avatar__image', src: this.chosen, alt: '' }));
    fill(this.face, face);
    const hadFocus = this.remove === document.activeElement;
    this.remove.hidden = !(this.chosen ?? this.group.avatar);
    if (hadFocus && this.remove.hidden) this.open.focus();
  }

  /** @param {string} chosen @param {string} said */
  #take(chosen, said) {
    this.chosen = chosen;
    this.said.textContent = said;
    this.#draw();
  }

  async #picked() {
    const [file] = this.files.files ?? [];
    this.files.value = ''; // so that the same one may be chosen again
    if (!file) return;
    const url = await small(file).catch(() => null);
    if (url) this.#take(url, t('edit.pictureChosen', { name: file.name }));
    else this.said.textContent = t('edit.noPicture');
  }
}

/** Its middle as a small PNG. @param {Blob} file */
async function small(file) {
  const image = await createImageBitmap(file);
  const side = Math.min(image.width, image.height);
  const left = (image.width - side) / 2;
  const top = (image.height - side) / 2;
  for (const size of SIDES) {
    const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size });
    const pen = canvas.getContext('2d');
    if (!pen) return null;
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(image, left, top, side, side, 0, 0, size, size);
    const url = canvas.toDataURL('image/png');
    if (url.length <= (MOST_BYTES * 4) / 3) return url;
  }
  return null;
}
