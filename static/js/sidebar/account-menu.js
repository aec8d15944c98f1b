/** The menu behind one's own picture. A <details>, so it works and closes like one. Fetched when the list is drawn. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { handleOf, nameOf } from '../lib/nodes.js';
import { openDialog } from '../elements/keys.js';
import '../lib/more-icons.js';

/** @param {HTMLDetailsElement} menu with its summary @param {import('../elements/types.js').PageApp} app */
export function fillMenu(menu, app) {
  const { me } = app;
  if (!me) return; // Signing in anew by the time this file is here.
  menu.addEventListener('keydown', closeOnEscape);
  menu.addEventListener('focusout', left);
  menu.append(
    el(
      'div',
      { class: 'menu__list' },
      el('p', { class: 'menu__who' }, el('bdi', null, nameOf(me)), el('bdi', { class: 'muted' }, handleOf(me))),
      entry('checks', t('menu.readAll'), () => app.chat.reading.all()),
      entry('settings', t('menu.settings'), () => openDialog(app, 'settings')),
      entry('keyboard', t('menu.shortcuts'), () => openDialog(app, 'shortcuts')),
      el(
        'a',
        { class: 'menu__entry', href: './#sign-up', target: '_blank', rel: 'noopener' },
        icon('window'),
        t('menu.second'),
      ),
      entry('people', t('menu.else'), () => becomeSomeoneElse(app)),
      entry('out', t('menu.out'), () => signOut(app)),
    ),
  );

  /** @param {import('../lib/icons.js').IconName} name @param {string} label @param {() => void} act */
  function entry(name, label, act) {
    const run = () => {
      menu.open = false;
      menu.querySelector('summary')?.focus();
      act();
    };
    return el('button', { class: 'menu__entry', type: 'button', onclick: run }, icon(name), label);
  }

  /** @param {KeyboardEvent} event */
  function closeOnEscape(event) {
    if (event.key !== 'Escape' || !menu.open) return;
    menu.open = false;
    menu.querySelector('summary')?.focus();
    event.stopPropagation();
  }

  /** @param {FocusEvent} event */
  function left(event) {
    if (event.relatedTarget instanceof Node && !menu.contains(event.relatedTarget)) menu.open = false;
  }
}

/** @param {import('../elements/types.js').PageApp} app */
async function signOut(app) {
  const { api, me } = app;
  app.accounts.forget(me.id);
  app.signIn({ mode: 'in', username: me.username });
  await api.logout().catch(() => {});
}

/** This tab does; other tabs keep their account. @param {import('../elements/types.js').PageApp} app */
function becomeSomeoneElse(app) {
  app.accounts.leave();
  history.replaceState(null, '', location.pathname);
  app.signIn({ mode: 'up', notice: 'else' });
}
