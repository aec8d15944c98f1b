/** What stands where there is nothing: no conversation chosen, none at that address, nobody yet. Fetched when first wanted. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { openDialog } from './keys.js';

/** @param {import('./types.js').PageApp} app */
export function nothingChosen(app) {
  const key = matchMedia('(hover: hover)').matches && (/^Mac/u.test(navigator.platform) ? '⌘K' : 'Ctrl+K');
  const find = () => openDialog(app, 'switcher');
  const begin = async () => (await import('../groups/new-conversation.js')).show(app);
  return [
    el('h2', null, t('room.pick')),
    el('p', null, t('room.pickHelp')),
    el('button', { class: 'button', type: 'button', onclick: begin }, t('rooms.new')),
    el('button', { class: 'button', type: 'button', onclick: find }, t('room.findPeople'), key && el('kbd', null, key)),
    ...(app.store.conversations.size > 0 ? [] : secondWindow('muted')),
  ];
}

export function notAvailable() {
  return [el('h2', null, t('room.unavailable')), el('a', { class: 'button', href: '#/' }, t('room.back'))];
}

export function nobodyYet() {
  return [el('h2', null, t('rooms.empty')), ...secondWindow()];
}

/** @param {string} name */
export function nothingWritten(name) {
  return [el('h2', null, t('room.sayHello', { name })), el('p', null, t('room.sayHelloHelp'))];
}

/** @param {string} [kind] */
function secondWindow(kind = '') {
  return [
    el('p', { class: kind }, t('rooms.emptyHelp')),
    el('a', { class: 'button', href: './#sign-up', target: '_blank', rel: 'noopener' }, t('rooms.openSecond')),
  ];
}
