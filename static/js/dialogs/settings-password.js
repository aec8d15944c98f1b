/** A new password; every other device is signed out then. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { reasonOf } from '../lib/reasons.js';
import { el, fill } from '../lib/dom.js';

/** @param {import('../elements/types.js').PageApp} app @param {() => void} onChanged */
export function changePassword(app, onChanged) {
  if (app.me.username.includes(':')) return []; // signed in by the page around the chat, or a guest: there is none
  const note = el('p', { class: 'form-error', role: 'status' });
  const fields = [
    ['now', t('settings.passwordNow'), 'current-password'],
    ['new', t('settings.passwordNew'), 'new-password'],
  ].map(([key, label, kind]) => {
    const input = el('input', {
      id: `password-${key}`,
      class: 'input',
      type: 'password',
      required: true,
      autocomplete: kind,
    });
    return { input, row: [el('label', { for: input.id }, label), input] };
  });
  const form = el(
    'form',
    { class: 'field', hidden: true, onsubmit: change },
    // Password managers keep what belongs together.
    el('input', { type: 'text', autocomplete: 'username', hidden: true, readonly: true, value: app.me.username }),
    fields.flatMap((field) => field.row),
    el('div', null, el('button', { class: 'button', type: 'submit' }, t('settings.save'))),
  );
  const ask = el(
    'button',
    { class: 'button button--quiet', type: 'button', 'aria-expanded': 'false', onclick: open },
    `${t('settings.password')}…`,
  );
  return el('section', { class: 'stack' }, el('div', null, ask), form, note);

  function open() {
    form.hidden = !form.hidden;
    ask.setAttribute('aria-expanded', String(!form.hidden));
    fill(note);
    if (!form.hidden) fields[0]?.input.focus();
  }

  /** @param {Event} event */
  async function change(event) {
    event.preventDefault();
    const [password, new_password] = fields.map((field) => field.input.value);
    try {
      await app.api.request('POST', 'users/me/password/', { json: { password, new_password } });
      form.reset();
      open();
      fill(note, t('settings.passwordChanged'));
      ask.focus();
      onChanged();
    } catch (error) {
      fill(note, explained(error));
    }
  }
}

/** The field's own problem says more than the refusal as a whole. @param {unknown} error */
function explained(error) {
  const problem = /** @type {import('../client/api.js').ApiError} */ (error);
  return problem.errors?.[0]?.detail || reasonOf(problem);
}
