/** Who asks to join, for whoever decides. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { showDialog } from '../dialogs/dialog.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';

/** @typedef {import('../client/types.js').Person} Person */

/** @param {import('./group-room.js').GroupRoom} room */
export function show(room) {
  const { app, id, view } = room;
  const list = el('ul', { class: 'people', role: 'list', 'aria-label': t('requests.title') });
  const note = el('p', { class: 'muted', role: 'status' });
  const more = el('button', { class: 'button button--small', type: 'button', onclick: load }, t('list.more'));
  more.hidden = true;
  /** @type {string|null} */ let after = null;
  showDialog(t('requests.title'), [list, note, more], 'dialog--small', view);
  load();

  async function load() {
    const answer = await app.api.of('GET', id, 'requests/', { query: { after } }).catch(() => null);
    list.append(...(answer?.results ?? []).map((/** @type {{user: Person}} */ { user }) => line(user)));
    after = answer?.next ?? null;
    more.hidden = !after;
    fill(note, answer ? list.children.length === 0 && t('requests.none') : t('groups.loadFailed'));
  }

  /** @param {Person} user */
  function line(user) {
    const answers = el(
      'span',
      { class: 'cluster requests__answers' },
      button('requests.let', 'PUT', 'button--primary'),
      button('requests.decline', 'DELETE', ''),
    );
    return el(
      'li',
      { class: 'people__row requests__row' },
      avatar(user),
      el('bdi', { class: 'members__who members__name' }, nameOf(user)),
      answers,
    );

    /** @param {string} key @param {'PUT'|'DELETE'} method @param {string} kind */
    function button(key, method, kind) {
      const label = `${t(key)}: ${nameOf(user)}`;
      const act = () => decide(user, method, answers);
      return el(
        'button',
        { class: `button button--small ${kind}`, type: 'button', 'aria-label': label, onclick: act },
        t(key),
      );
    }
  }

  /** @param {Person} user @param {'PUT'|'DELETE'} method @param {HTMLElement} answers */
  async function decide(user, method, answers) {
    for (const button of answers.querySelectorAll('button')) button.disabled = true;
    try {
      const answer = await app.api.of(method, id, `requests/${user.id}/`);
      if (answer?.user) room.members.changed(answer);
      said(answers, t(method === 'PUT' ? 'requests.in' : 'requests.declined'));
      const { my } = room;
      if (my) my.request_count = Math.max(0, my.request_count - 1);
      view.redraw();
      view.panel?.draw();
    } catch (caught) {
      const error = /** @type {import('../client/api.js').ApiError} */ (caught);
      if (error.status === 404) return said(answers, t('requests.answered'));
      fill(note, t('groups.failed', { reason: reasonOf(error) }));
      for (const button of answers.querySelectorAll('button')) button.disabled = false;
    }
  }
}

/** @param {HTMLElement} place @param {string} words */
function said(place, words) {
  fill(place, el('span', { class: 'muted', role: 'status', tabindex: '-1' }, words));
  /** @type {HTMLElement} */ (place.firstElementChild).focus();
}
