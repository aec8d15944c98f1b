/** What can be done about a conversation that was found: open it, join, ask to, or take that back. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { reasonOf } from '../lib/reasons.js';

/** @typedef {import('../client/types.js').Outside & {id: number, join: 'open'|'request'|'invite', my_state: 'member'|'requested'|null}} Public */
/** @typedef {import('../elements/types.js').PageApp} App */

/** @param {App} app @param {number} id */
export function opener(app, id) {
  return el('button', { class: 'button', type: 'button', onclick: () => app.open(id) }, t('discover.open'));
}

/** The door of each of them. @param {App} app @param {HTMLElement} note takes what went wrong */
export function doorsOf(app, note) {
  return door;

  /** @param {Public} found @returns {HTMLElement} */
  function door(found) {
    if (found.my_state === 'member') return opener(app, found.id);
    if (found.my_state === 'requested') return button(found, 'discover.takeBack', '', takeBack);
    if (found.join === 'invite') return el('span', { class: 'muted' }, t('discover.invite'));
    return button(found, found.join === 'open' ? 'join.do' : 'discover.ask', 'button--primary', join);
  }

  /** @param {Public} found @param {string} key @param {string} kind @param {(found: Public) => Promise<Public|null>} act */
  function button(found, key, kind, act) {
    const made = el('button', { class: `button ${kind}`, type: 'button', onclick: pressed }, t(key));
    made.setAttribute('aria-label', `${t(key)}: ${found.name ?? ''}`);
    return made;

    async function pressed() {
      made.disabled = true;
      fill(note);
      try {
        const now = await act(found);
        if (!now) return;
        const next = door(now);
        made.replaceWith(next);
        next.focus();
      } catch (caught) {
        const error = /** @type {import('../client/api.js').ApiError} */ (caught);
        const isFull = error.code === 'limit_reached';
        fill(note, isFull ? reasonOf(error) : t('groups.failed', { reason: reasonOf(error) }));
        made.disabled = false;
      }
    }
  }

  /** What it is like then; nothing when it is open. @param {Public} found @returns {Promise<Public|null>} */
  async function join(found) {
    const answer = await app.api.of('POST', found.id, 'join/');
    if (answer.my_state !== 'requested') {
      app.store.regroup(answer);
      app.open(found.id);
      return null;
    }
    app.say(t('discover.askedLong'));
    return { ...found, my_state: 'requested' };
  }

  /** @param {Public} found @returns {Promise<Public>} */
  async function takeBack(found) {
    await app.api.of('DELETE', found.id, 'requests/me/');
    app.say(t('discover.takenBack'));
    return { ...found, my_state: null };
  }
}
