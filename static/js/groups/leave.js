/** Leaving a conversation. Its owner names the next one first; who is alone in it can only close it. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import '../i18n/later.js';
import { confirmed } from '../dialogs/confirm.js';
import { showDialog } from '../dialogs/dialog.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';
import { confirmDelete } from './delete.js';
import { Members } from './members.js';

const SEARCH_AFTER_MS = 200;

/** @typedef {import('../client/types.js').Group} Group */

/** @param {import('../elements/types.js').PageApp} app @param {number} id */
export async function leave(app, id) {
  const group = app.store.group(id);
  if (!group) return;
  if (group.owner_id === app.me.id && group.state !== 'closed')
    return group.member_count > 1 ? chooseOwner(app, group) : confirmDelete(app, group);
  const words = { title: t('leave.title', { group: nameOf(group) }), text: t('leave.text'), action: t('leave.do') };
  if (await confirmed(words, app)) await go(app, group);
}

/** @param {import('../elements/types.js').PageApp} app @param {Group} group @returns {Promise<string>} why it did not work */
async function go(app, group) {
  try {
    await app.api.of('DELETE', group.id, 'members/me/');
    app.store.apply([{ id: 0, event: 'conversation_removed', data: { conversation_id: group.id, reason: 'left' } }]);
    app.say(t('leave.done', { group: nameOf(group) }));
    return '';
  } catch (error) {
    const reason = reasonOf(/** @type {import('../client/api.js').ApiError} */ (error));
    app.say(t('groups.failed', { reason }), { urgent: true });
    return reason;
  }
}

/** @param {import('../elements/types.js').PageApp} app @param {Group} group */
function chooseOwner(app, group) {
  const members = new Members(app, group.id, () => {});
  /** @type {ReturnType<typeof setTimeout>|undefined} */ let timer;
  const list = el('ul', { class: 'people', role: 'list' });
  const note = el('p', { class: 'muted', role: 'status' });
  const search = el('input', {
    class: 'input',
    type: 'search',
    dir: 'auto',
    'aria-label': t('details.find'),
    placeholder: t('details.find'),
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(draw, SEARCH_AFTER_MS);
    },
  });
  const error = el('p', { class: 'form-error', role: 'alert' });
  const dialog = showDialog(t('leave.owner'), [search, list, note, error], 'dialog--small');
  search.focus();
  draw();

  async function draw() {
    const asked = search.value.trim();
    const found = await members.find(asked).catch(() => null);
    if (asked !== search.value.trim()) return;
    const others = (found ?? []).filter(({ user }) => user.id !== app.me.id);
    fill(
      list,
      others.map(({ user }) => el('li', null, one(user))),
    );
    fill(note, !found ? t('rooms.failed') : others.length === 0 && t('picker.nobody'));
  }

  /** @param {import('../client/types.js').Person} user */
  function one(user) {
    return el(
      'button',
      { class: 'people__row people__row--button', type: 'button', onclick: () => chosen(user) },
      avatar(user),
      el('bdi', null, nameOf(user)),
    );
  }

  /** @param {import('../client/types.js').Person} user */
  async function chosen(user) {
    const name = nameOf(user);
    const words = { title: t('leave.ownerSure', { name }), text: t('leave.text'), action: t('leave.ownerDo') };
    if (!(await confirmed(words, dialog))) return;
    fill(error);
    try {
      await app.api.of('POST', group.id, 'owner/', { json: { user_id: user.id } });
    } catch (caught) {
      const reason = reasonOf(/** @type {import('../client/api.js').ApiError} */ (caught));
      return fill(error, t('groups.failed', { reason }));
    }
    if (!(await go(app, group))) return dialog.close();
    const again = async () => !(await go(app, group)) && dialog.close();
    fill(
      error,
      t('leave.half', { name }),
      ' ',
      el('button', { class: 'button button--small', type: 'button', onclick: again }, t('room.tryAgain')),
    );
  }
}
