/** An invitation that somebody has followed: what it opens is shown first, and nobody is in it before they say so. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { recalled, storage } from '../client/accounts.js';
import { showDialog } from '../dialogs/dialog.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';

/** Where early.js has put it, out of the address. */
const KEY = 'chat.join';
/** The limits whose end is that of the group, not of the person. */
const FULL = ['group_members', 'announcement_members'];

/** @typedef {import('../elements/types.js').PageApp} App */
/** @typedef {import('../client/api.js').ApiError} ApiError */

/** @param {App} app */
export async function followInvite(app) {
  const code = recalled(KEY, storage('sessionStorage'));
  if (!code) return;
  try {
    const found = await app.api.request('POST', 'invites/preview/', { json: { code } });
    if (!found.is_member) return showCard(app, code, found);
    forget();
    app.open(found.conversation_id);
    app.say(t('join.already'));
  } catch (caught) {
    const error = /** @type {ApiError} */ (caught);
    // What may go better later is kept for the next time the page is loaded.
    if (!error.isTemporary) forget();
    showDialog(t('join.title'), el('p', null, wordsOf(error)), 'dialog--small');
  }
}

function forget() {
  storage('sessionStorage')?.removeItem(KEY);
}

/** @param {ApiError} error */
function wordsOf(error) {
  if (error.status === 404) return t('join.dead');
  if (FULL.includes(error.body?.limit)) return t('join.full');
  return t('groups.failed', { reason: reasonOf(error) });
}

/** @param {App} app @param {string} code @param {import('../client/types.js').Outside} found */
function showCard(app, code, found) {
  const face = { ...found, id: 0, preview: [] };
  const error = el('p', { class: 'form-error', role: 'alert' });
  const button = el('button', { class: 'button button--primary', type: 'button', onclick: join }, t('join.do'));
  const dialog = showDialog(
    t('join.title'),
    el(
      'div',
      { class: 'join' },
      avatar(face, 'large'),
      el('p', { class: 'details__name' }, el('bdi', null, nameOf(face))),
      el('p', { class: 'muted' }, t(`new.${found.preset}`), ' · ', t('groups.members', { count: found.member_count })),
      found.about && el('p', { class: 'details__about', dir: 'auto' }, found.about),
      error,
      el(
        'div',
        { class: 'cluster dialog__actions' },
        el('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, t('join.notNow')),
        button,
      ),
    ),
    'dialog--small',
  );
  dialog.addEventListener('close', forget);
  button.focus();

  async function join() {
    button.disabled = true;
    fill(error);
    try {
      const joined = await app.api.request('POST', 'invites/accept/', { json: { code } });
      app.store.regroup(joined);
      dialog.close();
      app.open(joined.id);
    } catch (caught) {
      fill(error, wordsOf(/** @type {ApiError} */ (caught)));
      button.disabled = false;
    }
  }
}
