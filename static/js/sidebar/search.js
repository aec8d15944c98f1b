/** One search over conversations, people and messages; without words, the people one has not talked to. Fetched behind the first draw. */
import { t } from '../i18n/index.js';
import '../i18n/later.js';
import { arrange, el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { isCalled } from '../lib/words.js';
import { personRow } from './room-row.js';

const SEARCH_AFTER_MS = 200;
const REFRESH_MS = 60_000;

export class Search {
  text = '';
  /** @type {import('../client/types.js').Person[]} */ #people = [];
  /** What was looked for last on the server. */
  #answered = '';
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;
  /** @type {HTMLElement|undefined} */ #nobody;

  /** @param {import('../elements/chat-sidebar.js').ChatSidebar} sidebar @param {HTMLInputElement} input @param {AbortSignal} signal */
  constructor(sidebar, input, signal) {
    this.sidebar = sidebar;
    this.app = sidebar.app;
    this.input = input;
    this.signal = signal;
    input.addEventListener('input', () => this.#typed(), { signal });
    input.addEventListener('keydown', (event) => this.#key(event), { signal });
    // Presence of people we have not talked to is not announced to us: look again now and then.
    const refresh = setInterval(() => !document.hidden && this.#findPeople(), REFRESH_MS);
    signal.addEventListener('abort', () => clearInterval(refresh));
    // Somebody may have begun to write before this was here.
    if (input.value) this.#typed();
    else this.#findPeople();
  }

  /** @param {import('../elements/types.js').Face|undefined} face */
  matches(face) {
    return !this.text || isCalled({ full_name: nameOf(face), ...face }, this.text);
  }

  clear() {
    this.input.value = '';
    this.#typed();
  }

  /** @param {Set<number>} shown people whose conversations are listed @param {number} listed how many conversations are */
  draw(shown, listed) {
    const { app, sidebar } = this;
    const people = this.#people.filter(
      (person) =>
        person.id !== app.me.id && !shown.has(person.id) && (this.#answered === this.text || this.matches(person)),
    );
    const rows = people.map((person) =>
      sidebar.row(
        `person:${person.id}`,
        personRow({ ...person, ...app.store.people.get(person.id) }, sidebar.current === -person.id),
      ),
    );
    const box = sidebar.box('.sidebar__people');
    const nobody = rows.length === 0 && listed === 0;
    const nothing = nobody && this.#answered === this.text && !sidebar.box('.sidebar__hits').firstChild;
    const list =
      box.querySelector('.rooms') ?? el('ol', { class: 'rooms', role: 'list', 'aria-label': t('rooms.people') });
    arrange(list, rows);
    const title = box.querySelector('.sidebar__section') ?? el('h2', { class: 'sidebar__section' }, t('rooms.people'));
    const none = el('p', { class: 'sidebar__none', role: 'status' }, t('rooms.none', { search: this.text }));
    arrange(box, [
      ...(rows.length ? [title, list] : []),
      ...(nobody && !this.text ? [this.#empty()] : []),
      ...(nothing && this.text ? [none] : []),
    ]);
  }

  #empty() {
    if (this.#nobody) return this.#nobody;
    const box = el('div', { class: 'empty empty--small' });
    this.#nobody = box;
    import('../elements/empty-pane.js').then(({ nobodyYet }) => fill(box, nobodyYet()));
    return box;
  }

  #typed() {
    this.text = this.input.value.trim();
    this.sidebar.redraw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#findPeople(), SEARCH_AFTER_MS);
  }

  async #findPeople() {
    const asked = this.text;
    const [answer] = await Promise.all([this.app.api.users(asked).catch(() => null), this.#findMessages(asked)]);
    if (asked !== this.text || this.signal.aborted) return;
    if (!answer) return this.#failed();
    this.#people = answer.users;
    this.#answered = asked;
    for (const person of this.#people) if (!this.app.store.people.has(person.id)) this.app.store.meet(person);
    this.sidebar.redraw();
  }

  /** Nobody was found, and nobody was looked for: the two are not the same. */
  #failed() {
    const place = this.sidebar.box('.sidebar__hits');
    if (this.text && !place.firstChild)
      fill(place, el('p', { class: 'sidebar__none', role: 'status' }, t('rooms.failed')));
  }

  /** @param {string} words */
  async #findMessages(words) {
    const place = this.sidebar.box('.sidebar__hits');
    if (words.length < 2 && !place.firstChild) return;
    const { showHits } = await import('./found-messages.js');
    await showHits(this.app, place, words.length > 1 ? words : '');
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const first = /** @type {HTMLElement|null} */ (this.sidebar.querySelector('.rooms .room'));
    if (event.key === 'ArrowDown') first?.focus();
    if (event.key === 'Enter' && this.text) first?.click();
    if (event.key === 'ArrowDown' || event.key === 'Enter') event.preventDefault();
    if (event.key === 'Escape') this.clear();
  }
}
