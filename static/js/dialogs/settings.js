/** What a person may choose: name, looks, language, keys, notifications; and the devices signed in. */
import { LANGUAGES, t } from '../i18n/index.js';
import '../i18n/later.js';
import { reasonOf } from '../lib/reasons.js';
import { el, fill } from '../lib/dom.js';
import { iconButton, nameOf } from '../lib/nodes.js';
import { prefs } from '../lib/prefs.js';
import { setPrefs } from '../lib/set-prefs.js';
import { exact } from '../lib/time.js';
import { changePassword } from './settings-password.js';
import { showDialog } from './dialog.js';
import { ownData } from './settings-own-data.js';
import '../lib/more-icons.js';

/** @param {import('../elements/types.js').PageApp} app */
export function show(app) {
  const sessions = el('ul', { class: 'sessions' });
  const dialog = showDialog(t('settings.title'), [
    nameForm(app),
    choice('theme', t('settings.theme'), {
      system: t('settings.system'),
      light: t('settings.light'),
      dark: t('settings.dark'),
    }),
    choice('density', t('settings.density'), {
      comfortable: t('settings.comfortable'),
      compact: t('settings.compact'),
    }),
    language(),
    toggle('enterSends', t('settings.enter')),
    toggle('shortcuts', t('settings.shortcuts')),
    notifications(app),
    toggle('sound', t('settings.sound')),
    el('section', { class: 'stack' }, el('h3', null, t('settings.sessions')), sessions),
    changePassword(app, () => drawSessions(app, sessions)),
    ownData(app, accountGone),
    el('p', { class: 'muted' }, t('settings.privacy')),
  ]);
  drawSessions(app, sessions);

  function accountGone() {
    dialog.close();
    app.accounts.forget(app.me.id);
    app.signIn({ mode: 'up', notice: 'gone' });
  }
}

/** @param {import('../elements/types.js').PageApp} app */
function nameForm(app) {
  const input = el('input', {
    id: 'settings-name',
    class: 'input',
    dir: 'auto',
    autocomplete: 'name',
    maxlength: 100,
    '.value': app.me.full_name ?? '',
  });
  const note = el('p', { class: 'form-error', role: 'status' });
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      const { user } = await app.api.updateMe({ full_name: input.value.trim() });
      app.store.rename(user);
      app.accounts.keep({ token: app.api.token ?? '', user });
      fill(note, t('settings.saved'));
    } catch (error) {
      fill(note, reasonOf(/** @type {import('../client/api.js').ApiError} */ (error)));
    }
  };
  return el(
    'form',
    { class: 'field', onsubmit: save },
    el('label', { for: 'settings-name' }, t('settings.name')),
    el('div', { class: 'cluster' }, input, el('button', { class: 'button', type: 'submit' }, t('settings.save'))),
    note,
  );
}

/** @param {'theme'|'density'} key @param {string} label @param {Record<string, string>} options */
function choice(key, label, options) {
  const radios = Object.entries(options).map(([value, name]) =>
    el(
      'label',
      { class: 'choice__option' },
      el('input', {
        type: 'radio',
        name: key,
        value,
        checked: prefs()[key] === value,
        onchange: () => setPrefs({ [key]: value }),
      }),
      el('span', null, name),
    ),
  );
  return el(
    'fieldset',
    { class: 'choice' },
    el('legend', null, label),
    el('div', { class: 'choice__options' }, radios),
  );
}

function language() {
  const current = document.documentElement.lang;
  const options = Object.entries(LANGUAGES).map(([code, name]) =>
    el('option', { value: code, lang: code, selected: code === current }, name),
  );
  const change = (/** @type {Event & {target: HTMLSelectElement}} */ event) => {
    setPrefs({ lang: event.target.value });
    // Words, direction and formats all change: the page starts again, drafts are kept.
    location.reload();
  };
  return el(
    'div',
    { class: 'field' },
    el('label', { for: 'settings-language' }, t('settings.language')),
    el('select', { id: 'settings-language', class: 'input', onchange: change }, options),
  );
}

/** @param {'enterSends'|'shortcuts'|'sound'} key @param {string} label */
function toggle(key, label) {
  return el(
    'label',
    { class: 'check' },
    el('input', {
      type: 'checkbox',
      checked: prefs()[key],
      onchange: (/** @type {Event & {target: HTMLInputElement}} */ event) => setPrefs({ [key]: event.target.checked }),
    }),
    label,
  );
}

/** The browser is asked only after this click. @param {import('../elements/types.js').PageApp} app */
function notifications(app) {
  if (!('Notification' in globalThis)) return [];
  const change = async (/** @type {Event & {target: HTMLInputElement}} */ event) => {
    const box = event.target;
    const granted = box.checked && (await Notification.requestPermission()) === 'granted';
    if (box.checked && !granted) app.say(t('settings.denied'), { urgent: true });
    box.checked = granted;
    setPrefs({ notifications: granted });
  };
  const isOn = prefs().notifications && Notification.permission === 'granted';
  return el(
    'label',
    { class: 'check' },
    el('input', { type: 'checkbox', checked: isOn, onchange: change }),
    t('settings.notifications'),
  );
}

/** @typedef {{id: string|number, name: string|null, current: boolean, last_used_at: string|null}} Session */

/** @param {import('../elements/types.js').PageApp} app @param {Element} list */
async function drawSessions(app, list) {
  const answer = await app.api.sessions().catch(() => null);
  const sessions = answer?.sessions ?? [];
  fill(
    list,
    sessions.map((/** @type {Session} */ session) => {
      const name = deviceName(session.name) || t('settings.device');
      const revoke = async () => {
        await app.api.revokeSession(session.id).catch(() => {});
        drawSessions(app, list);
      };
      return el(
        'li',
        { class: 'sessions__item' },
        el(
          'span',
          { class: 'sessions__name' },
          el('bdi', null, name),
          session.current && el('span', { class: 'muted' }, ` (${t('settings.thisDevice')})`),
          session.last_used_at &&
            el(
              'span',
              { class: 'muted sessions__when' },
              t('settings.lastSeen', { when: exact(session.last_used_at) }),
            ),
        ),
        !session.current && iconButton('out', t('settings.revoke', { name }), { onclick: revoke }),
      );
    }),
  );
  if (sessions.length === 0) fill(list, el('li', { class: 'muted' }, nameOf(app.me)));
}

/** @param {string|null|undefined} agent "Chrome, Linux" out of a user agent's long line */
function deviceName(agent) {
  agent ??= '';
  const browser = /(Edg|Firefox|OPR|Chrome|Safari)\//u.exec(agent)?.[1]?.replace('Edg', 'Edge').replace('OPR', 'Opera');
  const system = /(Windows|Mac OS X|iPhone|iPad|Android|Linux)/u.exec(agent)?.[1]?.replace('Mac OS X', 'macOS');
  return [browser, system].filter(Boolean).join(', ') || agent.slice(0, 40);
}
