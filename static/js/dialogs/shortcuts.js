/** The list of keys. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el } from '../lib/dom.js';
import { prefs } from '../lib/prefs.js';
import { showDialog } from './dialog.js';

export function show() {
  const swap = !prefs().enterSends;
  const mod = /Mac|iP(?:hone|ad)/u.test(navigator.platform) ? '⌘' : 'Ctrl';
  /** @type {[string[], string][]} */
  const keys = [
    [swap ? [mod, 'Enter'] : ['Enter'], 'keys.send'],
    [swap ? ['Enter'] : ['Shift', 'Enter'], 'keys.line'],
    [[mod, 'K'], 'keys.switcher'],
    [['/'], 'keys.search'],
    [['i'], 'keys.details'],
    [['Alt', '↑ ↓'], 'keys.rooms'],
    [['↑'], 'keys.edit'],
    [['Shift', '↑'], 'keys.messages'],
    [['End'], 'keys.end'],
    [[':smile'], 'keys.emoji'],
    [['Esc'], 'keys.escape'],
    [['?'], 'keys.help'],
  ];
  const lines = keys.flatMap(([combination, what]) => [
    el(
      'dt',
      { dir: 'ltr' },
      combination.map((key) => el('kbd', null, key)),
    ),
    el('dd', null, t(what)),
  ]);
  showDialog(t('keys.title'), el('dl', { class: 'keys' }, lines));
}
