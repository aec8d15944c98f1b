/** What the timeline says where there are no messages: nothing written yet, still loading, could not load. */
import { ApiError } from '../client/api.js';
import { t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';

/** @param {HTMLElement} scroller @param {boolean} isEmpty @param {string} name */
export function showEmpty(scroller, isEmpty, name) {
  const known = scroller.querySelector('.timeline__empty');
  if (!isEmpty) return known?.remove();
  if (known) return;
  const box = el('div', { class: 'empty timeline__empty' });
  scroller.append(box);
  import('../elements/empty-pane.js').then(({ nothingWritten }) => fill(box, nothingWritten(name)));
}

/** @param {HTMLElement} scroller @param {boolean} isLoading */
export function showLoading(scroller, isLoading) {
  scroller.setAttribute('aria-busy', String(isLoading));
  /** @type {HTMLElement} */ (scroller.querySelector('.timeline__loading')).hidden = !isLoading;
}

/** @param {HTMLElement} list @param {unknown} error @param {() => void} again */
export function showFailed(list, error, again) {
  const gone = error instanceof ApiError && error.status === 404;
  const retry = () => {
    fill(list);
    again();
  };
  fill(
    list,
    el(
      'li',
      { class: 'empty', role: 'alert' },
      el('p', null, t(gone ? 'room.unknown' : 'room.loadFailed')),
      !gone && el('button', { class: 'button', type: 'button', onclick: retry }, t('room.tryAgain')),
    ),
  );
}
