/** The messages of one conversation: loads pages, keeps the reader's place, marks what was seen as read. */
import { t } from '../i18n/index.js';
import { arrange, el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { messageAddress } from '../lib/route.js';
import { entriesOf, keyOf } from '../timeline/entries.js';
import { History } from '../timeline/history.js';
import { Place } from '../timeline/place.js';
import { buildRow, drawProgress, shapeOf, updateRow } from '../timeline/rows.js';
import { Slice } from '../timeline/slice.js';

const NEAR_PX = 700;
const READ_AFTER_MS = 250;
/** Where each room was left. @type {Map<number, {key: string, top: number}>} */
const places = new Map();

export class ChatTimeline extends HTMLElement {
  /** @type {any} */ app;
  userId = 0;
  /** @type {number|null} */ wantedId = null;
  /** @type {any} */ history;
  /** @type {Map<string, {row: HTMLElement, shape: string}>} */ #rows = new Map();
  #slice = new Slice();
  #life = new AbortController();
  #frame = 0;
  #missed = 0;
  #busy = false;
  /** @type {number|undefined} */ #reading;

  connectedCallback() {
    const { signal } = this.#life;
    this.list = el('ol', { class: 'timeline__list', role: 'list' });
    this.scroller = el('div', {
      class: 'timeline__scroller', id: 'messages', role: 'region', tabindex: '0', 'aria-label': t('room.messages', { name: this.#name }),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    }, el('p', { class: 'timeline__loading', hidden: true }, t('room.loading')), this.list);
    this.jump = el('button', { class: 'jump', type: 'button', hidden: true, onclick: () => this.toEnd() });
    fill(this, this.scroller, this.jump);
    this.place = new Place(this.scroller, this.list);
    this.history = new History(this.app, this.userId);
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { signal, passive: true });
    this.app.store.addEventListener('change', (/** @type {any} */ event) => this.#changed(event.detail), { signal });
    this.app.chat.outbox.addEventListener('change', (/** @type {any} */ event) => this.#outboxChanged(event.detail), { signal });
    this.app.chat.addEventListener('status', () => this.#drawSoon(), { signal });
    this.app.chat.addEventListener('resync', () => this.history.catchUp().then(() => this.#drawSoon(), () => {}), { signal });
    for (const name of ['focus', 'visibilitychange']) addEventListener(name, () => this.#readSoon(), { signal, capture: true });
    // The composer grows, a phone's keyboard opens: the end stays in sight.
    const watch = new ResizeObserver(() => this.place?.isAtEnd && this.place.toEnd());
    watch.observe(this.scroller);
    signal.addEventListener('abort', () => watch.disconnect());
    this.#open();
  }

  disconnectedCallback() {
    const left = this.place?.remember();
    if (left) places.set(this.userId, left);
    else places.delete(this.userId);
    this.#thread.dividerId = null;
    this.#life.abort();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#reading);
  }

  get #thread() {
    return this.app.store.thread(this.userId);
  }

  get #person() {
    return this.app.store.people.get(this.userId) ?? { id: this.userId };
  }

  get #name() {
    return nameOf(this.#person);
  }

  async #open() {
    const slow = setTimeout(() => this.#loading(true), 300);
    try {
      await this.history.open();
      if (this.#life.signal.aborted) return;
      if (this.wantedId) return await this.show(this.wantedId);
      this.#firstDraw();
    } catch (error) {
      this.#failed(/** @type {any} */ (error));
    } finally {
      clearTimeout(slow);
      this.#loading(false);
    }
  }

  /** At the first unread message, else where the room was left, else at the end. */
  #firstDraw() {
    const { dividerId } = this.#thread;
    const left = places.get(this.userId);
    const leftAt = left && this.#thread.messages.find((/** @type {any} */ message) => keyOf(message) === left.key);
    if (dividerId) this.#slice.around(this.#thread.messages, dividerId);
    else if (leftAt) this.#slice.around(this.#thread.messages, leftAt.id);
    this.draw();
    const divider = this.list.querySelector('.divider');
    const row = left && this.#rows.get(left.key)?.row;
    if (divider) this.place?.show(divider, 0.2);
    else if (row) this.place?.show(row, left.top / this.scroller.clientHeight);
    this.#scrolled();
  }

  draw() {
    const thread = this.#thread;
    const messages = this.#slice.of(thread.messages);
    const atEnd = this.#slice.followsEnd && !thread.hasNewer;
    const outgoing = atEnd ? this.app.chat.outbox.items.filter((/** @type {any} */ item) => item.receiver_id === this.userId) : [];
    const isBeginning = thread.isLoaded && !thread.hasOlder && messages[0] === thread.first;
    const entries = entriesOf({ messages, outgoing, me: this.app.me.id, dividerId: thread.dividerId, isBeginning });
    this.place?.keep(() => arrange(this.list, entries.map((entry) => this.#row(entry))));
    this.#forget(new Set(entries.map((entry) => entry.key)));
    this.#drawEmpty(thread.isLoaded && messages.length + outgoing.length === 0);
    this.#drawJump();
    this.#readSoon();
  }

  /** @param {number} id brings a message into view, from wherever it is */
  async show(id) {
    if (!this.#thread.has(id)) await this.history.around(id).catch(() => {});
    if (this.#thread.has(id)) this.#slice.around(this.#thread.messages, id);
    if (this.place) this.place.isAtEnd = false;
    this.draw();
    const row = this.list.querySelector(`[data-id="${id}"]`);
    if (!row) return;
    this.place?.show(row, 0.4);
    row.classList.add('message--shown');
    setTimeout(() => row.classList.remove('message--shown'), 2500);
  }

  async toEnd() {
    if (this.#thread.hasNewer) await this.history.newest().catch(() => {});
    this.#slice.toEnd();
    this.#missed = 0;
    if (this.place) this.place.isAtEnd = true;
    this.draw();
    this.scroller.focus({ preventScroll: true });
  }

  /** @param {import('../timeline/entries.js').Entry} entry */
  #row(entry) {
    const shape = shapeOf(entry, this.#name);
    let known = this.#rows.get(entry.key);
    if (!known || known.shape !== shape) {
      known = { row: buildRow(entry, this.#tools), shape };
      this.#rows.set(entry.key, known);
    }
    if (entry.kind === 'message') updateRow(known.row, entry, this.#tools);
    return known.row;
  }

  /** @param {Set<string>} keys still in the page */
  #forget(keys) {
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key);
  }

  get #tools() {
    return {
      app: this.app,
      person: this.#person,
      copy: (/** @type {string} */ text) => navigator.clipboard.writeText(text).then(() => this.app.say(t('message.copied')), () => this.app.say(t('message.copyFailed'))),
      quote: (/** @type {string} */ text) => /** @type {any} */ (this.parentElement?.querySelector('chat-composer')).quote(text),
      copyLink: (/** @type {number} */ id) => this.#tools.copy(messageAddress(this.userId, id)),
    };
  }

  #scrolled() {
    this.place?.look();
    if (this.place?.isAtEnd && this.#slice.followsEnd) this.#missed = 0;
    this.#drawJump();
    this.#readSoon();
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollTop < NEAR_PX) this.#more('older');
    else if (scrollHeight - scrollTop - clientHeight < NEAR_PX) this.#more('newer');
  }

  /** @param {'older'|'newer'} side */
  async #more(side) {
    const thread = this.#thread;
    if (this.#busy || !thread.isLoaded) return;
    if (side === 'newer' && this.#slice.followsEnd && !thread.hasNewer) return;
    this.#busy = true;
    if (this.#slice[side](thread.messages)) this.draw();
    else if (side === 'older' ? thread.hasOlder : thread.hasNewer) {
      const slow = setTimeout(() => this.#loading(true), 300);
      const came = await this.history[side]().catch(() => false);
      clearTimeout(slow);
      this.#loading(false);
      if (this.#life.signal.aborted) return;
      if (came) this.#slice[side](thread.messages);
      this.draw();
    }
    this.#busy = false;
  }

  /** @param {any} change */
  #changed({ kind, userId, isNew, mine }) {
    if (kind === 'people' && userId === this.userId) this.#drawSoon();
    if (userId !== this.userId || !['message', 'receipt'].includes(kind)) return;
    if (kind === 'message' && isNew && !mine && !this.place?.isAtEnd) this.#missed += 1;
    this.#drawSoon();
  }

  /** @param {any} change */
  #outboxChanged({ kind, item }) {
    if (kind === 'progress') {
      const known = this.#rows.get(keyOf(item));
      if (known) drawProgress(known.row, item.progress);
      return;
    }
    if (kind === 'failed') this.app.say(t('message.failed'), { urgent: true });
    this.#drawSoon();
  }

  #drawSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => !this.#life.signal.aborted && this.draw());
  }

  #drawJump() {
    const hide = Boolean(this.place?.isAtEnd) && this.#slice.followsEnd;
    this.jump.hidden = hide;
    const label = this.#missed > 0 ? t('room.jumpNew', { count: this.#missed }) : t('room.jump');
    if (this.jump.getAttribute('aria-label') === label) return;
    this.jump.setAttribute('aria-label', label);
    fill(this.jump, el('span', { 'aria-hidden': 'true' }, '↓'), this.#missed > 0 && el('span', null, label));
  }

  #readSoon() {
    clearTimeout(this.#reading);
    this.#reading = setTimeout(() => this.#read(), READ_AFTER_MS);
  }

  /** Reading moves only while the page is visible, and only to what is on screen. */
  #read() {
    if (document.visibilityState !== 'visible' || !document.hasFocus()) return;
    const limit = this.scroller.getBoundingClientRect().bottom + 4;
    const rows = [...this.list.querySelectorAll('.message:not(.message--own)')];
    const seen = rows.reverse().find((row) => row.getBoundingClientRect().bottom <= limit);
    const id = Number(/** @type {HTMLElement|undefined} */ (seen)?.dataset.id ?? 0);
    if (id) this.history.read(id);
  }

  /** @param {KeyboardEvent} event arrows walk through the messages */
  #key(event) {
    const articles = [...this.list.querySelectorAll('article')];
    const at = articles.indexOf(/** @type {HTMLElement} */ (document.activeElement?.closest('article')));
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === 'End') {
      this.toEnd();
      event.preventDefault();
    } else if (step && !event.altKey && articles.length) {
      const next = articles[at < 0 ? articles.length - 1 : Math.min(articles.length - 1, Math.max(0, at + step))];
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: 'nearest' });
      event.preventDefault();
    }
  }

  /** @param {boolean} isEmpty */
  #drawEmpty(isEmpty) {
    this.querySelector('.timeline__empty')?.remove();
    if (!isEmpty) return;
    this.scroller.append(el('div', { class: 'empty timeline__empty' }, el('h2', null, t('room.sayHello', { name: this.#name })), el('p', null, t('room.sayHelloHelp'))));
  }

  /** @param {boolean} isLoading */
  #loading(isLoading) {
    this.scroller.setAttribute('aria-busy', String(isLoading));
    this.scroller.querySelector('.timeline__loading').hidden = !isLoading;
  }

  /** @param {any} error */
  #failed(error) {
    if (this.#life.signal.aborted) return;
    const again = el('button', { class: 'button', type: 'button', onclick: () => (fill(this.list), this.#open()) }, t('room.tryAgain'));
    const gone = error?.status === 404;
    fill(this.list, el('li', { class: 'empty', role: 'alert' }, el('p', null, t(gone ? 'room.unknown' : 'room.loadFailed')), !gone && again));
  }
}

customElements.define('chat-timeline', ChatTimeline);
