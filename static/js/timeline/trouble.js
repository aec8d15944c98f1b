/** What stands under a message that failed, waits, or goes up. Fetched behind the first draw. */
import { number, t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { iconButton } from '../lib/nodes.js';
import { reasonOf } from '../lib/reasons.js';

/** @param {import('../elements/types.js').Shown} message @param {string} state @param {boolean} isLast of those that wait: said once @param {import('../elements/types.js').App} app */
export function troubleOf(message, state, isLast, { chat: { outbox } }) {
  const id = message.client_id;
  const cancel = message.file && iconButton('close', t('message.cancel'), { onclick: () => outbox.discard(id) });
  if (state === 'failed') {
    const reason = reasonOf({ code: message.error ?? '', detail: message.detail });
    return [
      el('p', { class: 'message__reason' }, icon('warn'), `${t('message.failed')}. ${reason}`),
      button('button button--small', t('message.retry'), () => outbox.retry(id)),
      button('button button--small button--quiet', t('message.discard'), () => outbox.discard(id)),
    ];
  }
  if (state === 'queued') return [isLast && el('p', { class: 'message__reason message__reason--calm' }, why()), cancel];
  const label = t('message.uploading', { name: message.file_name ?? '' });
  return [
    el('progress', { max: 1, value: message.progress ?? 0, 'aria-label': label }),
    el('span', { class: 'message__percent muted' }, `${number(Math.round((message.progress ?? 0) * 100))} %`),
    cancel,
  ];

  function why() {
    const held = Math.ceil((outbox.heldUntil - Date.now()) / 1000);
    if (held > 0) return t('message.held', { count: held });
    const isProxy = /^http_4|^http_511/u.test(message.error ?? '');
    return isProxy ? reasonOf({ code: message.error ?? '' }) : t('message.queued');
  }
}

/** @param {string} kind @param {string} label @param {() => void} onclick */
function button(kind, label, onclick) {
  return el('button', { class: kind, type: 'button', onclick }, label);
}
