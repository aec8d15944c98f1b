/** Ctrl+K: a few letters of a name, Enter, there. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { avatar, nameOf } from '../lib/nodes.js';
import { isCalled } from '../lib/words.js';
import { showDialog } from './dialog.js';

const MOST = 8;

/** @typedef {import('../client/types.js').Person} Person */
/** @typedef {{face: import('../elements/types.js').Face, person: Person|null, id: number}} Place where one can go: a conversation, or a person */

/** @param {import('../elements/types.js').PageApp} app */
export function show(app) {
  /** @type {Place[]} */ let found = [];
  /** @type {Person[]} */ let strangers = [];
  let answered = '';
  let at = 0;
  const note = el('p', { class: 'muted', role: 'status' });
  const list = el('ul', { class: 'switcher', role: 'listbox', id: 'switcher-list', 'aria-label': t('switcher.title') });
  const input = el('input', {
    class: 'input',
    type: 'text',
    dir: 'auto',
    autocomplete: 'off',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'switcher-list',
    'aria-label': t('switcher.placeholder'),
    placeholder: t('switcher.placeholder'),
    oninput: typed,
    onkeydown: key,
  });
  const dialog = showDialog(t('switcher.title'), [input, list, note], 'dialog--switcher');
  input.focus();
  typed();

  async function typed() {
    at = 0;
    draw();
    const asked = input.value.trim();
    const answer = await app.api.users(asked).catch(() => null);
    if (asked !== input.value.trim()) return;
    fill(note, !answer && t('rooms.failed'));
    if (!answer) return;
    strangers = answer.users;
    answered = asked;
    draw();
  }

  function draw() {
    const wanted = input.value.trim();
    const { store } = app;
    /** @type {Place[]} */
    const known = store.rooms.flatMap(({ conversation_id: id, other_user: person = null }) => {
      const face = store.face(id);
      return face ? { face, person, id } : [];
    });
    const ids = new Set(known.map(({ person }) => person?.id));
    const others = strangers.filter((person) => !ids.has(person.id) && person.id !== app.me.id);
    const all = [...known, ...others.map((person) => ({ face: person, person, id: store.directWith(person.id) }))];
    const isFound = (/** @type {Person|null} */ person) =>
      answered === wanted && strangers.some(({ id }) => id === person?.id);
    // Whom the server found for these very words is not judged again.
    found = all
      .filter(({ face, person }) => isFound(person) || isCalled({ full_name: nameOf(face), ...person }, wanted))
      .slice(0, MOST);
    fill(
      list,
      found.map((place, index) =>
        el(
          'li',
          {
            class: 'switcher__option',
            role: 'option',
            id: `switch-${index}`,
            'aria-selected': String(index === at),
            onclick: () => go(place),
          },
          avatar(place.face),
          el('bdi', null, nameOf(place.face)),
        ),
      ),
    );
    if (found.length) input.setAttribute('aria-activedescendant', `switch-${at}`);
    else input.removeAttribute('aria-activedescendant');
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      at = (at + step + found.length) % found.length;
      draw();
    } else if (event.key === 'Enter' && found[at]) go(found[at]);
    else return;
    event.preventDefault();
  }

  /** @param {Place} place */
  function go({ person, id }) {
    dialog.close();
    if (person) app.store.meet(person);
    app.open(id);
  }
}
