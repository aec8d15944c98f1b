/** The messages of one conversation: loads pages, keeps the reader's place, marks what was seen as read. */
import { ApiError } from '../client/api.js';
import { untilDone } from '../client/backoff.js';
import { t } from '../i18n/index.js';
import { el, fill } from '../lib/dom.js';
import { nameOf } from '../lib/nodes.js';
import { entriesOf, keyOf } from '../timeline/entries.js';
import { History } from '../timeline/history.js';
import { showEmpty, showLoading } from '../timeline/notices.js';
import { Painter } from '../timeline/painter.js';
import { ScrollPosition } from '../timeline/scroll-position.js';
import { Slice } from '../timeline/slice.js';
const NEAR_PX = 700;
/** @type {Map<number, {key: string, top: number}>} where each room was left */
const positions = new Map();
export class ChatTimeline extends HTMLElement {
  /** @type {import('./types.js').App} */ app;
  conversationId = 0;
  /** @type {number|null} */ wantedId = null;
  /** @type {import('../groups/group-room.js').GroupRoom|null} */ group = null;
  /** @type {History} */ history;
  /** @type {HTMLElement} */ list;
  /** @type {HTMLElement} */ scroller;
  /** @type {import('../timeline/jump-to-end.js').Jump|null} */ jump = null;
  /** @type {ScrollPosition} */ position;
  /** @type {Painter} */ painter;
  /** Fetched behind the first draw. @type {import('../timeline/reader.js').Reader|null} */ reader = null;
  #slice = new Slice();
  #life = new AbortController();
  #frame = 0;
  #busy = false;

  connectedCallback() {
    const { signal } = this.#life;
    this.list = el('ol', { class: 'timeline__list', role: 'list' });
    this.scroller = el(
      'div',
      {
        class: 'timeline__scroller',
        role: 'region',
        tabindex: '0',
        'aria-label': t('room.messages', { name: this.#name }),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      },
      el('p', { class: 'timeline__loading', hidden: true }, t('room.loading')),
      this.list,
    );
    fill(this, this.scroller);
    this.position = new ScrollPosition(this.scroller, this.list);
    this.painter = new Painter(this.list, () => this.#tools);
    this.history = new History(this.app, this.conversationId);
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { signal, passive: true });
    this.app.store.onChange((change) => this.#changed(change), signal);
    this.app.chat.outbox.onChange((change) => this.#outboxChanged(change), signal);
    this.app.chat.addEventListener('status', () => this.drawSoon(), { signal });
    this.app.chat.addEventListener(
      'resync',
      () => untilDone(() => this.history.catchUp(), signal).then(() => this.drawSoon()),
      { signal },
    );
    // The composer grows, a phone's keyboard opens, a window becomes narrower.
    const watch = new ResizeObserver(() => this.position.resized());
    watch.observe(this.scroller);
    signal.addEventListener('abort', () => watch.disconnect());
    this.#open();
    import('../timeline/jump-to-end.js').then(({ Jump }) => {
      this.jump = new Jump(() => this.toEnd());
      this.append(this.jump.node);
      this.#drawJump();
    });
    import('../timeline/reader.js').then(({ Reader }) => {
      if (signal.aborted) return;
      this.reader = new Reader(this.scroller, this.list, (id) => this.history.read(id));
      this.reader.start(signal);
      this.reader.soon();
    });
    import('../timeline/touch.js').then(({ listenForTaps }) => listenForTaps(this, signal));
    // Where there is no connection any more they could not be fetched.
    import('../timeline/trouble.js');
    import('../timeline/failed.js');
    import('../timeline/attachment.js');
  }

  /** Before it goes: where one was, to come back to. */
  leave() {
    const left = this.position?.remember();
    positions.delete(this.conversationId);
    if (left) positions.set(this.conversationId, left);
  }

  disconnectedCallback() {
    this.#thread.dividerId = null;
    this.#life.abort();
    cancelAnimationFrame(this.#frame);
  }

  get #thread() {
    return this.app.store.thread(this.conversationId);
  }

  get #name() {
    return nameOf(this.app.store.face(this.conversationId));
  }

  get #outgoing() {
    const { store, chat } = this.app;
    return chat.outbox.items.filter((item) => store.presentId(item.conversation_id) === this.conversationId);
  }

  /** @param {number} conversationId the id that the conversation has from now on */
  begun(conversationId) {
    this.conversationId = conversationId;
    this.history.conversationId = conversationId;
  }

  async #open() {
    const slow = setTimeout(() => showLoading(this.scroller, true), 300);
    try {
      await this.history.open();
      if (this.#life.signal.aborted) return;
      if (this.wantedId) await this.show(this.wantedId);
      else this.#firstDraw();
    } catch (error) {
      if (this.#life.signal.aborted) return;
      const { showFailed } = await import('../timeline/failed.js');
      showFailed(this.list, error, () => this.#open());
      if (error instanceof ApiError && error.status === 404)
        this.dispatchEvent(new Event('unavailable', { bubbles: true }));
    } finally {
      clearTimeout(slow);
      showLoading(this.scroller, false);
    }
  }

  /** At the first unread message, else where the room was left, else at the end. */
  #firstDraw() {
    const { dividerId } = this.#thread;
    const left = positions.get(this.conversationId);
    const leftAt = left && this.#thread.messages.find((message) => keyOf(message) === left.key);
    if (dividerId) this.#slice.around(this.#thread.messages, dividerId);
    else if (leftAt) this.#slice.around(this.#thread.messages, leftAt.id);
    this.draw();
    const divider = this.list.querySelector('.divider');
    const row = left && this.painter?.find(left.key);
    if (divider) this.position?.show(divider, 0.2);
    else if (row) this.position?.show(row, left.top / this.scroller.clientHeight);
    this.#scrolled();
  }

  draw() {
    const thread = this.#thread;
    const messages = this.#slice.of(thread.messages);
    const atEnd = this.#slice.followsEnd && !thread.hasNewer;
    const outgoing = atEnd ? this.#outgoing : [];
    const isBeginning = thread.isLoaded && !thread.hasOlder && messages[0] === thread.first;
    const parts = { messages, outgoing, me: this.app.me.id, dividerId: thread.dividerId, isBeginning };
    const entries = this.group?.entriesOf(parts) ?? entriesOf(parts);
    this.position?.keep(() => this.painter?.draw(entries));
    const isEmpty = thread.isLoaded && !outgoing.length && messages.every(({ kind }) => kind === 'system');
    showEmpty(this.scroller, isEmpty, this.#name, this.group);
    this.#drawJump();
    this.reader?.soon();
  }

  /** @param {number} id brings a message into view, from wherever it is */
  async show(id) {
    if (!this.#thread.has(id)) await this.history.around(id).catch(() => {});
    if (this.#thread.has(id)) this.#slice.around(this.#thread.messages, id);
    if (this.position) this.position.isAtEnd = false;
    this.draw();
    const row = this.list.querySelector(`[data-id="${id}"]`);
    if (row) this.position?.show(row, 0.4);
    row?.classList.add('message--shown');
    setTimeout(() => row?.classList.remove('message--shown'), 2500);
  }

  async toEnd() {
    if (this.#thread.hasNewer) await this.history.newest().catch(() => {});
    this.#slice.toEnd();
    if (this.position) this.position.isAtEnd = true;
    this.draw();
    this.scroller.focus({ preventScroll: true });
  }

  get #tools() {
    const { app, group } = this;
    return { app, face: app.store.face(this.conversationId), timeline: this, group };
  }

  #drawJump() {
    this.jump?.draw(Boolean(this.position?.isAtEnd) && this.#slice.followsEnd);
  }

  #scrolled() {
    this.position?.look();
    this.#drawJump();
    this.reader?.soon();
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
      const slow = setTimeout(() => showLoading(this.scroller, true), 300);
      const came = await this.history[side]().catch(() => false);
      clearTimeout(slow);
      showLoading(this.scroller, false);
      if (this.#life.signal.aborted) return;
      if (came) this.#slice[side](thread.messages);
      this.draw();
    }
    this.#busy = false;
  }

  /** @param {import('../client/types.js').Change} change */
  #changed({ kind, conversationId, userId, isNew, mine }) {
    if (kind === 'people' && (this.group || userId === this.app.store.otherId(this.conversationId))) this.drawSoon();
    if (conversationId !== this.conversationId || !['message', 'changed', 'receipt'].includes(kind)) return;
    if (kind === 'message' && isNew && !mine && !this.position?.isAtEnd && this.jump) this.jump.missed += 1;
    this.drawSoon();
  }

  /** @param {import('../client/types.js').OutboxChange} change */
  #outboxChanged({ kind, item }) {
    if (item && kind === 'progress') return this.painter?.progress(keyOf(item), item.progress ?? 0);
    if (kind === 'failed') this.app.say(t('message.failed'), { urgent: true });
    this.drawSoon();
  }

  drawSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => !this.#life.signal.aborted && this.draw());
  }

  /** @param {KeyboardEvent} event arrows walk through the messages */
  #key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey || (!step && event.key !== 'End')) return;
    event.preventDefault();
    if (step) import('../timeline/reader.js').then(({ walk }) => walk(this.list, step));
    else this.toEnd();
  }
}

customElements.define('chat-timeline', ChatTimeline);
