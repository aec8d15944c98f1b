/** One thing that can be done in the details; without a connection it says so. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';

/** @param {import('../elements/types.js').App} app @param {import('../lib/icons.js').IconName} name @param {string} label @param {() => void} act */
export function detailsAction(app, name, label, act) {
  const isOffline = app.chat.status.state === 'waiting';
  const go = () => (isOffline ? app.say(t('groups.offline')) : act());
  return el(
    'button',
    {
      class: 'menu__entry',
      type: 'button',
      'aria-disabled': isOffline ? 'true' : null,
      title: isOffline ? t('groups.offline') : null,
      onclick: go,
    },
    icon(name),
    label,
  );
}
