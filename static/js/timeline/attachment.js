/** A file in a message: pictures in a box of fixed size (nothing jumps when they arrive), the rest as a chip. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { size } from '../lib/size.js';

/** Formats that cannot carry script. SVG is not among them and is only ever downloaded. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const KEPT = 60;

/** Pictures already fetched or just sent from here: a message that turns from waiting to sent does not flicker. @type {Map<string, {url: string, image: HTMLImageElement}>} */
const shown = new Map();

/** @param {import('../elements/types.js').Shown} message @param {import('../elements/types.js').App} app @returns {HTMLElement|null} */
export function attachmentNode(message, app) {
  const name = message.attachment_name ?? message.file_name ?? (message.attachment ? 'file' : null);
  if (!name) return null;
  const type = message.attachment_type ?? message.file?.type ?? '';
  return PICTURES.has(type) ? picture(message, name, app) : chip(message, name, app);
}

/** @param {import('../elements/types.js').Shown} message @param {string} name @param {import('../elements/types.js').App} app */
function picture(message, name, app) {
  // What was written with a picture says what is on it.
  const words = message.message || name;
  const image = el('img', { class: 'picture__image', alt: words, decoding: 'async' });
  const button = el(
    'button',
    {
      class: 'picture',
      type: 'button',
      'aria-label': t('message.openImage', { name: words }),
      title: name,
      onclick: open,
    },
    image,
  );
  const key = message.client_id ?? `m${message.id}`;
  if (message.file) show(URL.createObjectURL(message.file));
  else if (shown.has(key)) show(/** @type {{url: string}} */ (shown.get(key)).url);
  else
    app.api
      .file(message.attachment_url ?? message.attachment ?? '')
      .then((blob) => show(URL.createObjectURL(blob)), failed);
  return button;

  /** @param {string} url */
  function show(url) {
    shown.set(key, { url, image });
    if (shown.size > KEPT) forgetOldest();
    image.onerror = cannotBeDrawn;
    image.src = url;
  }

  /** It came, and is no picture to this browser: then it is a file like any other. */
  function cannotBeDrawn() {
    shown.delete(key);
    URL.revokeObjectURL(image.src);
    button.replaceWith(chip(message, name, app));
  }

  function failed() {
    button.classList.add('picture--failed');
    fill(button, icon('file'), el('bdi', null, name), el('span', { class: 'muted' }, t('message.fileFailed')));
  }

  async function open() {
    const { show: view } = await import('../dialogs/picture.js');
    if (image.src) view({ src: image.src, name, words, near: button, download: () => save(message, name, app) });
  }
}

function forgetOldest() {
  const [key, { url, image }] = /** @type {[string, {url: string, image: HTMLImageElement}]} */ (
    shown.entries().next().value
  );
  shown.delete(key);
  // Only a picture no longer in the page loses its bytes.
  if (!image.isConnected) URL.revokeObjectURL(url);
}

/** @param {import('../elements/types.js').Shown} message @param {string} name @param {import('../elements/types.js').App} app */
function chip(message, name, app) {
  const bytes = message.attachment_size ?? message.file?.size;
  return el(
    'button',
    {
      class: 'file',
      type: 'button',
      'aria-label': t('message.download', { name }),
      onclick: () => save(message, name, app),
    },
    icon('file'),
    el(
      'span',
      { class: 'file__name' },
      el('bdi', null, name),
      bytes !== undefined && bytes !== null && el('span', { class: 'muted' }, size(bytes)),
    ),
  );
}

/** @param {import('../elements/types.js').Shown} message @param {string} name @param {import('../elements/types.js').App} app */
async function save(message, name, app) {
  const { download } = await import('./download.js');
  await download(message, name, app);
}
