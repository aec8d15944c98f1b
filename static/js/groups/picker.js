/** Choosing people: a field, a list that is searched on the server, and a chip for each who was chosen. */
import { t } from '../i18n/index.js';
import '../i18n/groups.js';
import '../i18n/later.js';
import { el, fill } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { avatar, handleOf, nameOf } from '../lib/nodes.js';
import { isCalled } from '../lib/words.js';

const SEARCH_AFTER_MS = 200;
const MOST_AT_ONCE = 100;
const SHOWN = 50;

/** @typedef {import('../client/types.js').Person} Person */

export class Picker {
  /** @type {Map<number, Person>} */ chosen = new Map();
  /** @type {Person[]} */ #found = [];
  /** @type {Person[]} */ #shown = [];
  #answered = '';
  #at = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;

  /**
   * @param {import('../elements/types.js').App} app @param {() => void} onChange
   * @param {{isTaken?: (id: number) => boolean, room?: number}} [options] who cannot be chosen, and how many more there is room for
   */
  constructor(app, onChange, { isTaken = () => false, room = MOST_AT_ONCE } = {}) {
    this.app = app;
    this.onChange = onChange;
    this.isTaken = isTaken;
    this.most = Math.min(room, MOST_AT_ONCE);
    this.chips = el('div', { class: 'picker__chips', role: 'list', 'aria-label': t('picker.chosen'), hidden: true });
    this.list = el('ul', {
      class: 'picker__list',
      role: 'listbox',
      id: 'picker-list',
      'aria-multiselectable': 'true',
      'aria-label': t('picker.people'),
    });
    this.note = el('p', { class: 'muted picker__note', role: 'status' });
    this.spoken = el('p', { class: 'visually-hidden', role: 'status' });
    this.input = el('input', {
      class: 'input picker__input',
      type: 'text',
      dir: 'auto',
      autocomplete: 'off',
      role: 'combobox',
      'aria-expanded': 'true',
      'aria-controls': 'picker-list',
      'aria-label': t('picker.find'),
      placeholder: t('picker.find'),
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    });
    this.node = el('div', { class: 'picker' }, this.chips, this.input, this.list, this.note, this.spoken);
    this.#typed(0);
  }

  /** @param {number} [after] milliseconds */
  #typed(after = SEARCH_AFTER_MS) {
    this.#at = 0;
    this.#draw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), after);
  }

  async #ask() {
    const asked = this.input.value.trim();
    const answer = await this.app.api.users(asked).catch(() => null);
    if (asked !== this.input.value.trim()) return;
    this.#found = answer?.users ?? [];
    this.#answered = asked;
    this.#draw();
    const nobody = answer ? this.#shown.length === 0 && t('picker.nobody') : t('rooms.failed');
    fill(this.note, nobody);
  }

  /** Those one knows, then those the server found, whom nobody judges again. */
  #candidates() {
    const wanted = this.input.value.trim();
    const { store, me } = this.app;
    const known = store.rooms.flatMap((room) => room.other_user ?? []).filter((person) => isCalled(person, wanted));
    const found = this.#answered === wanted ? this.#found : this.#found.filter((person) => isCalled(person, wanted));
    const all = new Map([...known, ...found].map((person) => [person.id, person]));
    all.delete(me.id);
    return [...all.values()].slice(0, SHOWN);
  }

  #draw() {
    this.#shown = this.#candidates();
    this.#at = Math.min(this.#at, Math.max(0, this.#shown.length - 1));
    fill(
      this.list,
      this.#shown.map((person, at) => this.#option(person, at)),
    );
    this.#mark();
  }

  /** @param {Person} person @param {number} at */
  #option(person, at) {
    const isTaken = this.isTaken(person.id);
    const isChosen = isTaken || this.chosen.has(person.id);
    return el(
      'li',
      {
        class: 'picker__option',
        role: 'option',
        id: `pick-${at}`,
        'aria-selected': String(isChosen),
        'aria-disabled': isTaken ? 'true' : null,
        onclick: () => this.#toggle(person),
      },
      el('span', { class: 'picker__box', 'aria-hidden': 'true' }, isChosen && icon('check')),
      avatar(person),
      el('span', { class: 'picker__name' }, el('bdi', null, nameOf(person))),
      el('bdi', { class: 'muted picker__more' }, isTaken ? t('picker.here') : handleOf(person)),
    );
  }

  /** The focus stays in the field; what is named by it moves. */
  #mark() {
    for (const [at, node] of [...this.list.children].entries())
      node.classList.toggle('picker__option--at', at === this.#at);
    if (this.#shown.length) this.input.setAttribute('aria-activedescendant', `pick-${this.#at}`);
    else this.input.removeAttribute('aria-activedescendant');
    this.list.children[this.#at]?.scrollIntoView?.({ block: 'nearest' });
  }

  /** @param {Person} person */
  choose(person) {
    if (!this.chosen.has(person.id)) this.#toggle(person);
  }

  /** @param {Person} person */
  #toggle(person) {
    if (this.isTaken(person.id)) return;
    const isAdded = !this.chosen.has(person.id);
    if (isAdded && this.chosen.size >= this.most) return fill(this.note, t('picker.most', { count: this.most }));
    if (isAdded) this.chosen.set(person.id, person);
    else this.chosen.delete(person.id);
    const isSearched = isAdded && this.input.value !== '';
    if (isSearched) this.input.value = '';
    this.#changed(person, isAdded);
    if (isSearched) this.#typed(0);
    this.input.focus();
  }

  /** @param {Person} person @param {boolean} isAdded */
  #changed(person, isAdded) {
    fill(this.spoken, t(isAdded ? 'picker.added' : 'picker.removed', { name: nameOf(person) }));
    fill(
      this.chips,
      [...this.chosen.values()].map((one) => this.#chip(one)),
    );
    this.chips.hidden = this.chosen.size === 0;
    this.#draw();
    this.onChange();
  }

  /** @param {Person} person */
  #chip(person) {
    const label = t('picker.remove', { name: nameOf(person) });
    return el(
      'span',
      { class: 'chip', role: 'listitem' },
      el('bdi', null, nameOf(person)),
      el(
        'button',
        {
          class: 'chip__remove',
          type: 'button',
          'aria-label': label,
          title: label,
          onclick: () => this.#toggle(person),
        },
        icon('close'),
      ),
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { length } = this.#shown;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && length) {
      this.#at = (this.#at + step + length) % length;
      this.#mark();
    } else if (
      event.key === 'Enter' &&
      !event.ctrlKey &&
      length &&
      (this.input.value || this.chosen.size === 0 || !this.#isWhole)
    )
      this.#toggle(this.#shown[this.#at]);
    else if (event.key === 'Backspace' && !this.input.value && this.chosen.size)
      this.#toggle(/** @type {Person} */ ([...this.chosen.values()].at(-1)));
    else return;
    event.preventDefault();
  }

  /** An empty field has nothing to choose by Enter, unless somebody was walked to. */
  get #isWhole() {
    return this.#at === 0 && !this.input.value;
  }
}
