/** One thing that can be done in the details; without a connection it says so. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';

/** Also while it is tried again: what cannot be done does not come and go with each try. @param {{chat: {status: import('../client/types.js').PollStatus}}} app */
export function isOffline({ chat: { status } }) {
  return status.state === 'waiting' || (status.state === 'connecting' && (status.attempt ?? 0) > 0);
}

/** @param {import('../elements/types.js').App} app @param {import('../lib/icons.js').IconName} name @param {string} label @param {() => void} act */
export function detailsAction(app, name, label, act) {
  const isAway = isOffline(app);
  const go = () => (isAway ? app.say(t('groups.offline')) : act());
  return el(
    'button',
    {
      class: 'menu__entry',
      type: 'button',
      'aria-disabled': isAway ? 'true' : null,
      title: isAway ? t('groups.offline') : null,
      onclick: go,
    },
    icon(name),
    label,
  );
}
