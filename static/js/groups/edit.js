/** Changing what a conversation is called, its picture and what it is about; of two who change it, neither overwrites the other. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import '../i18n/later.js';
import { showDialog } from '../dialogs/dialog.js';
import { el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';
import { PictureField } from './picture-field.js';

const NAME_CHARS = 100;
const ABOUT_CHARS = 500;

/** @param {import('./group-room.js').GroupRoom} room */
export function show(room) {
  const { app, id } = room;
  let { rev } = room.group;
  const name = el('input', {
    class: 'input',
    id: 'edit-name',
    dir: 'auto',
    maxlength: NAME_CHARS,
    autocomplete: 'off',
  });
  const about = el('textarea', { class: 'input', id: 'edit-about', dir: 'auto', maxlength: ABOUT_CHARS, rows: 3 });
  name.value = room.group.name ?? '';
  about.value = room.group.about ?? '';
  const picture = new PictureField(room.group);
  const error = el('div', { class: 'form-error', role: 'alert' });
  const button = el('button', { class: 'button button--primary', type: 'submit' }, t('settings.save'));
  const remove = async () => {
    dialog.close();
    (await import('./delete.js')).confirmDelete(
      /** @type {import('../elements/types.js').PageApp} */ (app),
      room.group,
    );
  };
  const form = el(
    'form',
    { class: 'group-form', onsubmit: save },
    picture.node,
    el('div', { class: 'field' }, el('label', { for: 'edit-name' }, t('edit.name')), name),
    el('div', { class: 'field' }, el('label', { for: 'edit-about' }, t('edit.about')), about),
    error,
    el(
      'div',
      { class: 'cluster dialog__actions dialog__foot' },
      room.can('close') &&
        !app.isEmbedded &&
        el(
          'button',
          { class: 'button button--quiet button--delete', type: 'button', onclick: remove },
          t('delete.open'),
        ),
      button,
    ),
  );
  const dialog = showDialog(t('edit.title', { group: nameOf(room.group) }), form, '', room.view);
  name.focus();

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    button.disabled = true;
    fill(error);
    const json = { name: name.value.trim(), about: about.value.trim(), rev };
    const { chosen } = picture;
    const gone = chosen === '' ? { avatar: '' } : null;
    try {
      if (gone || !chosen || isChanged(json)) await changed('PATCH', '', { ...json, ...gone });
      if (chosen) await changed('PUT', 'avatar/', { picture: chosen });
      dialog.close();
    } catch (caught) {
      const problem = /** @type {import('../client/api.js').ApiError} */ (caught);
      if (problem.code === 'revision_conflict') await showTheirs();
      else fill(error, t('groups.failed', { reason: reasonOf(problem) }));
    }
    button.disabled = false;
  }

  /** @param {string} method @param {string} part @param {Record<string, unknown>} json */
  async function changed(method, part, json) {
    const group = await app.api.of(method, id, part, { json });
    rev = group.rev;
    app.store.regroup(group);
  }

  /** @param {{name: string, about: string}} json */
  function isChanged(json) {
    return json.name !== (room.group.name ?? '') || json.about !== (room.group.about ?? '');
  }

  /** Theirs beside one's own: whoever saves again has seen it. */
  async function showTheirs() {
    const theirs = await app.api.of('GET', id).catch(() => null);
    if (!theirs) return fill(error, t('groups.loadFailed'));
    rev = theirs.rev;
    app.store.regroup(theirs);
    fill(
      error,
      el('p', null, t('edit.conflict')),
      el(
        'p',
        { class: 'edit__theirs', dir: 'auto' },
        el('b', null, nameOf(theirs)),
        theirs.about && ` ${theirs.about}`,
      ),
    );
  }
}
