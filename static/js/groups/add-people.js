/** Adding people to a conversation that is there. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el, fill } from '../lib/dom.js';
import { showDialog } from '../dialogs/dialog.js';
import { ApiError } from '../client/api.js';
import { reasonOf } from '../lib/reasons.js';
import { Picker } from './picker.js';
import { sayRefused } from './new-conversation.js';

/** @param {import('./group-room.js').GroupRoom} room */
export async function show(room) {
  const { app, members } = room;
  if (room.can('see_members')) await members.load().catch(() => {});
  const picker = new Picker(app, draw, { isTaken: (id) => members.has(id) });
  const error = el('p', { class: 'form-error', role: 'alert' });
  const button = el('button', { class: 'button button--primary', type: 'submit' }, t('groups.add'));
  const form = el(
    'form',
    { class: 'group-form', onsubmit: add },
    picker.node,
    error,
    el('div', { class: 'cluster dialog__actions dialog__foot' }, button),
  );
  const dialog = showDialog(t('groups.add'), form, 'dialog--tall', room.view);
  draw();
  picker.input.focus();

  function draw() {
    button.disabled = picker.chosen.size === 0;
  }

  /** Each by themselves: who is in already is no failure. @param {Event} event */
  async function add(event) {
    event.preventDefault();
    button.disabled = true;
    fill(error);
    const ids = [...picker.chosen.keys()];
    const refused = [];
    let count = 0;
    for (const id of ids) {
      try {
        const member = await app.api.of('PUT', room.id, `members/${id}/`);
        if (member?.user) members.changed(member);
        count += 1;
      } catch (caught) {
        const problem = /** @type {ApiError} */ (caught);
        if (!(problem instanceof ApiError) || problem.status !== 403) {
          fill(error, t('groups.failed', { reason: reasonOf(problem) }));
          return draw();
        }
        refused.push({ user_id: id });
      }
    }
    dialog.close();
    members.onChange();
    if (count) app.say(t('add.done', { count }));
    sayRefused(app, refused, picker.chosen);
  }
}
