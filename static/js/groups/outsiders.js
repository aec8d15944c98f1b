/** Who is not in a group but concerns those who decide: who asks to join, and who is banned. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { showDialog } from '../dialogs/dialog.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';
import { exact } from '../lib/time.js';

/** @typedef {import('../client/types.js').Person} Person */
/** @typedef {{user: Person, until?: string|null, reason?: string|null}} Outsider */
/** @typedef {{label: string, method: 'PUT'|'DELETE', done: string, kind?: string}} Decision words by their keys */

const LISTS = {
  requests: {
    title: 'requests.title',
    none: 'requests.none',
    /** @type {Decision[]} */ decisions: [
      { label: 'requests.let', method: 'PUT', done: 'requests.in', kind: 'button--primary' },
      { label: 'requests.decline', method: 'DELETE', done: 'requests.declined' },
    ],
  },
  bans: {
    title: 'bans.title',
    none: 'bans.none',
    /** @type {Decision[]} */ decisions: [{ label: 'bans.lift', method: 'DELETE', done: 'bans.lifted' }],
  },
};

/** @param {import('./group-room.js').GroupRoom} room @param {'requests'|'bans'} which as the server's path has it */
export function show(room, which) {
  const { app, id, view } = room;
  const { title, none, decisions } = LISTS[which];
  const list = el('ul', { class: 'people', role: 'list', 'aria-label': t(title) });
  const note = el('p', { class: 'muted', role: 'status' });
  const more = el('button', { class: 'button button--small', type: 'button', onclick: load }, t('list.more'));
  more.hidden = true;
  /** @type {string|null} */ let after = null;
  showDialog(t(title), [list, note, more], 'dialog--small', view);
  load();

  async function load() {
    const answer = await app.api.of('GET', id, `${which}/`, { query: { after } }).catch(() => null);
    list.append(...(answer?.results ?? []).map(line));
    after = answer?.next ?? null;
    more.hidden = !after;
    fill(note, answer ? list.children.length === 0 && t(none) : t('groups.loadFailed'));
  }

  /** @param {Outsider} outsider */
  function line({ user, until, reason }) {
    const why = [until && t('bans.until', { when: exact(until) }), reason].filter(Boolean).join(' · ');
    const answers = el('span', { class: 'cluster outsiders__answers' });
    fill(
      answers,
      decisions.map((decision) => button(user, decision, answers)),
    );
    return el(
      'li',
      { class: 'people__row outsiders__row' },
      avatar(user),
      el(
        'span',
        { class: 'members__who' },
        el('bdi', { class: 'members__name' }, nameOf(user)),
        why && el('span', { class: 'muted outsiders__why', dir: 'auto' }, why),
      ),
      answers,
    );
  }

  /** @param {Person} user @param {Decision} decision @param {HTMLElement} answers */
  function button(user, decision, answers) {
    return el(
      'button',
      {
        class: `button button--small ${decision.kind ?? ''}`,
        type: 'button',
        'aria-label': `${t(decision.label)}: ${nameOf(user)}`,
        onclick: () => decide(user, decision, answers),
      },
      t(decision.label),
    );
  }

  /** @param {Person} user @param {Decision} decision @param {HTMLElement} answers */
  async function decide(user, { method, done }, answers) {
    for (const button of answers.querySelectorAll('button')) button.disabled = true;
    try {
      const answer = await app.api.of(method, id, `${which}/${user.id}/`);
      if (answer?.user) room.members.changed(answer);
      said(answers, t(done));
      const { my } = room;
      if (my && which === 'requests') my.request_count = Math.max(0, my.request_count - 1);
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
