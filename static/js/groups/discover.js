/** Conversations that anyone here can find: joined at once, or asked to be let into. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { doorsOf, opener } from './discover-doors.js';

const SEARCH_AFTER_MS = 200;

/** @typedef {import('./discover-doors.js').Public} Public */

/** @param {import('../elements/types.js').PageApp} app @param {HTMLElement} pane @param {AbortSignal} signal */
export function drawDiscover(app, pane, signal) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */ let timer;
  /** @type {string|null} */ let after = null;
  const title = el('h1', { class: 'room-view__name', tabindex: '-1' }, t('discover.title'));
  const input = el('input', {
    class: 'input',
    type: 'search',
    dir: 'auto',
    'aria-label': t('discover.search'),
    placeholder: t('discover.search'),
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(() => load(), SEARCH_AFTER_MS);
    },
  });
  const list = el('ul', { class: 'discover__list', role: 'list', 'aria-label': t('discover.title') });
  const note = el('p', { class: 'muted', role: 'status' });
  const more = el('button', { class: 'button', type: 'button', onclick: () => load(true) }, t('list.more'));
  more.hidden = true;
  const door = doorsOf(app, note);
  fill(
    pane,
    el('header', { class: 'room-view__head' }, backLink(), el('div', { class: 'room-view__who' }, title)),
    el('div', { class: 'discover' }, input, list, note, more),
  );
  pane.classList.remove('room-view--none');
  title.focus();
  // Whoever is let in while they look at it sees it at once.
  app.store.onChange(({ kind, conversationId }) => {
    const row = list.querySelector(`[data-id="${Number(conversationId)}"]`);
    if (row && kind === 'rooms') fill(/** @type {HTMLElement} */ (row.lastElementChild), opener(app, conversationId));
  }, signal);
  load();

  /** @param {boolean} [goesOn] */
  async function load(goesOn = false) {
    const search = input.value.trim();
    const query = { search, after: goesOn ? after : null };
    const answer = await app.api.request('GET', 'conversations/public/', { query }).catch(() => null);
    if (signal.aborted || search !== input.value.trim()) return;
    if (!goesOn) fill(list);
    list.append(...(answer?.results ?? []).map(line));
    after = answer?.next ?? null;
    more.hidden = !after;
    const nothing = search ? t('picker.nobody') : t('discover.none');
    fill(note, answer ? list.children.length === 0 && nothing : t('groups.loadFailed'));
  }

  /** @param {Public} found */
  function line(found) {
    const face = { ...found, preview: [] };
    const state = el('span', { class: 'discover__state' }, door(found));
    return el(
      'li',
      { class: 'discover__one', 'data-id': found.id },
      avatar(face),
      el(
        'span',
        { class: 'discover__what' },
        el('bdi', { class: 'discover__name' }, nameOf(face)),
        el('span', { class: 'muted' }, t('groups.members', { count: found.member_count })),
        found.about && el('span', { class: 'discover__about', dir: 'auto' }, found.about),
      ),
      state,
    );
  }
}

function backLink() {
  return el(
    'a',
    { class: 'icon-button room-view__back', href: '#/', 'aria-label': t('room.back'), title: t('room.back') },
    icon('back'),
  );
}
