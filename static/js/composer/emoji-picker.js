/** The emoji panel above the composer: search, groups, arrow keys. Fetched when first opened. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { EMOJI, EMOJI_GROUPS, findEmoji } from '../lib/emoji.js';

/** @param {HTMLElement} place @param {(emoji: string) => void} pick */
export function openPicker(place, pick) {
  if (place.querySelector('.emoji')) return close();
  const grid = el('div', { class: 'emoji__grid' });
  const search = el('input', {
    class: 'input',
    type: 'search',
    'aria-label': t('emoji.search'),
    placeholder: t('emoji.search'),
    oninput: () => draw(search.value.trim()),
  });
  const panel = el(
    'div',
    { class: 'emoji', role: 'dialog', 'aria-label': t('emoji.title'), onkeydown: key },
    search,
    grid,
  );
  const away = new AbortController();
  fill(place, panel);
  draw('');
  search.focus();
  document.addEventListener('pointerdown', (event) => !event.composedPath().includes(panel) && close(), {
    signal: away.signal,
  });

  function close() {
    away?.abort();
    fill(place);
  }

  /** @param {string} wanted */
  function draw(wanted) {
    if (wanted) {
      const found = findEmoji(wanted);
      return fill(
        grid,
        found.length ? section('', found) : el('p', { class: 'muted', role: 'status' }, t('emoji.none')),
      );
    }
    fill(
      grid,
      EMOJI_GROUPS.map((group) =>
        section(
          t(`emoji.${group}`),
          EMOJI.filter((item) => item.group === group),
        ),
      ),
    );
  }

  /** @param {string} title @param {import('../lib/emoji.js').Emoji[]} items */
  function section(title, items) {
    return el(
      'section',
      null,
      title && el('h2', { class: 'emoji__title' }, title),
      el(
        'div',
        { class: 'emoji__items' },
        items.map(({ emoji, names }) =>
          el(
            'button',
            {
              class: 'emoji__item',
              type: 'button',
              'aria-label': names[0].replaceAll('_', ' '),
              title: `:${names[0]}`,
              onclick: () => take(emoji),
            },
            emoji,
          ),
        ),
      ),
    );
  }

  /** @param {string} emoji */
  function take(emoji) {
    pick(emoji);
    close();
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close();
      /** @type {HTMLElement|null} */ (place.closest('form')?.querySelector('textarea') ?? null)?.focus();
      return;
    }
    const items = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll('.emoji__item')]);
    const at = items.findIndex((item) => item.matches(':focus'));
    const perLine = items.filter((item) => item.offsetTop === items[0].offsetTop).length || 1;
    const forward = getComputedStyle(panel).direction === 'rtl' ? -1 : 1;
    const step = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: perLine, ArrowUp: -perLine }[event.key];
    if (!step || (at < 0 && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    if (at >= 0 && at + step < 0) search.focus();
    else items[at < 0 ? 0 : Math.min(items.length - 1, at + step)]?.focus();
  }
}
