/** Closing a conversation for everyone and for good: its name is typed first, so that nobody does it by mistake. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { showDialog } from '../dialogs/dialog.js';
import { el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';

/** @param {import('../elements/types.js').PageApp} app @param {import('../client/types.js').Group} group */
export function confirmDelete(app, group) {
  const name = nameOf(group);
  const typed = el('input', { class: 'input', id: 'delete-name', dir: 'auto', autocomplete: 'off', oninput: draw });
  const error = el('p', { class: 'form-error', role: 'alert' });
  const button = el('button', { class: 'button button--danger', type: 'submit' }, t('delete.do'));
  const form = el(
    'form',
    { class: 'group-form', onsubmit: go },
    el('p', null, t('delete.text')),
    el('div', { class: 'field' }, el('label', { for: 'delete-name' }, t('delete.type', { name })), typed),
    error,
    el('div', { class: 'cluster dialog__actions dialog__foot' }, button),
  );
  const dialog = showDialog(t('delete.title', { group: name }), form, 'dialog--small');
  draw();
  typed.focus();

  function draw() {
    button.disabled = typed.value.trim() !== name.trim();
  }

  /** @param {Event} event */
  async function go(event) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    try {
      await app.api.of('DELETE', group.id);
      // Its members keep what was said; on the devices of whoever closed it, it is out of the way.
      await app.api.of('PATCH', group.id, 'me/', { json: { hidden: true } }).catch(() => {});
      app.store.apply([
        { id: 0, event: 'conversation_removed', data: { conversation_id: group.id, reason: 'closed' } },
      ]);
      dialog.close();
      if (app.route?.conversationId === group.id) location.hash = '#/';
      app.say(t('delete.done', { group: name }));
    } catch (caught) {
      fill(
        error,
        t('groups.failed', { reason: reasonOf(/** @type {import('../client/api.js').ApiError} */ (caught)) }),
      );
      draw();
    }
  }
}
