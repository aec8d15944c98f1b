/** What stands where the messages could not be loaded. Fetched behind the first draw. */
import { ApiError } from '../client/api.js';
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';

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
