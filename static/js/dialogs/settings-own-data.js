/** One's own data: all of it as a file, or the whole account deleted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { reasonOf } from '../lib/reasons.js';
import { el, fill } from '../lib/dom.js';

/** @param {import('../elements/types.js').PageApp} app @param {() => void} onGone */
export function ownData(app, onGone) {
  const note = el('p', { class: 'form-error', role: 'status' });
  const save = el('button', { class: 'button', type: 'button', onclick: take }, t('settings.export'));
  const password = el('input', {
    id: 'settings-password',
    class: 'input',
    type: 'password',
    autocomplete: 'current-password',
  });
  const form = el(
    'form',
    { class: 'field', hidden: true, onsubmit: remove },
    el('p', null, t('settings.deleteText')),
    el('label', { for: 'settings-password' }, t('sign.password')),
    el(
      'div',
      { class: 'cluster' },
      password,
      el('button', { class: 'button button--danger', type: 'submit' }, t('settings.delete')),
    ),
  );
  const ask = el(
    'button',
    { class: 'button button--quiet', type: 'button', 'aria-expanded': 'false', onclick: open },
    `${t('settings.delete')}…`,
  );
  return el(
    'section',
    { class: 'stack' },
    el('h3', null, t('settings.data')),
    el('div', { class: 'cluster' }, save, ask),
    form,
    note,
  );

  function open() {
    form.hidden = !form.hidden;
    ask.setAttribute('aria-expanded', String(!form.hidden));
    if (!form.hidden) password.focus();
  }

  async function take() {
    save.disabled = true;
    try {
      const whole = await everything(app.api);
      const url = URL.createObjectURL(new Blob([JSON.stringify(whole, null, 2)], { type: 'application/json' }));
      el('a', { href: url, download: 'chat.json' }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      fill(note);
    } catch (error) {
      fill(note, reasonOf(/** @type {import('../client/api.js').ApiError} */ (error)));
    }
    save.disabled = false;
  }

  /** @param {Event} event */
  async function remove(event) {
    event.preventDefault();
    try {
      await app.api.request('DELETE', 'users/me/', { json: { password: password.value } });
      onGone();
    } catch (error) {
      fill(note, reasonOf(/** @type {import('../client/api.js').ApiError} */ (error)));
    }
  }
}

/** The server gives it in parts; a file should be whole. @param {import('../client/api.js').Api} api */
async function everything(api) {
  /** @type {Map<number, {conversation_id: number, messages: object[]}>} */ const threads = new Map();
  /** @type {number|undefined} */ let after_id;
  for (;;) {
    const { conversations, next_after_id, ...rest } = await api.request('GET', 'users/me/export/', {
      query: { after_id },
    });
    for (const part of conversations) {
      const known = threads.get(part.conversation_id);
      if (known) known.messages.push(...part.messages);
      else threads.set(part.conversation_id, part);
    }
    if (!next_after_id) return { ...rest, conversations: [...threads.values()] };
    after_id = next_after_id;
  }
}
