/** A new conversation: with one person, or a group, announcements, a public place for several. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { newClientId } from '../client/outbox.js';
import { el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';
import { showDialog } from '../dialogs/dialog.js';
import { Picker } from './picker.js';
import '../lib/more-icons.js';

const KINDS = /** @type {const} */ (['group', 'announcement', 'public']);
const NAME_CHARS = 100;

/** @param {import('../elements/types.js').PageApp} app @param {import('../client/types.js').Person[]} [chosen] to begin with */
export function show(app, chosen = []) {
  // One for all tries: however often it is asked for, it is made once.
  const client_id = newClientId();
  let isBusy = false;
  const picker = new Picker(app, draw);
  const name = el('input', {
    class: 'input',
    id: 'group-name',
    dir: 'auto',
    maxlength: NAME_CHARS,
    autocomplete: 'off',
    oninput: draw,
    onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && begin(event),
  });
  const error = el('p', { class: 'form-error', role: 'alert' });
  const button = el('button', { class: 'button button--primary', type: 'submit' });
  const form = el(
    'form',
    { class: 'group-form', onsubmit: begin },
    picker.node,
    el('div', { class: 'field' }, el('label', { for: 'group-name' }, t('new.name')), name),
    el('fieldset', { class: 'choice kinds' }, el('legend', null, t('new.kind')), KINDS.map(kindNode)),
    el('a', { class: 'new__public', href: '#/discover', onclick: () => dialog.close() }, t('discover.find')),
    error,
    el('div', { class: 'cluster dialog__actions dialog__foot' }, button),
  );
  const dialog = showDialog(t('rooms.new'), form, 'dialog--tall');
  for (const person of chosen) picker.choose(person);
  draw();
  picker.input.focus();

  /** @param {'group'|'announcement'|'public'} kind */
  function kindNode(kind) {
    const radio = el('input', { type: 'radio', name: 'kind', value: kind, onchange: draw });
    radio.checked = kind === 'group';
    return el(
      'label',
      { class: 'kinds__one' },
      radio,
      el('span', null, el('b', null, t(`new.${kind}`)), el('span', { class: 'muted' }, t(`new.${kind}Help`))),
    );
  }

  function preset() {
    return new FormData(form).get('kind');
  }

  function isDirect() {
    return picker.chosen.size === 1 && !name.value.trim() && preset() === 'group';
  }

  function draw() {
    fill(button, t(isDirect() ? 'new.open' : 'new.create'));
    button.disabled = isBusy || (picker.chosen.size === 0 && !name.value.trim());
  }

  /** @param {Event} event */
  async function begin(event) {
    event.preventDefault();
    if (button.disabled) return;
    const [person] = picker.chosen.values();
    if (isDirect()) {
      dialog.close();
      app.store.meet(person);
      return app.open(app.store.directWith(person.id));
    }
    isBusy = true;
    draw();
    fill(error);
    const json = {
      preset: preset(),
      name: name.value.trim() || null,
      member_ids: [...picker.chosen.keys()],
      client_id,
    };
    try {
      const made = await app.api.request('POST', 'conversations/', { json });
      app.store.regroup(made);
      dialog.close();
      app.open(made.id);
      sayRefused(app, made.refused ?? [], picker.chosen);
    } catch (caught) {
      fill(error, t('new.failed', { reason: reasonOf(/** @type {import('../client/api.js').ApiError} */ (caught)) }));
    }
    isBusy = false;
    draw();
  }
}

/** @param {import('../elements/types.js').App} app @param {{user_id: number}[]} refused @param {Map<number, import('../client/types.js').Person>} people */
export function sayRefused(app, refused, people) {
  const names = refused.map(({ user_id }) => nameOf(people.get(user_id))).filter(Boolean);
  if (names.length) app.say(t('picker.refused', { name: names.join(', ') }), { urgent: true });
}
