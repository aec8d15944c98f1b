/** Of what one is told, and for how long of nothing. Kept on the server, for all devices. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { showDialog } from '../dialogs/dialog.js';
import { FOR_EVER, kept, OVER } from './own-settings.js';

const HOUR_MS = 3_600_000;
const MUTES = /** @type {const} */ ([
  ['notify.hour', HOUR_MS],
  ['notify.hours', 8 * HOUR_MS],
  ['notify.week', 7 * 24 * HOUR_MS],
  ['notify.always', null],
]);
const LEVELS = /** @type {const} */ (['all', 'mentions', 'none']);

/** @param {import('../elements/types.js').App} app @param {number} id @param {Node} [near] */
export function show(app, id, near) {
  const row = app.store.conversations.get(id);
  if (!row?.my) return;
  const { my } = row;
  const isMuted = app.store.isMuted(id);
  const also = el('input', { type: 'checkbox', onchange: () => kept(app, id, { all_mentions: also.checked }) });
  also.checked = my.all_mentions;
  const mute = (/** @type {string} */ until) => {
    dialog.close();
    kept(app, id, { muted_until: until }, t(until === OVER ? 'own.unmuted' : 'notify.mutedNow'));
  };
  const dialog = showDialog(
    t('notify.title', { name: nameOf(app.store.face(id)) }),
    [
      row.group ? el('fieldset', { class: 'choice' }, el('legend', null, t('notify.of')), LEVELS.map(level)) : [],
      row.group ? el('label', { class: 'check' }, also, t('notify.also')) : [],
      el('h3', { class: 'dialog__section' }, t('own.mute')),
      el(
        'div',
        { class: 'cluster' },
        isMuted
          ? button(t('own.unmute'), () => mute(OVER))
          : MUTES.map(([key, ms]) => button(t(key), () => mute(ms ? at(ms) : FOR_EVER))),
      ),
    ],
    'dialog--small',
    near,
  );

  /** @param {'all'|'mentions'|'none'} value */
  function level(value) {
    const radio = el('input', {
      type: 'radio',
      name: 'level',
      value,
      onchange: () => kept(app, id, { notify: value }),
    });
    radio.checked = my.notify === value;
    return el('label', { class: 'check' }, radio, t(`notify.${value}`));
  }
}

/** @param {number} ms from now */
function at(ms) {
  return new Date(Date.now() + ms).toISOString();
}

/** @param {string} label @param {() => void} onclick */
function button(label, onclick) {
  return el('button', { class: 'button', type: 'button', onclick }, label);
}
